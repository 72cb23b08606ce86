"""Show what a deploy would do, as data, and do nothing."""

from dataclasses import dataclass

from funade.domain.answers import Answer, Planned, Refused, Waiting
from funade.domain.application import Application, Environment
from funade.domain.commands import PlanDeployment
from funade.domain.deployment import Purpose
from funade.domain.gate import Request, obstacles
from funade.domain.people import Actor
from funade.domain.reason import Because
from funade.usecases.assemble_release import Assembled, AssembleRelease
from funade.usecases.ports import Clock, Ledger, Reading
from funade.usecases.rules import GatherRules


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPlan:
    """The verb behind `plan`."""

    ledger: Ledger
    assemble: AssembleRelease
    rules: GatherRules
    clock: Clock

    async def __call__(
        self, command: PlanDeployment, application: Application, environment: Environment, actor: Actor
    ) -> Answer:
        """Return the plan, its digest and what stands in its way now, or Refused."""
        assembled = await self.assemble(application, environment, command.ref)
        if isinstance(assembled, Because):
            return Refused(because=assembled)
        return Planned(
            application=application.name,
            environment=environment.name,
            ref=assembled.ref,
            revision=assembled.release.revision,
            plan=assembled.plan,
            digest=assembled.digest,
            preview=assembled.preview,
            in_the_way=await self._in_the_way(assembled, actor),
        )

    async def _in_the_way(self, assembled: Assembled, actor: Actor) -> tuple[Waiting, ...]:
        now, release = self.clock.now(), assembled.release
        request = Request(
            application=release.application,
            environment=release.environment,
            purpose=Purpose.DEPLOY,
            asked_by=actor.name,
            asked_by_id=actor.id,
            asked_at=now,
        )

        def look(ledger: Reading) -> tuple[Waiting, ...]:
            berth = ledger.berth(release.application, release.environment)
            return obstacles(request, self.rules.around_request(request, berth, ledger, now))

        return await self.ledger.read(look)
