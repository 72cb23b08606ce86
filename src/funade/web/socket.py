"""The API on a Unix socket of this machine: one server a data folder, known to everybody by `server.json`."""

import asyncio
import fcntl
import json
import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from funade.domain.errors import FunadeError
from funade.domain.people import Actor
from funade.domain.wire import to_plain
from funade.failpoints import effect
from funade.web import address
from funade.web.peer import actor_at_terminal, peer_uid
from funade.web.quiet_server import QuietServer

GRACE_SECONDS = 1  #: for answers that are on their way when the server stops
#: Somebody who looks whether a server lives holds its lock for a moment.
PATIENCE_SECONDS, PAUSE_SECONDS = 1.0, 0.02


class AlreadyServed(FunadeError):
    """Another living process has this data folder or this socket."""


class SocketServer:
    """Serves `app` while it is entered; `app` may ask `who_asked` about each request."""

    def __init__(
        self, app: ASGIApp, data: Path, *, version: str, path: Path | None = None, mode: int = 0o600
    ) -> None:
        self.data = data.absolute()
        self.path = (path or address.socket_path(self.data)).absolute()
        self._own_folder = path is None
        self._mode = mode
        self._version = version
        self._lock: int | None = None
        self._serving: asyncio.Task[None] | None = None
        self._server = QuietServer(
            uvicorn.Config(
                app,
                http=_PeerProtocol,
                ws="none",
                lifespan="off",
                loop="asyncio",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )

    async def __aenter__(self) -> Self:
        """Listen, or raise AlreadyServed or FunadeError saying why that cannot be."""
        self._lock = await _claim(self.data)
        try:
            with _explaining(self.path):
                listener = self._listen()
            self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
            await self._server.began.wait()
            self._record()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop within two seconds, whatever is on its way; whoever looks afterwards sees no server."""
        with effect("web.withdraw"), suppress(OSError):
            (self.data / address.RECORD).unlink(missing_ok=True)
            if self._serving is not None:
                self.path.unlink(missing_ok=True)
        if self._serving is not None:
            self._server.ended.set()
            await self._serving
            self._server.hang_up()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _listen(self) -> socket.socket:
        if self._own_folder:
            private_folder(self.path.parent)
        _refuse_unless_stale(self.path)
        new = self.path.with_name(self.path.name + ".new")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with effect("web.bind"):
                new.unlink(missing_ok=True)
                # Nobody can connect before listen(), so there is no moment with a wider mode.
                listener.bind(str(new))
                new.chmod(self._mode)
                new.replace(self.path)
            listener.listen(128)
        except BaseException:
            listener.close()
            raise
        listener.setblocking(False)
        return listener

    def _record(self) -> None:
        record = address.this_process(self._version, self.path)
        new = self.data / (address.RECORD + ".new")
        with effect("web.record"):
            new.write_text(json.dumps(to_plain(record), indent=2) + "\n", encoding="utf-8")
            new.replace(self.data / address.RECORD)


def who_asked(data: Path) -> Callable[[Request], Actor]:
    """Return the function that tells from a request on the socket who asks."""

    def who(request: Request) -> Actor:
        return actor_at_terminal(cast("int", request.scope["state"]["peer_uid"]), data)

    return who


def private_folder(folder: Path) -> None:
    """Make `folder` for this user alone, or raise FunadeError when it is somebody else's."""
    with _explaining(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            message = f"`{folder}` is not a folder of your own, — remove it, or choose a --socket"
            raise FunadeError(message)
        if stat.S_IMODE(found.st_mode) != 0o700:
            folder.chmod(0o700)


async def _claim(data: Path) -> int:
    """Return the lock that says `a server of this data folder lives`, or raise AlreadyServed."""
    descriptor = _open_lock(data)
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if asyncio.get_running_loop().time() > deadline:
                os.close(descriptor)
                record = address.read_record(data)
                which = f"process {record.pid}" if record else "another process"
                message = f"{which} already serves `{data}` — stop it first, or choose another data folder"
                raise AlreadyServed(message) from None
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return descriptor


def _open_lock(data: Path) -> int:
    with _explaining(data):
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with effect("web.claim"):
            return os.open(data / address.LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _refuse_unless_stale(path: Path) -> None:
    if not address.fits(path):
        message = (
            f"`{path}` is too long for a socket ({address.LONGEST_PATH} bytes) — choose a shorter --socket"
        )
        raise FunadeError(message)
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        message = f"`{path}` is there and is no socket — choose another --socket"
        raise FunadeError(message)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return
        except OSError:  # full backlog, no permission, no answer: somebody has it
            pass
    message = f"a living process listens on `{path}` — stop it first, or choose another --socket"
    raise AlreadyServed(message)


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"cannot serve at `{path}`: {error.strerror or error}"
        raise FunadeError(message) from error


class _PeerProtocol(H11Protocol):
    """Puts into each request's state who connected; uvicorn copies the state, no header can reach it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        try:
            self.app_state = {**self.app_state, "peer_uid": peer_uid(transport.get_extra_info("socket"))}
        except OSError:  # it has gone already
            transport.abort()
