"""Look at everything that is not at its end, and say what may happen now."""

from collections.abc import Sequence
from dataclasses import dataclass

from funade.domain.deployment import Phase
from funade.domain.turns import Moves, next_moves
from funade.usecases.ledger_ports import Entry, Ledger, Process, Reading
from funade.usecases.living import Living
from funade.usecases.ports import Clock, Lease
from funade.usecases.reach import Reach
from funade.usecases.rules import GatherRules
from funade.usecases.shares import Shares, share_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileDeployments:
    """One look at the ledger; what follows from it is data."""

    ledger: Ledger
    living: Living
    reach: Reach
    lease: Lease
    clock: Clock
    rules: GatherRules
    shares: Shares

    async def __call__(self, busy: frozenset[str]) -> Moves:
        """Return what this process may take on or end now; `busy` are the deployments it is already at."""
        return await self.ledger.read(lambda look: self._look(look, busy))

    def _look(self, look: Reading, busy: frozenset[str]) -> Moves:
        entries = look.entries()
        if not entries:
            self.shares.keep(())
            return Moves()
        berths = look.berths()
        processes = look.processes()
        alive = self.living.among(processes)
        # Whoever owns something and is not registered has been declared dead before; our own is ours to go on with.
        orphaned = frozenset(one.owner for one in entries if one.owner) - alive | {self.lease.process}
        now = self.clock.now()
        places = {(one.application, one.environment): one for one in berths}

        by_id = {one.id: one for one in entries}
        share = self.shares.look(share_of(self.lease.process, alive, places))

        def is_blocked(id: str) -> bool:
            if share.is_left((by_id[id].application, by_id[id].environment)):
                return True
            deployment = look.deployment_by_id(id)
            if deployment is None:
                return True
            berth = places.get((deployment.application, deployment.environment))
            return berth is None or bool(self.rules.obstacles(deployment, berth, look, now))

        moves = next_moves(
            entries,
            turns={(one.application, one.environment): one.turn for one in berths if one.turn is not None},
            closed={(one.application, one.environment) for one in berths if one.doubt is not None},
            orphaned=orphaned,
            is_blocked=is_blocked,
            now=now,
        )
        share.end()
        return Moves(
            take=tuple(
                one
                for one in moves.take
                if one not in busy and self._is_in_reach(by_id[one], look, processes)
            ),
            end=tuple(one for one in moves.end if one not in busy),
        )

    def _is_in_reach(self, entry: Entry, look: Reading, processes: Sequence[Process]) -> bool:
        if entry.machine in (None, self.lease.machine) or entry.phase is not Phase.EXECUTING:
            return True
        deployment = look.deployment_by_id(entry.id)
        return deployment is not None and self.reach.covers(deployment, processes)
