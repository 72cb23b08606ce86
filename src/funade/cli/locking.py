"""The verbs that keep deploys from an environment, or from all of them, and let them in again."""

from collections.abc import Callable
from datetime import timedelta

import click

from funade.cli import options
from funade.cli.asking import Manner, carry_through, tell
from funade.cli.exit_codes import Exit
from funade.cli.places import only_environment
from funade.cli.session import Session
from funade.domain.commands import Command, Hold, Lock, PauseAll, Reopen, Resume, ResumeAll, Unlock

EVERYTHING = "all"

application = click.argument("application")
environment = click.argument("environment", required=False)


@click.command()
@application
@environment
@options.reason_wanted
@options.lasts
@click.option("--steal", is_flag=True, help="Take over the lock of somebody else, who is told.")
@options.as_json
@options.request
@options.session
def lock(  # noqa: PLR0913 - click gives every option as a parameter
    session: Session,
    application: str,
    environment: str | None,
    *,
    reason: str,
    lasts: timedelta | None,
    steal: bool,
    **manner: object,
) -> Exit:
    """Keep others out of an environment.

    You may still deploy there yourself. What already runs goes on.
    """

    def command(found: str) -> Lock:
        return Lock(application=application, environment=found, reason=reason, lasts=lasts, steal=steal)

    return _change(session, application, environment, command, manner)


@click.command()
@application
@environment
@options.reason
@click.option("--force", is_flag=True, help="Open the lock of somebody else; for everybody to see.")
@options.as_json
@options.request
@options.session
def unlock(
    session: Session,
    application: str,
    environment: str | None,
    *,
    reason: str | None,
    force: bool,
    **manner: object,
) -> Exit:
    """Let others in again."""
    options.check_force(reason, force=force)

    def command(found: str) -> Unlock:
        return Unlock(application=application, environment=found, reason=reason, force=force)

    return _change(session, application, environment, command, manner)


@click.command()
@application
@environment
@options.reason
@options.as_json
@options.request
@options.session
def reopen(
    session: Session, application: str, environment: str | None, *, reason: str | None, **manner: object
) -> Exit:
    """Open an environment that is in doubt: you have looked.

    Nobody knows what an execution there did; whoever reopens it says that it is fine.
    """

    def command(found: str) -> Reopen:
        return Reopen(application=application, environment=found, reason=reason)

    return _change(session, application, environment, command, manner)


@click.command()
@application
@environment
@options.reason
@options.as_json
@options.request
@options.session
def hold(
    session: Session, application: str, environment: str | None, *, reason: str | None, **manner: object
) -> Exit:
    """Let automatic deploys of an environment wait.

    People may still deploy. A rollback holds them by itself.
    """

    def command(found: str) -> Hold:
        return Hold(application=application, environment=found, reason=reason)

    return _change(session, application, environment, command, manner)


@click.command()
@click.argument("application", metavar="{APPLICATION|all}")
@environment
@options.reason
@options.as_json
@options.request
@options.session
def resume(
    session: Session, application: str, environment: str | None, *, reason: str | None, **manner: object
) -> Exit:
    """Let automatic deploys go on, or everything.

    `funade resume shop production` after a rollback or a hold, `funade resume all` after `funade pause all`.
    """
    if application == EVERYTHING and environment is None:
        return tell(session, ResumeAll(reason=reason), manner)

    def command(found: str) -> Resume:
        return Resume(application=application, environment=found, reason=reason)

    return _change(session, application, environment, command, manner)


@click.command()
@click.argument("everything", type=click.Choice([EVERYTHING]), metavar="all")
@options.reason
@options.as_json
@options.request
@options.session
def pause(session: Session, everything: str, *, reason: str | None, **manner: object) -> Exit:  # noqa: ARG001 - it has one value
    """Stop everything at once: nothing more is started anywhere.

    What runs goes on. `funade resume all` ends it.
    """
    return tell(session, PauseAll(reason=reason), manner)


def _change(
    session: Session,
    application: str,
    environment: str | None,
    command: Callable[[str], Command],
    manner: dict[str, object],
) -> Exit:
    """Ask for what `command` makes of the environment: the one that was named, or the only one."""
    with session.connection() as connection:
        found = environment or only_environment(connection, application)
        return carry_through(session, connection, command(found), Manner(**manner))  # type: ignore[arg-type] # from click
