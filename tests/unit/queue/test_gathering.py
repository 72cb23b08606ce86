import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from funade.domain.errors import TemporaryQueueError
from funade.queue.gathering import Gathering
from funade.usecases.queue_ports import Delivery, Message, Undone

pytestmark = pytest.mark.asyncio


@dataclass
class Slow:
    """A queue whose calls wait until they are let go on."""

    sent: list[list[str]] = field(default_factory=list)
    deleted: list[list[str]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    breaks: bool = False
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, messages: Sequence[Message]) -> Sequence[Undone]:
        self.sent.append([one.body for one in messages])
        await self.go_on.wait()
        if self.breaks:
            message = "away"
            raise TemporaryQueueError(message, timedelta(seconds=1))
        return [
            Undone(which=one.key, problem="no", is_final=True) for one in messages if one.key in self.refused
        ]

    async def delete(self, deliveries: Sequence[Delivery]) -> Sequence[Undone]:
        self.deleted.append([one.id for one in deliveries])
        await self.go_on.wait()
        return [
            Undone(which=one.receipt, problem="gone", is_final=True)
            for one in deliveries
            if one.receipt in self.refused
        ]


@pytest.fixture
def slow() -> Any:
    return Slow()


def message(name: str) -> Message:
    return Message(body=name, key=f"key-{name}", group="g")


def delivery(name: str) -> Delivery:
    return Delivery(id=name, body="", receipt=f"receipt-{name}", times=1, sent_at=datetime.now(UTC))


async def begun(*calls: Any) -> list[asyncio.Task[Any]]:
    tasks = []
    for one in calls:
        tasks.append(asyncio.create_task(one))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    return tasks


async def test_the_first_goes_at_once_and_those_behind_it_together(slow):
    queue = Gathering(slow)
    sending = await begun(*(queue.send([message(one)]) for one in "abcd"))
    deleting = await begun(*(queue.delete([delivery(one)]) for one in "abcd"))
    assert slow.sent == [["a"]]
    slow.go_on.set()
    assert await asyncio.gather(*sending, *deleting) == [[]] * 8
    assert slow.sent == [["a"], ["b", "c", "d"]]
    assert slow.deleted == [["a"], ["b", "c", "d"]]
    await queue.send([message("e")])
    assert slow.sent[2:] == [["e"]]


async def test_what_is_refused_is_told_to_whose_it_is(slow):
    queue = Gathering(slow)
    slow.refused = {"key-c", "receipt-c"}
    sending = await begun(*(queue.send([message(one)]) for one in "abc"))
    deleting = await begun(*(queue.delete([delivery(one)]) for one in "abc"))
    slow.go_on.set()
    answers = await asyncio.gather(*sending, *deleting)
    assert [[one.which for one in each] for each in answers] == [[], [], ["key-c"], [], [], ["receipt-c"]]


async def test_a_failure_is_told_to_all_that_went_together_and_to_nobody_later(slow):
    queue = Gathering(slow)
    slow.breaks = True
    sending = await begun(*(queue.send([message(one)]) for one in "abc"))
    slow.go_on.set()
    answers = await asyncio.gather(*sending, return_exceptions=True)
    assert all(isinstance(one, TemporaryQueueError) for one in answers)
    slow.breaks = False
    assert await queue.send([message("d")]) == []


async def test_who_goes_away_takes_nobody_along(slow):
    queue = Gathering(slow)
    first, second, third = await begun(*(queue.send([message(one)]) for one in "abc"))
    first.cancel()
    second.cancel()
    slow.go_on.set()
    assert await third == []
    assert slow.sent == [["a"], ["b", "c"]], "what was asked for may have been sent, and is"
    await asyncio.gather(first, second, return_exceptions=True)
    assert first.cancelled()


async def test_nobody_waits_for_ever_when_the_process_ends(slow):
    queue = Gathering(slow)
    sending = await begun(*(queue.send([message(one)]) for one in "abc"))
    (calling,) = [one for one in asyncio.all_tasks() if one.get_name().startswith("queue: ")]
    calling.cancel()
    answers = await asyncio.gather(*sending, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in answers)
