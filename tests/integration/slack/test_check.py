import asyncio

import pytest

from funade.chat.slack.check import find_problems
from funade.secrets import OpenSecrets
from funade.settings import load
from funade.targets import KINDS
from tests.integration.slack.harbour import harbour

pytestmark = pytest.mark.needs("git")


def problems(tmp_path, monkeypatch, *, before=None, change=lambda text: text):
    async def go():
        async with harbour(tmp_path, monkeypatch, start=False) as here:
            here.path.write_text(change(here.path.read_text()).replace("  gus: {slack: T0ACME/U0GUS}\n", ""))
            if before is not None:
                await before(here.playground)
            text = here.path.read_text().replace("hana, gus]", "hana]")
            here.path.write_text(text)
            found = await find_problems(load(here.path, KINDS), OpenSecrets())
            return [f"{one.where}: {one.problem}" for one in found]

    return asyncio.run(go())


def test_a_workspace_that_is_set_up_has_no_problems(tmp_path, monkeypatch):
    # The signing secret is there and nothing listens, which is what the file of the harbour says.
    assert problems(tmp_path, monkeypatch) == ["slack.signing_secret: nothing listens for Slack's calls"]


def test_a_wrong_token_is_all_there_is_to_say(tmp_path, monkeypatch):
    found = problems(
        tmp_path, monkeypatch, change=lambda text: text.replace("env:SLACK_BOT", "env:SLACK_SECRET")
    )
    assert found == ["slack.bot_token: Slack refused `auth.test`: invalid_auth"]


def test_whatever_is_missing_is_named(tmp_path, monkeypatch):
    async def spoil(playground):
        await playground.change_app(changes={"socket_mode": False})
        await playground.leave(person="funade", channel="#deploy-shop")
        await playground.change_person(person="bob", changes={"deleted": True})
        await playground.change_group(group="S0SRE", disabled=True)

    found = problems(
        tmp_path,
        monkeypatch,
        before=spoil,
        change=lambda text: text.replace("T0ACME/U0CY", "T0OTHER/U0CY").replace(
            "slack: {", 'slack: {channel: "#nowhere", '
        ),
    )
    assert any("slack.app_token" in one for one in found)
    assert "#deploy-shop: the app is not in this channel" in found
    assert "#nowhere: there is no such channel that the app can see" in found
    assert "people.bob.slack: Slack says `deleted`: they would be refused" in found
    assert "people.cy.slack: `T0OTHER` is another workspace" in found
    assert "slack:S0SRE: there is no such user group, or it is off" in found
