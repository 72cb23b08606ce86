"""Say yes or no to a deployment that waits for people, or let it go ahead despite what stands in its way."""

from dataclasses import dataclass, replace
from datetime import datetime

from funade.domain.answers import Accepted, Answer, Refused
from funade.domain.application import Application
from funade.domain.approval import Approval
from funade.domain.approval import Override as Overriding
from funade.domain.commands import Approve, Override, Reject
from funade.domain.deployment import Deployment, Purpose, State
from funade.domain.environment import Berth
from funade.domain.errors import SourceError
from funade.domain.events import (
    DeploymentApproved,
    DeploymentFinished,
    DeploymentRejected,
    RulesOverridden,
    about,
)
from funade.domain.gate import ABSOLUTE
from funade.domain.people import Actor, Person
from funade.domain.reason import Because, Reason, because
from funade.failpoints import effect
from funade.usecases.explain_waiting import ExplainWaiting
from funade.usecases.locking import lock
from funade.usecases.ports import Clock, Ledger, Sources, Transaction
from funade.usecases.rules import GatherRules

#: So many digits of a revision name it beyond doubt when somebody approves what was requested.
DIGITS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideDeployment:
    """The verbs behind `approve`, `reject` and `override`."""

    ledger: Ledger
    sources: Sources
    clock: Clock
    rules: GatherRules
    explain: ExplainWaiting

    async def __call__(
        self,
        command: Approve | Reject | Override,
        application: Application | None,
        actor: Actor,
        person: Person,
    ) -> Answer:
        """Return the deployment as it is now, or Refused."""
        if isinstance(command, Approve):
            moved = await self._moved(command, application)
            if moved is not None:
                return Refused(because=moved)

        def work(change: Transaction) -> Answer:
            locked = lock(change, change.deployment(command.number))
            if locked is None:
                return Refused(because=because(Reason.UNKNOWN_DEPLOYMENT, number=command.number))
            found, berth = locked
            if isinstance(command, Approve):
                decided = self._approve(change, found, berth, command, actor, person)
            elif isinstance(command, Reject):
                decided = self._reject(change, found, berth, command, person)
            else:
                decided = self._override(change, found, berth, command, actor, person)
            if isinstance(decided, Because):
                return Refused(because=decided)
            return Accepted(deployment=decided, waiting=self.explain(decided, change))

        with effect("store.decide"):
            return await self.ledger.change(work)

    async def _moved(self, command: Approve, application: Application | None) -> Because | None:
        """Return that the branch has moved since the request, unless what was requested is named; unknown means no."""
        found = await self.ledger.read(lambda look: look.deployment(command.number))
        if found is None or application is None or found.purpose is Purpose.ROLLBACK:
            return None
        if command.revision is not None:
            named = len(command.revision) >= DIGITS and found.revision.startswith(command.revision.lower())
            return None if named else self._ref_moved(found, command.revision)
        try:
            now = await self.sources.resolve(application.repository, found.ref)
        except SourceError as error:
            return because(Reason.SOURCE_UNREACHABLE, application=application.name, problem=str(error))
        return None if now == found.revision else self._ref_moved(found, now)

    def _ref_moved(self, found: Deployment, now: str) -> Because:
        return because(
            Reason.REF_MOVED, number=found.number, ref=found.ref, requested=found.revision, now=now
        )

    def _approve(  # noqa: PLR0913, PLR0917 - one decision, told whole
        self,
        change: Transaction,
        found: Deployment,
        berth: Berth,
        command: Approve,
        actor: Actor,
        person: Person,
    ) -> Deployment | Because:
        if found.state is not State.AWAITING_APPROVAL:
            return because(Reason.NOT_WAITING, number=found.number, state=found.state)
        needed = self.rules.needed(found)
        if needed and person.name == found.asked_by:
            return because(Reason.OWN_DEPLOYMENT, number=found.number)
        if needed and person.name in {one.by for one in self.rules.given(found)}:
            return because(Reason.ALREADY_APPROVED, number=found.number)
        now = self.clock.now()
        approval = Approval(
            by=person.name, by_id=actor.id, at=now, digest=found.digest, reason=command.reason
        )
        approved = replace(found, approvals=(*found.approvals, approval))
        if len(self.rules.given(approved)) >= needed:
            approved = self._let_go_on(approved, berth, now)
        change.save_deployment(approved)
        change.record(about(approved, DeploymentApproved(digest=approved.digest), person.name, now))
        return approved

    def _let_go_on(self, deployment: Deployment, berth: Berth, now: datetime) -> Deployment:
        """Put it into the queue; whoever let it go on was shown what is live now."""
        queued = deployment.advance(State.QUEUED, because(Reason.AWAITING_TURN), now)
        return replace(queued, because=None, confirmed_live=berth.live)

    def _reject(
        self, change: Transaction, found: Deployment, berth: Berth, command: Reject, person: Person
    ) -> Deployment | Because:
        if found.state not in (State.AWAITING_APPROVAL, State.QUEUED):
            return because(Reason.NOT_WAITING, number=found.number, state=found.state)
        now = self.clock.now()
        reason = because(Reason.REJECTED, by=person.name, reason=command.reason)
        rejected = found.advance(State.CANCELLED, reason, now)
        change.save_deployment(rejected)
        if berth.turn == found.id:
            change.save_berth(replace(berth, turn=None))
        change.record(about(rejected, DeploymentRejected(reason=command.reason), person.name, now))
        finished = DeploymentFinished(state=State.CANCELLED, because=reason, verified=False)
        change.record(about(rejected, finished, person.name, now))
        return rejected

    def _override(  # noqa: PLR0913, PLR0917 - as above
        self,
        change: Transaction,
        found: Deployment,
        berth: Berth,
        command: Override,
        actor: Actor,
        person: Person,
    ) -> Deployment | Because:
        if found.state not in (State.AWAITING_APPROVAL, State.QUEUED):
            return because(Reason.NOT_WAITING, number=found.number, state=found.state)
        now = self.clock.now()
        in_the_way = self.rules.obstacles(found, berth, change, now)
        despite = tuple(one.because.code.value for one in in_the_way if one.because.code not in ABSOLUTE)
        if not despite:
            return because(Reason.NOTHING_TO_OVERRIDE, number=found.number)
        before = found.override.despite if found.override else ()
        reason = command.reason or ""
        overriding = Overriding(
            by=person.name, by_id=actor.id, at=now, reason=reason, despite=(*before, *despite)
        )
        overridden = replace(found, override=overriding)
        if found.state is State.AWAITING_APPROVAL:
            overridden = self._let_go_on(overridden, berth, now)
        change.save_deployment(overridden)
        change.record(about(overridden, RulesOverridden(despite=despite, reason=reason), person.name, now))
        return overridden
