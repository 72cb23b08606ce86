"""Say yes or no to a deployment that waits for people, or let it go ahead despite what stands in its way."""

from dataclasses import dataclass, replace
from datetime import datetime

from funade.domain.answers import Accepted, Answer, Refused
from funade.domain.application import Application
from funade.domain.approval import Approval
from funade.domain.approval import Override as Overriding
from funade.domain.commands import Approve, Override, Reject
from funade.domain.deployment import Deployment, State
from funade.domain.environment import Berth
from funade.domain.events import (
    DeploymentApproved,
    DeploymentFinished,
    DeploymentRejected,
    RulesOverridden,
    about,
)
from funade.domain.gate import lacks_approval, name_of, obstacles, overridable, request_of
from funade.domain.people import Actor, Person
from funade.domain.reason import Because, Reason, because
from funade.failpoints import effect
from funade.usecases.assemble_release import resolve
from funade.usecases.explain_waiting import ExplainWaiting
from funade.usecases.ledger_ports import Ledger, Reading, Transaction
from funade.usecases.locking import lock
from funade.usecases.ports import Clock, Sources
from funade.usecases.rules import GatherRules

#: So many digits of a revision name it beyond doubt when somebody approves what was requested.
DIGITS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """Who decides, as the desk found them."""

    actor: Actor
    person: Person


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
        decider: Decider,
    ) -> Answer:
        """Return the deployment as it is now, or Refused."""
        if isinstance(command, Approve):
            no = await self._look_before(command, application, decider)
            if no is not None:
                return Refused(because=no)

        def work(change: Transaction) -> Answer:
            locked = lock(change, change.deployment(command.number))
            if locked is None:
                return Refused(because=because(Reason.UNKNOWN_DEPLOYMENT, number=command.number))
            decided = self._decide(change, *locked, command, decider)
            if isinstance(decided, Because):
                return Refused(because=decided)
            return Accepted(deployment=decided, waiting=self.explain(decided, change))

        with effect("store.decide"):
            return await self.ledger.change(work)

    def _decide(
        self,
        change: Transaction,
        found: Deployment,
        berth: Berth,
        command: Approve | Reject | Override,
        decider: Decider,
    ) -> Deployment | Because:
        if isinstance(command, Approve):
            return self._approve(change, found, berth, command, decider)
        if found.state not in (State.AWAITING_APPROVAL, State.QUEUED):
            return because(Reason.NOT_WAITING, number=found.number, state=found.state)
        if isinstance(command, Reject):
            return self._reject(change, found, berth, command, decider)
        return self._override(change, found, berth, command, decider)

    # Yes

    async def _look_before(
        self, command: Approve, application: Application | None, decider: Decider
    ) -> Because | None:
        """Return why a yes would be refused, the branch's having moved among it; unknown means no.

        The branch may move after this look, as it may a moment after the yes. It makes no difference to what runs:
        that is the revision in the row, whose digest the approval names. The look is for people, who may not know.
        """

        def look(ledger: Reading) -> Deployment | Because | None:
            found = ledger.deployment(command.number)
            if found is None:
                return None
            berth = ledger.berth(found.application, found.environment)
            return self._no(found, berth, ledger, decider.person) or found

        found = await self.ledger.read(look)
        if isinstance(found, Because):
            return found
        if found is None or application is None:
            return None
        given = (command.revision or "").lower()
        if len(given) >= DIGITS and found.revision.startswith(given):
            return None
        now = await resolve(self.sources, application, found.ref)
        if isinstance(now, Because):
            return now
        if now != found.revision:
            return because(
                Reason.REF_MOVED, number=found.number, ref=found.ref, requested=found.revision, now=now
            )
        if given:
            return because(
                Reason.UNKNOWN_REF, application=application.name, ref=command.revision, near=[found.revision]
            )
        return None

    def _no(self, found: Deployment, berth: Berth, look: Reading, person: Person) -> Because | None:
        """Return why this person's yes does not count."""
        rules = self.rules.around(found, berth, look, self.clock.now())
        # Whoever approved it may have lost the right since, and it has not been asked for anew yet.
        asks = found.state is State.QUEUED and lacks_approval(obstacles(request_of(found), rules))
        if found.state is not State.AWAITING_APPROVAL and not asks:
            return because(Reason.NOT_WAITING, number=found.number, state=found.state)
        if rules.needed and found.asked_by_id in person.ids:
            return because(Reason.OWN_DEPLOYMENT, number=found.number)
        if rules.needed and any(one.by_id in person.ids for one in rules.given):
            return because(Reason.ALREADY_APPROVED, number=found.number)
        return None

    def _approve(
        self, change: Transaction, found: Deployment, berth: Berth, command: Approve, decider: Decider
    ) -> Deployment | Because:
        no = self._no(found, berth, change, decider.person)
        if no is not None:
            return no
        now, by = self.clock.now(), decider.person.name
        approval = Approval(by=by, by_id=decider.actor.id, at=now, digest=found.digest, reason=command.reason)
        approved = replace(found, approvals=(*found.approvals, approval))
        if approved.state is State.AWAITING_APPROVAL and not lacks_approval(
            self.rules.obstacles(approved, berth, change, now)
        ):
            approved = _let_go_on(approved, berth, now)
        change.save_deployment(approved)
        happening = DeploymentApproved(digest=approved.digest, reason=command.reason)
        change.record(about(approved, happening, by, now))
        return approved

    # No

    def _reject(
        self, change: Transaction, found: Deployment, berth: Berth, command: Reject, decider: Decider
    ) -> Deployment | Because:
        now, by = self.clock.now(), decider.person.name
        reason = because(Reason.REJECTED, by=by, reason=command.reason)
        rejected = found.advance(State.CANCELLED, reason, now)
        change.save_deployment(rejected)
        if berth.turn == found.id:
            change.save_berth(replace(berth, turn=None))
        change.record(about(rejected, DeploymentRejected(reason=command.reason), by, now))
        finished = DeploymentFinished(state=State.CANCELLED, because=reason, verified=False)
        change.record(about(rejected, finished, by, now))
        return rejected

    # Despite everything

    def _override(
        self, change: Transaction, found: Deployment, berth: Berth, command: Override, decider: Decider
    ) -> Deployment | Because:
        now, by = self.clock.now(), decider.person.name
        reached = overridable(self.rules.obstacles(found, berth, change, now))
        despite = tuple(one.because.code.value for one in reached)
        if found.asks_anew:
            despite = (Reason.NEWER_WENT_LIVE.value, *despite)
        if not despite:
            return because(Reason.NOTHING_TO_OVERRIDE, number=found.number)
        overriding = Overriding(
            by=by,
            by_id=decider.actor.id,
            at=now,
            reason=command.reason or "",
            despite=despite,
            covers=tuple(name_of(one) for one in reached),
        )
        overridden = replace(found, overrides=(*found.overrides, overriding))
        if found.state is State.AWAITING_APPROVAL:
            overridden = _let_go_on(overridden, berth, now)
        change.save_deployment(overridden)
        happening = RulesOverridden(despite=despite, reason=overriding.reason)
        change.record(about(overridden, happening, by, now))
        return overridden


def _let_go_on(deployment: Deployment, berth: Berth, now: datetime) -> Deployment:
    """Return it in the queue; whoever let it go on was shown what is live now."""
    queued = deployment.advance(State.QUEUED, because(Reason.AWAITING_TURN), now)
    return replace(queued, because=None, confirmed_live=berth.live)
