"""`funade serve`: the desk on a socket, a runner, and HTTP where the configuration wants it, in one process."""

import logging
import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from funade import __version__
from funade.domain.people import Actor
from funade.domain.wire import Plain
from funade.runner.loop import Runner
from funade.settings import WatchedConfiguration
from funade.web.api import for_oneself, make_app
from funade.web.demo import VARIABLE, DemoPeople, is_demo
from funade.web.socket import SocketServer, who_asked
from funade.wiring.chat import Chat
from funade.wiring.parts import Parts
from funade.wiring.runner import Tell
from funade.wiring.starting import run_until_stopped

if TYPE_CHECKING:
    from funade.web.doors import HttpDoor
    from funade.web.health import Report

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """`funade serve`: the desk on a socket, and a runner, in one process."""

    configurations: WatchedConfiguration
    socket: Path | None
    socket_mode: int
    tell: Tell

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then drain: what runs at its place goes on there."""
        data = Path(self.configurations.current().data)
        chat = Chat()
        speaks_as: Callable[[str, Actor], Actor] = for_oneself
        if is_demo(os.environ.get(VARIABLE), data):
            log.warning("a demo: whoever owns %s may speak in anybody's name", data)
            speaks_as = DemoPeople(lambda: self.configurations.current().people)

        async def run(parts: Parts, runner: Runner) -> None:
            chat.join(parts, runner, self.configurations)

            def health() -> Mapping[str, Plain]:
                return {**self._health(), **chat.health()}

            app = make_app(parts.desk, who_asked(data), health, speaks_as=speaks_as)
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(
                    SocketServer(app, data, version=__version__, path=self.socket, mode=self.socket_mode)
                )
                await self._open_site(stack, parts, runner, chat)
                await stack.enter_async_context(chat.open())
                await runner.run()

        await run_until_stopped(self.configurations, role="server", tell=self.tell, run=run, chat=chat)

    async def _open_site(self, stack: AsyncExitStack, parts: Parts, runner: Runner, chat: Chat) -> None:
        """Listen for HTTP where the configuration says so; every room's doors and reports are named here."""
        site = self.configurations.current().web
        if site is None:
            return
        from funade.wiring.web import open_site  # noqa: PLC0415 - who serves no pages loads none

        doors: list[HttpDoor] = [*chat.doors()]
        reports: dict[str, Report] = {**chat.reports()}
        await stack.enter_async_context(open_site(site, parts, runner, doors=doors, reports=reports))
        log.info("pages at %s, listening at %s port %s", site.url, site.host, site.port)

    def _health(self) -> Mapping[str, Plain]:
        return {"version": __version__, "configuration_problem": self.configurations.current().problem}
