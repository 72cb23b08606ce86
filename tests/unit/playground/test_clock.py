import asyncio

import pytest

from funade.playground.clock import Clock

pytestmark = pytest.mark.asyncio


async def test_what_is_due_happens_in_its_order_and_at_its_time():
    clock = Clock(frozen=True, start=100.0)
    seen = []
    clock.after(5, lambda: seen.append(("five", clock.now())))
    clock.after(2, lambda: seen.append(("two", clock.now())))
    clock.after(9, lambda: seen.append(("nine", clock.now())))
    await clock.advance(6)
    assert seen == [("two", 102.0), ("five", 105.0)]
    assert clock.now() == 106.0


async def test_what_is_cancelled_does_not_happen():
    clock = Clock(frozen=True, start=0.0)
    seen: list[int] = []
    clock.after(1, lambda: seen.append(1)).cancel()
    await clock.advance(2)
    assert seen == []


async def test_what_wakes_may_ask_for_more_in_the_same_stretch():
    clock = Clock(frozen=True, start=0.0)
    seen = []

    async def every_ten() -> None:
        for _ in range(3):
            await clock.sleep(10)
            seen.append(clock.now())

    task = asyncio.create_task(every_ten())
    await clock.advance(35)
    assert seen == [10.0, 20.0, 30.0]
    await task


async def test_an_answer_that_does_not_come_is_given_up():
    clock = Clock(frozen=True, start=0.0)
    never: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(clock.within(3, never))
    await clock.advance(3)
    with pytest.raises(TimeoutError):
        await waiting


async def test_an_answer_in_time_is_given():
    clock = Clock(frozen=True, start=0.0)
    assert await clock.within(3, asyncio.sleep(0, 7)) == 7


async def test_a_running_clock_can_be_advanced_too():
    clock = Clock()
    seen: list[int] = []
    clock.after(3600, lambda: seen.append(1))
    before = clock.now()
    await clock.advance(3601)
    assert seen == [1]
    assert clock.now() - before >= 3601
    clock.stop()
