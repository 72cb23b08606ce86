import asyncio
import json

import pytest

from tests.integration.slack.stories import sail
from tests.integration.slack.test_forms import view

pytestmark = pytest.mark.needs("git")


def test_approve_is_for_others_who_may_and_the_card_goes_on(tmp_path, monkeypatch):
    async def story(here):
        await here.say("ada", "@funade deploy shop to production")
        card = await here.card(1, "awaiting approval")
        await here.press("ada", card, "approve")
        await here.until(lambda: "own_deployment" in here.refusals())
        await here.press("bob", card, "approve")
        await here.until(lambda: "not_permitted" in here.refusals())
        await here.press("cy", card, "approve")
        card = await here.card(1, "succeeded")
        assert "approved by cy" in card["text"]
        await here.hears("cy approved", thread=card["ts"])

    sail(tmp_path, monkeypatch, story)


def test_a_member_of_a_user_group_has_its_rights_until_they_leave_it(tmp_path, monkeypatch):
    async def story(here):
        await here.playground.change_group(group="S0SRE", members=["U0BOB"])
        await here.until(
            lambda: "bob" in here.configuration().people.groups.get("slack:S0SRE", ()), lambda: "bob is in"
        )
        await here.say("ada", "@funade deploy shop to production")
        card = await here.card(1, "awaiting approval")
        await here.playground.change_group(group="S0SRE", members=["U0ADA"])
        await here.until(
            lambda: "bob" not in here.configuration().people.groups.get("slack:S0SRE", ()),
            lambda: "bob is out",
        )
        await here.press("bob", card, "approve")
        await here.until(lambda: "not_permitted" in here.refusals())

    sail(tmp_path, monkeypatch, story)


def test_a_failure_is_loud_shows_its_output_and_offers_retry_and_the_way_back(tmp_path, monkeypatch):
    async def story(here):
        await here.say("ada", "@funade deploy shop to staging")
        await here.card(1, "succeeded")
        here.commit("Break it")
        (tmp_path / "fail").touch()
        await here.say("ada", "@funade deploy shop to staging")
        card = await here.card(2, "failed")
        loud = await here.hears("the disk of `web1` is &lt;full&gt; &amp; *hot*", thread=card["ts"])
        assert loud["subtype"] == "thread_broadcast"
        (tmp_path / "fail").unlink()
        await here.press("ada", card, "retry")
        await here.card(3, "succeeded")
        # The old button explains itself.
        await here.press("ada", card, "rollback")
        await view(here, "ada", "not what runs", title="Not done")
        card = await here.card(3, "succeeded")
        await here.press("ada", card, "rollback")
        await here.card(4, "succeeded")
        assert len(await here.cards()) == 4

    sail(tmp_path, monkeypatch, story)


def test_two_people_press_roll_back_at_once_and_it_happens_once(tmp_path, monkeypatch):
    async def story(here):
        path = here.path
        path.write_text(
            path.read_text().replace("rollback: [ada], lock: [ada], ", "rollback: [ada, cy], lock: [ada], ")
        )
        await here.stop()
        await here.start()
        await here.say("ada", "@funade deploy shop to staging")
        await here.card(1, "succeeded")
        here.commit("Another")
        await here.say("ada", "@funade deploy shop to staging")
        card = await here.card(2, "succeeded")
        await asyncio.gather(here.press("ada", card, "rollback"), here.press("cy", card, "rollback"))
        await here.card(3, "succeeded")

        async def answered():
            told = [
                one for who in ("ada", "cy") for one in (await here.playground.views(person=who))["views"]
            ]
            said = json.dumps(told)
            return said.count("has pressed this already") + said.count("not what runs") == 1

        await here.until(answered, lambda: "whoever was second hears it")
        assert len(await here.cards()) == 3

    sail(tmp_path, monkeypatch, story)


def test_cancel_and_reject_are_buttons_too(tmp_path, monkeypatch):
    async def story(here):
        (tmp_path / "wait").touch()
        await here.say("ada", "@funade deploy shop to staging")
        card = await here.card(1, "running")
        await here.press("ada", card, "cancel")
        await here.until(lambda: here.ended(1))
        (tmp_path / "wait").unlink()
        await here.say("ada", "@funade deploy shop to production")
        card = await here.card(2, "awaiting approval")
        await here.press("cy", card, "reject")
        await here.card(2, "cancelled")

    sail(tmp_path, monkeypatch, story)


def test_a_lock_is_told_in_the_channel_with_buttons_to_open_and_extend_it(tmp_path, monkeypatch):
    async def story(here):
        await here.say("ada", "@funade lock shop production for 1h because migrating")
        told = await here.hears("migrating")
        before = here.berth("production").lock.until
        await here.press("ada", told, "extend")
        await here.until(lambda: here.berth("production").lock.until > before)
        assert (here.berth("production").lock.until - before).total_seconds() == pytest.approx(3600, abs=5)
        await here.press("bob", told, "unlock")
        await here.until(lambda: "not_permitted" in here.refusals())
        # Bob gives the button back once he has been told no.
        await here.until(lambda: not here.received())
        await here.press("ada", told, "unlock")
        await here.until(lambda: here.berth("production").lock is None)
        await here.press("ada", told, "unlock")
        await here.hears("already", person="ada")

    sail(tmp_path, monkeypatch, story)


@pytest.mark.parametrize("value", ["", "nonsense", "x" * 1999, "' OR 1=1 --"])
def test_S16_a_value_that_we_never_gave_means_nothing(tmp_path, monkeypatch, value):
    async def story(here):
        payload = {
            "type": "block_actions",
            "user": {"id": "U0ADA", "team_id": "T0ACME"},
            "team": {"id": "T0ACME"},
            "channel": {"id": "C0DEPLOY"},
            "trigger_id": "1.2.3",
            "actions": [
                {"action_id": "funade_do_approve", "block_id": "b", "value": value, "action_ts": "1.1"}
            ],
        }
        assert await here.room.listening.reception.take("interactive", payload) is None
        await here.hears("records", person="ada")

    sail(tmp_path, monkeypatch, story)
