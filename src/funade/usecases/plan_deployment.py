"""Show what a deploy would do, as data, and do nothing."""

from dataclasses import dataclass

from funade.domain.answers import Answer, Planned, Refused
from funade.domain.application import Application, Environment
from funade.domain.commands import PlanDeployment
from funade.domain.deployment import Purpose
from funade.domain.people import Actor
from funade.domain.reason import Because
from funade.usecases.accept_deployment import AcceptDeployment
from funade.usecases.assemble_release import AssembleRelease


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPlan:
    """The verb behind `plan`."""

    assemble: AssembleRelease
    accept: AcceptDeployment

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
            in_the_way=await self.accept.obstacles(assembled, actor, Purpose.DEPLOY),
        )
