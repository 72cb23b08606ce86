"""Ask for a deployment: of a ref, again what another one wanted, or back to what was seen healthy."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from funade.domain import rollback
from funade.domain.answers import Answer, Planned, Refused
from funade.domain.application import Application, Environment
from funade.domain.commands import Deploy, Retry, Rollback
from funade.domain.deployment import Deployment, Purpose, State
from funade.domain.people import Actor, Person
from funade.domain.reason import Because, Reason, because
from funade.usecases.accept_deployment import AcceptDeployment, Asked
from funade.usecases.assemble_release import Assembled, AssembleRelease
from funade.usecases.ledger_ports import Ledger, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, as the desk found them, and under which request id."""

    actor: Actor
    person: Person
    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDeployment:
    """The verb behind `deploy`."""

    assemble: AssembleRelease
    accept: AcceptDeployment

    async def __call__(
        self, command: Deploy, application: Application, environment: Environment, asker: Asker
    ) -> Answer:
        """Return Accepted, or Refused: no such ref, or not the plan that was shown."""
        known = await self.accept.known(command, asker.request)
        if known is not None:
            return known
        assembled = await self.assemble(application, environment, command.ref)
        if isinstance(assembled, Because):
            return Refused(because=assembled)
        if command.digest is not None and command.digest != assembled.digest:
            return Refused(because=because(Reason.DIGEST_CHANGED, shown=command.digest, now=assembled.digest))
        asked = Asked(
            actor=asker.actor,
            person=asker.person,
            request=asker.request,
            command=command,
        )
        return await self.accept(assembled, environment, asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryDeployment:
    """The verb behind `retry`: the same revision, with the configuration of today."""

    assemble: AssembleRelease
    accept: AcceptDeployment

    async def __call__(
        self,
        command: Retry,
        before: Deployment,
        environment: Environment,
        asker: Asker,
        application: Application,
    ) -> Answer:
        """Return Accepted, or Refused when `before` is not at its end or has succeeded."""
        known = await self.accept.known(command, asker.request)
        if known is not None:
            return known
        if not before.has_ended:
            return Refused(because=because(Reason.NOT_ENDED, number=before.number, state=before.state))
        if before.state is State.SUCCEEDED:
            nothing = because(
                Reason.NOTHING_TO_RETRY,
                number=before.number,
                application=before.application,
                environment=before.environment,
                ref=before.revision,
            )
            return Refused(because=nothing)
        release = replace(
            before.release,
            repository=application.repository,
            target=environment.target,
            verify=environment.verify,
        )
        assembled = await self.assemble.plan(release, before.ref)
        if isinstance(assembled, Because):
            return Refused(because=assembled)
        asked = Asked(
            actor=asker.actor,
            person=asker.person,
            request=asker.request,
            purpose=Purpose.RETRY,
            of=before.number,
            command=command,
        )
        return await self.accept(assembled, environment, asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBack:
    """The verb behind `rollback`: a new deployment of an earlier release, never a special path."""

    ledger: Ledger
    assemble: AssembleRelease
    accept: AcceptDeployment

    async def __call__(
        self, command: Rollback, application: Application, environment: Environment, asker: Asker
    ) -> Answer:
        """Return Accepted, or Refused when nothing was ever seen healthy that could be put back."""
        known = await self.accept.known(command, asker.request)
        if known is not None:
            return known
        found = await self._assemble(command, application, environment)
        if isinstance(found, Because):
            return Refused(because=found)
        goal, assembled = found
        if command.digest is not None and command.digest != assembled.digest:
            return Refused(because=because(Reason.DIGEST_CHANGED, shown=command.digest, now=assembled.digest))
        asked = Asked(
            actor=asker.actor,
            person=asker.person,
            request=asker.request,
            purpose=Purpose.ROLLBACK,
            of=goal.number,
            command=command,
        )
        return await self.accept(assembled, environment, asked)

    async def preview(
        self, command: Rollback, application: Application, environment: Environment, actor: Actor
    ) -> Answer:
        """Return what it would do and what stands in its way, and do nothing; or Refused."""
        found = await self._assemble(command, application, environment)
        if isinstance(found, Because):
            return Refused(because=found)
        goal, assembled = found
        return Planned(
            application=application.name,
            environment=environment.name,
            ref=goal.ref,
            revision=assembled.release.revision,
            plan=assembled.plan,
            digest=assembled.digest,
            preview=assembled.preview,
            in_the_way=await self.accept.obstacles(assembled, actor, Purpose.ROLLBACK),
        )

    async def _assemble(
        self, command: Rollback, application: Application, environment: Environment
    ) -> tuple[Deployment, Assembled] | Because:
        """Return what to go back to with its plan of today, or why there is nothing."""
        goal = await self.ledger.read(lambda look: self._goal(look, command))
        if goal is None:
            if command.to is not None:
                return because(Reason.UNKNOWN_DEPLOYMENT, number=command.to)
            return because(
                Reason.NOTHING_VERIFIED, application=application.name, environment=environment.name
            )
        # Old revision, images and parameters; today's ways to the repository, to the place and to what runs there.
        release = replace(
            goal.release,
            repository=application.repository,
            target=self.assemble.targets.renew(goal.release, environment.target),
            verify=environment.verify,
        )
        assembled = await self.assemble.plan(release, goal.ref)
        return assembled if isinstance(assembled, Because) else (goal, assembled)

    def _goal(self, look: Reading, command: Rollback) -> Deployment | None:
        if command.to is None:
            return seen_healthy(look, command.application, command.environment)[1]
        wanted = look.deployment(command.to)
        if wanted is None or not wanted.verified:
            return None
        here = (wanted.application, wanted.environment) == (command.application, command.environment)
        return wanted if here else None


def seen_healthy(
    look: Reading, application: str, environment: str, at_least: int = 10
) -> tuple[Sequence[Deployment], Deployment | None]:
    """Return what was seen healthy, newest first, and what one usually goes back to, None where there is nothing.

    It looks further back as long as all of it is of the revision to leave.
    """
    started = look.last_started(application, environment)
    limit = at_least
    while True:
        verified = look.last_verified(application, environment, limit)
        goal = rollback.goal(verified, started)
        if goal is not None or len(verified) < limit:
            return verified, goal
        limit *= 10
