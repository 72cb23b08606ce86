import aiohttp
import pytest

from tests.integration.slack.living import live, with_pages

pytestmark = pytest.mark.needs("git")


def test_a_card_leads_to_the_page_of_its_deployment_and_calls_whoever_asked(tmp_path, monkeypatch):
    async def story(here):
        await here.say("ada", "@funade deploy shop to staging")
        card = await here.card(1, "succeeded")
        [link] = {one["url"] for one in here.elements(card) if one["type"] == "link"}
        assert link in card["text"]
        async with aiohttp.ClientSession() as session, session.get(link) as page:
            assert page.status == 200
            assert "putting" in await page.text()
        assert [one["user_id"] for one in here.elements(card) if one["type"] == "user"] == ["U0ADA"]

    live(tmp_path, monkeypatch, story, with_pages)


def test_somebody_known_by_their_address_is_called_and_somebody_unknown_to_slack_is_named(
    tmp_path, monkeypatch
):
    async def story(here):
        await here.say("hana", "@funade deploy shop to staging")
        card = await here.card(1, "succeeded")
        assert [one["user_id"] for one in here.elements(card) if one["type"] == "user"] == ["U0HANA"]
        assert not [one for one in here.elements(card) if one["type"] == "link"], "no pages are served"

    live(tmp_path, monkeypatch, story, lambda text: text)
