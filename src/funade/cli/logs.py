"""`funade logs`: a deployment's output, byte for byte, in constant memory, from any byte on."""

import base64
import json
import sys
import time
from dataclasses import replace
from typing import TypeGuard

import click

from funade.cli import options
from funade.cli.connection import Connection
from funade.cli.exit_codes import Exit
from funade.cli.following import LOOK_EVERY_SECONDS
from funade.cli.outcome import of_reading
from funade.cli.session import Session
from funade.domain.answers import Answer, DeploymentShown, LogShown
from funade.domain.commands import ReadLog, ShowDeployment, Why
from funade.domain.wire import to_plain

CHUNK_BYTES = 1 << 20


@click.command()
@click.argument("number", type=click.IntRange(min=1), required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on until the execution has ended.")
@click.option("--attempt", type=click.IntRange(min=1), help="Not the newest attempt but this one.")
@click.option("--from", "offset", type=click.IntRange(min=0), default=0, help="Leave out so many bytes.")
@options.as_json
@options.session
def logs(  # noqa: PLR0913 - click gives every option as a parameter
    session: Session,
    number: int | None,
    *,
    follow: bool,
    attempt: int | None,
    offset: int,
    as_json: bool,
) -> Exit:
    """Write a deployment's output, byte for byte.

    Without NUMBER, that of the newest deployment. What you have already, `--from` leaves out: `--from $(stat -c %s
    file) >> file` goes on where it stopped. With --json a line for each piece, its bytes in base64.
    """
    with session.connection() as connection:
        command = Why() if number is None else ShowDeployment(number=number)
        shown = connection.ask(command)
        while follow and _is_to_come(shown, attempt):
            time.sleep(LOOK_EVERY_SECONDS)
            shown = connection.ask(ShowDeployment(number=shown.deployment.number))
        if not isinstance(shown, DeploymentShown):
            session.show(shown, as_json=as_json)
            return of_reading(shown)
        asked = ReadLog(
            number=shown.deployment.number,
            attempt=attempt or shown.deployment.attempt or None,
            offset=offset,
            limit=CHUNK_BYTES,
        )
        return _write(session, connection, asked, follow=follow, as_json=as_json)


def _is_to_come(shown: Answer, attempt: int | None) -> TypeGuard[DeploymentShown]:
    """Tell whether the wanted attempt has not begun and still may."""
    if not isinstance(shown, DeploymentShown) or shown.deployment.has_ended:
        return False
    return shown.deployment.attempt < (attempt or 1)


def _write(session: Session, connection: Connection, asked: ReadLog, *, follow: bool, as_json: bool) -> Exit:
    out = sys.stdout.buffer
    while True:
        answer = connection.ask(asked)
        if not isinstance(answer, LogShown):
            session.show(answer, as_json=as_json)
            return of_reading(answer)
        if answer.data:
            if as_json:
                out.write(json.dumps(to_plain(answer, tagged=True)).encode() + b"\n")
            else:
                out.write(base64.b64decode(answer.data))
            out.flush()
        if answer.complete or not (answer.data or follow):
            return Exit.SUCCEEDED
        if not answer.data:
            time.sleep(LOOK_EVERY_SECONDS)
        asked = replace(asked, offset=answer.next)
