"""Say what has happened: one process at a time, from the ledger's outbox, rendered at the moment it is said."""

from dataclasses import dataclass

from funade.domain.deployment import Deployment
from funade.failpoints import effect
from funade.usecases.living import Living
from funade.usecases.ports import Announcement, Announcer, Lease, Ledger, Reading, Transaction

BATCH = 50
ROLE = "announcer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Empties the outbox, oldest first; what was said but not settled is looked for by its key, never said twice."""

    ledger: Ledger
    announcer: Announcer
    lease: Lease
    living: Living

    async def __call__(self) -> bool:
        """Say one batch; tell whether there may be more. Whoever does not hold the role says nothing."""
        batch = await self.ledger.read(self._look)
        if batch is None:
            if not await self._take_role():
                return False
            batch = await self.ledger.read(self._look) or []
        if not batch:
            return False
        self.lease.check()
        with effect("announce.say"):
            await self.announcer.announce(batch)
        with effect("store.settle_announcements"):
            await self.ledger.change(lambda change: self._settle(change, [one for one, _ in batch]))
        return len(batch) == BATCH

    def _look(self, look: Reading) -> list[tuple[Announcement, Deployment | None]] | None:
        """Return what is to be said, beside its row as it is now; None where somebody else might have to say it."""
        if look.role(ROLE) == self.lease.process:
            return [(one, self._row(look, one)) for one in look.announcements(BATCH)]
        return None if look.announcements(1) else []

    def _row(self, look: Reading, announcement: Announcement) -> Deployment | None:
        id = announcement.event.deployment
        return look.deployment_by_id(id) if id is not None else None

    def _settle(self, change: Transaction, said: list[Announcement]) -> None:
        for one in said:
            change.settle_announcement(one.key)

    async def _take_role(self) -> bool:
        process = self.lease.process
        holder, processes = await self.ledger.read(lambda look: (look.role(ROLE), look.processes()))
        alive = self.living.among(processes)
        if holder in alive:
            return False
        dead = frozenset(one.id for one in processes) - alive
        with effect("store.take_role"):
            return await self.ledger.change(lambda change: change.take_role(ROLE, process, dead))
