"""A clock that a test moves, and names in a known order."""

import asyncio
from datetime import UTC, datetime, timedelta


class FakeClock:
    """The `Clock` port; whoever sleeps on it moves it on, so that nothing ever waits."""

    def __init__(self, start: datetime = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)) -> None:
        self._now = start
        self._steady = 1000.0

    def now(self) -> datetime:
        """Return the test's moment."""
        return self._now

    def steady(self) -> float:
        """Return the test's steady seconds."""
        return self._steady

    def advance(self, **span: float) -> None:
        """Let time pass: `advance(hours=24)`."""
        delta = timedelta(**span)
        self._now += delta
        self._steady += delta.total_seconds()

    def jump(self, **span: float) -> None:
        """Set the wall clock, as an administrator does; the steady one goes its way."""
        self._now += timedelta(**span)

    async def sleep(self, seconds: float) -> None:
        """Let that much time pass at once; others get their turn."""
        self.advance(seconds=seconds)
        await asyncio.sleep(0)


class StoppedClock(FakeClock):
    """The `Clock` port; it stands still until the test advances it, and whoever sleeps on it waits for that."""

    def __init__(self) -> None:
        super().__init__()
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def advance(self, **span: float) -> None:
        """Let time pass, and wake whoever has slept long enough."""
        super().advance(**span)
        for until, sleeper in self._sleepers:
            if until <= self._steady and not sleeper.done():
                sleeper.set_result(None)
        self._sleepers = [one for one in self._sleepers if not one[1].done()]

    async def sleep(self, seconds: float) -> None:
        """Wait until the test has let that much time pass."""
        sleeper = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._steady + seconds, sleeper))
        await sleeper


class CountedIds:
    """The `Ids` port: `00000000-…-0001`, `…-0002` …"""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> str:
        """Return the next one."""
        self._last += 1
        return f"00000000-0000-4000-8000-{self._last:012d}"
