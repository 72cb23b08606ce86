"""Our home changes while somebody looks at it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from funade.chat.slack import onlookers
from tests.integration.slack.stories import sail
from tests.integration.slack.test_authors import home, set_clock

pytestmark = pytest.mark.needs("git")


@pytest.fixture(autouse=True)
def attentive(monkeypatch):
    monkeypatch.setattr(onlookers, "EVERY_SECONDS", 0.2)


async def published(here, person: str) -> int:
    told = await here.playground.frames()
    names = [
        one for one in told["frames"] if one["name"] == "views.publish" and one["direction"] == "from app"
    ]
    return len([one for one in names if one["body"].get("user_id") == person])


async def sees(here, person: str, words: str) -> None:
    async def shown():
        told = await here.playground.views(person=person)
        homes = [one for one in told["views"] if one["type"] == "home"]
        return homes and words in json.dumps(homes[-1]["blocks"], ensure_ascii=False)

    await here.until(shown, lambda: f"{person} sees {words}")


def test_whoever_looks_sees_it_change_without_opening_it_again(tmp_path, monkeypatch):
    async def story(here):
        await home(here, "cy", "Waiting for you")
        await here.say("ada", "@funade deploy shop to production")
        await sees(here, "cy", "funade_do_approve")
        view = await home(here, "cy", "funade_do_approve")
        await here.playground.click(person="cy", view_id=view["id"], action_id="funade_do_approve")
        await here.card(1, "succeeded")
        await sees(here, "cy", "#1")
        await here.say("ada", "@funade lock shop staging because migrating")
        await sees(here, "cy", "migrating")
        view = await home(here, "cy", "migrating")
        assert json.dumps(view["blocks"]).count("migrating") == 1, "a lock is told once"

    sail(tmp_path, monkeypatch, story)


def test_nothing_is_published_while_nothing_changes_nor_for_whoever_does_not_look(tmp_path, monkeypatch):
    async def story(here):
        await home(here, "cy", "Waiting for you")
        await asyncio.sleep(2)
        assert await published(here, "U0CY") == 1
        assert await published(here, "U0ADA") == 0
        # Somebody who looked an hour ago does not look any more.
        set_clock(here, monkeypatch, datetime.now(UTC) + timedelta(hours=2))
        await here.say("ada", "@funade deploy shop to staging")
        await here.card(1, "succeeded")
        await asyncio.sleep(1)
        assert await published(here, "U0CY") == 1

    sail(tmp_path, monkeypatch, story)


def test_a_home_is_kept_up_to_date_after_a_restart_too(tmp_path, monkeypatch):
    async def story(here):
        await home(here, "cy", "Waiting for you")
        await here.stop()
        await here.start()
        await here.say("ada", "@funade lock shop staging because migrating")
        await sees(here, "cy", "migrating")

    sail(tmp_path, monkeypatch, story)


def test_many_changes_at_once_are_published_together(tmp_path, monkeypatch):
    monkeypatch.setattr(onlookers, "EVERY_SECONDS", 2.0)

    async def story(here):
        await home(here, "cy", "Waiting for you")
        for number in range(8):
            await here.say("ada", f"@funade lock shop staging because migrating {number}")

        await here.until(lambda: not here.received() and here.berth("staging").lock)

        async def shown():
            told = await here.playground.views(person="cy")
            lock = here.berth("staging").lock
            return lock.reason in json.dumps([one for one in told["views"] if one["type"] == "home"])

        # They came over two sockets: whichever was last is what holds.
        await here.until(shown, lambda: "the lock that holds")
        assert await published(here, "U0CY") <= 5

    sail(tmp_path, monkeypatch, story)
