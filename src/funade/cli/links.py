"""`funade link`: an address that shows a deployment to whoever has it."""

import click

from funade.cli import options
from funade.cli.exit_codes import Exit
from funade.cli.outcome import of_reading
from funade.cli.session import Session
from funade.domain.answers import DeploymentShown
from funade.domain.commands import ShowDeployment
from funade.texts import terminal


@click.command()
@click.argument("number", type=click.IntRange(min=1))
@options.as_json
@options.session
def link(session: Session, number: int, *, as_json: bool) -> Exit:
    """Print an address of a deployment's page.

    Whoever has it can read that deployment and its log in a browser until it ends, and nothing else; so send it only
    to people who may. Pages are served where funade.yaml has `web`.
    """
    with session.connection() as connection:
        shown = connection.ask(ShowDeployment(number=number, link=True))
    if not isinstance(shown, DeploymentShown) or as_json:
        session.show(shown, as_json=as_json)
        return of_reading(shown)
    if shown.link is None:
        session.note(terminal.NO_PAGES)
        return Exit.TROUBLE
    click.echo(shown.link)
    return Exit.SUCCEEDED
