"""Say what has happened: one process at a time, from the ledger's outbox, rendered at the moment it is said."""

from dataclasses import dataclass

from funade.domain.deployment import Deployment
from funade.failpoints import effect
from funade.usecases.ledger_ports import Announcement, Ledger, Reading
from funade.usecases.living import Living
from funade.usecases.ports import Announcer, Lease
from funade.usecases.role import Role

BATCH = 50
ROLE = "announcer"
#: Whoever saw that another living process has the role leaves it alone for so long: there is much to be said.
LEFT_SECONDS = 0.5


@dataclass(slots=True, kw_only=True)
class Announce:
    """Empties the outbox, oldest first; what was said but not settled is looked for by its key, never said twice."""

    ledger: Ledger
    announcer: Announcer
    lease: Lease
    living: Living
    left_seconds: float = LEFT_SECONDS
    _left_until: float = 0.0

    async def __call__(self) -> bool:
        """Say one batch; tell whether there may be more. Whoever does not hold the role says nothing."""
        if self.living.clock.steady() < self._left_until:
            return False
        batch = await self.ledger.read(self._look)
        if batch is None:
            if not await self._hold_role():
                return False
            batch = await self.ledger.read(self._look) or []
        if not batch:
            return False
        self.lease.check()
        with effect("announce.say"):
            await self.announcer.announce(batch)
        with effect("store.settle_announcements"):
            await self.ledger.change(
                lambda change: change.settle_announcements([one.key for one, _ in batch])
            )
        return len(batch) == BATCH

    def _look(self, look: Reading) -> list[tuple[Announcement, Deployment | None]] | None:
        """Return what is to be said, beside its row as it is now; None where somebody else might have to say it."""
        if look.role(ROLE) == self.lease.process:
            said = look.announcements(BATCH)
            about = {one.event.deployment for one in said} - {None}
            rows = {id: look.deployment_by_id(id) for id in about if id is not None}
            return [(one, rows.get(one.event.deployment or "")) for one in said]
        return None if look.announcements(1) else []

    async def _hold_role(self) -> bool:
        role = Role(name=ROLE, ledger=self.ledger, lease=self.lease, living=self.living)
        holds = await role.hold(self._take)
        if not holds:
            self._left_until = self.living.clock.steady() + self.left_seconds
        return holds

    async def _take(self, process: str, dead: frozenset[str]) -> bool:
        with effect("store.take_role"):
            return await self.ledger.change(lambda change: change.take_role(ROLE, process, dead))
