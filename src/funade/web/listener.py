"""The HTTP side of a server: a listening address that bounds what strangers may cost, and stops when told."""

import asyncio
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Self

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol

from funade.domain.errors import FunadeError
from funade.failpoints import effect
from funade.web.limits import LONGEST_HEAD
from funade.web.quiet_server import QuietServer

GRACE_SECONDS = 2  #: for answers that are on their way when the server stops
HEAD_SECONDS = 15.0  #: for a request's head, counted from when the connection is free for it
STALLED_SECONDS = 30.0  #: for somebody who takes nothing of what they asked for
MOST_CONNECTIONS = 400  #: leaves file descriptors for programs and the store where a process may have 1,024


class Listener:
    """Serves `app` at `host` and `port` while it is entered; `hush` ends what would never end by itself."""

    def __init__(
        self, app: ASGIApp, host: str, port: int, *, proxies: tuple[str, ...] = (), hush: Callable[[], None]
    ) -> None:
        self._host, self._port, self._hush = host, port, hush
        self._serving: asyncio.Task[None] | None = None
        # uvicorn believes nobody by itself; the networks of the configuration alone are believed.
        self._server = QuietServer(
            uvicorn.Config(
                ProxyHeadersMiddleware(app, list(proxies)) if proxies else app,  # type: ignore[arg-type] # ASGI both
                http=_Impatient,
                ws="none",
                lifespan="off",
                loop="asyncio",
                log_config=None,
                # A path may open a page: it is in no log of ours.
                access_log=False,
                proxy_headers=False,
                server_header=False,
                h11_max_incomplete_event_size=LONGEST_HEAD,
                limit_concurrency=MOST_CONNECTIONS,
                timeout_keep_alive=int(HEAD_SECONDS),
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )

    async def __aenter__(self) -> Self:
        """Listen, or raise FunadeError saying why that cannot be."""
        try:
            with effect("web.listen"):
                listening = await _listen(self._host, self._port)
        except OSError as error:
            where = f"{self._host}:{self._port}"
            message = (
                f"cannot listen at `{where}`: {error.strerror or error} — choose another `web.listen`,"
                " or stop whoever has it"
            )
            raise FunadeError(message) from error
        self._serving = asyncio.create_task(self._server.serve(sockets=listening))
        await self._server.began.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop within three seconds, whoever still reads."""
        if self._serving is not None:
            # uvicorn waits for every answer, and a stream has no end of its own.
            self._hush()
            self._server.ended.set()
            await self._serving
            self._server.hang_up()


async def _listen(host: str, port: int) -> list[socket.socket]:
    """Return listening sockets of every address that `host` means."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            one = socket.socket(family, kind, protocol)
            sockets.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                # `::` is every address of this machine, those of IPv4 among them.
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
            one.bind(address)
            one.listen(128)
            one.setblocking(False)
    except BaseException:
        for one in sockets:
            one.close()
        raise
    return sockets


class _Impatient(H11Protocol):
    """Hangs up on whoever asks nothing, or takes nothing of the answer: uvicorn waits for either for ever."""

    _patience: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        self._mind()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._forget()
        self._is_taken()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._mind()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._mind()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._is_taken()

    def _is_taken(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _mind(self) -> None:
        """Count while a head is wanted, from the beginning of that and not from the last byte."""
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._forget()
        elif self._patience is None:
            self._patience = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _forget(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
