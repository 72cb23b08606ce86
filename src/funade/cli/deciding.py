"""The verbs of people whose word a deployment waits for."""

import click

from funade.cli import options
from funade.cli.asking import ask_and_follow, number, tell
from funade.cli.exit_codes import Exit
from funade.cli.session import Session
from funade.domain.commands import Approve, Override, Reject


@click.command()
@number
@click.argument("commit", required=False)
@options.reason
@click.option("--wait/--no-wait", default=None, help="Follow it to its end; without a server always.")
@options.timeout
@options.as_json
@options.request
@options.session
def approve(
    session: Session, number: int, commit: str | None, *, reason: str | None, **manner: object
) -> Exit:
    """Say yes to a deployment that waits for it.

    The yes is for the plan that it has now. Where its branch has moved since, name the COMMIT that you approve.
    """
    return ask_and_follow(session, Approve(number=number, revision=commit, reason=reason), manner)


@click.command()
@number
@options.reason
@options.as_json
@options.request
@options.session
def reject(session: Session, number: int, *, reason: str | None, **manner: object) -> Exit:
    """Say no to a deployment that waits.

    It ends as cancelled.
    """
    return tell(session, Reject(number=number, reason=reason), manner)


@click.command()
@number
@options.reason_wanted
@click.option("--wait/--no-wait", default=None, help="Follow it to its end; without a server always.")
@options.timeout
@options.as_json
@options.request
@options.session
def override(session: Session, number: int, *, reason: str, **manner: object) -> Exit:
    """Let a deployment go ahead despite what stands in its way.

    Locks, freezes and missing approvals of this moment; everybody sees it and why.
    """
    return ask_and_follow(session, Override(number=number, reason=reason), manner)
