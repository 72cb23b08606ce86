"""The prompt, `say` and `parse`: people's words from a terminal, understood by the grammar that chat uses."""

import json
import sys
from typing import TYPE_CHECKING

import click

from funade.cli import options
from funade.cli.asking import Manner, carry_through, show_and_carry_through
from funade.cli.connection import Connection
from funade.cli.ending import complain
from funade.cli.exit_codes import Exit
from funade.cli.outcome import of_reading
from funade.cli.session import Session
from funade.domain.answers import StatusShown
from funade.domain.commands import Command, Deploy, ShowStatus
from funade.domain.errors import FunadeError
from funade.domain.policy import changes_something
from funade.domain.wire import to_plain
from funade.texts import terminal

if TYPE_CHECKING:
    from funade.chat.heard import Help, Ignored, Misread
    from funade.chat.names import Names

# ruff: noqa: PLC0415 - the grammar is loaded when there is something to understand

LAST_WORDS = frozenset({"exit", "quit", "bye"})
SIGN = "> "


@click.command()
@click.argument("words", nargs=-1, required=True)
@options.session
def say(session: Session, words: tuple[str, ...]) -> Exit:
    """Say one sentence as in chat.

    `funade say deploy shop to staging`. On a terminal a deploy shows its plan and asks first.
    """
    with session.connection(carries=True) as connection:
        return Conversation(session, connection).hear(" ".join(words))


@click.command()
@options.session
def prompt(session: Session) -> Exit:
    """Talk as in chat, line by line.

    Ctrl-D ends it, Ctrl-C only what is being followed. Lines from a file or a pipe are echoed, and deploys do not ask.
    """
    with session.connection(carries=True) as connection:
        conversation = Conversation(session, connection)
        if session.interactive:
            import readline  # noqa: F401 - gives `input` its editing and history

            session.note(terminal.WELCOME)
        ended = Exit.SUCCEEDED
        while True:
            try:
                ended = max(ended, conversation.hear(next_line(session)))
            except EOFError:
                return Exit.SUCCEEDED if session.interactive else ended
            except FunadeError as error:
                complain(str(error))
                ended = Exit.TROUBLE
            except (KeyboardInterrupt, click.Abort):
                click.echo()


@click.command()
@click.argument("words", nargs=-1)
@options.session
def parse(session: Session, words: tuple[str, ...]) -> Exit:
    """Show how a sentence is understood; does nothing.

    Each line of standard input, where no words are given.
    """
    names = configured_names(session)
    ended = Exit.SUCCEEDED
    for text in [" ".join(words)] if words else sys.stdin.read().splitlines():
        heard = understand(text, names)
        click.echo(json.dumps(to_plain(heard, tagged=True), ensure_ascii=False))
        if type(heard).__name__ == "Misread":
            ended = Exit.USAGE
    return ended


class Conversation:
    """Answers one sentence after another over one connection."""

    def __init__(self, session: Session, connection: Connection) -> None:
        self._session, self._connection = session, connection

    def hear(self, text: str) -> Exit:
        """Understand it, do it, show the answer."""
        from funade.chat.heard import Help, Ignored, Misread

        heard = understand(text, self._names())
        if isinstance(heard, Ignored):
            return Exit.SUCCEEDED
        if isinstance(heard, (Help, Misread)):
            click.echo(self._session.worded(heard))
            return Exit.USAGE if isinstance(heard, Misread) else Exit.SUCCEEDED
        return self._do(heard)

    def _do(self, command: Command) -> Exit:
        if not changes_something(command):
            answer = self._connection.ask(command)
            self._session.show(answer)
            return of_reading(answer)
        if isinstance(command, Deploy) and self._session.interactive:
            return show_and_carry_through(self._session, self._connection, command, Manner())
        return carry_through(self._session, self._connection, command, Manner())

    def _names(self) -> "Names":
        """Return the names as the desk knows them now: the file may have changed since."""
        if self._session.socket_given is None:
            return configured_names(self._session)
        from funade.chat.names import Names

        answer = self._connection.ask(ShowStatus())
        names: dict[str, dict[str, tuple[str, ...]]] = {}
        if isinstance(answer, StatusShown):
            for one in answer.environments:
                names.setdefault(one.berth.application, {})[one.berth.environment] = ()
        return Names(names)


def configured_names(session: Session) -> "Names":
    """Return the names of the configuration file."""
    from funade.chat.names import names_of
    from funade.settings import load
    from funade.targets import KINDS

    return names_of(load(session.path, KINDS))


def understand(text: str, names: "Names") -> "Command | Misread | Help | Ignored":
    """Return what a sentence means."""
    from funade.chat.grammar import parse as parse_sentence
    from funade.chat.heard import Via

    return parse_sentence(text, via=Via.TERMINAL, names=names)


def next_line(session: Session) -> str:
    """Return what is typed next, or raise EOFError after the last word."""
    if session.interactive:
        line = input(SIGN)
    elif line := sys.stdin.readline():
        click.echo(SIGN + line.rstrip("\n"))
    else:
        raise EOFError
    if line.strip().lower() in LAST_WORDS:
        raise EOFError
    return line
