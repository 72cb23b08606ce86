"""The form to go back: what one can go back to, what that does, why."""

import json
from datetime import timedelta

import pytest

from funade.chat.slack import views
from tests.integration.slack.stories import sail
from tests.integration.slack.test_forms import view

pytestmark = pytest.mark.needs("git")


async def deployed(here, *subjects: str):
    card = None
    for number, subject in enumerate(subjects, 1):
        here.commit(subject)
        await here.say("ada", "@funade deploy shop to staging")
        card = await here.card(number, "succeeded")
    return card


async def opened(here, card, person: str = "ada"):
    await here.playground.click(
        person=person, channel="C0DEPLOY", ts=card["ts"], action_id="funade_form_rollback"
    )
    return await view(here, person, "Back to")


def goals(form) -> list[str]:
    menu = next(one["element"] for one in form["blocks"] if one.get("block_id") == views.GOAL)
    return [one["value"] for one in menu["options"]]


def test_one_chooses_what_to_go_back_to_and_sees_what_that_does(tmp_path, monkeypatch):
    async def story(here):
        card = await deployed(here, "One", "Two <!channel>", "Three")
        form = await opened(here, card)
        assert goals(form) == ["2", "1"]
        said = json.dumps(form["blocks"])
        assert "Three" in said
        assert "Two" not in said, "it stays when #2 is put back"
        await here.playground.click(
            person="ada", view_id=form["id"], action_id=views.GOAL, block_id=views.GOAL, value="1"
        )
        form = await view(here, "ada", "Two <!channel>")
        values = {views.GOAL: "1", views.REASON: "the shop is slow"}
        assert (await here.playground.submit(person="ada", view_id=form["id"], values=values))["ok"]
        card = await here.card(4, "succeeded")
        assert "the shop is slow" in card["text"]
        row = here.look(lambda look: look.deployment(4))
        assert row.of == 1
        assert row.revision == here.look(lambda look: look.deployment(1)).revision
        await view(here, "ada", "#4", title="Done")

    sail(tmp_path, monkeypatch, story)


def test_what_stands_in_the_way_is_said_before_anybody_confirms(tmp_path, monkeypatch):
    async def story(here):
        card = await deployed(here, "One", "Two")
        await here.say("ada", "@funade lock shop staging because the database migrates")
        await here.until(lambda: here.look(lambda look: look.berth("shop", "staging")).lock)
        form = await opened(here, card, "bob")
        assert "the database migrates" in json.dumps(form["blocks"])

    sail(tmp_path, monkeypatch, story)


def test_what_is_sent_off_before_its_plan_was_shown_is_shown_first(tmp_path, monkeypatch):
    async def story(here):
        card = await deployed(here, "One", "Two", "Three")
        form = await opened(here, card)
        values = {views.GOAL: "1", views.REASON: "the shop is slow"}
        assert (await here.playground.submit(person="ada", view_id=form["id"], values=values))["ok"]
        form = await view(here, "ada", '"initial_value": "the shop is slow"')
        assert "Two" in json.dumps(form["blocks"]), "it goes away too"
        assert here.look(lambda look: look.deployment(4)) is None
        assert (await here.playground.submit(person="ada", view_id=form["id"], values=values))["ok"]
        await here.card(4, "succeeded")
        assert here.look(lambda look: look.deployment(4)).of == 1

    sail(tmp_path, monkeypatch, story)


def test_a_plan_that_is_another_by_now_is_not_carried_out(tmp_path, monkeypatch):
    async def story(here):
        card = await deployed(here, "One", "Two")
        form = await opened(here, card)
        here.path.write_text(here.path.read_text().replace("within: 5s", "within: 7s"))
        place = lambda: here.configuration().applications["shop"].environments["staging"]  # noqa: E731 - short
        await here.until(lambda: place().verify.within == timedelta(seconds=7))
        await here.playground.submit(person="ada", view_id=form["id"])
        await view(here, "ada", "is not what was shown", title="Not done")
        assert here.look(lambda look: look.deployment(3)) is None

    sail(tmp_path, monkeypatch, story)


def test_whoever_may_not_is_told_so_in_the_form_and_nothing_happens(tmp_path, monkeypatch):
    async def story(here):
        card = await deployed(here, "One", "Two")
        form = await opened(here, card, "bob")
        await here.playground.submit(person="bob", view_id=form["id"])
        await view(here, "bob", "needs the right", title="Not done")
        assert here.refusals() == ["not_permitted"]
        await here.playground.click(
            person="gus", channel="C0DEPLOY", ts=card["ts"], action_id="funade_form_rollback"
        )
        seen = await view(here, "gus", "U0GUS", title="Not done")
        assert "staging" not in json.dumps(seen["blocks"])
        assert here.look(lambda look: look.deployment(3)) is None
        # The button is not used up by a no.
        await here.press("ada", card, "rollback")
        await here.card(3, "succeeded")

    sail(tmp_path, monkeypatch, story)


def test_what_went_live_meanwhile_makes_an_open_form_explain_itself(tmp_path, monkeypatch):
    async def story(here):
        card = await deployed(here, "One", "Two")
        form = await opened(here, card)
        here.commit("Three")
        await here.say("ada", "@funade deploy shop to staging")
        await here.card(3, "succeeded")
        await here.playground.submit(person="ada", view_id=form["id"])
        await view(here, "ada", "not what runs", title="Not done")
        assert here.look(lambda look: look.deployment(4)) is None

    sail(tmp_path, monkeypatch, story)


@pytest.mark.parametrize("value", ["", "999", "-1", "9" * 30, "1; DROP TABLE"])
def test_a_goal_that_the_form_did_not_offer_is_no_goal(tmp_path, monkeypatch, value):
    async def story(here):
        card = await deployed(here, "One", "Two")
        form = await opened(here, card)
        payload = {
            "type": "view_submission",
            "user": {"id": "U0ADA", "team_id": "T0ACME"},
            "team": {"id": "T0ACME"},
            "view": {
                "id": form["id"],
                "hash": "h",
                "callback_id": views.BACK,
                "private_metadata": form["private_metadata"],
                "state": {"values": {views.GOAL: {views.GOAL: {"selected_option": {"value": value}}}}},
            },
        }
        await here.room.listening.reception.take("interactive", payload)
        await here.until(lambda: not here.received())
        row = here.look(lambda look: look.deployment(3))
        # Nothing chosen is the usual way back; anything else is no deployment of this place.
        assert (row.of == 1) if not value else row is None

    sail(tmp_path, monkeypatch, story)
