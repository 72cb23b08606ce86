"""One process at a time does what must not be done by two; whoever is alive takes over from the dead."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from funade.usecases.ledger_ports import Ledger
from funade.usecases.living import Living
from funade.usecases.ports import Lease

#: Stores that a process has the role if nobody or one of the dead had it, and whatever must be stored with that; tells
#: whether it has it now. Its failpoint is its own.
Take = Callable[[str, frozenset[str]], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role that one process of all has."""

    name: str
    ledger: Ledger
    lease: Lease
    living: Living

    async def hold(self, take: Take) -> bool:
        """Tell whether this process has it now; it is taken over unless somebody who lives has it."""
        return await self._hold(take, again=False)

    async def take_anew(self, take: Take) -> bool:
        """Do the same, but take it also where it is ours: what is stored with that is stored again."""
        return await self._hold(take, again=True)

    async def _hold(self, take: Take, *, again: bool) -> bool:
        process = self.lease.process
        if not process:
            return False
        self.lease.check()
        holder, processes = await self.ledger.read(lambda look: (look.role(self.name), look.processes()))
        if holder == process and not again:
            return True
        alive = self.living.among(processes)
        if holder != process and holder in alive:
            return False
        return await take(process, frozenset(one.id for one in processes) - alive)
