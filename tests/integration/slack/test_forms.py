import json
from typing import Any

import pytest

from funade.chat.slack import views
from funade.chat.slack.forms import Forms
from funade.domain.errors import StoreUnreachable
from tests.integration.slack.living import live
from tests.integration.slack.stories import sail

pytestmark = pytest.mark.needs("git")


async def view(here, person="ada", having="", title=""):
    """Wait until somebody sees a form with these words, and return it."""
    found: list[dict[str, Any]] = []

    async def shown():
        told = await here.playground.views(person=person)
        found[:] = [
            one
            for one in told["views"]
            if having in json.dumps(one["blocks"], ensure_ascii=False) and title in json.dumps(one["title"])
        ]
        return found

    await here.until(shown, lambda: f"a form with {having!r}")
    return found[-1]


async def go_through(here, person="ada", environment="staging", ref="main", reason="because"):
    form = await view(here, person, "Environment")
    found = await here.playground.suggest(person=person, view_id=form["id"], action_id=views.REF, value=ref)
    assert found["ok"], found
    values = {views.ENVIRONMENT: environment, views.REF: ref}
    assert (await here.playground.submit(person=person, view_id=form["id"], values=values))["ok"]
    plan = await view(here, person, "Reason")
    assert (await here.playground.submit(person=person, view_id=plan["id"], values={views.REASON: reason}))[
        "ok"
    ]


def test_A4_a_form_leads_from_a_choice_over_the_plan_to_a_deployment(tmp_path, monkeypatch):
    async def story(here):
        await here.playground.shortcut(person="ada", callback_id="funade_deploy")
        await go_through(here, reason="the <!channel> wants it")
        await view(here, "ada", "#1 shop main")
        card = await here.card(1, "succeeded")
        assert "the &lt;!channel&gt; wants it" in card["text"]

    sail(tmp_path, monkeypatch, story)


def test_a_slash_command_alone_opens_the_form(tmp_path, monkeypatch):
    async def story(here):
        answer = await here.playground.command(person="ada", command="/funade", channel="#deploy-shop")
        assert answer["ok"]
        await go_through(here)
        await here.card(1, "succeeded")

    sail(tmp_path, monkeypatch, story)


def test_the_card_stands_where_a_form_was_opened_when_its_application_has_no_channel(tmp_path, monkeypatch):
    async def story(here):
        await here.playground.command(person="ada", command="/funade", channel="#deploy-shop")
        form = await view(here, "ada", views.APPLICATION)
        await here.playground.click(
            person="ada",
            view_id=form["id"],
            action_id=views.CHOSEN,
            block_id=views.APPLICATION,
            value="shop",
        )
        await go_through(here)
        card = await here.card(1, "succeeded")
        here.commit("Two")
        await here.say("ada", "@funade deploy shop to staging", channel="#general")
        card = await here.card(2, "succeeded", channel="#general")
        await here.playground.click(
            person="ada", channel="#general", ts=card["ts"], action_id="funade_form_rollback"
        )
        form = await view(here, "ada", "Back to")
        await here.playground.submit(person="ada", view_id=form["id"])
        await here.card(3, "succeeded", channel="#general")

    def change(text: str) -> str:
        again = text[text.index("  shop:\n") :].replace("  shop:\n", "  other:\n")
        return (text + again).replace('    channel: "#deploy-shop"\n', "")

    live(tmp_path, monkeypatch, story, change)


def test_a_form_whose_content_cannot_be_found_out_says_so(tmp_path, monkeypatch):
    async def story(here):
        async def breaks(*_):
            problem = "no connection"
            raise StoreUnreachable(problem)

        monkeypatch.setattr(Forms, "_choosing", breaks)
        await here.playground.shortcut(person="ada", callback_id="funade_deploy")
        await view(here, "ada", "could not be found out", title="Not done")

    sail(tmp_path, monkeypatch, story)


def test_names_are_suggested_from_what_the_repository_has(tmp_path, monkeypatch):
    async def story(here):
        from tests.integration.slack.harbour import git  # noqa: PLC0415

        for number in range(150):
            git(here.folder / "repository", "branch", f"feature/{number}")
        git(here.folder / "repository", "tag", "v1.2.0")
        await here.playground.shortcut(person="ada", callback_id="funade_deploy")
        form = await view(here, "ada", "Environment")

        async def names(typed):
            found = await here.playground.suggest(
                person="ada", view_id=form["id"], action_id=views.REF, value=typed
            )
            groups = found.get("option_groups") or []
            return [one["value"] for group in groups for one in group["options"]]

        async def known():
            return "v1.2.0" in await names("V1")

        await here.until(known)
        assert len(await names("feature")) <= 101
        assert all("7" in one for one in await names("7"))
        assert "abc1234" in await names("abc1234"), "what is typed can be a commit"

    sail(tmp_path, monkeypatch, story)


def test_a_refusal_is_said_in_the_form_and_a_stranger_sees_no_names(tmp_path, monkeypatch):
    async def story(here):
        await here.playground.shortcut(person="bob", callback_id="funade_deploy")
        await go_through(here, person="bob")
        await view(here, "bob", "needs the right", title="Not done")
        assert here.refusals() == ["not_permitted"]
        await here.playground.shortcut(person="gus", callback_id="funade_deploy")
        seen = await view(here, "gus", "U0GUS", title="Not done")
        assert "shop" not in json.dumps(seen["blocks"])

    sail(tmp_path, monkeypatch, story)


def test_a_form_counts_as_said_in_the_applications_channel_for_its_members_only(tmp_path, monkeypatch):
    async def story(here):
        await here.playground.leave(person="ada", channel="#deploy-shop")
        await here.playground.shortcut(person="ada", callback_id="funade_deploy")
        await go_through(here)
        await view(here, "ada", "#deploy-shop", title="Not done")
        assert here.refusals() == ["channel_not_permitted"]

    sail(tmp_path, monkeypatch, story)


def test_our_home_shows_what_is_live_and_its_buttons_work(tmp_path, monkeypatch):
    async def story(here):
        await here.say("ada", "@funade deploy shop to production")
        await here.card(1, "awaiting approval")

        async def home(person):
            await here.playground.open_home(person=person)
            told = await here.playground.views(person=person)
            homes = [one for one in told["views"] if one["type"] == "home"]
            return homes[-1] if homes else None

        async def offers():
            found = await home("cy")
            return found and "funade_do_approve" in json.dumps(found["blocks"])

        await here.until(offers)
        found = await home("cy")
        assert (await here.playground.click(person="cy", view_id=found["id"], action_id="funade_do_approve"))[
            "ok"
        ]
        await here.card(1, "succeeded")

        async def stranger():
            found = await home("gus")
            return found and "does not know you" in json.dumps(found["blocks"])

        await here.until(stranger)

    sail(tmp_path, monkeypatch, story)
