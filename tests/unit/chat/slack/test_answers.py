"""Answers and Slack's limits: nobody sleeps through a long one, and what was not sent is not counted."""

import asyncio
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from funade.chat.slack.arrivals import Said, Sender, Way
from funade.chat.slack.budget import Budget
from funade.chat.slack.buttons import Mint
from funade.chat.slack.client import OutcomeUnknown, SlackUnavailable
from funade.chat.slack.conversation import Conversation
from funade.chat.slack.courier import Courier
from funade.chat.slack.worker import PATIENCE, Worker
from funade.domain.wire import to_plain
from funade.store.sqlite import SqliteLedger
from funade.testing.configurations import FakeConfigurations
from funade.testing.processes import FakeMachine
from funade.testing.time import CountedIds, FakeClock
from funade.texts import slack as words
from funade.usecases.door_ports import Received
from funade.usecases.living import Living
from tests.unit.chat.slack.workspace import US, Held, SmallSlack, configured, directory_of, person


async def nothing(*_: Any, **__: Any) -> Any:
    raise AssertionError(_)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def slack():
    return SmallSlack()


@pytest.fixture
def conversation(tmp_path, slack, clock):
    with closing(SqliteLedger(tmp_path / "store.sqlite")) as ledger:
        configuration = configured([person("ada")])
        yield Conversation(
            api=slack,
            desk=nothing,
            ledger=ledger,
            clock=clock,
            configurations=FakeConfigurations(configuration),
            directory=directory_of(slack, ledger, clock, configuration),
            courier=Courier(api=slack, ledger=ledger, clock=clock, us=US),
            mint=Mint(ledger=ledger, clock=clock, ids=CountedIds()),
            fill=nothing,
            budget=Budget(clock.steady),
        )


def asked(conversation: Conversation) -> Received:
    """Return a question that anybody may ask: what can be said here?"""
    said = Said(
        sender=Sender(user="UADA"), channel="C0SHOP", message="5.0", thread=None, text="help", way=Way.MENTION
    )
    body = cast("dict[str, Any]", to_plain(said, tagged=True))
    now = conversation.clock.now()
    return Received(id="i1", door="slack", keys=("k1",), at=now, owner="p1", body=body)


def handle(conversation: Conversation, item: Received) -> None:
    asyncio.run(conversation.handle(item))


def test_an_answer_is_put_off_while_nothing_can_be_sent_for_long_and_is_not_counted(
    conversation, slack, clock
):
    conversation.budget.close("chat.postMessage", 3_600)
    item, began = asked(conversation), clock.steady()
    for _ in range(9):
        with pytest.raises(SlackUnavailable) as caught:
            handle(conversation, item)
        assert caught.value.retry_after == timedelta(seconds=3_600)
    assert clock.steady() == began, "nobody slept"
    assert slack.times("chat.postMessage") == 0
    clock.advance(hours=1)
    assert conversation.budget.wait_to_post("C0SHOP") == 0


def test_a_limit_that_an_answer_meets_holds_for_all_posts_and_what_was_not_sent_is_not_counted(
    conversation, slack, clock
):
    limited = SlackUnavailable("chat.postMessage", "limits `chat.postMessage`", timedelta(seconds=3))

    def answer(**_: Any) -> Any:
        raise limited

    slack.answers["chat.postMessage"] = answer
    item = asked(conversation)
    for _ in range(9):
        with pytest.raises(SlackUnavailable):
            handle(conversation, item)
        assert conversation.budget.closed("chat.postMessage") == 3
    clock.advance(seconds=3)
    assert [conversation.budget.reserve_post("C0SHOP") for _ in range(8)] == [0] * 8
    del slack.answers["chat.postMessage"]


def test_an_excuse_does_not_say_that_nothing_was_done_where_the_answer_alone_was_lost(
    conversation, slack, clock
):
    item = asked(conversation)
    lost = OutcomeUnknown("chat.postMessage")

    def answer(**_: Any) -> Any:
        raise lost

    slack.answers["chat.postMessage"] = answer
    with pytest.raises(OutcomeUnknown):
        handle(conversation, item)
    slack.answers["conversations.replies"] = lambda **_: {"messages": []}
    told: list[str] = []

    def take(**said: Any) -> Any:
        told.append(said["text"])
        return {"ok": True, "ts": "6.0"}

    slack.answers["chat.postMessage"] = take
    clock.advance(minutes=6)
    asyncio.run(conversation.excuse(item, words.CANNOT_ASK))
    assert "may have been done" in told[0]
    asyncio.run(conversation.excuse(replace(item, id="i2"), words.CANNOT_ASK))
    assert "nothing was done" in told[1]


def test_what_is_settled_while_the_inbox_is_read_is_not_dealt_with_again(conversation, slack, clock):
    item = asked(conversation)
    ledger, living = (
        conversation.ledger,
        Living(clock=clock, machine=FakeMachine(), lease=timedelta(seconds=15)),
    )
    handled: list[str] = []

    class SlowReader:
        """A ledger whose answers come late: what they tell of has been settled meanwhile."""

        change = ledger.change

        async def read(self, look: Any) -> Any:
            found = await ledger.read(look)
            await asyncio.gather(*worker._tasks.values())
            return found

    async def handle_it(received: Received) -> None:
        handled.append(received.id)
        await asyncio.sleep(0.05)

    worker = Worker(
        ledger=cast("Any", SlowReader()), lease=Held(), living=living, clock=clock, conversation=conversation
    )

    async def go() -> None:
        conversation.handle = handle_it
        await ledger.change(lambda change: change.receive(item))
        for _ in range(4):
            await worker.look()
        await asyncio.gather(*worker._tasks.values())

    asyncio.run(go())
    assert handled == [item.id]
    assert worker._settled <= {item.id}


def test_whoever_asked_is_not_left_waiting_longer_than_our_patience_whatever_slack_says(
    conversation, slack, clock
):
    conversation.budget.close("chat.postMessage", 3_600)
    item = asked(conversation)

    async def go() -> list[Received]:
        ledger = conversation.ledger
        await ledger.change(lambda change: change.receive(item))
        living = Living(clock=clock, machine=FakeMachine(), lease=timedelta(seconds=15))
        worker = Worker(ledger=ledger, lease=Held(), living=living, clock=clock, conversation=conversation)
        for _ in range(3):
            await worker.look()
            await asyncio.gather(*worker._tasks.values())
            clock.advance(seconds=PATIENCE.total_seconds() / 2)
        return list(await ledger.read(lambda look: look.received("slack")))

    assert asyncio.run(go()) == []
    assert slack.times("chat.postMessage") == 0
