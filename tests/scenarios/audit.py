"""A ledger that looks over the shoulder of a process: whoever was struck off changes nothing."""

from collections.abc import Callable
from typing import TypeVar

from funade.domain.deployment import Deployment
from funade.runner.lease import Heart
from funade.store.sqlite import SqliteLedger
from funade.usecases.ledger_ports import Reading, Transaction

T = TypeVar("T")


class AuditedLedger:
    """The Ledger port for one process."""

    def __init__(self, ledger: SqliteLedger, heart: Heart) -> None:
        self._ledger, self._heart = ledger, heart
        self.id = ledger.id

    async def read(self, work: Callable[[Reading], T]) -> T:
        return await self._ledger.read(work)

    async def change(self, work: Callable[[Transaction], T]) -> T:
        return await self._ledger.change(lambda change: self._audited(change, work))

    async def wait_for_change(self, since: int, seconds: float) -> int:
        return await self._ledger.wait_for_change(since, seconds)

    def _audited(self, change: Transaction, work: Callable[[Transaction], T]) -> T:
        before = {one.id: one for one in change.unended()}
        struck_off = self._heart.process not in {one.id for one in change.processes()}
        fences = {(one.application, one.environment): one.fence for one in change.berths()}
        result = work(change)
        for id, row in before.items():
            after = change.deployment_by_id(id)
            assert after is not None, "a deployment vanished"
            if struck_off and after != row:
                assert self._anybody_may(row, after), f"a dead process moved #{row.number}"
        for one in change.berths():
            assert one.fence >= fences.get((one.application, one.environment), 0), "a fence fell"
        return result

    def _anybody_may(self, row: Deployment, after: Deployment) -> bool:
        """Doors stay open without a lease: people may ask, wish and approve; and what waits may be ended by anybody."""
        return not after.was_started or (row.owner, row.epoch, row.state) == (
            after.owner,
            after.epoch,
            after.state,
        )
