import asyncio

import pytest

from tests.integration.slack.harbour import harbour

pytestmark = pytest.mark.needs("git")


def sail(tmp_path, monkeypatch, story, **more):
    async def go():
        async with harbour(tmp_path, monkeypatch, **more) as one:
            await story(one)

    asyncio.run(go())


def test_a_sentence_deploys_and_one_card_tells_how_it_went(tmp_path, monkeypatch):
    async def story(here):
        said = await here.say("ada", "@funade deploy shop to staging")
        card = await here.card(1, "succeeded")
        assert "seen live" in card["text"]
        await here.hears("#1 shop HEAD", thread=said)
        await here.hears("started", thread=card["ts"])
        assert len(await here.cards()) == 1

    sail(tmp_path, monkeypatch, story)
