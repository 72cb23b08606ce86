"""What Slack's links do when nobody looks: fall silent, are refused, are handed over with words in flight."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from funade.chat.slack import socket
from funade.chat.slack.keeper import Keeper
from funade.testing.time import StoppedClock
from tests.integration.slack.harbour import Harbour
from tests.integration.slack.stories import sail

pytestmark = [pytest.mark.needs("git"), pytest.mark.timeout(240)]


def keeper_of(here: Harbour) -> Keeper:
    assert here.room.listening is not None
    keeper = here.room.listening.keeper
    assert keeper is not None
    return keeper


async def both_open(here: Harbour) -> list[Any]:
    """Wait for both sockets, and return them."""
    keeper = keeper_of(here)
    await here.until(lambda: keeper.look().sockets == 2, lambda: "two sockets")
    return list(keeper._open)


async def replaced(here: Harbour, before: list[Any]) -> list[Any]:
    """Wait until none of those is in use any more, and return their successors."""
    keeper = keeper_of(here)
    await here.until(
        lambda: all(one is not None and one not in before and one.is_open for one in keeper._open),
        lambda: f"successors: {keeper.status}",
    )
    return list(keeper._open)


async def on_a_stopped_clock(here: Harbour) -> tuple[StoppedClock, list[Any]]:
    """Let the sockets live in a time that only the test moves."""
    clock = StoppedClock()
    before = await both_open(here)
    keeper_of(here).clock = clock
    await here.playground.disconnect(reason="refresh_requested")
    return clock, await replaced(here, before)


async def acknowledged(here: Harbour) -> tuple[list[Any], list[Any]]:
    """Return every envelope that was sent, and every acknowledgement of which Slack took notice."""
    told = (await here.playground.frames(wire="socket"))["frames"]
    sent = [one for one in told if one["direction"] == "to app" and "envelope_id" in one["body"]]
    return sent, [one for one in told if one["name"] == "ack" and not one["note"]]


def test_on_a_silent_sunday_nothing_is_replaced_and_a_half_open_link_is_within_thirty_seconds(
    tmp_path, monkeypatch
):
    async def story(here):
        clock, sockets = await on_a_stopped_clock(here)
        keeper = keeper_of(here)
        for _ in range(30):
            clock.advance(seconds=socket.PING_SECONDS)
            # The answer to our own ping is frame enough.
            await here.until(lambda: all(one.last_frame == clock.steady() for one in sockets))
        assert keeper._open == sockets
        assert keeper.look().problem is None
        await here.playground.switch(switches={"retry_seconds": [1.0] * 60})
        await here.playground.cut(how="half_open")
        await here.say("ada", "@funade deploy shop to staging")
        for _ in range(30):
            clock.advance(seconds=1)
            await asyncio.sleep(0.01)
        await replaced(here, sockets)
        await here.card(1, "succeeded")
        assert here.look(lambda look: look.deployment(2)) is None

    sail(tmp_path, monkeypatch, story)


def test_one_socket_too_many_is_no_storm_and_no_gap(tmp_path, monkeypatch):
    async def story(here):
        clock, sockets = await on_a_stopped_clock(here)
        keeper = keeper_of(here)
        await here.playground.switch(
            switches={"connections": 2, "too_many_before_hello": True, "refresh_grace_seconds": 600}
        )

        async def opened():
            return len((await here.playground.frames(name="apps.connections.open"))["frames"])

        before = await opened()
        await here.playground.disconnect(reason="refresh_requested")
        await here.until(lambda: keeper.status.problem == "too_many_websockets")
        await here.until(lambda: len(clock._sleepers) >= 2 + len(sockets), lambda: "both wait")
        knocked = await opened()
        assert knocked == before + 2 * 2, "a request and its answer for each of the two"
        clock.advance(seconds=20)
        await here.say("ada", "@funade deploy shop to staging")
        await here.card(1, "succeeded")
        assert await opened() == knocked, "nobody knocks before half a minute is over"
        await here.playground.switch(switches={"connections": 10})
        clock.advance(seconds=40)
        await replaced(here, sockets)

    sail(tmp_path, monkeypatch, story)


def test_what_is_on_its_way_when_sockets_are_handed_over_is_acknowledged_where_it_came(tmp_path, monkeypatch):
    # A slow machine must not make this a question of time.
    monkeypatch.setattr(socket, "ACK_SECONDS", 60.0)
    monkeypatch.setattr(socket, "DRAIN_SECONDS", 60.0)

    async def story(here):
        await here.playground.switch(switches={"ack_seconds": 60.0, "refresh_grace_seconds": 60.0})
        before = await both_open(here)
        goes_on, keeper = asyncio.Event(), keeper_of(here)
        take = keeper.take

        async def takes_its_time(kind, payload):
            await goes_on.wait()
            return await take(kind, payload)

        keeper.take = takes_its_time
        since = here.playground.workspace.journal.last_number
        await here.say("ada", "@funade deploy shop to staging")
        await here.playground.wait(frame="events_api", since=since, seconds=60)
        await here.playground.disconnect(reason="refresh_requested")
        # Slack may choose an old socket also after it has said that it will go.
        for number in range(20):
            await here.hears_event({"type": "message", "channel": "C0DEPLOY"}, f"EvLate{number}")
        await replaced(here, before)
        goes_on.set()
        await here.card(1, "succeeded")

        async def all_acknowledged():
            sent, acks = await acknowledged(here)
            return {(one["connection"], one["body"]["envelope_id"]) for one in sent} == {
                (one["connection"], one["body"]["envelope_id"]) for one in acks
            }

        await here.until(all_acknowledged, lambda: "every envelope, once, on its own socket")
        assert len(await here.cards()) == 1

    sail(tmp_path, monkeypatch, story)


def test_a_click_between_refresh_and_acknowledgement_counts_once(tmp_path, monkeypatch):
    async def story(here):
        await here.say("ada", "@funade deploy shop to production")
        card = await here.card(1, "awaiting approval")
        before = await both_open(here)
        _, pressed = await asyncio.gather(
            here.playground.disconnect(reason="refresh_requested"), here.press("cy", card, "approve")
        )
        assert pressed["ok"], pressed
        await here.card(1, "succeeded")
        await replaced(here, before)

    sail(tmp_path, monkeypatch, story)


@pytest.mark.parametrize("how", ["abort", "close", "no_pong", "no_ping"])
def test_a_link_that_breaks_any_other_way_loses_nothing(tmp_path, monkeypatch, how):
    async def story(here):
        await here.playground.switch(switches={"retry_seconds": [1.0] * 60})
        before = await both_open(here)
        await here.playground.cut(how=how)
        await here.say("ada", "@funade deploy shop to staging")
        await here.card(1, "succeeded")
        if how in ("abort", "close"):
            await replaced(here, before)

    sail(tmp_path, monkeypatch, story)


def test_a_post_that_slack_kept_and_never_answered_is_there_once(tmp_path, monkeypatch):
    monkeypatch.setattr("funade.chat.slack.client.PATIENCE_SECONDS", 2)

    async def story(here):
        await here.playground.switch(switches={"post_silences": 2})
        ts = await here.say("ada", "@funade deploy shop to staging")
        await here.card(1, "succeeded")
        await here.hears("#1 shop", thread=ts)
        assert len(await here.cards()) == 1
        silent = [
            one for one in (await here.playground.frames())["frames"] if one["note"] == "never answered"
        ]
        assert len(silent) == 2

    sail(tmp_path, monkeypatch, story)


def test_what_was_said_while_nobody_listened_comes_as_a_repetition_and_is_done(tmp_path, monkeypatch):
    async def story(here):
        await here.playground.switch(switches={"retry_seconds": [1.0] * 60})
        await here.say("ada", "@funade deploy shop to staging")
        await here.start()
        await here.card(1, "succeeded")
        sent, _ = await acknowledged(here)
        assert sent[0]["body"]["retry_attempt"] > 0

    sail(tmp_path, monkeypatch, story, start=False)


def test_attempt_0_may_come_twice_with_one_envelope_id(tmp_path, monkeypatch):
    async def story(here):
        await here.playground.switch(switches={"replays_first_attempt": True, "replays_commands": True})
        await here.say("ada", "@funade deploy shop to staging")
        await here.card(1, "succeeded")
        await here.playground.advance(seconds=16)

        async def replayed():
            sent, _ = await acknowledged(here)
            ids = [one["body"]["envelope_id"] for one in sent]
            return len(ids) > len(set(ids))

        await here.until(replayed, lambda: "the same envelope again")
        await here.until(lambda: not here.received())
        assert here.look(lambda look: look.deployment(2)) is None

    sail(tmp_path, monkeypatch, story)


class Later:
    """The machine's time, and some hours."""

    def __init__(self, clock: Any, **span: float) -> None:
        self._clock, self._fake = clock, StoppedClock()
        self._base = self._fake.now()
        self._fake.advance(**span)

    def now(self) -> datetime:
        now: datetime = self._clock.now() + (self._fake.now() - self._base)
        return now

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clock, name)


MENTION = {
    "type": "app_mention",
    "user": "U0ADA",
    "team": "T0ACME",
    "channel": "C0DEPLOY",
    "text": "<@U0APP1> deploy shop to staging",
    "ts": "1700000000.000100",
}


def test_a_repetition_is_known_for_a_day_and_an_hour_also_by_another_process(tmp_path, monkeypatch):
    async def story(here):
        await here.hears_event(MENTION, "Ev1")
        await here.card(1, "succeeded")
        await here.stop()
        await here.start()
        worker = here.room.listening.worker

        async def forgets_what_is_old(**span):
            worker.clock, worker._forgot_at = Later(worker.clock, **span), None
            await worker.look()

        def is_known() -> bool:
            return bool(here.look(lambda look: look.is_known("slack:event:Ev1")))

        async def heard_twice() -> bool:
            sent, acks = await acknowledged(here)
            ids = {
                one["body"]["envelope_id"] for one in sent if one["body"]["payload"].get("event_id") == "Ev1"
            }
            return len(ids & {one["body"]["envelope_id"] for one in acks}) == 2

        await forgets_what_is_old(hours=24, minutes=50)
        await here.hears_event(MENTION, "Ev1")
        # Not before: what comes again after it was forgotten is new, and its keys are kept for another day.
        await here.until(heard_twice, lambda: "the same event, acknowledged twice")
        await here.until(lambda: not here.received())
        assert is_known()
        assert here.look(lambda look: look.deployment(2)) is None
        await forgets_what_is_old(hours=1)
        # The worker's own look may be the one that forgets.
        await here.until(lambda: not is_known())

    sail(tmp_path, monkeypatch, story)
