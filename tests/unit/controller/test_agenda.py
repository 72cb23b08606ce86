import asyncio
from datetime import timedelta

import pytest

from funade.controller.agenda import Agenda
from funade.testing.time import FakeClock

pytestmark = pytest.mark.asyncio


async def test_who_gives_way_goes_on_after_all_who_waited():
    met = []
    over = asyncio.Event()

    async def work(name: str) -> timedelta | None:
        await asyncio.sleep(0)  # by then all of them wait
        met.append(f"{name} begins")
        await agenda.give_way()
        met.append(f"{name} goes on")
        if len(met) == 8:
            over.set()
        return None

    async with Agenda(work, FakeClock(), side_by_side=2) as agenda:
        for name in "abcd":
            agenda.mark(name)
        await over.wait()
    assert met[:4] == [f"{name} begins" for name in "abcd"]
    assert met[4:] == [f"{name} goes on" for name in "abcd"]


async def test_who_gives_way_to_nobody_goes_on_at_once():
    turns = 0

    async def work(_name: str) -> timedelta | None:
        nonlocal turns
        for _ in range(3):
            await agenda.give_way()
            turns += 1
        return None

    async with Agenda(work, FakeClock(), side_by_side=1) as agenda:
        agenda.mark("a")
        await asyncio.sleep(0)
        assert turns == 3
