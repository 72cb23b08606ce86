"""Show what a deploy would do, as data, and do nothing."""

from dataclasses import dataclass

from funade.domain.answers import Answer, Planned, Refused
from funade.domain.application import Application, Environment
from funade.domain.commands import PlanDeployment
from funade.domain.reason import Because
from funade.usecases.assemble_release import AssembleRelease


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPlan:
    """The verb behind `plan`."""

    assemble: AssembleRelease

    async def __call__(
        self, command: PlanDeployment, application: Application, environment: Environment
    ) -> Answer:
        """Return the plan and its digest, or Refused."""
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
        )
