"""An event loop that stops by itself when nothing can go on, so that a test decides what happens next.

Everything happens in one order: what would run in another thread is waited for on the spot.
"""

import asyncio
import concurrent.futures
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _IdleSelector(selectors.DefaultSelector):
    """Tells when the loop would wait: nothing is ready, and nobody outside is going to change that."""

    def __init__(self) -> None:
        super().__init__()
        self.when_idle: Callable[[], None] = lambda: None

    def select(self, timeout: float | None = None) -> Any:
        events = super().select(0)
        if not events and timeout != 0:
            self.when_idle()
        return events


class SteppingLoop(asyncio.SelectorEventLoop):
    """Runs until nothing can go on."""

    def __init__(self) -> None:
        selector = _IdleSelector()
        super().__init__(selector)
        selector.when_idle = self.stop
        self._thread = concurrent.futures.ThreadPoolExecutor(1)

    def run_in_executor(
        self, executor: concurrent.futures.Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> "asyncio.Future[T]":
        done = (executor or self._thread).submit(func, *args)
        concurrent.futures.wait([done])
        return asyncio.wrap_future(done, loop=self)

    def goes_on(self) -> None:
        """Run whatever can run now."""
        self.run_forever()

    def answer(self, question: Coroutine[Any, Any, T]) -> T:
        """Return the result of what needs nobody's help to come to its end."""
        task = self.create_task(question)
        self.goes_on()
        assert task.done(), "it waits for something"
        return task.result()

    def close(self) -> None:
        tasks = asyncio.all_tasks(self)
        for task in tasks:
            task.cancel()
        self.goes_on()
        self._thread.shutdown()
        super().close()
