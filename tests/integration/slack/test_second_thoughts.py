"""People and their clients in a hurry: clicks by those who may not any more, choices that overtake each other."""

import asyncio
import json

import pytest

from funade.chat.slack import socket, views
from tests.integration.slack.harbour import Harbour, git
from tests.integration.slack.stories import sail
from tests.integration.slack.test_forms import view

pytestmark = [pytest.mark.needs("git"), pytest.mark.timeout(240)]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"deleted": True}, "outsider"),
        ({"is_restricted": True}, "outsider"),
        ({"is_ultra_restricted": True}, "outsider"),
        ({"team_id": "T0OTHER", "is_stranger": True}, "outsider"),
    ],
)
def test_S6_a_click_of_somebody_who_is_one_of_us_no_more_does_nothing(tmp_path, monkeypatch, changes, why):
    async def story(here):
        await here.say("ada", "@funade deploy shop to production")
        card = await here.card(1, "awaiting approval")
        # Cy looks at the button while it happens.
        await here.playground.change_person(person="cy", changes=changes)
        await here.press("cy", card, "approve")
        await here.until(lambda: here.refusals() or not here.received(), lambda: "an answer")
        assert here.look(lambda look: look.deployment(1)).state.value == "awaiting_approval"
        # What is a button for others goes on being one.
        assert (await here.card(1, "awaiting approval"))["ts"] == card["ts"]

    sail(tmp_path, monkeypatch, story)


def second_application(here: Harbour) -> None:
    """Put another application into the file, with other environments."""
    text = here.path.read_text()
    here.path.write_text(
        text
        + "  web:\n    repository: repository\n    environments:\n"
        + "      preview:\n        rights: {deploy: [ada]}\n"
        + "        target: {kind: command, run: [sh, deploy.sh]}\n"
    )


def test_two_choices_from_the_same_form_end_with_the_later_one(tmp_path, monkeypatch):
    async def story(here):
        second_application(here)
        await here.start()
        api = here.room.listening.keeper.api
        await here.playground.shortcut(person="ada", callback_id="funade_deploy")
        form = await view(here, "ada", "Application")
        # Both leave Ada's client before the answer to the first has come back to it.
        await asyncio.gather(
            *(
                here.playground.click(
                    person="ada",
                    view_id=form["id"],
                    action_id=views.CHOSEN,
                    value={"text": {"type": "plain_text", "text": name}, "value": name},
                )
                for name in ("shop", "web")
            )
        )
        seen = await view(here, "ada", "environment:web")
        assert "environment:shop" not in json.dumps(seen["blocks"])
        del api

    sail(tmp_path, monkeypatch, story, start=False)


@pytest.mark.parametrize("letters", ["x", "船"])
def test_a_hundred_long_names_are_suggested_in_an_answer_that_slack_still_reads(
    tmp_path, monkeypatch, letters
):
    async def story(here):
        for number in range(100):
            git(here.folder / "repository", "branch", f"feature/{number:03}-{letters * 60}")
        await here.playground.shortcut(person="ada", callback_id="funade_deploy")
        form = await view(here, "ada", "Environment")

        async def suggested():
            found = await here.playground.suggest(
                person="ada", view_id=form["id"], action_id=views.REF, value="feature"
            )
            assert found["ok"], found
            return sum(len(group["options"]) for group in found.get("option_groups") or []) > 20

        await here.until(suggested, lambda: "more than a few names")
        acks = [
            one for one in (await here.playground.frames(name="ack"))["frames"] if one["body"].get("payload")
        ]
        sizes = [len(json.dumps(one["body"], ensure_ascii=False).encode()) for one in acks]
        assert max(sizes) < socket.LARGEST_ACK_BYTES
        assert not [one["note"] for one in acks if one["note"]]

    sail(tmp_path, monkeypatch, story)
