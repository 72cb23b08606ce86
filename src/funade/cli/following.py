"""Follow one deployment: its output as it comes, where it stands, until it ends or only a person can go on."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from funade.cli.connection import Connection
from funade.cli.outcome import waits_for_somebody
from funade.domain.answers import DeploymentShown, LogShown, Refused
from funade.domain.commands import ReadLog, ShowDeployment

LOOK_EVERY_SECONDS = 0.2
CHUNK_BYTES = 1 << 18


class Screen(Protocol):
    """Where a followed deployment is shown."""

    def output(self, data: bytes) -> None:
        """Show some of its program's output."""

    def standing(self, shown: DeploymentShown) -> None:
        """Show where it stands now; said again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How far it was followed."""

    shown: DeploymentShown | Refused
    is_over: bool


class LogReader:
    """Reads the output of one deployment, attempt after attempt, never a byte twice."""

    def __init__(self, connection: Connection, number: int) -> None:
        self._connection, self._number = connection, number
        self.attempt = 0
        self.offset = 0

    def move_to(self, attempt: int, write: Callable[[bytes], None]) -> None:
        """Read what is left of an older attempt, and begin with the newer one."""
        if attempt != self.attempt:
            if self.attempt:
                self.drain(write)
            self.attempt, self.offset = attempt, 0

    def drain(self, write: Callable[[bytes], None]) -> bool:
        """Write all there is now; tell whether that is all there will ever be. Says False to a refusal too."""
        while True:
            asked = ReadLog(number=self._number, attempt=self.attempt, offset=self.offset, limit=CHUNK_BYTES)
            answer = self._connection.ask(asked)
            if not isinstance(answer, LogShown):
                return False
            if answer.data:
                write(base64.b64decode(answer.data))
            self.offset = answer.next
            if answer.complete or not answer.data:
                return answer.complete


def follow(
    connection: Connection,
    number: int,
    screen: Screen | None,
    *,
    timeout: timedelta | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Followed:
    """Return when it has ended, when only a person can go on (unless `timeout` is given), or after `timeout`.

    Without a screen nothing is shown and no output read.
    """
    deadline = None if timeout is None else time.monotonic() + timeout.total_seconds()
    log = LogReader(connection, number)
    seen, patience = 0, None
    while True:
        asked = time.monotonic()
        shown = connection.ask(ShowDeployment(number=number, seen=seen, patience=patience))
        if not isinstance(shown, DeploymentShown):
            assert isinstance(shown, Refused), shown  # noqa: S101 - the answers to this command
            return Followed(shown=shown, is_over=False)
        deployment = shown.deployment
        if screen is not None:
            _show(shown, log, screen)
        if deployment.has_ended:
            return Followed(shown=shown, is_over=True)
        if deadline is None and waits_for_somebody(shown):
            return Followed(shown=shown, is_over=False)
        if deadline is not None and time.monotonic() >= deadline:
            return Followed(shown=shown, is_over=False)
        newest = shown.events[-1].sequence if shown.events else 0
        if newest == seen:
            # The answer has waited already, unless what it waited for cannot be shown.
            sleep(max(0.0, asked + LOOK_EVERY_SECONDS - time.monotonic()))
        seen, patience = newest, timedelta(seconds=LOOK_EVERY_SECONDS)


def _show(shown: DeploymentShown, log: LogReader, screen: Screen) -> None:
    deployment = shown.deployment
    if not deployment.has_ended:
        screen.standing(shown)
    log.move_to(deployment.attempt, screen.output)
    if deployment.attempt and (shown.log_length > log.offset or deployment.has_ended):
        log.drain(screen.output)
    if deployment.has_ended:
        screen.standing(shown)
