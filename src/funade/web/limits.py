"""What a request must keep to before anything looks at it: its host, its length, its time.

Plain answers in one line: nobody has said who they are yet.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_SECONDS = 20.0  #: for all of a body, however slowly it comes
LONGEST_TARGET = 2_048  #: bytes of path and question; a link has about 130
#: bytes of names and values; the parser bounds only a head that comes in pieces
LONGEST_HEAD = 16_384

Headers = list[tuple[bytes, bytes]]


class BodyBrokeOff(Exception):
    """A body had more bytes than its door takes, or did not come to its end in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Lets through what asks for one of `hosts` and is neither too long nor too slow.

    `bodies` says how long a body may be under which path; everywhere else there is none. Under `anywhere` every host
    is answered: whoever probes a process knows its address only.
    """

    app: ASGIApp
    hosts: frozenset[str]
    bodies: Sequence[tuple[str, int]] = ()
    anywhere: str = "/healthz"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what may not pass, hand on the rest."""
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_TARGET:
            await _say(send, 414, "this address is too long")
        elif sum(len(name) + len(value) for name, value in scope["headers"]) > LONGEST_HEAD:
            await _say(send, 431, "these headers are too long")
        elif not is_under(path, self.anywhere) and host_of(scope["headers"]) not in self.hosts:
            await _say(send, 421, "Funade does not answer under this name; see `web.url` and `web.hosts`")
        else:
            longest = next((most for door, most in self.bodies if is_under(path, door)), 0)
            if _announced(scope["headers"]) > longest:
                await _say(send, 413, "this is too long")
            else:
                await self._hand_on(scope, _Body(receive, longest), send)

    async def _hand_on(self, scope: Scope, body: "_Body", send: Send) -> None:
        begun = False

        async def unless_over(message: Message) -> None:
            # Whatever the door makes of a body that broke off, the limit's own answer is the true one.
            nonlocal begun
            if body.problem is None or begun:
                begun = True
                await send(message)

        with suppress(BodyBrokeOff):
            await self.app(scope, body, unless_over)
        if body.problem is not None and not begun:
            await _say(send, *body.problem)


class _Body:
    """A request's body that ends in bounds or raises."""

    def __init__(self, receive: Receive, longest: int) -> None:
        self._receive, self._left, self._ended = receive, longest, False
        self._deadline: float | None = None
        self.problem: tuple[int, str] | None = None

    async def __call__(self) -> Message:
        if self._ended:
            return await self._receive()
        loop = asyncio.get_running_loop()
        self._deadline = self._deadline or loop.time() + BODY_SECONDS
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            self.problem = 408, "this comes too slowly"
            raise BodyBrokeOff from None
        self._left -= len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if self._left < 0:
            self.problem = 413, "this is too long"
            raise BodyBrokeOff
        return message


def is_under(path: str, door: str) -> bool:
    """Tell whether `path` is `door` or below it."""
    return path == door or path.startswith(door + "/")


def host_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the host that is asked for, without its port; nothing when there is none or more than one."""
    found = [value for name, value in headers if name == b"host"]
    if len(found) != 1:
        return ""
    host = found[0].decode("latin-1").lower()
    bare = host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0]
    return bare.rstrip(".")


def _announced(headers: Headers) -> float:
    """Return how long the body says that it is; a body of unknown length begins at one byte."""
    for name, value in headers:
        if name == b"content-length":
            return int(value) if value.isdigit() else float("inf")
        if name == b"transfer-encoding":
            return 1
    return 0


async def _say(send: Send, status: int, text: str) -> None:
    """Answer, and hang up: what follows a body that was not read is no request."""
    body = f"{text}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
