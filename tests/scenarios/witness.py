"""Sees every transaction of a store, and judges each start by its own book: who may, who said yes, what is closed.

It asks none of the functions that decide. People are told apart by what the test knows of them, rules by what it saw
happen: the number of the lock that somebody overrode, not its name.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from funade.domain.deployment import Deployment, Purpose, State
from funade.domain.environment import Berth
from funade.domain.events import (
    ConfirmationWanted,
    DeploymentApproved,
    DeploymentRequested,
    DeploymentStarted,
    Happening,
    RulesOverridden,
)
from funade.domain.reason import Reason
from funade.usecases.ledger_ports import Reading, Transaction

T = TypeVar("T")


@dataclass
class Book:
    """What is in force, as whoever changes it writes it down."""

    who_is: dict[str, str]
    """The person behind each id, for good."""
    deploy: set[str] = field(default_factory=set)
    rollback: set[str] = field(default_factory=set)
    approve: set[str] = field(default_factory=set)
    override: set[str] = field(default_factory=set)
    approvals: int = 0
    frozen: tuple[datetime, datetime] | None = None
    """When the last window opened, and when it closes."""


@dataclass(frozen=True)
class _Breach:
    """Somebody went ahead despite the lock, the freeze and the missing approvals of that moment."""

    who: str
    lock: int
    freeze: tuple[datetime, datetime] | None
    approvals: int


class Witness:
    """Stands beside a store's one writer."""

    def __init__(self, book: Book, now: Callable[[], datetime]) -> None:
        self.book = book
        self.started: list[tuple[str, int]] = []
        self._now = now
        self._locks: dict[tuple[str, str], tuple[int, object]] = {}
        self._breaches: dict[str, list[_Breach]] = {}

    def watch(
        self, change: Callable[..., Coroutine[Any, Any, Any]]
    ) -> Callable[..., Coroutine[Any, Any, Any]]:
        """Return a way to change the store that is watched."""

        async def watched(work: Callable[[Transaction], T]) -> Any:
            return await change(lambda transaction: self._look(transaction, work))

        return watched

    def _look(self, change: Transaction, work: Callable[[Transaction], T]) -> T:
        before = {one.id: one for one in change.unended()}
        result = work(change)
        for berth in change.berths():
            self._watch_lock(berth)
        for row in change.unended():
            self._watch(change, before.get(row.id), row)
        return result

    def _watch_lock(self, berth: Berth) -> None:
        here = (berth.application, berth.environment)
        count, known = self._locks.get(here, (0, None))
        if berth.lock != known:
            self._locks[here] = (count + 1, berth.lock)

    def _watch(self, change: Reading, before: Deployment | None, row: Deployment) -> None:
        overrides = len(before.overrides) if before else 0
        for one in row.overrides[overrides:]:
            breach = _Breach(
                who=self.book.who_is[one.by_id],
                lock=self._lock_number(row),
                freeze=self.book.frozen,
                approvals=self.book.approvals,
            )
            self._breaches.setdefault(row.id, []).append(breach)
        if row.attempt > (before.attempt if before else 0):
            self.started.append((row.id, row.attempt))
            self._judge(change, row)

    def _lock_number(self, row: Deployment) -> int:
        return self._locks.get((row.application, row.environment), (0, None))[0]

    # What must be so when the start is written

    def _judge(self, change: Reading, row: Deployment) -> None:
        book, asker = self.book, self.book.who_is[row.asked_by_id]
        is_rollback = row.purpose is Purpose.ROLLBACK
        assert row.state is State.RUNNING
        assert change.pause() is None, f"#{row.number} started while everything was paused"
        may = book.rollback if is_rollback else book.deploy
        assert asker in may, f"#{row.number} started though {asker} may not ask for it"
        assert self._passes_lock(change.berth(row.application, row.environment), row, asker)
        if not is_rollback:
            assert self._passes_freeze(row), f"#{row.number} started into a freeze"
            assert self._is_approved(row, asker), f"#{row.number} started without its approvals"
        self._is_told(change, row)

    def _breached(self, row: Deployment) -> list[_Breach]:
        return [one for one in self._breaches.get(row.id, ()) if one.who in self.book.override]

    def _passes_lock(self, berth: Berth, row: Deployment, asker: str) -> bool:
        lock = berth.lock
        if lock is None or (lock.until is not None and lock.until <= self._now()):
            return True
        if self.book.who_is[lock.by_id] == asker:
            return True
        return any(one.lock == self._lock_number(row) for one in self._breached(row))

    def _passes_freeze(self, row: Deployment) -> bool:
        if self.book.frozen is None or self.book.frozen[1] <= self._now():
            return True
        return any(one.freeze == self.book.frozen for one in self._breached(row))

    def _is_approved(self, row: Deployment, asker: str) -> bool:
        people = {self.book.who_is[one.by_id] for one in row.approvals if one.digest == row.digest}
        agreed = (people & self.book.approve) - {asker}
        if len(agreed) >= self.book.approvals:
            return True
        return any(one.approvals >= self.book.approvals for one in self._breached(row))

    def _is_told(self, change: Reading, row: Deployment) -> None:
        """Everybody can see that it started, who asked, who agreed and who overrode."""
        told = change.events(deployment=row.id, limit=1000)
        happened = [one.happening for one in told]
        assert isinstance(happened[0], DeploymentRequested)
        starts = [(one.attempt, one.fence) for one in happened if isinstance(one, DeploymentStarted)]
        assert starts[-1] == (row.attempt, row.fence), "a start that nobody can see"
        approved = [
            (one.by, one.happening.digest) for one in told if isinstance(one.happening, DeploymentApproved)
        ]
        assert {(one.by, one.digest) for one in row.approvals} <= set(approved)
        # When something newer went live, nobody has said yes to what is asked then.
        newer = [n for n, one in enumerate(happened) if _went_live_before(one)]
        overridden = [
            (one.by, one.happening.despite, one.happening.reason)
            for one in told[max(newer, default=0) :]
            if isinstance(one.happening, RulesOverridden)
        ]
        assert [(one.by, one.despite, one.reason) for one in row.overrides] == overridden


def _went_live_before(happening: Happening) -> bool:
    return isinstance(happening, ConfirmationWanted) and happening.because.code is Reason.NEWER_WENT_LIVE
