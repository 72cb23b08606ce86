"""The verbs about queues between networks: what nobody could deal with."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import click

from funade.cli import options
from funade.cli.exit_codes import Exit
from funade.cli.rooms import wiring
from funade.cli.session import Session
from funade.cli.verbs import WholeSentences

if TYPE_CHECKING:
    from funade.cli.rooms import Letters, Moved

# ruff: noqa: PLC0415 - a command loads what it uses

#: As much of a message as a line shows.
SHOWN = 200


@click.group(cls=WholeSentences)
def queue() -> None:
    """Sort what the queues between networks could not get rid of."""


@queue.command("list")
@click.argument("name", metavar="QUEUE")
@options.as_json
@options.session
def list_letters(session: Session, name: str, *, as_json: bool) -> Exit:
    """Show the dead letters of a queue.

    While you look, nobody else sees them. QUEUE is its name: the end of its URL.
    """
    from funade.domain.wire import to_plain
    from funade.texts import plain, terminal
    from funade.texts.times import moment
    from funade.texts.troubles import trouble

    async def look(letters: "Letters") -> Exit:
        found = await letters.list(name)
        if as_json:
            click.echo(json.dumps([to_plain(one) for one in found], ensure_ascii=False, indent=2))
            return Exit.SUCCEEDED
        for one in found:
            click.echo(f"{plain(one.id)}  {moment(one.sent_at, session.reader)}")
            if one.problem is not None:
                click.echo(f"  {trouble(plain(one.problem), session.reader)}")
            click.echo(f"  {plain(one.body[:SHOWN])}")
        if not found:
            click.echo(session.word(terminal.NO_DEAD_LETTERS, queue=name))
        return Exit.SUCCEEDED

    return _with_letters(session, look)


@queue.command("redrive")
@click.argument("name", metavar="QUEUE")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@options.session
def redrive_letters(session: Session, name: str, ids: tuple[str, ...]) -> Exit:
    """Send dead letters to their queue again; without an ID, all of them.

    One that nobody can read comes back.
    """
    from funade.texts import terminal

    async def move(letters: "Letters") -> Exit:
        return _told(session, await letters.redrive(name, ids), terminal.SENT_AGAIN)

    return _with_letters(session, move)


@queue.command("discard")
@click.argument("name", metavar="QUEUE")
@click.argument("ids", nargs=-1, metavar="ID...", required=True)
@options.session
def discard_letters(session: Session, name: str, ids: tuple[str, ...]) -> Exit:
    """Throw dead letters away for good.

    Their IDs are those that `funade queue list` shows.
    """
    from funade.texts import terminal

    async def move(letters: "Letters") -> Exit:
        return _told(session, await letters.discard(name, ids), terminal.THROWN_AWAY)

    return _with_letters(session, move)


def _with_letters(session: Session, work: "Callable[[Letters], Awaitable[Exit]]") -> Exit:
    async def run() -> Exit:
        async with wiring().open_letters(session.path) as letters:
            return await work(letters)

    return asyncio.run(run())


def _told(session: Session, moved: "Moved", said: str) -> Exit:
    from funade.texts import plain
    from funade.texts.troubles import trouble

    click.echo(session.word(said, number=len(moved.done)))
    for one in moved.undone:
        click.echo(f"{plain(one.which)}: {trouble(plain(one.problem), session.reader)}", err=True)
    return Exit.TROUBLE if moved.undone else Exit.SUCCEEDED
