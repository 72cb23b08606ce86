"""What people may have forgotten, and what takes too long, is said once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from funade.chat.slack import reminding
from tests.integration.slack.living import live
from tests.integration.slack.stories import sail
from tests.integration.slack.test_authors import called, nothing_is_owed, set_clock

pytestmark = pytest.mark.needs("git")

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def attentive(monkeypatch):
    monkeypatch.setattr(reminding, "LOOK_SECONDS", 0.1)


def later(here, monkeypatch, hours: float) -> None:
    set_clock(here, monkeypatch, datetime.now(UTC) + hours * HOUR)


async def choose(here, person: str, message, option: str, channel: str):
    menu = next(one for one in here.elements(message) if one["type"] == "static_select")
    value = next(one["value"] for one in menu["options"] if option in one["text"]["text"])
    return await here.playground.click(
        person=person, channel=channel, ts=message["ts"], action_id="funade_do_keep", value=value
    )


def test_whoever_has_forgotten_a_lock_is_asked_alone_and_keeps_it_or_opens_it(tmp_path, monkeypatch):
    async def story(here):
        await here.say("ada", "@funade lock shop production because migrating")
        await here.hears("migrating", times=1)
        await here.until(lambda: here.berth("production").lock)
        later(here, monkeypatch, 5)
        asked = await here.hears("is that still needed?", "@funade", "ada")
        assert "for 5 h: migrating" in asked["text"]
        direct = asked.get("channel") or "@funade"
        await choose(here, "ada", asked, "4 h", direct)
        await here.until(lambda: here.berth("production").lock.until)
        left = here.berth("production").lock.until - here.parts.clock.now()
        assert timedelta(hours=3.9) < left <= 4 * HOUR
        assert here.berth("production").lock.reason == "migrating"
        await here.playground.click(
            person="ada", channel=direct, ts=asked["ts"], action_id="funade_do_unlock"
        )
        await here.until(lambda: here.berth("production").lock is None)
        # Somebody else's lock is nothing that an old button opens or takes.
        await here.say("cy", "@funade lock shop production because mine")
        await here.until(lambda: here.berth("production").lock)
        await choose(here, "ada", asked, "24 h" if "24 h" in str(asked) else "1 d", direct)
        await here.hears("the lock that this button is about is gone", "@funade", "ada")
        assert here.berth("production").lock.by == "cy"
        assert len([one for one in await here.ours("@funade", "ada") if "still needed" in one["text"]]) == 1

    sail(tmp_path, monkeypatch, story)


def test_whoever_is_known_by_their_address_is_asked_in_their_own_language(tmp_path, monkeypatch):
    async def story(here):
        await here.say("hana", "@funade lock shop production because 移行中")
        await here.until(lambda: here.berth("production").lock)
        later(here, monkeypatch, 5)
        asked = await here.hears("まだ必要ですか", "@funade", "hana")
        assert "移行中" in asked["text"]

    def change(text: str) -> str:
        return text.replace("lock: [ada, cy]", "lock: [ada, cy, hana]")

    live(tmp_path, monkeypatch, story, change)


def test_a_question_is_asked_once_whoever_starts_anew(tmp_path, monkeypatch):
    async def story(here):
        await here.say("ada", "@funade lock shop production because migrating")
        await here.until(lambda: here.berth("production").lock)
        later(here, monkeypatch, 5)
        await here.hears("is that still needed?", "@funade", "ada")
        await nothing_is_owed(here)
        for _ in range(2):
            await here.stop()
            await here.start()
            await asyncio.sleep(1.5)
        await here.hears("is that still needed?", "@funade", "ada", times=1)

    sail(tmp_path, monkeypatch, story)


def test_the_owner_of_a_lock_whom_slack_does_not_know_is_asked_in_the_channel(tmp_path, monkeypatch):
    async def story(here):
        from funade.domain.commands import Lock  # noqa: PLC0415
        from funade.domain.people import Actor, Door  # noqa: PLC0415

        actor = Actor(door=Door.TERMINAL, id="local:77", name="dee", channel="#deploy-shop")
        command = Lock(application="shop", environment="production", reason="because <!channel> of `x`")
        await here.parts.desk(command, actor, "lock-1")
        await here.until(lambda: here.berth("production").lock)
        later(here, monkeypatch, 5)
        asked = await here.hears("dee has kept others out of production of shop for 5 h")
        assert "&lt;!channel&gt;" in asked["text"]

    def change(text: str) -> str:
        text = text.replace("cy: {slack", "dee: {local: 77}\n  cy: {slack")
        return text.replace("lock: [ada, cy]", "lock: [ada, cy, dee]")

    live(tmp_path, monkeypatch, story, change)


def test_a_deployment_that_does_not_start_says_why_in_its_thread_once(tmp_path, monkeypatch):
    async def story(here):
        (tmp_path / "wait").touch()
        await here.say("ada", "@funade deploy shop to staging")
        first = await here.card(1, "running")
        await here.say("hana", "@funade deploy shop to staging")
        second = await here.card(2, "queued")
        later(here, monkeypatch, 0.5)
        told = await here.hears("#2 has not started for 30 min", thread=second["ts"])
        assert called(here, told) == ["U0HANA"]
        assert "#1" in told["text"]
        later(here, monkeypatch, 1.5)
        told = await here.hears("#1 has been running for 1 h 30 min", thread=first["ts"])
        assert called(here, told) == ["U0ADA"]
        later(here, monkeypatch, 9)
        await asyncio.sleep(1)
        (tmp_path / "wait").unlink()
        await here.card(2, "succeeded")
        await here.hears("has not started", thread=second["ts"])
        await here.hears("has been running", thread=first["ts"])

    sail(tmp_path, monkeypatch, story)


def test_those_who_may_approve_are_called_before_it_expires_and_hear_that_it_did(tmp_path, monkeypatch):
    async def story(here):
        await here.say("ada", "@funade deploy shop to production")
        card = await here.card(1, "awaiting approval")
        later(here, monkeypatch, 23.5)
        told = await here.hears("waits for approval and expires at", thread=card["ts"])
        # Ada is of the group that may approve, and asked for it herself.
        assert called(here, told) == ["U0CY"]
        later(here, monkeypatch, 24.5)
        await here.card(1, "failed")
        loud = await here.hears("it waited longer than it may", thread=card["ts"], times=2)
        assert loud["subtype"] == "thread_broadcast"
        await here.hears("expires at", thread=card["ts"])

    sail(tmp_path, monkeypatch, story)


def test_the_buttons_of_a_reminder_are_those_of_the_card(tmp_path, monkeypatch):
    async def story(here):
        await here.say("ada", "@funade deploy shop to production")
        card = await here.card(1, "awaiting approval")
        later(here, monkeypatch, 23.5)
        told = await here.hears("expires at", thread=card["ts"])
        await here.press("cy", told, "approve")
        await here.card(1, "succeeded")

    sail(tmp_path, monkeypatch, story)


def test_nothing_is_said_where_never_is_written(tmp_path, monkeypatch):
    async def story(here):
        await here.say("ada", "@funade lock shop staging because migrating")
        await here.until(lambda: here.berth("staging").lock)
        await here.say("ada", "@funade deploy shop to production")
        card = await here.card(1, "awaiting approval")
        later(here, monkeypatch, 23.5)
        await asyncio.sleep(2)
        assert await here.ours("@funade", "ada") == []
        assert not [one for one in await here.ours(thread=card["ts"]) if "expires" in one["text"]]

    never = (
        "reminders: {locks_after: never, starts_within: never, ends_within: never, approvals_before: never}\n"
    )
    live(tmp_path, monkeypatch, story, lambda text: never + text)
