"""What is due: each name is worked on by one task at a time, again when it was marked meanwhile, later when it asks."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import TracebackType
from typing import Self

import structlog

from funade.clients.kubernetes.errors import ClusterError
from funade.domain.errors import FunadeError
from funade.usecases.ports import Clock

log = structlog.get_logger()

#: After a failure, doubled with each further one.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0


class Agenda:
    """Names that are due, each worked on within an `async with` until it wants nothing more."""

    def __init__(
        self, work: Callable[[str], Awaitable[timedelta | None]], clock: Clock, *, side_by_side: int
    ) -> None:
        self._work, self._clock = work, clock
        self._room = asyncio.Semaphore(side_by_side)
        self._marks: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_closed = True
        tasks = list(self._tasks.values())
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def is_empty(self) -> bool:
        return not self._tasks

    def mark(self, name: str) -> None:
        """Have `name` worked on soon, once more if it is being worked on now."""
        if self._is_closed:
            return
        self._marks.setdefault(name, asyncio.Event()).set()
        if name not in self._tasks:
            self._tasks[name] = asyncio.create_task(self._keep_working(name), name=f"controller: {name}")

    def unmark(self, name: str) -> None:
        """Take back what was marked since the work on `name` began; only within that work."""
        if name in self._marks:
            self._marks[name].clear()

    async def give_way(self) -> None:
        """Let all go first who wait for their turn now; only within the work on a name."""
        self._room.release()
        await self._room.acquire()

    async def _keep_working(self, name: str) -> None:
        marked = self._marks[name]
        failures = 0
        try:
            while True:
                marked.clear()
                pause, failed = await self._once(name)
                failures = failures + 1 if failed else 0
                if failed:
                    await self._clock.sleep(_pause(failures))
                elif not marked.is_set():
                    if pause is None:
                        return
                    await wait(marked, self._clock, pause.total_seconds())
        finally:
            self._tasks.pop(name, None)
            self._marks.pop(name, None)

    async def _once(self, name: str) -> tuple[timedelta | None, bool]:
        async with self._room:
            try:
                return await self._work(name), False
            except (ClusterError, FunadeError, OSError) as error:
                log.warning("will be tried again", name=name, problem=str(error))
            except Exception:
                # The process's loop: one broken object must not stop the others.
                log.exception("our mistake; will be tried again", name=name)
        return None, True


async def wait(event: asyncio.Event, clock: Clock, seconds: float) -> None:
    """Return when the event is set, or after so long."""
    waiting = asyncio.create_task(event.wait())
    sleeping = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({waiting, sleeping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        sleeping.cancel()


def _pause(failures: int) -> float:
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 10))
