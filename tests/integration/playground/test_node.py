"""The official framework for Node goes through the same story, over its own WebSocket and over HTTP."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from funade.playground import Playground
from tests import node
from tests.integration.playground.manifests import MANIFEST, over_http
from tests.integration.playground.story import TRACE, live_through, order

pytestmark = [pytest.mark.asyncio, pytest.mark.needs("node", "npm"), pytest.mark.timeout(300)]

HERE = Path(__file__).parent


class NodeApp:
    """The story's app as a process, and what it notes down."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.trace: list[str] = []
        self._ready = asyncio.Event()
        self._process = process
        self._reading = asyncio.create_task(self._read())

    async def ready(self) -> None:
        async with asyncio.timeout(60):
            await self._ready.wait()

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = line.decode().rstrip()
            if said == "ready":
                self._ready.set()
            else:
                self.trace.append(said)


@contextlib.asynccontextmanager
async def story_in_node(playground: Playground, **more: str) -> AsyncIterator[NodeApp]:
    folder = await asyncio.to_thread(node.installed, HERE / "node")
    process = await asyncio.create_subprocess_exec(
        *("node", "story.mjs"),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        env={
            **node.environment(),
            "SLACK_API_URL": playground.api_url,
            "SLACK_BOT_TOKEN": playground.app.bot_token,
            "SLACK_APP_TOKEN": playground.app.app_token,
            "SLACK_SIGNING_SECRET": playground.app.signing_secret,
            **more,
        },
    )
    app = NodeApp(process)
    try:
        await app.ready()
        yield app
    finally:
        await app.stop()


async def test_node_lives_through_the_story_over_a_socket():
    async with Playground(MANIFEST) as playground, story_in_node(playground) as app:
        await playground.wait(connections=1)
        await live_through(playground)
    assert order(app.trace) == TRACE


async def test_node_lives_through_the_story_over_http():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}/slack/events"
    async with Playground(over_http(address)) as playground, story_in_node(playground, PORT=str(port)) as app:
        assert (await playground.verify())["verified"]
        await live_through(playground)
    assert order(app.trace) == TRACE


@pytest.mark.parametrize("how", ["refresh_requested", "abort"])
async def test_node_comes_back(how):
    async with Playground(MANIFEST) as playground, story_in_node(playground) as app:
        await playground.wait(connections=1)
        await playground.switch(switches={"refresh_grace_seconds": 0.5, "retry_seconds": [1] * 30})
        before = playground.workspace.journal.last_number
        if how == "abort":
            await playground.cut(how=how)
        else:
            await playground.disconnect(reason=how)
        await playground.wait(frame="hello", since=before, seconds=40)
        await playground.say(person="ada", channel="#general", text="@story again")
        await playground.wait(channel="#general", text="Here it is", seconds=40)
    assert app.trace[0] == "mention again"
