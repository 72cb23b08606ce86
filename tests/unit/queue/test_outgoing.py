"""A deployment behind a queue, as both ends of it see it."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

import pytest

from funade.domain.errors import TemporaryQueueError
from funade.domain.messages import Fact, Order, OrderedStart, ReportedLog, key_of
from funade.domain.queue_text import read_fact, read_order
from funade.queue.batches import problem_of
from funade.queue.intake import Intake
from funade.queue.outgoing import message_of
from funade.testing.queue import FakeQuarantine, Mischief, StrictQueue
from tests.unit.domain.test_messages import EXECUTION, FACTS, ORDERS, START

T = TypeVar("T")

HIDDEN = timedelta(seconds=30)
WAIT = timedelta(seconds=1)
LOG = [ReportedLog(execution=EXECUTION, offset=100 * number, content=b"x" * 100) for number in range(20)]


async def say(queue: StrictQueue, said: Sequence[Order | Fact]) -> None:
    """Say all of it until nothing is left to say, as an outbox does."""
    waiting = [message_of(one) for one in said]
    while waiting:
        try:
            undone = {one.which for one in await queue.send(waiting)}
        except TemporaryQueueError:
            continue
        waiting = [one for one in waiting if one.key in undone]


async def hear(queue: StrictQueue, read: Callable[[str], T]) -> list[T]:
    """Take and delete until nothing is left."""
    heard: list[T] = []
    quarantine = FakeQuarantine()
    intake = Intake(queue, read, quarantine)
    while queue.bodies:
        try:
            taken = await intake.take(10, WAIT, HIDDEN)
            heard += [one for _, one in taken.messages]
            await queue.delete([delivery for delivery, _ in taken.messages])
        except TemporaryQueueError:
            continue
    assert quarantine.kept == {}
    return heard


@pytest.mark.parametrize("said", [*ORDERS, *FACTS, *LOG[:1]], ids=key_of)
def test_whatever_is_said_can_be_carried(said):
    assert problem_of(message_of(said)) is None


@pytest.mark.asyncio
@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("is_fifo", [False, True])
async def test_orders_and_facts_arrive_whatever_the_queues_do(seed, is_fifo):
    mischief = Mischief(seed=seed, duplicates=0.2, holds_back=0.2, expires=0.2, refuses=0.2, breaks=0.2)
    orders, facts = (StrictQueue(is_fifo=is_fifo, mischief=mischief) for _ in range(2))
    await say(orders, ORDERS)
    heard = await hear(orders, read_order)
    assert {key_of(one) for one in heard if isinstance(one, Order)} == set(map(key_of, ORDERS))
    assert START in [one for one in heard if isinstance(one, OrderedStart)]
    await say(facts, LOG)
    output: dict[int, bytes] = {}
    for fact in await hear(facts, read_fact):
        assert isinstance(fact, ReportedLog)
        output[fact.offset] = fact.content
    assert b"".join(output[offset] for offset in sorted(output)) == b"x" * 2000


@pytest.mark.asyncio
@pytest.mark.parametrize("seed", range(10))
async def test_in_a_fifo_queue_what_is_new_comes_in_its_order(seed):
    queue = StrictQueue(is_fifo=True, mischief=Mischief(seed=seed, refuses=0.3, breaks=0.2, expires=0.2))
    await say(queue, LOG)
    first: dict[int, None] = {}
    for fact in await hear(queue, read_fact):
        assert isinstance(fact, ReportedLog)
        first.setdefault(fact.offset)
    assert list(first) == [piece.offset for piece in LOG]
