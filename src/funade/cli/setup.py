"""The verbs about the configuration itself."""

import json
from typing import Any

import click

from funade.cli import options
from funade.cli.exit_codes import Exit
from funade.cli.rooms import wiring
from funade.cli.session import Session
from funade.cli.verbs import WholeSentences
from funade.domain.wire import to_plain

# ruff: noqa: PLC0415 - `config schema` needs no desk, `check` no schema


@click.command()
@options.as_json
@options.session
def check(session: Session, *, as_json: bool) -> Exit:
    """Prove the configuration against the world; deploys nothing.

    The file, every repository, every target's preconditions. It ends with 2 when the file is wrong, and with 6 when
    something that it names is; what it only warns of ends it with 0.
    """
    from funade import texts
    from funade.texts import terminal

    path = session.path
    problems = wiring().check(path)
    is_good = all(one.warns for one in problems)
    if as_json:
        _print([to_plain(one) for one in problems])
    else:
        for one in problems:
            click.echo(texts.problem(one, session.reader.language))
        if is_good:
            click.echo(session.word(terminal.NO_PROBLEMS, path=path))
    return Exit.SUCCEEDED if is_good else Exit.TROUBLE


@click.group(cls=WholeSentences)
def config() -> None:
    """Show the configuration, or its schema."""


@config.command("show")
@options.session
def show_config(session: Session) -> Exit:
    """Print the configuration as it is understood: defaults filled in, secrets by reference."""
    from funade.settings import load
    from funade.targets import KINDS

    _print(to_plain(load(session.path, KINDS)))
    return Exit.SUCCEEDED


@config.command("schema")
def config_schema() -> Exit:
    """Print the JSON Schema of funade.yaml: editors complete and check with it."""
    from funade.settings import schema
    from funade.targets import KINDS

    _print(schema(KINDS))
    return Exit.SUCCEEDED


def _print(plain: Any) -> None:
    click.echo(json.dumps(plain, ensure_ascii=False, indent=2))
