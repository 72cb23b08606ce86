"""Requests to one API server, and what its answers mean: tokens, time limits, reads that are asked again.

What reads is asked again when the server is busy or away, as late as it says. What writes is not: after a broken
connection nobody here knows whether it was done, and whoever asked knows how to look.
"""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from funade.clients.kubernetes.credentials import Credentials
from funade.clients.kubernetes.errors import ClusterError, NeverSent, TooManyRequests, Unreachable, error_of

if TYPE_CHECKING:
    import httpx2

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
#: Of one read, the first included.
ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.2
#: However long a server asks us to wait, whoever asked wants to hear.
LONGEST_PAUSE_SECONDS = 30.0

JSON = "application/json"
UNAUTHORIZED = 401

Object = dict[str, Any]


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
    """The connections to one API server."""

    def __init__(self, session: "httpx2.AsyncClient", credentials: Credentials) -> None:
        self._session, self._credentials = session, credentials

    async def close(self) -> None:
        """End all connections; streams that are open break."""
        await self._session.aclose()

    async def read(self, request: Request) -> Object:
        """Return the answer, asked for again while the server is busy or away, or raise."""
        return _object(await self._again(request), request)

    async def write(self, request: Request) -> Object:
        """Return the answer, asked for once, or raise."""
        return _object(await self._send(request), request)

    async def chunks(self, request: Request, *, silence: timedelta | None) -> AsyncGenerator[bytes, None]:
        """Yield an answer that keeps coming, until the server ends it; raise Unreachable when it breaks.

        It breaks, too, when nothing came for the length of `silence`. Only the opening is asked again.
        """
        import httpx2  # noqa: PLC0415 -- loaded with the first client

        limit = httpx2.Timeout(CONNECT_SECONDS, read=silence.total_seconds() if silence else None)
        response = await self._again(request, stream=True, limit=limit)
        try:
            async with aclosing(response.aiter_bytes()) as parts:
                async for part in parts:
                    yield part
        except httpx2.TransportError as error:
            raise _broken(error, request) from error
        finally:
            await response.aclose()

    async def _again(
        self, request: Request, *, stream: bool = False, limit: "httpx2.Timeout | None" = None
    ) -> "httpx2.Response":
        attempt = 1
        while True:
            try:
                return await self._send(request, stream=stream, limit=limit)
            except (TooManyRequests, Unreachable) as error:
                if attempt >= ATTEMPTS:
                    raise
                pause = pause_after(attempt, error.retry_after)
            await asyncio.sleep(pause)
            attempt += 1

    async def _send(
        self, request: Request, *, stream: bool = False, limit: "httpx2.Timeout | None" = None
    ) -> "httpx2.Response":
        response = await self._send_once(request, stream, limit)
        if response.status_code == UNAUTHORIZED and self._credentials.doubt():
            # The token was renewed since we read it; whoever is not known has done nothing.
            await response.aclose()
            response = await self._send_once(request, stream, limit)
            if response.status_code == UNAUTHORIZED:
                self._credentials.doubt()
        if response.is_success:
            return response
        raise await self._refused(response, request)

    async def _send_once(
        self, request: Request, stream: bool, limit: "httpx2.Timeout | None"
    ) -> "httpx2.Response":
        import httpx2  # noqa: PLC0415 -- as above

        headers = {"Accept": request.accept}
        if request.body is not None:
            headers["Content-Type"] = request.content
        token = await self._credentials.token()
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        built = self._session.build_request(
            request.method,
            request.path,
            params=dict(request.parameters),
            content=None if request.body is None else json.dumps(request.body).encode(),
            headers=headers,
            timeout=limit or httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS, pool=None),
        )
        try:
            return await self._session.send(built, stream=stream)
        except httpx2.TransportError as error:
            raise _broken(error, request) from error

    async def _refused(self, response: "httpx2.Response", request: Request) -> ClusterError:
        import httpx2  # noqa: PLC0415 -- as above

        try:
            body = json.loads(await response.aread())
        except (ValueError, httpx2.TransportError):
            body = None
        finally:
            await response.aclose()
        return error_of(
            response.status_code,
            body,
            request.what,
            retry_after=_seconds(response.headers.get("Retry-After")),
        )


def pause_after(attempt: int, asked_for: timedelta | None) -> float:
    """Return how many seconds to wait after that many tries; never twice the same: many must not march in step."""
    own = FIRST_PAUSE_SECONDS * float(2 ** (attempt - 1))
    wanted = max(own, asked_for.total_seconds()) if asked_for is not None else own
    return min(wanted, LONGEST_PAUSE_SECONDS) * random.uniform(1.0, 1.25)  # noqa: S311 -- no secret


def _seconds(header: str | None) -> timedelta | None:
    # The other form, a date, is not used by API servers.
    return timedelta(seconds=int(header)) if header and header.isascii() and header.isdigit() else None


def _object(response: "httpx2.Response", request: Request) -> Object:
    try:
        said = json.loads(response.content)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        # A portal, a proxy: something else has said yes.
        message = f"{request.what}: what answers is no API server"
        raise Unreachable(response.status_code, "Strange", message)
    return said


def _broken(error: "httpx2.TransportError", request: Request) -> Unreachable:
    """Return our error for a connection's; its words only where they cannot hold what was sent."""
    import httpx2  # noqa: PLC0415 -- as above

    name = type(error).__name__
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.ProxyError):
        words = f" ({error})" if str(error) else ""
        return NeverSent(0, name, f"{request.what}: no connection to the API server{words}")
    return Unreachable(0, name, f"{request.what}: the connection to the API server broke ({name})")
