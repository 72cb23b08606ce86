"""An app that only listens, and keeps what it is told."""

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from funade.playground import Playground
from tests.integration.playground.manifests import over_http


class Listener:
    """What an address was told: events, commands and clicks, in their order."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.answers: list[Any] = []  #: to the next requests that are no events

    async def answer(self, request: web.Request) -> web.Response:
        raw = (await request.read()).decode()
        if request.content_type == "application/json":
            self.bodies.append(json.loads(raw))
            return web.Response()
        fields = {name: values[0] for name, values in parse_qs(raw, keep_blank_values=True).items()}
        self.bodies.append(json.loads(fields["payload"]) if "payload" in fields else fields)
        return web.json_response(self.answers.pop(0)) if self.answers else web.Response()

    def events(self, kind: str = "") -> list[Any]:
        found = [body["event"] for body in self.bodies if body.get("type") == "event_callback"]
        return [one for one in found if kind in ("", one["type"])]

    def payloads(self, kind: str) -> list[Any]:
        return [body for body in self.bodies if body.get("type") == kind]


@contextlib.asynccontextmanager
async def served(handler: Any) -> AsyncIterator[str]:
    """Return the address at which `handler` answers every request."""
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", handler)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def listening(**switches: Any) -> AsyncIterator[tuple[Playground, Listener]]:
    """Serve a workspace with an app that listens; its time stands still."""
    listener = Listener()
    async with (
        served(listener.answer) as address,
        Playground(over_http(address), frozen=True) as playground,
    ):
        await playground.switch(switches=switches)
        yield playground, listener


async def settled(playground: Playground) -> None:
    """Wait until what was sent has arrived. Of several requests at once none is promised to be first."""
    await playground.advance(seconds=0)
    while playground.clock.is_expecting:
        await playground.advance(seconds=0)
