"""A real server that Slack calls over HTTPS dies while it takes a request; what dies over sockets is in tests/crash."""

import asyncio
import os
import signal
import sys

import pytest

from tests.integration.slack.harbour import Harbour, harbour

pytestmark = [pytest.mark.needs("git"), pytest.mark.slow, pytest.mark.timeout(240)]

POINTS = [
    f"{effect}:{moment}"
    for effect in ("store.receive", "store.remember_signature")
    for moment in ("before", "after")
]


class Server:
    """`funade serve` as a process of its own."""

    process: asyncio.subprocess.Process

    def __init__(self, here: Harbour, **environment: str) -> None:
        self.here, self.environment = here, environment

    async def __aenter__(self) -> asyncio.subprocess.Process:
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "funade", "--config", str(self.here.path), "serve"),
            env={**os.environ, "FUNADE_LEASE_SECONDS": "1", **self.environment},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        return self.process

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), 20)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()


@pytest.mark.parametrize("point", POINTS)
def test_a_death_over_https_loses_nothing_and_does_nothing_twice(tmp_path, monkeypatch, point):
    async def go():
        async with harbour(tmp_path, monkeypatch, start=False, https=True) as here:
            await here.playground.switch(switches={"retry_seconds": [1.0] * 90})
            async with Server(here, FUNADE_FAILPOINTS=f"{point}=kill@1") as first:
                await here.until(lambda: listens(here), lambda: "a server", seconds=60)
                said = await here.say("ada", "@funade deploy shop to staging")
                await asyncio.wait_for(first.wait(), 60)
                assert first.returncode == -signal.SIGKILL
                async with Server(here):
                    await here.card(1, "succeeded")
                    await here.hears("#1 shop", thread=said)
                    assert len(await here.cards()) == 1

    asyncio.run(go())


async def listens(here):
    """Tell whether the server's site answers."""
    port = int(here.path.read_text().partition("127.0.0.1:")[2].partition("'")[0])
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
