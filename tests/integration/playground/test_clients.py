"""Every Socket Mode client of the official Python library goes through the same story."""

import asyncio
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
