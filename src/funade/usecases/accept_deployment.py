"""Write a request down: from this transaction on it will reach an end that people see."""

from dataclasses import dataclass, replace

from funade.domain.answers import Accepted, Answer
from funade.domain.application import Environment
from funade.domain.deployment import Deployment, Purpose
from funade.domain.environment import Hold
from funade.domain.events import AutomationHeld, DeploymentRequested, about
from funade.domain.people import Actor, Person
from funade.failpoints import effect
from funade.usecases.assemble_release import Assembled
from funade.usecases.ports import Clock, Ids, Ledger, Reading, Transaction
from funade.usecases.show_deployment import waiting_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks for what, through which door, under which request id."""

    actor: Actor
    person: Person
    request: str
    purpose: Purpose = Purpose.DEPLOY
    of: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptDeployment:
    """Store a deployment, its event and its announcement together; the same request id is accepted once."""

    ledger: Ledger
    clock: Clock
    ids: Ids

    async def known(self, request: str) -> Answer | None:
        """Return the answer of a request that was accepted before, when its asker asks again."""
        now = self.clock.now()

        def look(ledger: Reading) -> Answer | None:
            found = ledger.answered(request)
            if found is None:
                return None
            return Accepted(deployment=found, waiting=waiting_of(found, ledger, now))

        return await self.ledger.read(look)

    async def __call__(self, assembled: Assembled, environment: Environment, asked: Asked) -> Answer:
        """Return Accepted once the request is on the disk."""
        with effect("store.accept"):
            return await self.ledger.change(lambda change: self._write(change, assembled, environment, asked))

    def _write(
        self, change: Transaction, assembled: Assembled, environment: Environment, asked: Asked
    ) -> Answer:
        now = self.clock.now()
        known = change.answered(asked.request)
        if known is not None:
            return Accepted(deployment=known, waiting=waiting_of(known, change, now))
        release = assembled.release
        change.lock_berth(release.application, release.environment)
        deployment = Deployment(
            id=self.ids.new(),
            number=change.next_number(),
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
        if asked.purpose is Purpose.ROLLBACK:
            self._hold_automation(change, deployment, asked.person.name)
        return Accepted(deployment=deployment, waiting=waiting_of(deployment, change, now))

    def _hold_automation(self, change: Transaction, deployment: Deployment, by: str) -> None:
        berth = change.lock_berth(deployment.application, deployment.environment)
        hold = Hold(number=deployment.number, since=deployment.asked_at, by=by)
        change.save_berth(replace(berth, hold=hold))
        change.record(about(deployment, AutomationHeld(number=deployment.number), by, deployment.asked_at))
