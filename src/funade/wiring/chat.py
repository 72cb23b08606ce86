"""The chats beside a server: none costs nothing, and what one does never ends the server."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from funade.domain.wire import Plain
from funade.runner.loop import Runner
from funade.usecases.ports import Configurations
from funade.wiring.parts import Parts

if TYPE_CHECKING:
    from funade.chat.slack.directory import Directory
    from funade.chat.slack.room import SlackRoom
    from funade.web.doors import HttpDoor
    from funade.web.health import Report

# ruff: noqa: PLC0415 - a server without Slack does not load it

log = structlog.get_logger()

LONGEST_BODY = 1_000_000  #: bytes; Slack's largest payloads have some hundred thousand


class Chat:
    """Slack's room, if the configuration names a workspace."""

    def __init__(self) -> None:
        self.room: SlackRoom | None = None

    def acquainted(self, configurations: Configurations) -> Configurations:
        """Return the configuration in which every rule sees the people whom Slack knows."""
        if configurations.current().slack is None:
            return configurations
        from funade.wiring.slack import AcquaintedConfigurations

        return AcquaintedConfigurations(configurations, self._directory)

    def join(
        self, parts: Parts, runner: Runner, configurations: Configurations, *, listens: bool = True
    ) -> None:
        """Put Slack's room beside these parts; one that does not listen only knows who is who."""
        slack = configurations.current().slack
        if slack is not None:
            from funade.wiring.slack import build_slack

            self.room = build_slack(parts, runner, configurations, slack, listens=listens)

    def resume(self) -> None:
        """Try again what was given up."""
        if self.room is not None:
            self.room.resume()

    def health(self) -> Mapping[str, Plain]:
        """Return how things are."""
        return {} if self.room is None else {"slack": self.room.health()}

    def doors(self) -> "Sequence[HttpDoor]":
        """Return where Slack may call us, if it has a secret to sign with."""
        if self.room is None or not self.room.signing_secrets:
            return []
        from funade.web.doors import HttpDoor

        return [HttpDoor(path="/slack", app=self.room.door(), longest_body=LONGEST_BODY)]

    def reports(self) -> "Mapping[str, Report]":
        """Return how we are, for `/healthz`: codes and numbers, no text of anybody's."""
        room = self.room
        if room is None:
            return {}
        from funade.web.health import Part

        async def report() -> Part:
            well, why, facts = room.report()
            return Part(name="slack", well=well, why=why, facts=facts, needed=False)

        return {"slack": report}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listen while entered."""
        if self.room is None:
            yield
            return
        running = asyncio.create_task(self.room.run())
        running.add_done_callback(_tell)
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def _directory(self) -> "Directory | None":
        return None if self.room is None else self.room.directory


def _tell(running: "asyncio.Task[None]") -> None:
    if not running.cancelled() and (error := running.exception()) is not None:
        log.error("Slack's room has ended by our mistake; restart Funade", exc_info=error)
