"""Every Socket Mode client of the official Python library goes through the same story."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib import import_module

import pytest
from slack_bolt import App
from slack_bolt.app.async_app import AsyncApp
from slack_sdk import WebClient
from slack_sdk.web.async_client import AsyncWebClient

from funade.playground import Playground
from tests.integration.playground.manifests import MANIFEST
from tests.integration.playground.story import TRACE, live_through, order, tell, tell_async

pytestmark = [
    pytest.mark.asyncio,
    # The official clients leave sockets and loops to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

HANDLERS = {
    "builtin": "slack_bolt.adapter.socket_mode",
    "websocket-client": "slack_bolt.adapter.socket_mode.websocket_client",
}


ASYNC_HANDLERS = {
    "aiohttp": "slack_bolt.adapter.socket_mode.aiohttp",
    "websockets": "slack_bolt.adapter.socket_mode.websockets",
}


@pytest.mark.parametrize("stack", ASYNC_HANDLERS)
async def test_an_asynchronous_client_lives_through_the_story(stack):
    trace: list[str] = []
    async with Playground(MANIFEST) as playground:
        app = AsyncApp(client=AsyncWebClient(token=playground.app.bot_token, base_url=playground.api_url))
        tell_async(app, trace)
        handler = import_module(ASYNC_HANDLERS[stack]).AsyncSocketModeHandler(app, playground.app.app_token)
        await handler.connect_async()
        try:
            await playground.wait(connections=1)
            await live_through(playground)
        finally:
            await handler.close_async()
    assert order(trace) == TRACE


@pytest.mark.parametrize("stack", HANDLERS)
async def test_a_threaded_client_lives_through_the_story(stack):
    trace: list[str] = []
    async with Playground(MANIFEST) as playground:
        client = WebClient(token=playground.app.bot_token, base_url=playground.api_url)
        app = await asyncio.to_thread(App, client=client)
        tell(app, trace)
        handler = import_module(HANDLERS[stack]).SocketModeHandler(app, playground.app.app_token)
        await asyncio.to_thread(handler.connect)
        try:
            await playground.wait(connections=1)
            await live_through(playground)
        finally:
            await asyncio.to_thread(handler.close)
    assert order(trace) == TRACE


def told(trace: list[str]) -> int:
    return sum(one.startswith("mention") for one in trace)


@contextlib.asynccontextmanager
async def connected(playground: Playground, stack: str, trace: list[str]) -> AsyncIterator[None]:
    """Keep a client of that kind connected; it looks at its socket every second."""
    if stack in ASYNC_HANDLERS:
        client = AsyncWebClient(token=playground.app.bot_token, base_url=playground.api_url)
        asynchronous = AsyncApp(client=client)
        tell_async(asynchronous, trace)
        made = import_module(ASYNC_HANDLERS[stack]).AsyncSocketModeHandler(
            asynchronous, playground.app.app_token, ping_interval=1
        )
        await made.connect_async()
        try:
            yield
        finally:
            await made.close_async()
        return
    app = await asyncio.to_thread(
        App, client=WebClient(token=playground.app.bot_token, base_url=playground.api_url)
    )
    tell(app, trace)
    handler = import_module(HANDLERS[stack]).SocketModeHandler(app, playground.app.app_token, ping_interval=1)
    await asyncio.to_thread(handler.connect)
    try:
        yield
    finally:
        await asyncio.to_thread(handler.close)


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "too_many_websockets"])
@pytest.mark.parametrize("stack", [*ASYNC_HANDLERS, *HANDLERS])
async def test_a_client_that_is_told_to_go_comes_back_and_misses_no_event(stack, reason):
    trace: list[str] = []
    async with Playground(MANIFEST) as playground, connected(playground, stack, trace):
        await playground.wait(connections=1)
        await playground.switch(switches={"refresh_grace_seconds": 0.5, "retry_seconds": [1] * 20})
        before = playground.workspace.journal.last_number
        await playground.disconnect(reason=reason)
        await playground.wait(frame="apps.connections.open", since=before, seconds=20)
        await playground.say(person="ada", channel="#general", text="@story again")
        await playground.wait(channel="#general", text="Here it is", seconds=20)
        await playground.wait(connections=1, seconds=20)
    assert told(trace) >= 1


@pytest.mark.parametrize("stack", [*ASYNC_HANDLERS, "websocket-client"])
async def test_a_client_whose_connection_breaks_comes_back(stack):
    trace: list[str] = []
    async with Playground(MANIFEST) as playground, connected(playground, stack, trace):
        await playground.wait(connections=1)
        before = playground.workspace.journal.last_number
        await playground.cut(how="abort")
        await playground.wait(frame="hello", since=before, seconds=30)
        await playground.say(person="ada", channel="#general", text="@story again")
        await playground.wait(channel="#general", text="Here it is", seconds=30)
    assert told(trace) >= 1


async def test_a_client_waits_as_long_as_it_is_told_when_opening_is_limited():
    trace: list[str] = []
    async with Playground(MANIFEST) as playground:
        await playground.refuse(method="apps.connections.open", retry_after=1)
        async with connected(playground, "aiohttp", trace):
            await playground.wait(connections=1, seconds=30)
            opened = (await playground.frames(name="apps.connections.open", direction="to app"))["frames"]
    assert [one["body"]["ok"] for one in opened] == [False, True]


async def test_clients_try_again_for_ever_when_sockets_are_switched_off_and_are_told_so():
    async with Playground(MANIFEST) as playground, connected(playground, "aiohttp", []):
        await playground.wait(connections=1)
        before = playground.workspace.journal.last_number
        await playground.switch(switches={"refresh_grace_seconds": 0.1})
        await playground.disconnect(reason="link_disabled")
        told = await playground.wait(frame="apps.connections.open", since=before + 2, seconds=20)
        assert told["frame"]
        await playground.wait(connections=0, seconds=20)
        refused = [
            one
            for one in (await playground.frames(name="apps.connections.open", since=before))["frames"]
            if one["direction"] == "to app"
        ]
        assert {one["body"]["ok"] for one in refused} == {False}
