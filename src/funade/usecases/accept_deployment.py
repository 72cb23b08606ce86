"""Write a request down: from this transaction on it will reach an end that people see."""

from dataclasses import dataclass, replace
from datetime import datetime

from funade.domain.answers import Accepted, Answer, Refused, Waiting
from funade.domain.application import Environment
from funade.domain.approval import Override
from funade.domain.commands import Deploy, Retry, Rollback
from funade.domain.deployment import Deployment, Purpose, State
from funade.domain.environment import Hold
from funade.domain.events import AutomationHeld, DeploymentRequested, RulesOverridden, about
from funade.domain.gate import Request, name_of, obstacles, overridable
from funade.domain.people import Actor, Person
from funade.domain.reason import Reason, because
from funade.failpoints import effect
from funade.usecases.assemble_release import Assembled
from funade.usecases.explain_waiting import ExplainWaiting
from funade.usecases.ledger_ports import Ledger, Reading, Transaction
from funade.usecases.ports import Clock, Ids
from funade.usecases.rules import GatherRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks for what, through which door, under which request id."""

    actor: Actor
    person: Person
    request: str
    command: Deploy | Retry | Rollback
    purpose: Purpose = Purpose.DEPLOY
    of: int | None = None

    @property
    def reason(self) -> str | None:
        """Return why, as they said it."""
        return self.command.reason

    @property
    def force(self) -> bool:
        """Tell whether they go ahead despite what stands in the way."""
        return self.command.force


def asks_for(command: Deploy | Retry | Rollback, deployment: Deployment) -> bool:
    """Tell whether `deployment` may be what `command` asked for; what a command leaves open, anything may be."""
    if command.reason != deployment.reason:
        return False
    if isinstance(command, Retry):
        return deployment.purpose is Purpose.RETRY and deployment.of == command.number
    if (command.application, command.environment) != (deployment.application, deployment.environment):
        return False
    if isinstance(command, Deploy):
        return deployment.purpose is Purpose.DEPLOY and command.ref in (None, deployment.ref)
    return deployment.purpose is Purpose.ROLLBACK and command.to in (None, deployment.of)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptDeployment:
    """Store a deployment, its event and its announcement together; the same request id is accepted once."""

    ledger: Ledger
    clock: Clock
    ids: Ids
    rules: GatherRules
    explain: ExplainWaiting

    async def known(self, command: Deploy | Retry | Rollback, request: str) -> Answer | None:
        """Return the answer of a request that was accepted before, when its asker asks again.

        The id of a request that asked for something else is refused: its sender has mixed up two of them.
        """

        def look(ledger: Reading) -> Answer | None:
            found = ledger.answered(request)
            return None if found is None else self._again(command, found, ledger)

        return await self.ledger.read(look)

    def _again(self, command: Deploy | Retry | Rollback, found: Deployment, look: Reading) -> Answer:
        if not asks_for(command, found):
            return Refused(because=because(Reason.REQUEST_REUSED, number=found.number))
        return Accepted(deployment=found, waiting=self.explain(found, look))

    async def obstacles(self, assembled: Assembled, actor: Actor, purpose: Purpose) -> tuple[Waiting, ...]:
        """Return what would stand in the way if it were asked for now."""
        now, release = self.clock.now(), assembled.release
        request = Request(
            application=release.application,
            environment=release.environment,
            purpose=purpose,
            asked_by=actor.name,
            asked_by_id=actor.id,
            asked_at=now,
        )

        def look(ledger: Reading) -> tuple[Waiting, ...]:
            berth = ledger.berth(release.application, release.environment)
            return obstacles(request, self.rules.around_request(request, berth, ledger, now))

        return await self.ledger.read(look)

    async def __call__(self, assembled: Assembled, environment: Environment, asked: Asked) -> Answer:
        """Return Accepted once the request is on the disk."""
        with effect("store.accept"):
            return await self.ledger.change(lambda change: self._write(change, assembled, environment, asked))

    def _write(
        self, change: Transaction, assembled: Assembled, environment: Environment, asked: Asked
    ) -> Answer:
        known = change.answered(asked.request)
        if known is not None:
            return self._again(asked.command, known, change)
        release = assembled.release
        berth = change.lock_berth(release.application, release.environment)
        now = self.clock.now()
        request = Request(
            application=release.application,
            environment=release.environment,
            purpose=asked.purpose,
            asked_by=asked.person.name,
            asked_by_id=asked.actor.id,
            asked_at=now,
        )
        in_the_way = obstacles(request, self.rules.around_request(request, berth, change, now))
        override = self._override(in_the_way, asked, now)
        rest = [one for one in in_the_way if override is None or name_of(one) not in override.covers]
        # What is there at the request refuses it; what comes later makes it wait. Approvals can only come later.
        refused = next((one for one in rest if one.because.code is not Reason.AWAITING_APPROVAL), None)
        if refused is not None:
            return Refused(because=refused.because)
        deployment = Deployment(
            id=self.ids.new(),
            number=change.next_number(),
            state=State.AWAITING_APPROVAL if rest else State.QUEUED,
            overrides=(override,) if override else (),
            purpose=asked.purpose,
            release=release,
            plan=assembled.plan,
            digest=assembled.digest,
            ref=assembled.ref,
            asked_by=asked.person.name,
            asked_by_id=asked.actor.id,
            door=asked.actor.door,
            asked_at=now,
            due_at=now + environment.waits_at_most,
            reason=asked.reason,
            of=asked.of,
            preview=assembled.preview,
        )
        change.add_deployment(deployment, asked.request)
        requested = DeploymentRequested(
            ref=assembled.ref,
            revision=release.revision,
            digest=assembled.digest,
            purpose=asked.purpose,
            of=asked.of,
            reason=asked.reason,
        )
        change.record(about(deployment, requested, asked.person.name, now))
        if override is not None:
            overridden = RulesOverridden(despite=override.despite, reason=override.reason)
            change.record(about(deployment, overridden, asked.person.name, now))
        if asked.purpose is Purpose.ROLLBACK:
            self._hold_automation(change, deployment, asked.person.name)
        return Accepted(deployment=deployment, waiting=self.explain(deployment, change))

    def _override(self, in_the_way: tuple[Waiting, ...], asked: Asked, now: datetime) -> Override | None:
        """Return what `force` goes ahead despite; the desk has asked for the right and the reason."""
        reached = overridable(in_the_way)
        if not asked.force or not reached:
            return None
        return Override(
            by=asked.person.name,
            by_id=asked.actor.id,
            at=now,
            reason=asked.reason or "",
            despite=tuple(one.because.code.value for one in reached),
            covers=tuple(name_of(one) for one in reached),
        )

    def _hold_automation(self, change: Transaction, deployment: Deployment, by: str) -> None:
        berth = change.lock_berth(deployment.application, deployment.environment)
        hold = Hold(number=deployment.number, since=deployment.asked_at, by=by)
        change.save_berth(replace(berth, hold=hold))
        change.record(about(deployment, AutomationHeld(number=deployment.number), by, deployment.asked_at))
