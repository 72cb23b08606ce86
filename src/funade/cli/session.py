"""What all verbs share: which configuration, which language, how to show things to this person."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING

import click

from funade.cli.language import language_of

if TYPE_CHECKING:
    from funade.chat.heard import Help, Misread
    from funade.cli.connection import Connection
    from funade.domain.answers import Answer
    from funade.texts import Reader

# ruff: noqa: PLC0415 - a command loads what it uses, `--help` nothing


@dataclass
class Session:
    """One run of the command line; options set its fields before the verb begins."""

    config: Path | None = None
    socket: Path | None = None
    language: str | None = None
    color: bool | None = None

    @property
    def path(self) -> Path:
        """Return where the configuration is, or raise ConfigError."""
        if self.config is not None:
            return self.config
        from funade.settings import find

        return find(Path.cwd())

    @property
    def socket_given(self) -> Path | None:
        """Return the one socket to talk to, if somebody named one; then no configuration is needed."""
        return self.socket or (Path(given) if (given := os.environ.get("FUNADE_SOCKET")) else None)

    @property
    def interactive(self) -> bool:
        """Tell whether a person sits there who can be asked."""
        return sys.stdin.isatty() and sys.stdout.isatty()

    @property
    def reader(self) -> "Reader":
        """Return who reads: their language, their time."""
        from funade.texts import Reader

        now = datetime.now(UTC).astimezone()
        return Reader(self.language or language_of(os.environ), now, now.tzinfo)

    def word(self, message: str, **values: object) -> str:
        """Return one of the command line's own sentences."""
        return self.reader.word(message, **values)

    @contextmanager
    def connection(self, *, carries: bool = False) -> Iterator["Connection"]:
        """Give the way to the desk; `carries`: without a server this process may carry deployments."""
        from funade.cli.connection import connect

        given = self.socket_given
        connection = connect(Path() if given else self.path, carries=carries, socket=given)
        try:
            yield connection
        finally:
            connection.close()

    def show(self, answer: "Answer", *, as_json: bool = False) -> None:
        """Print an answer: in the words that chat uses, or as the documented JSON."""
        if as_json:
            import json

            from funade.domain.wire import to_plain

            click.echo(json.dumps(to_plain(answer, tagged=True), ensure_ascii=False, indent=2))
        else:
            click.echo(self.worded(answer))

    def worded(self, answer: "Answer | Help | Misread") -> str:
        """Return an answer in the words that chat uses."""
        from funade.chat.replies import WIDTH, reply

        width = get_terminal_size().columns if sys.stdout.isatty() else WIDTH
        return reply(answer, self.reader, width=width)

    def note(self, message: str, **values: object) -> None:
        """Say something beside the result."""
        click.echo(self.word(message, **values), err=True)


def wrong(message: str, **values: object) -> click.UsageError:
    """Return the error of somebody who called us wrongly, in their language."""
    context = click.get_current_context(silent=True)
    session = context.find_object(Session) if context else None
    return click.UsageError((session or Session()).word(message, **values))
