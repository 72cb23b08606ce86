"""An event loop that stops by itself when nothing can go on, so that a test decides what happens next.

Everything happens in one order: what would run in another thread is waited for on the spot.
"""

import asyncio
import concurrent.futures
import selectors
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from unittest.mock import patch

from funade.store import sqlite
from funade.store.sqlite import SqliteLedger

P = ParamSpec("P")
T = TypeVar("T")


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


class WaitingExecutor(concurrent.futures.ThreadPoolExecutor):
    """Its threads do the work, but whoever submits it waits for its end on the spot."""

    def submit(
        self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> "concurrent.futures.Future[T]":
        submitted = super().submit(fn, *args, **kwargs)
        concurrent.futures.wait([submitted])
        return submitted


def stepping_ledger(path: Path) -> SqliteLedger:
    """Return the real ledger, which lets nothing else happen while its threads work."""
    # A mock, because nobody but these tests should be able to choose: production must never wait on the spot.
    with patch.object(sqlite, "ThreadPoolExecutor", WaitingExecutor):
        return SqliteLedger(path)


class SteppingLoop(asyncio.SelectorEventLoop):
    """Runs until nothing can go on."""

    def __init__(self) -> None:
        selector = _IdleSelector()
        super().__init__(selector)
        selector.when_idle = self.stop
        self.set_default_executor(WaitingExecutor(1))

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
        super().close()
