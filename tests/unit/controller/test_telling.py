import asyncio
from datetime import timedelta

import pytest

from funade.controller.telling import Telling
from funade.domain.errors import QueueError, TemporaryQueueError
from funade.testing.orders import FakeDoors
from funade.testing.time import FakeClock

pytestmark = pytest.mark.asyncio


class Silent(FakeDoors):
    """Queues of which those at `silent` never answer."""

    asked = 0

    def outlet(self, url, region):
        return self if url == "silent" else super().outlet(url, region)

    async def send(self, _facts):
        self.asked += 1
        await asyncio.Event().wait()


@pytest.fixture
def telling():
    return Telling(doors=Silent(), clock=FakeClock(), answer_seconds=0.01)


async def test_a_queue_that_is_silent_is_given_up_and_asked_by_one_alone(telling):
    doors = telling.doors
    with pytest.raises(TemporaryQueueError, match="did not answer"):
        await telling.outlet("silent", "").send([])
    for _ in range(5):
        with pytest.raises(TemporaryQueueError, match="did not answer"):
            await telling.outlet("silent", "").send([])
    assert doors.asked == 1
    telling.clock.advance(seconds=6)
    two = (telling.outlet("silent", "").send([]) for _ in range(2))
    assert all(isinstance(one, QueueError) for one in await asyncio.gather(*two, return_exceptions=True))
    assert doors.asked == 2


async def test_others_do_not_notice(telling):
    with pytest.raises(QueueError):
        await telling.outlet("silent", "").send([])
    await telling.outlet("good", "").send([])
    assert telling.problem_with("good") is None
    assert telling.problem_with("silent") is not None


async def test_what_works_again_is_no_problem_any_more(telling):
    doors = telling.doors
    doors.out.is_broken = True
    with pytest.raises(TemporaryQueueError) as raised:
        await telling.outlet("good", "").send([])
    assert raised.value.retry_after == timedelta(seconds=1)
    doors.out.is_broken = False
    telling.clock.advance(seconds=6)
    await telling.outlet("good", "").send([])
    assert telling.problem_with("good") is None
