"""The workspace's time: it runs with the world's, or stands still until somebody advances it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from heapq import heappop, heappush
from itertools import count
from typing import TypeVar

Answer = TypeVar("Answer")

CALM_SECONDS = 0.2  #: how long an advance waits for answers that are on their way
LOOK_SECONDS = 0.002


class Timer:
    """One thing to do at one time, unless it is cancelled."""

    __slots__ = ("_act", "due")

    def __init__(self, due: float, act: Callable[[], object]) -> None:
        self.due = due
        self._act: Callable[[], object] | None = act

    def cancel(self) -> None:
        self._act = None

    def fire(self) -> None:
        act, self._act = self._act, None
        if act is not None:
            act()


class Clock:
    """Seconds since 1970 in the workspace."""

    def __init__(self, *, frozen: bool = False, start: float | None = None) -> None:
        self.frozen = frozen
        self._base = time.time() if start is None else start
        self._began = time.monotonic()
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = count()
        self._alarm: asyncio.TimerHandle | None = None
        self._expected = 0  #: answers that somebody waits for

    def now(self) -> float:
        return self._base if self.frozen else self._base + time.monotonic() - self._began

    @property
    def is_expecting(self) -> bool:
        """Say whether anybody waits for an answer from outside."""
        return self._expected > 0

    def after(self, seconds: float, act: Callable[[], object]) -> Timer:
        """Do `act` that much later."""
        timer = Timer(self.now() + seconds, act)
        heappush(self._timers, (timer.due, next(self._order), timer))
        self._set_alarm()
        return timer

    async def sleep(self, seconds: float) -> None:
        """Wait until that much of the workspace's time has passed."""
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.after(seconds, lambda: None if over.done() else over.set_result(None))
        try:
            await over
        finally:
            timer.cancel()

    async def within(self, seconds: float, answer: Awaitable[Answer]) -> Answer:
        """Return the answer, or raise TimeoutError when it does not come in time."""
        asked = asyncio.ensure_future(answer)
        slept = asyncio.ensure_future(self.sleep(seconds))
        self._expected += 1
        try:
            await asyncio.wait([asked, slept], return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise TimeoutError
            return asked.result()
        finally:
            self._expected -= 1
            for one in (asked, slept):
                one.cancel()

    async def advance(self, seconds: float) -> None:
        """Let that much time pass at once; everything that falls due happens, in its order."""
        goal = self.now() + seconds
        await self._calm_down()
        while self._timers and self._timers[0][0] <= goal:
            due, _, timer = heappop(self._timers)
            self._move_to(max(due, self.now()))
            timer.fire()
            await self._calm_down()
        self._move_to(max(goal, self.now()))
        self._set_alarm()

    def stop(self) -> None:
        """Let nothing more happen."""
        self._timers.clear()
        if self._alarm is not None:
            self._alarm.cancel()

    def _move_to(self, moment: float) -> None:
        self._base += moment - self.now()

    async def _calm_down(self) -> None:
        # What was begun may be on its way over a real connection; time does not overtake it.
        until = time.monotonic() + CALM_SECONDS
        for _ in range(3):
            await asyncio.sleep(0)
        while self._expected and time.monotonic() < until:  # noqa: ASYNC110 - nobody else waits like this
            await asyncio.sleep(LOOK_SECONDS)

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._timers and not self.frozen:
            wait = max(0.0, self._timers[0][0] - self.now())
            self._alarm = asyncio.get_running_loop().call_later(wait, self._ring)

    def _ring(self) -> None:
        while self._timers and self._timers[0][0] <= self.now():
            heappop(self._timers)[2].fire()
        self._set_alarm()
