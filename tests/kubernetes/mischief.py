"""A proxy before the API server that is busy, away or cut off when a test asks for it, and counts what passes."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from tests.kubernetes.control_plane import ControlPlane

HEADERS = ("Accept", "Authorization", "Content-Type")


@dataclass(frozen=True, slots=True)
class Busy:
    """An answer of its own in the server's place."""

    status: int
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection ends without an answer, before the server hears of it or after."""

    heard: bool = False


@dataclass
class Mischief:
    """What is in store for the next requests, and what came so far."""

    url: str
    next: deque[Busy | Cut | None] = field(default_factory=deque)
    requests: list[str] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    streams: list[web.Request] = field(default_factory=list)

    def cut_streams(self) -> None:
        """End all answers that keep coming, without an end."""
        for request in self.streams:
            if request.transport is not None:
                request.transport.abort()


@asynccontextmanager
async def mischief(plane: ControlPlane) -> AsyncIterator[Mischief]:
    """Give a proxy without mischief in mind."""
    trusted = ssl.create_default_context(cafile=plane.authority)
    state = Mischief(url="")

    async def handle(request: web.Request) -> web.StreamResponse:
        state.requests.append(f"{request.method} {request.path}")
        state.tokens.append(request.headers.get("Authorization"))
        wish = state.next.popleft() if state.next else None
        if isinstance(wish, Busy):
            return web.json_response(wish.body, status=wish.status, headers=wish.headers)
        if isinstance(wish, Cut) and not wish.heard:
            return _cut(request)
        answer = await session.request(
            request.method,
            f"{plane.url}{request.path_qs}",
            data=await request.read(),
            headers={name: request.headers[name] for name in HEADERS if name in request.headers},
            ssl=trusted,
        )
        async with answer:
            if isinstance(wish, Cut):
                return _cut(request)
            if "watch" not in request.query and request.query.get("follow") != "true":
                return web.Response(
                    body=await answer.read(),
                    status=answer.status,
                    headers={"Content-Type": answer.content_type},
                )
            stream = web.StreamResponse(status=answer.status)
            await stream.prepare(request)
            state.streams.append(request)
            async for chunk in answer.content.iter_any():
                await stream.write(chunk)
            return stream

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            port = runner.addresses[0][1]
            state.url = f"http://127.0.0.1:{port}"
            yield state
        finally:
            await end(runner)


async def end(runner: web.AppRunner) -> None:
    """Listen no more, and cut who is connected, or just about to be: nobody waits for a goodbye."""
    server = runner.server
    for site in list(runner.sites):
        await site.stop()
    # Who was accepted at the last moment is known a few turns later.
    for _ in range(10):
        for one in server.connections if server is not None else ():
            if one.transport is not None:
                one.transport.abort()
        await asyncio.sleep(0)
    await runner.cleanup()


def _cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
