"""`funade serve`: the desk on a socket, and a runner, in one process."""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from funade import __version__
from funade.domain.people import Actor
from funade.domain.wire import Plain
from funade.runner.loop import Runner
from funade.settings import WatchedConfiguration
from funade.web.api import for_oneself, make_app
from funade.web.demo import VARIABLE, DemoPeople, is_demo
from funade.web.socket import SocketServer, who_asked
from funade.wiring.parts import Parts
from funade.wiring.runner import Tell
from funade.wiring.starting import run_until_stopped

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
        speaks_as: Callable[[str, Actor], Actor] = for_oneself
        if is_demo(os.environ.get(VARIABLE), data):
            log.warning("a demo: whoever owns %s may speak in anybody's name", data)
            speaks_as = DemoPeople(lambda: self.configurations.current().people)

        async def run(parts: Parts, runner: Runner) -> None:
            app = make_app(parts.desk, who_asked(data), self._health, speaks_as=speaks_as)
            async with SocketServer(app, data, version=__version__, path=self.socket, mode=self.socket_mode):
                await runner.run()

        await run_until_stopped(self.configurations, role="server", tell=self.tell, run=run)

    def _health(self) -> Mapping[str, Plain]:
        return {"version": __version__, "configuration_problem": self.configurations.current().problem}
