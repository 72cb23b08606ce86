"""`parse`, and how words become commands: by the grammar that chat uses, with the names that exist."""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from funade.cli import options
from funade.cli.connection import Connection
from funade.cli.exit_codes import Exit
from funade.cli.session import Session, wrong
from funade.domain.answers import StatusShown
from funade.domain.commands import Command, ShowStatus
from funade.domain.wire import Plain
from funade.texts import terminal, usage

if TYPE_CHECKING:
    from funade.chat.heard import Help, Ignored, Misread
    from funade.chat.names import Names

# ruff: noqa: PLC0415 - the grammar is loaded when there is something to understand

WAYS = ("slash", "mention", "terminal")
#: what `--json` tells of a command besides its verb; null where it was not given
_TOLD = ("application", "environment", "ref", "reason", "force")


@click.command(context_settings=options.SENTENCE)
@click.argument("words", nargs=-1)
@click.option(
    "--via", type=click.Choice(WAYS), default="terminal", show_default=True, help="As which it would come."
)
@options.as_json
@options.session
def parse(session: Session, words: tuple[str, ...], *, via: str, as_json: bool) -> Exit:
    """Show how a sentence is understood; does nothing.

    Without words, JSON lines of standard input: `{"via": "slash", "raw": "deploy shop prod"}`. With --json it prints
    one object a line and ends with 0 whatever was understood; else it ends with 2 when something was not.
    """
    names = configured_names(session)
    ended = Exit.SUCCEEDED
    for text, way in [(" ".join(words), via)] if words else texts_of(sys.stdin, via):
        heard = understand(text, names, way)
        if as_json:
            click.echo(json.dumps(told(session, heard), ensure_ascii=False))
            continue
        click.echo(_shown(session, heard, names))
        if type(heard).__name__ == "Misread":
            ended = Exit.USAGE
    return ended


def texts_of(lines: Iterable[str], via: str) -> Iterator[tuple[str, str]]:
    """Return the text of each JSON line and how it came, or raise UsageError."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
        except (ValueError, RecursionError):
            given = None
        raw, way = (given.get("raw"), given.get("via", via)) if isinstance(given, dict) else (None, None)
        if not isinstance(raw, str) or way not in WAYS:
            raise wrong(usage.NOT_LIKE, number=number)
        yield raw, way


def told(session: Session, heard: "Command | Misread | Help | Ignored") -> dict[str, Plain]:
    """Return what was understood, as `--json` prints it."""
    from funade.chat.heard import Help, Ignored, Misread
    from funade.chat.verbs import BY_COMMAND

    if isinstance(heard, Ignored):
        return {"kind": "ignored", "code": heard.because.value, "reply": None}
    if isinstance(heard, Help):
        return {"kind": "help", "code": heard.verb, "reply": session.worded(heard)}
    if isinstance(heard, Misread):
        return {"kind": "misread", "code": heard.code.value, "reply": session.worded(heard)}
    values = {name: getattr(heard, name, None) or None for name in _TOLD}
    return {"kind": "command", "verb": BY_COMMAND[type(heard)].name, **values}


def _shown(session: Session, heard: "Command | Misread | Help | Ignored", names: "Names") -> str:
    from funade.chat.grammar import spell
    from funade.chat.heard import Help, Ignored, Misread

    if isinstance(heard, Ignored):
        return session.word(terminal.NOT_FOR_US)
    if isinstance(heard, (Help, Misread)):
        return session.worded(heard)
    return spell(heard, names)


def known_names(session: Session, connection: Connection) -> "Names":
    """Return the names as the desk knows them now: the file may have changed since."""
    if session.socket_given is None:
        return configured_names(session)
    from funade.chat.names import Names

    answer = connection.ask(ShowStatus())
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


def understand(text: str, names: "Names", via: str = "terminal") -> "Command | Misread | Help | Ignored":
    """Return what a sentence means."""
    from funade.chat.grammar import parse as parse_sentence
    from funade.chat.heard import Via

    return parse_sentence(text, via=Via(via), names=names)
