"""Two ways to show a deployment that is followed: a line that moves, on a terminal, and plain lines elsewhere."""

import codecs
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from funade import texts
from funade.cli.following import Screen
from funade.cli.session import Session
from funade.domain.answers import DeploymentShown

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

# ruff: noqa: PLC0415 - rich only where it shows something

LONGEST_LINE = 65_536  #: characters of a line without an end that are held back


@contextmanager
def screen(session: Session) -> Iterator[Screen]:
    """Give the screen that fits this person's terminal."""
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        yield PlainScreen(session)
        return
    from rich.console import Console

    colorless = session.color is False or (session.color is None and "NO_COLOR" in os.environ)
    console = Console(highlight=False, markup=False, emoji=False, no_color=colorless)
    status = console.status("")
    live = LiveScreen(session, console, status)
    # Ctrl-C in the middle of these would leave a terminal without a cursor.
    try:
        with uninterrupted():
            status.start()
        yield live
        live.finish()
    finally:
        with uninterrupted():
            status.stop()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back until the end of the block, then let it come."""
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


class PlainScreen:
    """The program's bytes as they are, and a line whenever the deployment stands elsewhere."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._said = ""
        self._at_line_start = True

    def output(self, data: bytes) -> None:
        """Write it at once: whoever reads a pipe waits for it."""
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        self._at_line_start = data.endswith(b"\n")

    def standing(self, shown: DeploymentShown) -> None:
        """Say it once, on a line of its own."""
        said = standing_line(self._session, shown)
        if said == self._said or shown.deployment.has_ended:
            self._end_line(has_ended=shown.deployment.has_ended)
            return
        self._end_line(has_ended=True)
        self._said = said
        sys.stdout.write(said + "\n")
        sys.stdout.flush()

    def _end_line(self, *, has_ended: bool) -> None:
        if has_ended and not self._at_line_start:
            sys.stdout.write("\n")
            self._at_line_start = True


class LiveScreen:
    """The program's lines flowing by, made harmless to a terminal, above one line that says where it stands."""

    def __init__(self, session: Session, console: "Console", status: "Status") -> None:
        self._session, self._console, self._status = session, console, status
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def output(self, data: bytes) -> None:
        """Show whole lines; the rest waits for its end."""
        *lines, self._rest = (self._rest + self._decoder.decode(data)).split("\n")
        if len(self._rest) > LONGEST_LINE:
            lines, self._rest = [*lines, self._rest], ""
        if lines:
            self._print("\n".join(lines))

    def standing(self, shown: DeploymentShown) -> None:
        """Show it beside the spinner."""
        from rich.text import Text

        self._status.update(Text(standing_line(self._session, shown)))

    def finish(self) -> None:
        """Show the last line, which nobody ended."""
        if self._rest:
            self._print(self._rest)
            self._rest = ""

    def _print(self, text: str) -> None:
        from rich.text import Text

        self._console.print(Text(texts.plain_lines(text)), soft_wrap=True)


def standing_line(session: Session, shown: DeploymentShown) -> str:
    """Return number, state and what it waits for, in one line."""
    deployment, reader = shown.deployment, session.reader
    said = f"#{deployment.number} {texts.state(deployment, reader.language)}"
    if shown.waiting:
        why = texts.say(shown.waiting[0].because, reader.language, now=reader.now, zone=reader.zone)
        said += f": {why}"
    return said
