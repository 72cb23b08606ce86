"""Which application and environment somebody means who did not say all of it."""

import click

from funade.cli.connection import Connection
from funade.domain.answers import StatusShown
from funade.domain.commands import ShowStatus


def application_of(given: str | None) -> str:
    """Return the application, or raise UsageError when nobody named one."""
    if given is None:
        message = "which application? `funade deploy APPLICATION [ENVIRONMENT] [REF]`"
        raise click.UsageError(message)
    return given


def only_environment(connection: Connection, application: str) -> str:
    """Return the application's one environment, or raise UsageError naming those it has."""
    answer = connection.ask(ShowStatus(application=application))
    shown = answer.environments if isinstance(answer, StatusShown) else ()
    names = [one.berth.environment for one in shown if one.berth.application == application]
    if len(names) == 1:
        return names[0]
    if names:
        message = f"which environment of `{application}`? It has {', '.join(f'`{name}`' for name in names)}"
    else:
        message = f"there is no application `{application}` — `funade status` shows all"
    raise click.UsageError(message)
