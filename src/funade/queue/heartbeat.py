"""Keeps deliveries ours while we deal with them, for any queue: again and again, and never for half a day.

SQS gives a message to somebody else when its time is over, and lets nobody keep one for more than twelve hours. Then it
may be in two hands: whoever keeps one looks at `is_lost` before what must not happen twice, and has a guard behind it.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Self

from funade.domain.errors import QueueError
from funade.usecases.ports import Clock
from funade.usecases.queue_ports import Delivery, Queue

#: Before SQS says no, so that whoever deals with it can end in time.
LONGEST = timedelta(hours=11, minutes=45)
#: While a delivery is ours, the one at its very end counted: two may fail.
BEATS = 4


class Kept:
    """One delivery that is being kept."""

    def __init__(self, delivery: Delivery, clock: Clock, hidden: timedelta) -> None:
        self.delivery, self._clock, self._hidden = delivery, clock, hidden
        self.since = self.renewed = clock.steady()
        self.problem = ""  #: why the last beat failed, if it did
        self._lost = asyncio.Event()

    @property
    def is_lost(self) -> bool:
        """Tell whether somebody else may have it now, or soon; by the clock, whatever the beat is at."""
        return self._lost.is_set() or self._clock.steady() - self.renewed >= self._hidden.total_seconds()

    async def lost(self) -> None:
        """Return once it is."""
        await self._lost.wait()

    def lose(self, problem: str) -> None:
        """Give it up."""
        self.problem = problem
        self._lost.set()


class Heartbeat:
    """Keeps what one reader of a queue has in hand, in as few calls as can be, within an `async with`."""

    def __init__(self, queue: Queue, clock: Clock, hidden: timedelta) -> None:
        self._queue, self._clock, self._hidden = queue, clock, hidden
        self._kept: list[Kept] = []
        self._beating: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._beating = asyncio.create_task(self._beat(), name="heartbeat of a queue")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.wait([self._beating])
            if not self._beating.cancelled():
                self._beating.result()

    def check(self) -> None:
        """Return while it beats, or raise what ended it: from then on every delivery is lost in its time."""
        if self._beating is not None and self._beating.done():
            self._beating.result()

    @contextmanager
    def keeping(self, delivery: Delivery) -> Iterator[Kept]:
        """Keep a delivery, just received, for as long as this is entered."""
        kept = Kept(delivery, self._clock, self._hidden)
        self._kept.append(kept)
        try:
            yield kept
        finally:
            self._kept.remove(kept)

    async def _beat(self) -> None:
        while True:
            await self._clock.sleep(self._hidden.total_seconds() / BEATS)
            # Before the call: what it takes is no time that we have.
            began = self._clock.steady()
            await self._renew([one for one in self._kept if self._may_stay(one, began)], began)

    def _may_stay(self, kept: Kept, now: float) -> bool:
        if kept.is_lost:
            kept.lose(kept.problem or "it was not renewed in time")
        elif now - kept.since + self._hidden.total_seconds() > LONGEST.total_seconds():
            kept.lose("it was kept for as long as a queue allows")
        return not kept.is_lost

    async def _renew(self, kept: Sequence[Kept], began: float) -> None:
        if not kept:
            return
        try:
            # A call that hangs must not keep those who wait from hearing that it is too late.
            async with asyncio.timeout(self._hidden.total_seconds() / BEATS):
                undone = await self._queue.extend([one.delivery for one in kept], self._hidden)
        except (QueueError, TimeoutError) as error:
            for one in kept:
                one.problem = str(error) or "the queue did not answer in time"
            return
        refused = {one.which: one for one in undone}
        for one in kept:
            no = refused.get(one.delivery.receipt)
            if no is None:
                one.renewed, one.problem = began, ""
            elif no.is_final:
                one.lose(no.problem)
            else:
                one.problem = no.problem
