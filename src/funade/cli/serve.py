"""`funade serve` and `funade runner`: in the foreground, their log on standard error."""

import asyncio
import gc
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
import structlog

from funade.cli import options
from funade.cli.exit_codes import Exit
from funade.cli.log import set_up_log
from funade.cli.rooms import Server, wiring
from funade.cli.session import Session, wrong
from funade.texts import terminal, usage
from funade.web import address

if TYPE_CHECKING:
    from funade.domain.deployment import Deployment
    from funade.usecases.ledger_ports import Announcement

LOOK_EVERY_SECONDS = 0.05  #: until the server listens
MODES = {"owner": 0o600, "group": 0o660, "everyone": 0o666}


LOG_FORMAT = click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Lines for people, or a JSON object a line.",
)


@click.command()
@click.option(
    "--open-to",
    type=click.Choice(list(MODES)),
    default="owner",
    show_default=True,
    help="Who may connect to the socket; the policy decides what they may do. With --socket.",
)
@LOG_FORMAT
@options.session
def serve(session: Session, *, open_to: str, log_format: str) -> Exit:
    """Run the server: everything in one process.

    It listens on a Unix socket in the data folder, or at --socket. SIGTERM and Ctrl-C stop it, and what runs goes on
    at its place; SIGHUP reads the configuration again.
    """
    if open_to != "owner" and session.socket is None:
        raise wrong(usage.NEEDS_SOCKET)
    set_up_log(level=logging.INFO, as_json=log_format == "json", colors=_wants_colors(session))
    path = session.path
    log = structlog.get_logger("funade")
    data = wiring().data_folder(path).absolute()
    server = wiring().build_server(
        path, socket=session.socket, socket_mode=MODES[open_to], tell=Teller(session)
    )

    def say_where(record: address.Record) -> None:
        log.info(session.word(terminal.SERVING, data=data, socket=record.socket, pid=record.pid))

    asyncio.run(_run(server, data, say_where))
    log.info(session.word(terminal.STOPPED))
    return Exit.SUCCEEDED


@click.command()
@LOG_FORMAT
@options.session
def runner(session: Session, *, log_format: str) -> Exit:
    """Carry deployments out beside other processes of the same store.

    It listens to nobody: people ask a server, or the store itself. Any number may run, on any machine that reaches the
    database; on one machine they may share a data folder. SIGTERM and Ctrl-C stop it, and what runs goes on at its
    place.
    """
    set_up_log(level=logging.INFO, as_json=log_format == "json", colors=_wants_colors(session))
    log = structlog.get_logger("funade")
    data = wiring().data_folder(session.path).absolute()
    process = wiring().build_runner_process(session.path, tell=Teller(session))
    log.info(session.word(terminal.CARRYING, data=data, pid=os.getpid()))
    asyncio.run(process.run())
    log.info(session.word(terminal.STOPPED))
    return Exit.SUCCEEDED


async def _run(server: Server, data: Path, say_where: Callable[[address.Record], None]) -> None:
    """Run the server, and say where it listens once it does."""
    running = asyncio.create_task(server.run())
    while not running.done():
        record = address.read_record(data)
        # In a container every server is process 1, the one before too.
        if record is not None and record == address.this_process(record.version, Path(record.socket)):
            say_where(record)
            _set_apart()
            break
        await asyncio.wait([running], timeout=LOOK_EVERY_SECONDS)
    await running


def _set_apart() -> None:
    """Leave what is here for good out of each search for garbage, which would stop everything for 50 ms."""
    gc.collect()
    gc.freeze()


class Teller:
    """Writes each announcement to the server's own log."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._log = structlog.get_logger("funade")

    def __call__(self, announcement: "Announcement", now: "Deployment | None") -> None:
        """Say it on one line."""
        from funade import texts  # noqa: PLC0415 - loaded by the first announcement

        event, reader = announcement.event, self._session.reader
        state = now.state.value if now else None
        about = {
            "number": event.number,
            "application": event.application,
            "environment": event.environment,
            "state": state,
        }
        self._log.info(
            texts.happening(event, reader.language, now=reader.now, zone=reader.zone),
            **{key: value for key, value in about.items() if value},
        )


def _wants_colors(session: Session) -> bool:
    if session.color is not None:
        return session.color
    return sys.stderr.isatty() and "NO_COLOR" not in os.environ
