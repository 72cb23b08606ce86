"""The verbs that change something, and `wait`: ask, then follow what was asked for to its end."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

import click

from funade.cli import options
from funade.cli.confirming import confirmed
from funade.cli.connection import Connection
from funade.cli.exit_codes import Exit
from funade.cli.following import Followed, follow
from funade.cli.outcome import of_deployment, of_reading, of_refusal
from funade.cli.places import application_of, only_environment
from funade.cli.session import Session, wrong
from funade.domain.answers import Accepted, Answer, DeploymentShown, Planned, Refused
from funade.domain.commands import (
    Cancel,
    Command,
    Deploy,
    PlanDeployment,
    Reject,
    Retry,
    Rollback,
)
from funade.domain.deployment import State
from funade.texts import terminal, usage

number = click.argument("number", type=click.IntRange(min=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to go on once a request was accepted; `wait` None: follow it only where nobody else would carry it."""

    wait: bool | None = True
    timeout: timedelta | None = None
    as_json: bool = False
    request: UUID | None = None


@click.command()
@click.argument("application", required=False)
@click.argument("environment", required=False)
@click.argument("ref", required=False)
@click.option("-r", "repository", metavar="APPLICATION", help="Same as the first argument.")
@click.option("-e", "place", metavar="ENVIRONMENT", help="Same as the second argument.")
@click.option("-h", "hash_", metavar="REF", help="Same as the third argument: a branch, tag or commit.")
@click.option("--yes", is_flag=True, help="Do not ask; needed where there is nobody to ask.")
@options.reason
@options.force
@options.wait
@options.timeout
@options.as_json
@options.request
@options.session
def deploy(  # noqa: PLR0913 - click gives every option as a parameter
    session: Session,
    *,
    application: str | None,
    environment: str | None,
    ref: str | None,
    repository: str | None,
    place: str | None,
    hash_: str | None,
    yes: bool,
    reason: str | None,
    force: bool,
    wait: bool,
    timeout: timedelta | None,
    as_json: bool,
    request: UUID | None,
) -> Exit:
    """Put a ref into an environment, and follow it there.

    On a terminal the plan is shown first, and what was shown is what runs. Without REF the environment's usual one
    is taken. Ctrl-C stops the following, not the deployment.
    """
    name = application_of(one_of("APPLICATION", application, repository))
    where, wanted = one_of("ENVIRONMENT", environment, place), one_of("REF", ref, hash_)
    if not yes and (as_json or not session.interactive):
        raise wrong(usage.NOBODY_TO_ASK)
    options.check_force(reason, force=force)
    manner = Manner(wait=wait, timeout=timeout, as_json=as_json, request=request)
    with session.connection(carries=True) as connection:
        found = where or only_environment(connection, name)
        command = Deploy(application=name, environment=found, ref=wanted, reason=reason, force=force)
        if yes:
            return carry_through(session, connection, command, manner)
        return show_and_carry_through(session, connection, command, manner)


@click.command()
@number
@options.reason
@options.force
@options.wait
@options.timeout
@options.as_json
@options.request
@options.session
def retry(session: Session, number: int, *, reason: str | None, force: bool, **manner: object) -> Exit:
    """Ask again for what an unsuccessful deployment wanted.

    The same revision, planned anew.
    """
    options.check_force(reason, force=force)
    return ask_and_follow(session, Retry(number=number, reason=reason, force=force), manner)


@click.command()
@click.argument("application")
@click.argument("environment", required=False)
@click.option("--to", type=click.IntRange(min=1), metavar="NUMBER", help="To what that deployment put there.")
@options.reason
@options.force
@options.wait
@options.timeout
@options.as_json
@options.request
@options.session
def rollback(  # noqa: PLR0913 - click gives every option as a parameter
    session: Session,
    application: str,
    environment: str | None,
    *,
    to: int | None,
    reason: str | None,
    force: bool,
    **manner: object,
) -> Exit:
    """Put back the last release that was seen healthy.

    Or, with --to, what that deployment put there.
    """
    options.check_force(reason, force=force)
    with session.connection(carries=True) as connection:
        found = environment or only_environment(connection, application)
        command = Rollback(application=application, environment=found, to=to, reason=reason, force=force)
        return carry_through(session, connection, command, Manner(**manner))  # type: ignore[arg-type] # from click


@click.command()
@number
@options.reason
@options.wait
@options.timeout
@options.as_json
@options.request
@options.session
def cancel(session: Session, number: int, *, reason: str | None, **manner: object) -> Exit:
    """Ask a deployment to stop.

    It ends with 0 when the deployment was cancelled, with 1 when it came to another end, with 3 when it had ended
    before.
    """
    ended = ask_and_follow(session, Cancel(number=number, reason=reason), manner)
    match ended:
        case Exit.CANCELLED:
            return Exit.SUCCEEDED
        case Exit.SUCCEEDED if manner["wait"]:
            return Exit.FAILED
        case _:
            return ended


@click.command()
@number
@options.timeout
@options.as_json
@options.session
def wait(session: Session, number: int, *, timeout: timedelta | None, as_json: bool) -> Exit:
    """Follow a deployment to its end.

    Without a server this process carries it on, if nobody else does. With --timeout also while it waits for somebody.
    """
    with session.connection(carries=True) as connection:
        return see_through(session, connection, number, Manner(timeout=timeout, as_json=as_json))


def ask_and_follow(session: Session, command: Command, manner: dict[str, object]) -> Exit:
    """Ask, and follow the deployment as the options say."""
    with session.connection(carries=True) as connection:
        return carry_through(session, connection, command, Manner(**manner))  # type: ignore[arg-type] # from click


def tell(session: Session, command: Command, manner: dict[str, object]) -> Exit:
    """Ask for what is done at once, and show the answer."""
    with session.connection() as connection:
        return carry_through(session, connection, command, Manner(**manner))  # type: ignore[arg-type] # from click


def show_and_carry_through(session: Session, connection: Connection, command: Deploy, manner: Manner) -> Exit:
    """Show the plan, and deploy exactly that if the person says yes."""
    asked = PlanDeployment(application=command.application, environment=command.environment, ref=command.ref)
    planned = connection.ask(asked)
    session.show(planned)
    if not isinstance(planned, Planned):
        return of_reading(planned)
    if not confirmed(session, terminal.GO_AHEAD):
        session.note(terminal.NOTHING_ASKED)
        return Exit.CANCELLED
    return carry_through(session, connection, replace(command, digest=planned.digest), manner)


def carry_through(session: Session, connection: Connection, command: Command, manner: Manner) -> Exit:
    """Ask, show the answer, and follow what was accepted as `manner` says."""
    if manner.wait is False and not connection.has_server:
        raise wrong(usage.NEEDS_WAIT)
    answer = connection.ask(command, str(manner.request or uuid4()))
    about = _deployment_number(answer)
    has_to_wait = manner.wait if manner.wait is not None else not connection.has_server
    if isinstance(answer, Refused):
        session.show(answer, as_json=manner.as_json)
        return of_refusal(answer.because)
    if about is None or not has_to_wait or isinstance(command, Reject):
        session.show(answer, as_json=manner.as_json)
        return Exit.SUCCEEDED
    if not manner.as_json:
        session.show(answer)
    return see_through(session, connection, about, manner)


def see_through(session: Session, connection: Connection, number: int, manner: Manner) -> Exit:
    """Follow a deployment, show its end, return the exit code; Ctrl-C stops the following only."""
    try:
        from funade.cli.screens import screen  # noqa: PLC0415 - `--no-wait` shows no progress

        if manner.as_json:
            followed = follow(connection, number, None, timeout=manner.timeout)
        else:
            with screen(session) as shown_on:
                followed = follow(connection, number, shown_on, timeout=manner.timeout)
    except KeyboardInterrupt:
        goes_on = terminal.GOES_ON if connection.has_server else terminal.GOES_ON_ALONE
        click.echo(err=True)
        session.note(goes_on, number=number)
        return Exit.INTERRUPTED
    return _ending(session, connection, followed, manner)


def _ending(session: Session, connection: Connection, followed: Followed, manner: Manner) -> Exit:
    shown = followed.shown
    session.show(shown, as_json=manner.as_json)
    if isinstance(shown, Refused):
        return of_refusal(shown.because)
    if not followed.is_over:
        number = shown.deployment.number
        if manner.timeout is None:
            session.note(terminal.WAITS_FOR_SOMEBODY, number=number)
        else:
            session.note(terminal.STILL_GOING, number=number, span=_span(session, manner.timeout))
        if not connection.has_server and shown.deployment.state is State.RUNNING:
            session.note(terminal.GOES_ON_ALONE, number=number)
    return of_deployment(shown.deployment)


def _span(session: Session, length: timedelta) -> str:
    from funade.texts.times import span  # noqa: PLC0415 - only after a time-out

    return span(length, session.reader)


def _deployment_number(answer: Answer) -> int | None:
    return answer.deployment.number if isinstance(answer, (Accepted, DeploymentShown)) else None


def one_of(name: str, argument: str | None, option: str | None) -> str | None:
    """Return the one that was given; both must say the same."""
    if argument is not None and option is not None and argument != option:
        raise wrong(usage.GIVEN_TWICE, name=name, one=argument, other=option)
    return argument if argument is not None else option
