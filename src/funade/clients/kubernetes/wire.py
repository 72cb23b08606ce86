"""Requests to one API server, and what its answers mean: tokens, time limits, reads that are asked again.

What reads is asked again when the server is busy or away, as late as it says. What writes is not: after a broken
connection nobody here knows whether it was done, and whoever asked knows how to look.
"""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

from funade.clients.kubernetes.credentials import Credentials
from funade.clients.kubernetes.errors import ClusterError, NeverSent, TooManyRequests, Unreachable, error_of

if TYPE_CHECKING:
    import aiohttp

CONNECT_SECONDS = 5.0
#: How long an answer may be silent.
ANSWER_SECONDS = 30.0
#: Of a request that carries something, answered: whoever does not even listen is not seen by the limit above.
CARRIED_SECONDS = CONNECT_SECONDS + 2 * ANSWER_SECONDS
#: Of one read, the first included.
ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.2
#: However long a server asks us to wait, whoever asked wants to hear.
LONGEST_PAUSE_SECONDS = 30.0

#: aiohttp warns of longer ones.
LONG_BODY = 2**20

JSON = "application/json"
OK, UNAUTHORIZED = range(200, 300), 401

Object = dict[str, Any]
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question or wish; `what` names it in an error."""

    method: str
    path: str
    what: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: object = field(default=None, repr=False)
    content: str = JSON
    accept: str = JSON


class Wire:
    """The connections to one API server, whose address is `base`; made with the first request, in its loop."""

    def __init__(
        self, open_session: "Callable[[], aiohttp.ClientSession]", base: str, credentials: Credentials
    ) -> None:
        self._open_session, self._base, self._credentials = open_session, base, credentials
        self._opened: aiohttp.ClientSession | None = None
        self._answers: set[aiohttp.ClientResponse] = set()

    async def close(self) -> None:
        """End all connections; streams that are open break, and nothing is asked any more."""
        for answer in list(self._answers):
            # The session would end the connection and leave whoever reads from it waiting.
            _drop(answer)
        await self._session().close()

    async def read(self, request: Request) -> Object:
        """Return the answer, asked for again while the server is busy or away, or raise."""
        return _object(*await _again(lambda: self._whole(request)), request)

    async def write(self, request: Request) -> Object:
        """Return the answer, asked for once, or raise."""
        return _object(*await self._whole(request), request)

    async def chunks(self, request: Request, *, silence: timedelta | None) -> AsyncGenerator[bytes, None]:
        """Yield an answer that keeps coming, until the server ends it; raise Unreachable when it breaks.

        It breaks, too, when nothing came for the length of `silence`. Only the opening is asked again.
        """
        import aiohttp  # noqa: PLC0415 -- loaded with the first client

        seconds = silence.total_seconds() if silence else None
        # Whoever stands between may hold back what it packs until there is enough of it.
        response = await _again(lambda: self._send(request, seconds, packed=False))
        try:
            async for part in response.content.iter_any():
                yield part
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _broken(error, request) from None
        finally:
            self._answers.discard(response)
            _drop(response)

    async def _whole(self, request: Request) -> tuple[int, bytes]:
        import aiohttp  # noqa: PLC0415 -- as above

        response = await self._send(request, ANSWER_SECONDS)
        try:
            return response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _broken(error, request) from None
        finally:
            self._answers.discard(response)
            _drop(response)

    async def _send(
        self, request: Request, silence: float | None, *, packed: bool = True
    ) -> "aiohttp.ClientResponse":
        response = await self._send_once(request, silence, packed)
        if response.status == UNAUTHORIZED and self._credentials.doubt():
            # The token was renewed since we read it; whoever is not known has done nothing.
            _drop(response)
            response = await self._send_once(request, silence, packed)
            if response.status == UNAUTHORIZED:
                self._credentials.doubt()
        if response.status in OK:
            self._answers.add(response)
            return response
        raise await _refused(response, request)

    async def _send_once(
        self, request: Request, silence: float | None, packed: bool
    ) -> "aiohttp.ClientResponse":
        import aiohttp  # noqa: PLC0415 -- as above
        from yarl import URL  # noqa: PLC0415 -- comes with aiohttp

        async def once(
            sent: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            try:
                return await handler(sent)
            except aiohttp.ClientError as error:
                # Left to itself it sends what it takes for repeatable, PUT and DELETE too, a second time when a
                # connection that was kept turns out to be closed. Not when it meets an error that it does not know.
                raise _broken(error, request) from None

        headers = {"Accept": request.accept, "Accept-Encoding": "gzip" if packed else "identity"}
        if request.body is not None:
            headers["Content-Type"] = request.content
        token = await self._credentials.token()
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        question = f"?{urlencode(request.parameters, quote_via=quote)}" if request.parameters else ""
        try:
            return await self._session().request(
                request.method,
                URL(f"{self._base}/{request.path}{question}", encoded=True),
                data=None if request.body is None else _carried(request.body),
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=None if request.body is None else CARRIED_SECONDS,
                    connect=CONNECT_SECONDS,
                    sock_read=silence,
                ),
                middlewares=(once,),
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _broken(error, request) from None

    def _session(self) -> "aiohttp.ClientSession":
        if self._opened is None:
            self._opened = self._open_session()
        return self._opened


async def _again(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    attempt = 1
    while True:
        try:
            return await ask()
        except (TooManyRequests, Unreachable) as error:
            if attempt >= ATTEMPTS:
                raise
            pause = pause_after(attempt, error.retry_after)
        await asyncio.sleep(pause)
        attempt += 1


def _drop(response: "aiohttp.ClientResponse") -> None:
    """Be done with the answer, whose connection is kept if it was read to its end."""
    if response.connection is not None and response.connection.transport is not None:
        # There is no use in a polite goodbye to one who keeps talking.
        response.connection.transport.abort()
    response.close()


async def _refused(response: "aiohttp.ClientResponse", request: Request) -> ClusterError:
    import aiohttp  # noqa: PLC0415 -- as above

    try:
        body = json.loads(await response.read())
    except (ValueError, aiohttp.ClientError, TimeoutError):
        body = None
    finally:
        _drop(response)
    return error_of(
        response.status, body, request.what, retry_after=_seconds(response.headers.get("Retry-After"))
    )


def pause_after(attempt: int, asked_for: timedelta | None) -> float:
    """Return how many seconds to wait after that many tries; never twice the same: many must not march in step."""
    own = FIRST_PAUSE_SECONDS * float(2 ** (attempt - 1))
    wanted = max(own, asked_for.total_seconds()) if asked_for is not None else own
    return min(wanted, LONGEST_PAUSE_SECONDS) * random.uniform(1.0, 1.25)  # noqa: S311 -- no secret


def _seconds(header: str | None) -> timedelta | None:
    # The other form, a date, is not used by API servers.
    return timedelta(seconds=int(header)) if header and header.isascii() and header.isdigit() else None


def _carried(body: object) -> bytes | BytesIO:
    content = json.dumps(body).encode()
    # What is longer is sent piece by piece.
    return content if len(content) <= LONG_BODY else BytesIO(content)


def _object(status: int, content: bytes, request: Request) -> Object:
    try:
        said = json.loads(content)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        # A portal, a proxy: something else has said yes.
        message = f"{request.what}: what answers is no API server"
        raise Unreachable(status, "Strange", message)
    return said


def _broken(error: Exception, request: Request) -> Unreachable:
    """Return our error for a connection's, of whose words none may be kept: a proxy's password is in some."""
    import aiohttp  # noqa: PLC0415 -- as above

    name = type(error).__name__
    match error:
        case aiohttp.ClientConnectorError():
            words = str(error.os_error)
        case aiohttp.ConnectionTimeoutError():
            words = f"not within {CONNECT_SECONDS:g} s"
        case aiohttp.ClientHttpProxyError():
            words = f"the proxy answers {error.status}"
        case _:
            return Unreachable(0, name, f"{request.what}: the connection to the API server broke ({name})")
    return NeverSent(0, name, f"{request.what}: no connection to the API server ({words})")
