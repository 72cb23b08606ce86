"""What nobody looks after any more: obligations that are still owed, doubts that a place can settle."""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from funade.domain.deployment import Deployment
from funade.domain.environment import Doubt
from funade.domain.errors import TargetError
from funade.domain.events import EnvironmentClosed, EnvironmentReopened, Event, about
from funade.domain.orders import Standing
from funade.failpoints import effect
from funade.usecases.carry_out_deployment import execution_of
from funade.usecases.ledger_ports import Ledger, Obligation, Reading, Transaction
from funade.usecases.ports import Clock, Lease, Targets, Workspaces
from funade.usecases.start_attempt import WORKSPACE, is_elsewhere

SETTLED = frozenset({Standing.ENDED, Standing.LOST, Standing.SEALED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Undo what is owed by nobody living; ask the places of closed environments again."""

    ledger: Ledger
    targets: Targets
    workspaces: Workspaces
    lease: Lease
    clock: Clock

    async def __call__(self) -> None:
        """Sweep once; what cannot be done now is kept, with its problem shown."""
        await self._undo()
        await self._close_around_unreadable()
        await self._settle_doubts()

    async def _undo(self) -> None:
        # Folders first: whoever begins after this look is not met, because the ledger is read later.
        there = frozenset(await self.workspaces.leftovers(frozenset()))
        may_live, owed = await self.ledger.read(lambda look: (_may_live(look), look.obligations()))
        for obligation in owed:
            if obligation.deployment not in may_live and not is_elsewhere(obligation, self.lease):
                await self._undo_one(obligation)
        for folder in await self.workspaces.leftovers(may_live):
            if folder in there:
                self.lease.check()
                # What cannot be removed is met again, and keeps nothing else from being swept.
                with suppress(OSError):
                    await self.workspaces.remove(folder)

    async def _undo_one(self, obligation: Obligation) -> None:
        self.lease.check()
        try:
            if obligation.kind != WORKSPACE:
                return
            await self.workspaces.remove(Path(obligation.data.get("folder", "")))
        except OSError as error:
            problem = str(error)
            if problem != obligation.problem:
                with effect("store.complain"):
                    await self.ledger.change(
                        lambda change: change.complain_of_obligation(obligation.id, problem)
                    )
            return
        with effect("store.settle_obligation"):
            await self.ledger.change(lambda change: change.settle_obligation(obligation.id))

    async def _close_around_unreadable(self) -> None:
        """Close environments whose turn belongs to a deployment that cannot be read any more."""

        def work(change: Transaction) -> None:
            for one in change.berths():
                if one.turn is None or change.deployment_by_id(one.turn) is not None:
                    continue
                if one.turn not in {item.key for item in change.quarantined()}:
                    continue
                berth = change.lock_berth(one.application, one.environment)
                problem = "the record of the deployment that had the turn cannot be read"
                now = self.clock.now()
                doubt = Doubt(number=change.number_of(one.turn) or 0, since=now, problem=problem)
                change.save_berth(replace(berth, turn=None, doubt=doubt))
                change.record(
                    Event(
                        at=now,
                        by=self.lease.process,
                        application=one.application,
                        environment=one.environment,
                        happening=EnvironmentClosed(problem=problem),
                    )
                )

        with effect("store.close_unreadable"):
            await self.ledger.change(work)

    async def _settle_doubts(self) -> None:
        berths = await self.ledger.read(lambda look: [one for one in look.berths() if one.doubt is not None])
        for berth in berths:
            number = berth.doubt.number if berth.doubt else 0
            deployment = await self.ledger.read(lambda look, number=number: look.deployment(number))  # type: ignore[misc]  # bound early on purpose
            if deployment is None or deployment.machine not in (None, self.lease.machine):
                continue
            try:
                place = self.targets.open(deployment.release).place
                self.lease.check()
                sighting = await place.look(execution_of(deployment))
                if sighting.standing in (Standing.UNSEEN, Standing.INTENDED):
                    sighting = await place.cancel(execution_of(deployment))
            except TargetError:
                continue
            if sighting.standing in SETTLED:
                with effect("store.reopen"):
                    await self.ledger.change(
                        lambda change, deployment=deployment: self._reopen(change, deployment)  # type: ignore[misc]  # bound early on purpose
                    )

    def _reopen(self, change: Transaction, deployment: Deployment) -> None:
        berth = change.lock_berth(deployment.application, deployment.environment)
        if berth.doubt is None or berth.doubt.number != deployment.number:
            return
        change.save_berth(replace(berth, doubt=None))
        event = about(deployment, EnvironmentReopened(), self.lease.process, self.clock.now())
        change.record(event)


def _may_live(look: Reading) -> frozenset[str]:
    """Return the deployments of which something may still run: not at their end, or ended in doubt."""
    doubted = {one.doubt.number for one in look.berths() if one.doubt is not None}
    ids = {one.deployment for one in look.obligations() if look.number_of(one.deployment) in doubted}
    return look.unended_ids() | ids
