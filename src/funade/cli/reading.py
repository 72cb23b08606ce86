"""The verbs that only look."""

import click

from funade.cli import options
from funade.cli.exit_codes import Exit
from funade.cli.outcome import of_reading
from funade.cli.places import only_environment
from funade.cli.session import Session, wrong
from funade.domain.answers import StatusShown
from funade.domain.commands import (
    Command,
    PlanDeployment,
    ShowDeployment,
    ShowHistory,
    ShowStatus,
    Why,
)

application = click.argument("application", required=False)
environment = click.argument("environment", required=False)


@click.command()
@click.argument("application")
@environment
@click.argument("ref", required=False)
@options.as_json
@options.session
def plan(
    session: Session, application: str, environment: str | None, ref: str | None, *, as_json: bool
) -> Exit:
    """Show what a deploy would do.

    The revision, the commits since the last deploy, their authors, every step; nothing is changed.
    """
    with session.connection() as connection:
        found = environment or only_environment(connection, application)
        answer = connection.ask(PlanDeployment(application=application, environment=found, ref=ref))
        session.show(answer, as_json=as_json)
        return of_reading(answer)


@click.command()
@application
@environment
@click.option("--system", is_flag=True, help="Funade itself: processes, leases, queue, lag.")
@options.as_json
@options.session
def status(
    session: Session, application: str | None, environment: str | None, *, system: bool, as_json: bool
) -> Exit:
    """Show what is live where, what runs, what waits.

    And whatever is wrong with Funade itself.
    """
    if system and not as_json:
        return _show_system(session)
    return _look(session, ShowStatus(application=application, environment=environment), as_json=as_json)


@click.command()
@application
@environment
@click.option("-n", "--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--before", type=click.IntRange(min=1), help="The next page: `before` of the one you have.")
@options.as_json
@options.session
def history(  # noqa: PLR0913 - click gives every option as a parameter
    session: Session,
    application: str | None,
    environment: str | None,
    *,
    limit: int,
    before: int | None,
    as_json: bool,
) -> Exit:
    """Show the latest deployments and events, newest first."""
    asked = ShowHistory(application=application, environment=environment, limit=limit, before=before)
    return _look(session, asked, as_json=as_json)


@click.command()
@click.argument("what", nargs=-1, metavar="[NUMBER | APPLICATION [ENVIRONMENT]]")
@options.as_json
@options.session
def why(session: Session, what: tuple[str, ...], *, as_json: bool) -> Exit:
    """Say why a deployment does not move, or ended as it did.

    Without a number, the newest that is not at its end.
    """
    if len(what) == 1 and what[0].removeprefix("#").isdigit():
        return _look(session, Why(number=int(what[0].removeprefix("#"))), as_json=as_json)
    if len(what) > 2:
        from funade.texts import usage  # noqa: PLC0415 - only who is called wrongly says it

        raise wrong(usage.WHY_WHAT)
    application, environment = (*what, None, None)[:2]
    return _look(session, Why(application=application, environment=environment), as_json=as_json)


@click.command()
@click.argument("number", type=click.IntRange(min=1))
@options.as_json
@options.session
def show(session: Session, number: int, *, as_json: bool) -> Exit:
    """Show everything about one deployment.

    Its plan, what it waits for, all that has happened to it.
    """
    return _look(session, ShowDeployment(number=number), as_json=as_json)


def _look(session: Session, command: Command, *, as_json: bool) -> Exit:
    with session.connection() as connection:
        answer = connection.ask(command)
        session.show(answer, as_json=as_json)
        return of_reading(answer)


def _show_system(session: Session) -> Exit:
    from funade.chat.systems import system_lines  # noqa: PLC0415 - a command loads what it uses

    with session.connection() as connection:
        answer = connection.ask(ShowStatus())
        if not isinstance(answer, StatusShown):
            session.show(answer)
        else:
            click.echo("\n".join(system_lines(answer, session.reader)))
        return of_reading(answer)
