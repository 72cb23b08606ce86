"""`funade serve`: the desk on a socket, and a runner, in one process."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from funade import __version__
from funade.domain.people import Actor
from funade.domain.wire import Plain
from funade.settings import WatchedConfiguration
from funade.web.api import for_oneself, make_app
from funade.web.demo import VARIABLE, DemoPeople, is_demo
from funade.web.socket import SocketServer, who_asked
from funade.wiring.chat import Chat
from funade.wiring.parts import connect
from funade.wiring.runner import Tell, build_runner

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
        parts = connect(chat.acquainted(self.configurations))
        runner = build_runner(parts, role="server", tell=self.tell)
        chat.join(parts, runner, self.configurations)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, runner.stop)

        def read_again() -> None:
            self.configurations.reload()
            chat.resume()

        loop.add_signal_handler(signal.SIGHUP, read_again)
        runner.before_look = self.configurations.reload
        speaks_as: Callable[[str, Actor], Actor] = for_oneself
        if is_demo(os.environ.get(VARIABLE), data):
            log.warning("a demo: whoever owns %s may speak in anybody's name", data)
            speaks_as = DemoPeople(lambda: self.configurations.current().people)

        def health() -> Mapping[str, Plain]:
            return {**self._health(), **chat.health()}

        app = make_app(parts.desk, who_asked(data), health, speaks_as=speaks_as)
        try:
            door = SocketServer(app, data, version=__version__, path=self.socket, mode=self.socket_mode)
            async with door, chat.open():
                await runner.run()
        finally:
            parts.ledger.close()

    def _health(self) -> Mapping[str, Plain]:
        return {"version": __version__, "configuration_problem": self.configurations.current().problem}
