"""One process at a time does what must not be done by two; whoever is alive takes over from the dead."""

from dataclasses import dataclass

from funade.failpoints import effect
from funade.usecases.living import Living
from funade.usecases.ports import Lease, Ledger

DUTIES = "slack_duties"


@dataclass(kw_only=True)
class Role:
    """The role of looking after what is due."""

    ledger: Ledger
    lease: Lease
    living: Living

    async def hold(self) -> bool:
        """Tell whether this process has it now."""
        process = self.lease.process
        if not process:
            return False
        self.lease.check()
        holder, processes = await self.ledger.read(lambda look: (look.role(DUTIES), look.processes()))
        alive = self.living.among(processes)
        if holder == process or holder in alive:
            return holder == process
        dead = frozenset(one.id for one in processes) - alive
        with effect("store.take_duties"):
            return await self.ledger.change(lambda change: change.take_role(DUTIES, process, dead))
