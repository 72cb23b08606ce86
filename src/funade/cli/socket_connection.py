"""Talk to the server's Unix socket with the standard library alone, because every command comes this way."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast
from urllib.parse import quote
from uuid import uuid4

from funade import __version__
from funade.domain.answers import ANSWERS, Answer
from funade.domain.commands import Command
from funade.domain.errors import FunadeError
from funade.domain.wire import Plain, Unreadable, from_tagged, to_plain
from funade.web import address
from funade.web.peer import SPEAKS_AS

SILENCE_SECONDS = 10.0  #: a server that says nothing for so long, not even how it is, is frozen
PATIENCE_SECONDS = 10.0  #: for a server that is restarted while we ask
PAUSE_SECONDS = 0.05

#: the connection broke, or was closed while nobody used it
_BROKEN = (ConnectionError, FileNotFoundError, http.client.HTTPException)


class ServerUnreachable(FunadeError):
    """A server is there, or was, and cannot be talked to."""


class _Silent(Exception):
    """No answer in time."""


class SocketConnection:
    """One kept-open HTTP connection over AF_UNIX; when it breaks, the same request is sent on a new one."""

    has_server = True

    def __init__(self, path: Path, *, data: Path | None = None, silence: float = SILENCE_SECONDS) -> None:
        self._path = path
        self._data = data
        self._silence = silence
        self._http: _UnixHTTP | None = None
        self._headers = {"Content-Type": "application/json"}

    def ask(self, command: Command, request: str | None = None) -> Answer:
        """Return the answer, or raise FunadeError; one request, however often the connection breaks."""
        plain = cast("dict[str, Plain]", to_plain(command, tagged=True))
        body = json.dumps({**plain, "request": request or str(uuid4())}).encode()
        deadline = None
        while True:
            try:
                return self._understand(*self._exchange(body))
            except _BROKEN as error:
                self.close()
                deadline = deadline or time.monotonic() + PATIENCE_SECONDS
                if time.monotonic() > deadline:
                    raise ServerUnreachable(self._gone()) from error
                time.sleep(PAUSE_SECONDS)
                self._follow()
            except (TimeoutError, BlockingIOError, _Silent) as error:
                self.close()
                raise ServerUnreachable(self._frozen()) from error
            except PermissionError as error:
                message = f"`{self._path}` does not let you in — ask as the server's user"
                raise ServerUnreachable(message) from error

    @contextmanager
    def speaking_as(self, name: str) -> Iterator[None]:
        """Ask in that person's name meanwhile, which only a demo's server allows."""
        self._headers[SPEAKS_AS] = quote(name)
        try:
            yield
        finally:
            del self._headers[SPEAKS_AS]

    def close(self) -> None:
        """Hang up."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def _exchange(self, body: bytes) -> tuple[int, bytes]:
        if self._http is None:
            self._http = _UnixHTTP(self._path, self._silence)
        self._http.request("POST", "/v1/commands", body, self._headers)
        self._wait_for_answer(self._http)
        response = self._http.getresponse()
        return response.status, response.read()

    def _wait_for_answer(self, connection: "_UnixHTTP") -> None:
        """Return when the answer begins; while it takes long, see that the server still says how it is."""
        connection.sock.settimeout(self._silence / 2)
        while True:
            try:
                connection.sock.recv(1, socket.MSG_PEEK)
            except TimeoutError:
                self._ask_how_it_is()
            else:
                break
        connection.sock.settimeout(self._silence)

    def _ask_how_it_is(self) -> None:
        other = _UnixHTTP(self._path, self._silence / 2)
        try:
            other.request("GET", "/v1/health")
            other.getresponse().read()
        except OSError as error:
            raise _Silent from error
        finally:
            other.close()

    def _follow(self) -> None:
        """Look where the server listens now: it may be another one."""
        record = self._record()
        if record is not None:
            self._path = Path(record.socket)

    def _understand(self, status: int, raw: bytes) -> Answer:
        try:
            plain = json.loads(raw)
            if status == 200:
                return cast("Answer", from_tagged(ANSWERS, plain))
            problem = str(plain["error"]["message"])
        except (ValueError, Unreadable, KeyError, TypeError) as error:
            message = f"the server's answer cannot be read: {error}{self._other_version()}"
            raise ServerUnreachable(message) from error
        if status in (400, 404, 405):
            problem = f"the server did not understand: {problem}{self._other_version()}"
        raise FunadeError(problem)

    def _record(self) -> address.Record | None:
        return address.read_record(self._data) if self._data is not None else None

    def _other_version(self) -> str:
        record = self._record()
        if record is None or record.version == __version__:
            return ""
        return f" — it is Funade {record.version}, this is {__version__}: restart the server"

    def _frozen(self) -> str:
        record = self._record()
        which = f"the server (process {record.pid})" if record else f"the server at `{self._path}`"
        remedy = f"let it go on (`kill -CONT {record.pid}`) or restart it" if record else "look after it"
        return (
            f"{which} has said nothing for {self._silence:g} seconds — it is stopped or overloaded; {remedy},"
            " then see `funade status`: what was asked may have been stored"
        )

    def _gone(self) -> str:
        return (
            f"no server answers at `{self._path}` any more — start it again (`funade serve`), then see"
            " `funade status`: what was asked may have been stored"
        )


class _UnixHTTP(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(str(self._path))
        except BaseException:
            with suppress(OSError):
                self.sock.close()
            raise
