import asyncio

import pytest

from tests.integration.slack.stories import sail

pytestmark = pytest.mark.needs("git")

MENTION = {
    "type": "app_mention",
    "user": "U0ADA",
    "team": "T0ACME",
    "channel": "C0DEPLOY",
    "text": "<@U0APP1> deploy shop to staging",
    "ts": "1700000000.000100",
}


def test_P3_a_storm_of_repetitions_and_twins_is_one_deployment_also_across_a_restart(tmp_path, monkeypatch):
    async def story(here):
        twin = {**MENTION, "type": "message", "channel_type": "channel"}
        for id, event in (("Ev1", MENTION), ("Ev1", MENTION), ("Ev2", twin), ("Ev3", MENTION), ("Ev4", twin)):
            await here.hears_event(event, id)
        await here.card(1, "succeeded")
        await here.stop()
        await here.start()
        for id in ("Ev1", "Ev9"):
            await here.hears_event(MENTION, id)
        await here.say("ada", "@funade status")
        await here.until(lambda: not here.received())
        assert len(await here.cards()) == 1
        assert here.look(lambda look: look.deployment(2)) is None

    sail(tmp_path, monkeypatch, story)


def test_what_was_acknowledged_before_a_death_is_done_after_it(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNADE_LEASE_SECONDS", "1")

    async def story(here):
        async def freeze(*_: object) -> None:
            await asyncio.Event().wait()

        here.room.listening.worker.conversation.handle = freeze
        ts = await here.say("ada", "@funade deploy shop to staging")
        await here.until(here.received)
        await here.kill()
        await here.start()
        await here.card(1, "succeeded")
        await here.hears("#1 shop", thread=ts)

    sail(tmp_path, monkeypatch, story)


def test_an_acknowledgement_waits_for_the_store_and_nothing_else(tmp_path, monkeypatch):
    async def story(here):
        await here.say("ada", "just talking, and nothing for a machine")
        await here.say("ada", "@funade status")
        await here.until(lambda: not here.received())
        told = await here.playground.frames()
        sent = [
            one["body"]["envelope_id"]
            for one in told["frames"]
            if one["direction"] == "to app" and "envelope_id" in one["body"]
        ]
        acknowledged = [one["body"]["envelope_id"] for one in told["frames"] if one["name"] == "ack"]
        assert sorted(sent) == sorted(acknowledged), "all of it, what is not for us too"

    sail(tmp_path, monkeypatch, story)


@pytest.mark.parametrize("reason", ["refresh_requested", "warning"])
def test_a_socket_is_replaced_before_it_closes(tmp_path, monkeypatch, reason):
    async def story(here):
        status = here.room.listening.keeper.look
        await here.until(lambda: status().sockets == 2)
        fewest = 2
        before = list(here.room.listening.keeper._open)
        await here.playground.disconnect(reason=reason)

        def replaced() -> bool:
            nonlocal fewest
            fewest = min(fewest, status().sockets)
            return all(one not in before for one in here.room.listening.keeper._open)

        await here.until(replaced)
        assert fewest >= 1
        await here.say("ada", "@funade deploy shop to staging")
        await here.card(1, "succeeded")

    sail(tmp_path, monkeypatch, story)


def test_link_disabled_stops_the_sockets_says_so_and_a_persons_hand_starts_them_again(tmp_path, monkeypatch):
    async def story(here):
        keeper = here.room.listening.keeper
        await here.until(lambda: keeper.look().sockets == 2)
        await here.playground.disconnect(reason="link_disabled")
        await here.until(lambda: keeper.look().stopped == "link_disabled")
        opened = await here.playground.frames(name="apps.connections.open")
        assert here.room.report()[:2] == (False, "link_disabled")
        await asyncio.sleep(0)
        again = await here.playground.frames(name="apps.connections.open")
        assert len(again["frames"]) == len(opened["frames"]), "nobody knocks"
        await here.playground.change_app(changes={"socket_mode": True})
        here.chat.resume()
        await here.until(lambda: here.room.report()[0])
        await here.say("ada", "@funade deploy shop to staging")
        await here.card(1, "succeeded")

    sail(tmp_path, monkeypatch, story)


def test_a_token_that_is_refused_stops_the_sockets_until_it_is_another(tmp_path, monkeypatch):
    async def story(here):
        keeper = here.room.listening.keeper
        await here.until(lambda: keeper.look().sockets == 2)
        monkeypatch.setenv("SLACK_APP", "xapp-1-A0APP1-wrong")
        await here.playground.disconnect(reason="refresh_requested")
        await here.until(lambda: keeper.look().stopped == "invalid_auth")
        monkeypatch.setenv("SLACK_APP", "xapp-1-A0APP1-playground")
        here.chat.resume()
        await here.until(lambda: keeper.look().stopped is None and keeper.look().sockets == 2)

    sail(tmp_path, monkeypatch, story)


def test_the_server_starts_and_waits_when_slack_does_not_know_its_token(tmp_path, monkeypatch):
    async def story(here):
        monkeypatch.setenv("SLACK_BOT", "xoxb-wrong")
        starting = asyncio.create_task(here.start())
        await here.until(lambda: here.chat is not None and here.chat.room is not None and here.room.problem)
        assert "invalid_auth" in here.room.problem
        assert here.room.health() == {"connected": False, "problem": here.room.problem}
        monkeypatch.setenv("SLACK_BOT", "xoxb-1-playground")
        here.chat.resume()
        await starting

    sail(tmp_path, monkeypatch, story, start=False)


def test_a_post_whose_outcome_nobody_knows_is_there_once(tmp_path, monkeypatch):
    async def story(here):
        await here.playground.switch(switches={"post_errors": 3})
        ts = await here.say("ada", "@funade deploy shop to staging")
        await here.card(1, "succeeded")
        await here.hears("#1 shop", thread=ts)
        assert len(await here.cards()) == 1

    sail(tmp_path, monkeypatch, story)


def test_a_card_that_somebody_deletes_comes_back_while_its_deployment_goes_on(tmp_path, monkeypatch):
    async def story(here):
        (tmp_path / "wait").touch()
        await here.say("ada", "@funade deploy shop to staging")
        card = await here.card(1, "running")
        board, channel = here.playground.stage.board, here.playground.workspace.channel("#deploy-shop")
        board.delete(channel.messages[card["ts"]])
        await here.until(lambda: here.look(lambda look: look.wanted_posts(9)) == [])
        again = await here.card(1, "running")
        assert again["ts"] != card["ts"]
        (tmp_path / "wait").unlink()
        await here.card(1, "succeeded")

    sail(tmp_path, monkeypatch, story)


def test_when_slack_limits_us_the_last_state_comes_all_the_same(tmp_path, monkeypatch):
    async def story(here):
        await here.playground.refuse(method="chat.update", retry_after=1, times=2)
        await here.playground.refuse(method="chat.postMessage", retry_after=1, times=2)
        await here.say("ada", "@funade deploy shop to staging")
        await here.card(1, "succeeded")
        assert len(await here.cards()) == 1

    sail(tmp_path, monkeypatch, story)


def test_a_deployment_asked_for_at_another_door_has_its_card_too(tmp_path, monkeypatch):
    async def story(here):
        from funade.domain.commands import Deploy  # noqa: PLC0415
        from funade.domain.people import Actor, Door  # noqa: PLC0415

        command = Deploy(application="shop", environment="staging")
        await here.parts.desk(command, Actor(door=Door.TERMINAL, id="local:1", name="ada"), "r1")
        card = await here.card(1, "succeeded")
        assert "asked by ada" in card["text"]

    sail(tmp_path, monkeypatch, story)


@pytest.mark.parametrize(
    "switches",
    [
        {"empty_frames": True, "binary_frames": True},
        {"twins": "mention_first"},
        {"twins": "random", "retry_keeps_envelope_id": True, "dropped_acks": 2},
        {"lingering_close": True, "too_many_before_hello": True},
        {"utf16_limits": True},
        {"loses_ephemerals": True},
    ],
)
def test_whatever_slack_does_not_promise_may_be_otherwise(tmp_path, monkeypatch, switches):
    async def story(here):
        await here.playground.switch(switches=switches)
        here.commit("🚢" * 200)
        await here.say("ada", "@funade deploy shop to staging")
        await here.card(1, "succeeded")
        assert len(await here.cards()) == 1

    sail(tmp_path, monkeypatch, story)
