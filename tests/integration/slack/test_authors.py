"""Authors hear what became of their changes: where, when, and nobody else."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from funade.chat.slack import preferences
from tests.integration.slack.harbour import git
from tests.integration.slack.living import live

pytestmark = pytest.mark.needs("git")


def telling(how: str = "", **addresses: str):
    """Let people have addresses, and the team a manner."""

    def change(text: str) -> str:
        for person, email in addresses.items():
            text = text.replace(f"{person}: {{slack", f"{person}: {{email: {email}, slack")
        return text.replace("slack: {bot_token", f"slack: {{authors: {{{how}}}, bot_token")

    return change


def commit_as(here, name: str, email: str, subject: str) -> None:
    repository = here.folder / "repository"
    git(repository, "commit", "-q", "--allow-empty", "-m", subject, f"--author={name} <{email}>")


async def deploy(here, number: int, state: str = "succeeded", environment: str = "staging"):
    await here.say("ada", f"@funade deploy shop to {environment}")
    return await here.card(number, state)


def called(here, message) -> list[str]:
    return [one["user_id"] for one in here.elements(message) if one["type"] == "user"]


def set_clock(here, monkeypatch, to: datetime) -> None:
    """Let the server's clock show another time from now on."""
    ahead = to - datetime.now(UTC)
    monkeypatch.setattr(type(here.parts.clock), "now", lambda _: datetime.now(UTC) + ahead)


async def nothing_is_owed(here):
    """Wait until whatever was owed is settled and whatever was wished for is sent."""

    def settled():
        far = datetime(2100, 1, 1, tzinfo=UTC)
        return not here.look(lambda look: [*look.owed_notices(far, 9), *look.wanted_posts(9)])

    far = datetime(2100, 1, 1, tzinfo=UTC)
    await here.until(
        settled, lambda: str(here.look(lambda look: [*look.owed_notices(far, 9), *look.wanted_posts(9)]))
    )


def test_authors_are_called_in_the_thread_when_their_changes_are_live(tmp_path, monkeypatch):
    async def story(here):
        await deploy(here, 1)
        commit_as(here, "Bob", "bob@acme.example", "Fix the cart")
        commit_as(here, "Cy", "CY@acme.example", "Fix the till")
        commit_as(here, "Mallory", "mallory@evil.example", "Break <@U0CY>")
        card = await deploy(here, 2)
        told = await here.hears("your changes are live", thread=card["ts"])
        assert sorted(called(here, told)) == ["U0BOB", "U0CY"]
        await nothing_is_owed(here)
        for person in ("ada", "bob", "cy", "hana"):
            assert await here.ours("@funade", person) == []

    live(tmp_path, monkeypatch, story, telling(bob="bob@acme.example", cy="cy@acme.example"))


def test_a_failure_and_a_way_back_are_told_by_direct_messages_in_each_ones_language(tmp_path, monkeypatch):
    async def story(here):
        await deploy(here, 1)
        commit_as(here, "Hana", "hana@acme.example", "Fix the cart")
        commit_as(here, "Bob", "bob@acme.example", "Paint it `green`")
        (tmp_path / "fail").touch()
        await deploy(here, 2, "failed")
        await here.hears("#2: the deployment of your change to staging of shop has failed", "@funade", "bob")
        await here.hears("#2: あなたの変更の shop staging へのデプロイは失敗しました", "@funade", "hana")
        (tmp_path / "fail").unlink()
        await deploy(here, 3)
        message = await here.hears("#3: your change is live in staging of shop", "@funade", "bob")
        assert "Paint it `green`" in message["text"]
        assert "Fix the cart" not in message["text"]
        await here.say("ada", "@funade rollback shop staging")
        await here.card(4, "succeeded")
        await here.hears("#4: your change was rolled back in staging of shop", "@funade", "bob")
        await here.hears("ロールバックされました", "@funade", "hana")
        await nothing_is_owed(here)
        assert len(await here.ours("@funade", "bob")) == 3
        assert len(await here.ours("@funade", "hana")) == 3

    live(tmp_path, monkeypatch, story, telling("tell: direct", bob="bob@acme.example"))


def test_nobody_is_told_what_two_could_have_written_nor_who_is_a_guest_now(tmp_path, monkeypatch):
    async def story(here):
        await deploy(here, 1)
        commit_as(here, "Bob", "shared@acme.example", "One of us")
        commit_as(here, "Gus", "gus@other.example", "A guest's")
        await deploy(here, 2)
        await nothing_is_owed(here)
        for person in ("bob", "cy", "gus"):
            assert await here.ours("@funade", person) == []

    change = telling(
        "tell: direct", bob="shared@acme.example", cy="shared@acme.example", gus="gus@other.example"
    )
    live(tmp_path, monkeypatch, story, change)


def test_what_falls_into_quiet_hours_is_told_after_in_one_message(tmp_path, monkeypatch):
    clock = datetime.now(UTC)
    # Whoever lives by UTC has quiet hours that began an hour ago.
    quiet = f"{(clock.hour - 1) % 24:02}:00-{(clock.hour + 2) % 24:02}:00"

    async def story(here):
        await deploy(here, 1)
        for number in (2, 3):
            commit_as(here, "Bob", "bob@acme.example", f"Change {number}")
            await deploy(here, number)

        def planned():
            far = datetime(2100, 1, 1, tzinfo=UTC)
            return [one for one in here.look(lambda look: look.owed_notices(far, 9)) if one.due_at]

        await here.until(lambda: len(planned()) == 2)
        assert await here.ours("@funade", "bob") == []
        assert len({one.post for one in planned()}) == 1
        # The hours end: to the store it is that moment now.
        due = planned()[0].due_at
        set_clock(here, monkeypatch, due)
        message = await here.hears("in 2 deployments", "@funade", "bob")
        assert "Change 2" in message["text"]
        assert "Change 3" in message["text"]

    how = f'tell: direct, quiet_hours: "{quiet}", time_zone: UTC'
    live(tmp_path, monkeypatch, story, telling(how, bob="bob@acme.example"))


async def home(here, person: str, having: str = ""):
    found: list[Any] = []

    async def shown():
        told = await here.playground.views(person=person)
        found[:] = [
            one
            for one in told["views"]
            if one["type"] == "home" and having in json.dumps(one["blocks"], ensure_ascii=False)
        ]
        return found

    await here.playground.open_home(person=person)
    await here.until(shown, lambda: f"a home with {having!r}")
    return found[-1]


def test_somebody_chooses_in_our_home_how_they_hear_of_it_and_it_lasts(tmp_path, monkeypatch):
    async def story(here):
        await deploy(here, 1)
        view = await home(here, "bob", "How you hear of your changes")

        async def choose(action, value):
            await here.playground.click(person="bob", view_id=view["id"], action_id=action, value=value)

        await choose(preferences.TELLING, "never")
        await choose(preferences.QUIET, "22:00-07:00")

        def wanted():
            return [
                (one.person, one.telling, one.quiet) for one in here.look(lambda look: look.preferences())
            ]

        await here.until(lambda: wanted() == [("bob", "never", "22:00-07:00")], lambda: str(wanted()))
        await here.stop()
        await here.start()
        commit_as(here, "Bob", "bob@acme.example", "Fix")
        await deploy(here, 2)
        await nothing_is_owed(here)
        assert await here.ours("@funade", "bob") == []
        await choose(preferences.TELLING, "team")
        await choose(preferences.QUIET, "none")
        await here.until(lambda: wanted() == [("bob", None, "")])
        commit_as(here, "Bob", "bob@acme.example", "Fix more")
        await deploy(here, 3)
        await here.hears("#3: your change is live", "@funade", "bob")

    live(tmp_path, monkeypatch, story, telling("tell: direct", bob="bob@acme.example"))


@pytest.mark.parametrize("value", ["", "mail", "22:00", "x" * 150])
def test_S16_a_wish_that_we_never_offered_changes_nothing(tmp_path, monkeypatch, value):
    async def story(here):
        for action in (preferences.TELLING, preferences.QUIET):
            payload = {
                "type": "block_actions",
                "user": {"id": "U0BOB", "team_id": "T0ACME"},
                "team": {"id": "T0ACME"},
                "trigger_id": "1.2.3",
                "actions": [
                    {
                        "action_id": action,
                        "block_id": "b",
                        "selected_option": {"value": value},
                        "action_ts": "1.1",
                    }
                ],
            }
            await here.room.listening.reception.take("interactive", payload)
        await here.until(lambda: not here.received())
        assert here.look(lambda look: look.preferences()) == []

    live(tmp_path, monkeypatch, story, telling())


def test_a_digest_says_all_of_a_day_at_once_and_after_a_restart_nothing_twice(tmp_path, monkeypatch):
    async def story(here):
        await deploy(here, 1)
        for number in (2, 3):
            commit_as(here, "Bob", "bob@acme.example", f"Change {number}")
            await deploy(here, number)
        far = datetime(2100, 1, 1, tzinfo=UTC)

        def owed():
            return here.look(lambda look: look.owed_notices(far, 9))

        await here.until(lambda: len([one for one in owed() if one.due_at]) == 2)
        await here.stop()
        await here.start()
        due = owed()[0].due_at
        set_clock(here, monkeypatch, due)
        await here.hears("in 2 deployments", "@funade", "bob")
        await nothing_is_owed(here)
        await here.stop()
        await here.start()
        await nothing_is_owed(here)
        assert len(await here.ours("@funade", "bob")) == 1

    live(tmp_path, monkeypatch, story, telling("tell: digest", bob="bob@acme.example"))


def test_whoever_does_not_read_the_channel_is_told_alone(tmp_path, monkeypatch):
    async def story(here):
        await deploy(here, 1)
        await here.playground.leave(person="bob", channel="#deploy-shop")
        commit_as(here, "Bob", "bob@acme.example", "Fix")
        card = await deploy(here, 2)
        await here.hears("#2: your change is live", "@funade", "bob")
        await nothing_is_owed(here)
        assert not [one for one in await here.ours(thread=card["ts"]) if called(here, one) == ["U0BOB"]]

    live(tmp_path, monkeypatch, story, telling(bob="bob@acme.example"))
