"""The way from the command line to the desk: a living server's socket, or else a desk of our own."""

import logging
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from funade.cli.rooms import wiring
from funade.cli.socket_connection import PATIENCE_SECONDS, PAUSE_SECONDS, ServerUnreachable, SocketConnection
from funade.domain.answers import Answer
from funade.domain.commands import Command
from funade.web import address


class Connection(Protocol):
    """Asks the desk, whoever has it."""

    @property
    def has_server(self) -> bool:
        """Tell whether a server carries deployments on when this process ends."""

    def ask(self, command: Command, request: str | None = None) -> Answer:
        """Return the desk's answer, or raise FunadeError; the same `request` twice is one request."""

    def speaking_as(self, name: str) -> AbstractContextManager[None]:
        """Ask in that person's name meanwhile, which only a demo's server allows; or raise FunadeError."""

    def close(self) -> None: ...


def connect(config: Path, *, carries: bool, socket: Path | None = None) -> Connection:
    """Return the one right way, or raise FunadeError; `carries`: this process may carry deployments.

    A server that lives and does not answer is an error: a second door beside it would be a surprise.
    """
    if socket is not None:
        return SocketConnection(socket)
    data = wiring().data_folder(config).absolute()
    found = _wait_for_record(data)
    if found is not None:
        return SocketConnection(Path(found.socket), data=data)
    from funade.cli.local_connection import LocalConnection  # noqa: PLC0415 - not in the way of a socket

    if carries:
        from funade.cli.log import set_up_log  # noqa: PLC0415 - slow to load, and who only looks has no log

        set_up_log(level=logging.WARNING)
    return LocalConnection(wiring().open_local(config, carries=carries), data)


def _wait_for_record(data: Path) -> address.Record | None:
    """Return the living server's record, None when none lives; one that starts or stops is waited for."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            presence = address.look(data)
        except OSError as error:
            message = f"`{data}` cannot be read: {error.strerror} — ask as its owner, or use --socket"
            raise ServerUnreachable(message) from error
        if not presence.alive or presence.record is not None:
            return presence.record
        if time.monotonic() > deadline:
            message = (
                f"a process holds `{data / address.LOCK}` but says nowhere where it listens"
                f" — see which (`lsof {data / address.LOCK}`) and restart it"
            )
            raise ServerUnreachable(message)
        time.sleep(PAUSE_SECONDS)
