"""Counts the commits that anybody made, and wakes those who wait for one."""

import asyncio
import threading
from contextlib import suppress


class Pulse:
    """The store's generation, as far as this process knows; may be moved on from any thread."""

    def __init__(self) -> None:
        self.generation = 0
        self._waiters: set[asyncio.Future[None]] = set()
        self._lock = threading.Lock()

    def beat(self) -> None:
        """Move on, and wake everybody."""
        with self._lock:
            self.generation += 1
            waiters, self._waiters = self._waiters, set()
        for one in waiters:
            # Whoever waited in a loop that is closed by now waits no more.
            with suppress(RuntimeError):
                one.get_loop().call_soon_threadsafe(_wake, one)

    async def wait(self, since: int, seconds: float) -> None:
        """Return once the generation is another than `since`, or after `seconds`."""
        waiter = asyncio.get_running_loop().create_future()
        with self._lock:
            if self.generation != since:
                return
            self._waiters.add(waiter)
        try:
            await asyncio.wait({waiter}, timeout=seconds)
        finally:
            with self._lock:
                self._waiters.discard(waiter)


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
