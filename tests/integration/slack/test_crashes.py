"""A real server is killed before and after each effect on the way of a deployment through Slack; another goes on."""

import asyncio
import os
import signal
import sys

import pytest

from tests.architecture import source
from tests.integration.slack.harbour import Harbour, harbour

pytestmark = [pytest.mark.needs("git"), pytest.mark.slow, pytest.mark.timeout(180)]

#: on the way from a mention over an approval to the end of the card
PASSED = (
    *("slack.open_socket", "slack.dial", "slack.acknowledge", "slack.post", "slack.update"),
    *("store.receive", "store.begin_answer", "store.try_post", "store.keep_post", "store.save_post"),
    *("store.settle_post", "store.settle_received", "store.want_posts", "store.grant", "store.take_board"),
    *("store.use", "store.forget_received"),
)
#: passed by other stories of this folder, in which nobody dies: each is done again by whoever comes next,
#: because the item that led to it is still in the inbox, or is asked for anew by a person
ELSEWHERE = (
    *("slack.close_socket", "slack.direct", "slack.fill_form", "slack.follow_choice", "slack.open_form"),
    *("slack.publish_home", "slack.respond", "slack.update_form", "slack.whisper", "store.claim_received"),
    *("store.cut_link", "store.give_back", "store.grant_form", "store.link", "store.place_card"),
    *("store.remember_signature", "store.repost"),
    # test_due_crashes.py kills there
    *("slack.open_direct", "store.forget_notices", "store.plan_notices", "store.save_preference"),
    *("store.take_duties", "store.want_reminders"),
    "store.save_onlooker",
)
POINTS = [f"{effect}:{moment}" for effect in PASSED for moment in ("before", "after")]


def test_no_effect_of_slack_is_forgotten():
    found = {
        point.name
        for module in source.modules()
        if module.name.startswith("funade.chat.slack")
        for point in source.points(module)
    }
    assert found == {*PASSED, *ELSEWHERE}


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
def test_a_death_at_any_point_loses_nothing_and_says_nothing_twice(tmp_path, monkeypatch, point):
    async def go():
        async with harbour(tmp_path, monkeypatch, start=False) as here:
            await here.playground.switch(switches={"retry_seconds": [1.0] * 60})
            story = asyncio.create_task(tell(here))
            async with Server(here, FUNADE_FAILPOINTS=f"{point}=kill@1") as first:
                died = asyncio.create_task(first.wait())
                await asyncio.wait([story, died], return_when=asyncio.FIRST_COMPLETED)
                assert died.done(), f"nobody came to {point}"
                assert first.returncode == -signal.SIGKILL
                async with Server(here):
                    await story
                    await check(here)

    asyncio.run(go())


async def tell(here):
    """Ask, approve, see it succeed; whoever presses a button and hears nothing presses again."""

    async def connected():
        return (await here.playground.connections())["connections"]

    await here.until(connected, seconds=60)
    here.said = await here.say("ada", "@funade deploy shop to production")
    card = await here.card(1, "awaiting approval", seconds=60)

    async def approved():
        found = [one for one in await here.cards() if one["ts"] == card["ts"]]
        if found and "awaiting" in found[0]["text"].split("\n")[0]:
            await here.press("cy", card, "approve")
            await asyncio.sleep(0.5)
            return False
        return True

    await here.until(approved, lambda: "approved", seconds=60)
    await here.card(1, "succeeded", seconds=60)


async def check(here):
    """What people see is what happened, and each thing once."""

    async def complete():
        [card] = await here.cards()
        texts = [one["text"] for one in await here.ours(thread=card["ts"])]
        return any("succeeded" in one for one in texts[1:])

    await here.until(complete, lambda: "the story's end", seconds=60)
    [card] = await here.cards()
    replies = await here.ours(thread=card["ts"])
    # Whoever presses again hears that they have: that is whispered, and theirs.
    told = [one["text"] for one in replies if one["ts"] != card["ts"]]
    keys = [one for one in told if "pressed this already" not in one]
    assert sorted(set(keys)) == sorted(keys), keys

    async def answers():
        return [one for one in await here.ours(thread=here.said) if one["ts"] != here.said]

    await here.until(answers, lambda: "the answer", seconds=60)
    assert len(await answers()) == 1
