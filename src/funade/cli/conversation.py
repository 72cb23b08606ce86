"""The prompt and `say`: people's words from a terminal, understood by the grammar that chat uses."""

import re
import sys

import click

from funade.cli import options
from funade.cli.asking import Manner, carry_through, show_and_carry_through
from funade.cli.connection import Connection
from funade.cli.ending import complain_of
from funade.cli.exit_codes import Exit
from funade.cli.outcome import of_reading
from funade.cli.session import Session
from funade.cli.understanding import known_names, understand
from funade.domain.commands import Command, Deploy
from funade.domain.errors import FunadeError
from funade.domain.policy import changes_something
from funade.texts import terminal

# ruff: noqa: PLC0415 - the grammar is loaded when there is something to understand

LAST_WORDS = frozenset({"exit", "quit", "bye"})
SIGN = "> "
NO_QUESTION = "Do not ask on a terminal either."
_SAID_AS = re.compile(r"as\s+(?P<name>[^\s:：]+)\s*[:：]\s*(?P<words>.*)", re.IGNORECASE | re.DOTALL)


@click.command(context_settings=options.SENTENCE)
@click.argument("words", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help=NO_QUESTION)
@options.session
def say(session: Session, words: tuple[str, ...], *, yes: bool) -> Exit:
    """Say one sentence as in chat.

    `funade say deploy shop to staging`. A sentence that names everything is your word, as it is in chat: it is
    done. Only on a terminal a deploy shows its plan and asks first, because there it costs nothing.
    """
    with session.connection(carries=True) as connection:
        return Conversation(session, connection, asks=session.interactive and not yes).hear(" ".join(words))


@click.command()
@click.option("--yes", is_flag=True, help=NO_QUESTION)
@options.session
def prompt(session: Session, *, yes: bool) -> Exit:
    """Talk as in chat, line by line.

    Ctrl-D ends it, Ctrl-C only what is being followed. Lines from a file or a pipe are echoed, and are your word as
    with `say`: a deploy is done without asking.
    """
    with session.connection(carries=True) as connection:
        conversation = Conversation(session, connection, asks=session.interactive and not yes)
        if session.interactive:
            import readline  # noqa: F401 - gives `input` its editing and history

            session.note(terminal.WELCOME)
        ended, interrupted = Exit.SUCCEEDED, False
        while True:
            try:
                if interrupted:
                    # Here, because an impatient person presses Ctrl-C more than once.
                    interrupted = False
                    click.echo()
                try:
                    ended = max(ended, conversation.hear(next_line(session)))
                except EOFError:
                    # In the outer `try`: readline hears of a Ctrl-C only with the next character, also with Ctrl-D.
                    return Exit.SUCCEEDED if session.interactive else ended
                except FunadeError as error:
                    complain_of(error, session)
                    ended = Exit.TROUBLE
            except (KeyboardInterrupt, click.Abort):
                interrupted = True


class Conversation:
    """Answers one sentence after another over one connection."""

    def __init__(self, session: Session, connection: Connection, *, asks: bool) -> None:
        self._session, self._connection, self._asks = session, connection, asks

    def hear(self, text: str) -> Exit:
        """Understand it, do it, show the answer; `as cy: approve 4` says it in Cy's name, in a demo."""
        said_as = _SAID_AS.fullmatch(text.strip())
        if said_as is None:
            return self._hear(text)
        with self._connection.speaking_as(said_as["name"]):
            return self._hear(said_as["words"])

    def _hear(self, text: str) -> Exit:
        from funade.chat.heard import Help, Ignored, Misread

        heard = understand(text, known_names(self._session, self._connection))
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
        if isinstance(command, Deploy) and self._asks:
            return show_and_carry_through(self._session, self._connection, command, Manner())
        return carry_through(self._session, self._connection, command, Manner())


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
