"""A real server is killed around each effect of what is due without anybody asking; another goes on."""

import asyncio
import signal

import pytest

from tests.integration.slack.harbour import git, harbour
from tests.integration.slack.test_crashes import Server

pytestmark = [pytest.mark.needs("git"), pytest.mark.slow, pytest.mark.timeout(180)]

PASSED = (
    *("slack.open_direct", "store.plan_notices", "store.take_duties", "store.forget_notices"),
    *("slack.post", "store.try_post", "store.keep_post", "store.settle_post"),
)
POINTS = [f"{effect}:{moment}" for effect in PASSED for moment in ("before", "after")]


@pytest.mark.parametrize("point", POINTS)
def test_an_author_hears_of_it_once_whoever_dies_meanwhile(tmp_path, monkeypatch, point):
    async def go():
        async with harbour(tmp_path, monkeypatch, start=False) as here:
            await here.playground.switch(switches={"retry_seconds": [1.0] * 60})
            text = here.path.read_text().replace("bob: {slack", "bob: {email: bob@acme.example, slack")
            here.path.write_text(
                text.replace("slack: {bot_token", "slack: {authors: {tell: direct}, bot_token")
            )
            async with Server(here):
                await connected(here)
                await here.say("ada", "@funade deploy shop to staging")
                await here.card(1, "succeeded")
            repository = here.folder / "repository"
            author = "--author=Bob <bob@acme.example>"
            git(repository, "commit", "-q", "--allow-empty", "-m", "Fix", author)
            async with Server(here, FUNADE_FAILPOINTS=f"{point}=kill@1") as first:
                died = asyncio.create_task(first.wait())
                story = asyncio.create_task(tell(here))
                await asyncio.wait([story, died], return_when=asyncio.FIRST_COMPLETED)
                assert died.done(), f"nobody came to {point}"
                assert first.returncode == -signal.SIGKILL
                async with Server(here):
                    await story
                    await here.hears("#2: your change is live", "@funade", "bob")
                    await asyncio.sleep(3)
                    assert len(await here.ours("@funade", "bob")) == 1

    asyncio.run(go())


@pytest.mark.parametrize("point", ["store.want_reminders:before", "store.want_reminders:after"])
def test_a_reminder_comes_once_whoever_dies_meanwhile(tmp_path, monkeypatch, point):
    async def go():
        async with harbour(tmp_path, monkeypatch, start=False) as here:
            here.path.write_text("reminders: {ends_within: 10s}\n" + here.path.read_text())
            (tmp_path / "wait").touch()
            async with Server(here, FUNADE_FAILPOINTS=f"{point}=kill@1") as first:
                await connected(here)
                await here.say("ada", "@funade deploy shop to staging")
                card = await here.card(1, "running")
                assert await asyncio.wait_for(first.wait(), 60) == -signal.SIGKILL
                async with Server(here):
                    await here.hears("#1 has been running", thread=card["ts"])
                    (tmp_path / "wait").unlink()
                    await here.card(1, "succeeded")
                    await here.hears("#1 has been running", thread=card["ts"])

    asyncio.run(go())


async def connected(here):
    async def is_connected():
        return (await here.playground.connections())["connections"]

    await here.until(is_connected, seconds=60)


async def tell(here):
    await connected(here)
    await here.say("ada", "@funade deploy shop to staging")
    await here.card(2, "succeeded", seconds=60)
    await here.hears("#2: your change is live", "@funade", "bob")
