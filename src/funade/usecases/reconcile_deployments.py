"""Look at everything that is not at its end, and say what may happen now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from funade.domain.deployment import State
from funade.domain.environment import Berth
from funade.domain.turns import Moves, next_moves
from funade.usecases.living import Living
from funade.usecases.ports import Clock, Entry, Lease, Ledger, Reading
from funade.usecases.rules import GatherRules


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileDeployments:
    """One look at the ledger; what follows from it is data."""

    ledger: Ledger
    living: Living
    lease: Lease
    clock: Clock
    rules: GatherRules

    async def __call__(self, busy: frozenset[str]) -> Moves:
        """Return what this process may take on or end now; `busy` are the deployments it is already at."""
        return await self.ledger.read(lambda look: self._look(look, busy))

    def _look(self, look: Reading, busy: frozenset[str]) -> Moves:
        entries = look.entries()
        if not entries:
            return Moves()
        berths = look.berths()
        processes = look.processes()
        alive = self.living.among(processes)
        # Whoever owns something and is not registered has been declared dead before; our own is ours to go on with.
        orphaned = frozenset(one.owner for one in entries if one.owner) - alive | {self.lease.process}
        now = self.clock.now()
        moves = next_moves(
            entries,
            turns={(one.application, one.environment): one.turn for one in berths if one.turn is not None},
            closed={(one.application, one.environment) for one in berths if one.doubt is not None},
            orphaned=orphaned,
            blocked=self._blocked(look, entries, berths, now),
            now=now,
        )
        return Moves(
            take=tuple(one for one in moves.take if one not in busy),
            end=tuple(one for one in moves.end if one not in busy),
        )

    def _blocked(
        self, look: Reading, entries: Sequence[Entry], berths: Sequence[Berth], now: datetime
    ) -> frozenset[str]:
        """Return those in the queue that a rule keeps waiting."""
        places = {(one.application, one.environment): one for one in berths}
        blocked = set()
        for entry in entries:
            place = places.get((entry.application, entry.environment))
            if entry.state is not State.QUEUED or place is None:
                continue
            deployment = look.deployment_by_id(entry.id)
            if deployment is None or self.rules.obstacles(deployment, place, look, now):
                blocked.add(entry.id)
        return frozenset(blocked)
