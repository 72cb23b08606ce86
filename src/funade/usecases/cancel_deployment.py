"""Wish a deployment to stop."""

from dataclasses import dataclass, replace

from funade.domain.answers import Accepted, Answer, Refused
from funade.domain.commands import Cancel
from funade.domain.deployment import Wish
from funade.domain.events import CancelAsked, about
from funade.domain.people import Person
from funade.domain.reason import Reason, because
from funade.failpoints import effect
from funade.usecases.explain_waiting import ExplainWaiting
from funade.usecases.ledger_ports import Ledger, Transaction
from funade.usecases.locking import lock
from funade.usecases.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelDeployment:
    """The verb behind `cancel`: a wish in the row. The place decides what it still can mean."""

    ledger: Ledger
    clock: Clock
    explain: ExplainWaiting

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
        return Accepted(deployment=found, waiting=self.explain(found, change))
