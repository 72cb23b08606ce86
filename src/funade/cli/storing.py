"""The verbs about the store itself."""

import click

from funade.cli import options
from funade.cli.exit_codes import Exit
from funade.cli.rooms import wiring
from funade.cli.session import Session


@click.group()
def store() -> None:
    """Move the store into a database."""


@store.command("copy")
@options.session
def copy_store(session: Session) -> Exit:
    """Copy the store into the database.

    Stop every Funade first. All of it is copied and counted in one transaction, or nothing; afterwards the file is set
    aside as `store.sqlite.moved`. May be done again after anything.
    """
    from funade.texts import terminal  # noqa: PLC0415 - a command loads what it uses

    copied = wiring().copy_store(session.path)
    for table, count in copied.rows.items():
        click.echo(f"{count:>12,}  {table}")
    said = terminal.COPIED_BEFORE if copied.was_there else terminal.COPIED
    click.echo(session.word(said, store=copied.store))
    return Exit.SUCCEEDED
