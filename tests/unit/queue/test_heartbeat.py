import asyncio
from datetime import timedelta

import pytest

from funade.queue.heartbeat import LONGEST, Heartbeat, Kept
from funade.testing.queue import Mischief, StrictQueue
from funade.testing.time import StoppedClock
from funade.usecases.queue_ports import Delivery, Message

pytestmark = pytest.mark.asyncio

HIDDEN = timedelta(seconds=60)
NOTHING = timedelta(0)


async def delivered(queue: StrictQueue, *bodies: str) -> list[Delivery]:
    await queue.send([Message(body=body, key=body, group=body) for body in bodies])
    deliveries: list[Delivery] = []
    while len(deliveries) < len(bodies):
        deliveries += await queue.receive(10, NOTHING, HIDDEN)
    return deliveries


async def pass_time(clock: StoppedClock, seconds: int, step: int = 5) -> None:
    """Let time pass, a little at a time, and everybody have a turn."""
    for _ in range(seconds // step):
        await turns()
        clock.advance(seconds=step)
    await turns()


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_is_kept_stays_ours_for_hours_and_what_is_not_comes_again():
    clock = StoppedClock()
    queue = StrictQueue(clock=clock)
    kept, dropped = await delivered(queue, "kept", "dropped")
    async with Heartbeat(queue, clock, HIDDEN) as heartbeat:
        with heartbeat.keeping(kept) as mine:
            await pass_time(clock, 6 * 3600, step=15)
            assert not mine.is_lost
            assert [one.id for one in await queue.receive(10, NOTHING, HIDDEN)] == [dropped.id]
        await pass_time(clock, 100)
        assert kept.id in {one.id for one in await queue.receive(10, NOTHING, HIDDEN)}


async def test_many_are_kept_with_one_beat():
    clock = StoppedClock()
    queue = StrictQueue(clock=clock)
    deliveries = await delivered(queue, *map(str, range(30)))
    async with Heartbeat(queue, clock, HIDDEN) as heartbeat:
        held = [heartbeat.keeping(one) for one in deliveries]
        kept = [one.__enter__() for one in held]
        await pass_time(clock, 600)
        assert not any(one.is_lost for one in kept)
        assert queue.calls.count("extend") == 600 // 15
        for one in held:
            one.__exit__(None, None, None)


async def test_nobody_beats_for_nothing():
    clock = StoppedClock()
    queue = StrictQueue(clock=clock)
    async with Heartbeat(queue, clock, HIDDEN):
        await pass_time(clock, 600)
    assert queue.calls == []


async def test_it_stops_before_the_queue_would():
    clock = StoppedClock()
    queue = StrictQueue(clock=clock)
    [delivery] = await delivered(queue, "a")
    async with Heartbeat(queue, clock, HIDDEN) as heartbeat:
        with heartbeat.keeping(delivery) as kept:
            await pass_time(clock, int(LONGEST.total_seconds()) - 120, step=15)
            assert (kept.is_lost, kept.problem) == (False, "")
            await pass_time(clock, 120)
            assert (kept.is_lost, kept.problem) == (True, "it was kept for as long as a queue allows")
            calls = len(queue.calls)
            await pass_time(clock, 600)
            assert len(queue.calls) == calls


async def test_whoever_keeps_one_that_somebody_else_finished_is_told():
    clock = StoppedClock()
    queue = StrictQueue(clock=clock)
    [delivery] = await delivered(queue, "a")
    async with Heartbeat(queue, clock, HIDDEN) as heartbeat:
        with heartbeat.keeping(delivery) as kept:
            told = asyncio.create_task(kept.lost())
            await queue.delete([delivery])
            await pass_time(clock, 25)
            assert told.done()
            assert kept.problem == "it is not ours any more"


async def test_a_queue_that_is_away_for_a_beat_or_two_costs_nothing():
    clock = StoppedClock()
    queue = StrictQueue(clock=clock)
    [delivery] = await delivered(queue, "a")
    async with Heartbeat(queue, clock, HIDDEN) as heartbeat:
        with heartbeat.keeping(delivery) as kept:
            queue.broken = "away"
            await pass_time(clock, 40)
            assert (kept.is_lost, kept.problem) == (False, "away")
            queue.broken = None
            await pass_time(clock, 600)
            assert (kept.is_lost, kept.problem) == (False, "")


async def test_what_was_not_renewed_in_time_is_lost_with_the_reason():
    clock = StoppedClock()
    queue = StrictQueue(clock=clock)
    [delivery] = await delivered(queue, "a")
    async with Heartbeat(queue, clock, HIDDEN) as heartbeat:
        with heartbeat.keeping(delivery) as kept:
            queue.broken = "away"
            await pass_time(clock, 65)
            assert (kept.is_lost, kept.problem) == (True, "away")


async def test_a_machine_that_slept_knows_that_it_is_too_late():
    clock = StoppedClock()
    queue = StrictQueue(clock=clock)
    [delivery] = await delivered(queue, "a")
    async with Heartbeat(queue, clock, HIDDEN) as heartbeat:
        with heartbeat.keeping(delivery) as kept:
            await turns()
            clock.advance(hours=1)
            await turns()
            assert (kept.is_lost, kept.problem) == (True, "it was not renewed in time")


async def test_a_call_that_hangs_deceives_nobody(monkeypatch):
    clock = StoppedClock()
    queue = StrictQueue(clock=clock)
    [delivery] = await delivered(queue, "a")
    monkeypatch.setattr(queue, "extend", lambda deliveries, hidden: asyncio.Event().wait())
    async with Heartbeat(queue, clock, HIDDEN) as heartbeat:
        with heartbeat.keeping(delivery) as kept:
            await pass_time(clock, 55)
            assert (kept.is_lost, queue.calls.count("extend")) == (False, 0)
            clock.advance(seconds=5)
            assert (kept.is_lost, kept.problem) == (True, "")


async def test_an_answer_that_comes_too_late_is_waited_for_no_longer(monkeypatch):
    clock = StoppedClock()
    queue = StrictQueue(clock=clock)
    hidden = timedelta(milliseconds=40)
    [delivery] = await delivered(queue, "a")
    monkeypatch.setattr(queue, "extend", lambda deliveries, hidden: asyncio.Event().wait())
    async with Heartbeat(queue, clock, hidden) as heartbeat:
        with heartbeat.keeping(delivery) as kept:
            told = asyncio.create_task(kept.lost())
            async with asyncio.timeout(30):
                while not told.done():
                    clock.advance(seconds=0.01)
                    await asyncio.sleep(0)
            assert kept.problem == "the queue did not answer in time"


@pytest.mark.parametrize("seed", range(20))
async def test_nobody_believes_to_have_what_somebody_else_was_given_unless_the_queue_lied(seed):
    clock = StoppedClock()
    queue = StrictQueue(clock=clock, mischief=Mischief(seed=seed, refuses=0.3, breaks=0.3))
    queue.mischief = Mischief()
    deliveries = await delivered(queue, "a", "b", "c")
    queue.mischief = Mischief(seed=seed, refuses=0.3, breaks=0.3)
    async with Heartbeat(queue, clock, HIDDEN) as heartbeat:
        held = {one.id: heartbeat.keeping(one) for one in deliveries}
        kept: dict[str, Kept] = {id: one.__enter__() for id, one in held.items()}
        for _ in range(200):
            await pass_time(clock, 5)
            mischief, queue.mischief = queue.mischief, Mischief()
            others = {one.id for one in await queue.receive(10, NOTHING, NOTHING)}
            queue.mischief = mischief
            assert all(kept[id].is_lost for id in others)
        for one in held.values():
            one.__exit__(None, None, None)
