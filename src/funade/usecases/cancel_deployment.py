"""Wish a deployment to stop, or say yes to one that asks."""

from dataclasses import dataclass, replace

from funade.domain.answers import Accepted, Answer, Refused
from funade.domain.commands import Approve, Cancel
from funade.domain.deployment import State, Wish
from funade.domain.events import CancelAsked, DeploymentApproved, about
from funade.domain.people import Person
from funade.domain.reason import Reason, because
from funade.failpoints import effect
from funade.usecases.locking import lock
from funade.usecases.ports import Clock, Ledger, Transaction
from funade.usecases.show_deployment import waiting_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelDeployment:
    """The verb behind `cancel`: a wish in the row. The place decides what it still can mean."""

    ledger: Ledger
    clock: Clock

    async def __call__(self, command: Cancel, person: Person) -> Answer:
        """Return the deployment with the wish in it, or Refused when it has ended."""
        with effect("store.cancel"):
            return await self.ledger.change(lambda change: self._write(change, command, person))

    def _write(self, change: Transaction, command: Cancel, person: Person) -> Answer:
        now = self.clock.now()
        locked = lock(change, change.deployment(command.number))
        if locked is None:
            return Refused(because=because(Reason.UNKNOWN_DEPLOYMENT, number=command.number))
        found, _ = locked
        if found.has_ended:
            return Refused(because=because(Reason.ALREADY_ENDED, number=found.number, state=found.state))
        if found.wish is None:
            found = replace(found, wish=Wish(by=person.name, at=now, reason=command.reason))
            change.wish(found)
            change.record(about(found, CancelAsked(reason=command.reason), person.name, now))
        return Accepted(deployment=found, waiting=waiting_of(found, change, now))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveDeployment:
    """The verb behind `approve`: what was asked anew may go on; it binds to the deployment's digest."""

    ledger: Ledger
    clock: Clock

    async def __call__(self, command: Approve, person: Person) -> Answer:
        """Return the deployment back in the queue, or Refused when it does not wait for anybody."""
        with effect("store.approve"):
            return await self.ledger.change(lambda change: self._write(change, command, person))

    def _write(self, change: Transaction, command: Approve, person: Person) -> Answer:
        now = self.clock.now()
        locked = lock(change, change.deployment(command.number))
        if locked is None:
            return Refused(because=because(Reason.UNKNOWN_DEPLOYMENT, number=command.number))
        found, berth = locked
        if found.state is not State.AWAITING_APPROVAL:
            return Refused(because=because(Reason.NOT_WAITING, number=found.number, state=found.state))
        approved = found.advance(State.QUEUED, because(Reason.AWAITING_TURN), now)
        approved = replace(approved, because=None, confirmed_live=berth.live)
        change.save_deployment(approved)
        change.record(about(approved, DeploymentApproved(digest=approved.digest), person.name, now))
        return Accepted(deployment=approved, waiting=waiting_of(approved, change, now))
