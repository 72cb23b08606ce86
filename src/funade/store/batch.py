"""Changes that wait for the writer at the same moment go to the disk together: one commit, one wait for all of them.

Each stays all or nothing by itself, and nobody gets an answer before the commit.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from funade.store.faults import FAULTS
from funade.store.transaction import SqlTransaction

T = TypeVar("T")

#: Whoever comes first should not have to wait for all the others.
MOST_AT_ONCE = 50


@dataclass(slots=True)
class Change(Generic[T]):
    """One change, and where its answer goes once it is on the disk."""

    work: Callable[[SqlTransaction], T]
    answer: "Future[T]" = field(default_factory=Future)
    result: T | None = None
    error: Exception | None = None

    def do_alone(self, change: SqlTransaction) -> bool:
        """Do the work; False when it raised, and the whole transaction must be taken back. Faults are raised."""
        try:
            self.result, self.error = change.tell(self.work), None
        except FAULTS:
            raise
        except Exception as error:  # noqa: BLE001 -- whoever asked gets it
            self.result, self.error = None, error
        return self.error is None

    def do(self, change: SqlTransaction, execute: Callable[[str], object]) -> None:
        """Do the work, or leave everything as it was; a fault of the store is raised, because it concerns all."""
        execute("SAVEPOINT change")
        try:
            self.result, self.error = change.tell(self.work), None
        except FAULTS:
            raise
        except Exception as error:  # noqa: BLE001 -- whoever asked gets it
            self.result, self.error = None, error
            execute("ROLLBACK TO change")
        execute("RELEASE change")

    def tell(self) -> None:
        """Answer."""
        if self.error is None:
            self.answer.set_result(cast("T", self.result))
        else:
            self.answer.set_exception(self.error)


class Line:
    """Changes in the order in which they came; joined from any thread, taken from the writer's."""

    def __init__(self) -> None:
        self._waiting: deque[Change[Any]] = deque()

    @property
    def is_waited_in(self) -> bool:
        """Tell whether anybody waits."""
        return bool(self._waiting)

    def join(self, change: Change[Any]) -> None:
        """Wait at the end of the line."""
        self._waiting.append(change)

    def leave(self, change: Change[Any]) -> None:
        """Wait no longer."""
        self._waiting.remove(change)

    def take(self) -> list[Change[Any]]:
        """Return those whose turn it is."""
        taken: list[Change[Any]] = []
        while self._waiting and len(taken) < MOST_AT_ONCE:
            taken.append(self._waiting.popleft())
        return taken
