"""Show one deployment, and why it does not move (`why`, `show`)."""

from dataclasses import dataclass
from datetime import datetime

from funade.domain.answers import Answer, DeploymentShown, Refused, Waiting
from funade.domain.commands import ShowDeployment, Why
from funade.domain.deployment import Deployment
from funade.domain.reason import Reason, because
from funade.domain.turns import ahead_of
from funade.domain.waiting import Surroundings, explain
from funade.usecases.living import Living
from funade.usecases.ports import Clock, Ledger, Logs, Reading

EVENTS_SHOWN = 100


def waiting_of(
    deployment: Deployment, look: Reading, now: datetime, living: Living | None = None
) -> tuple[Waiting, ...]:
    """Return what `deployment` waits for; whoever asks is alive, so without `living` every process counts as alive."""
    berth = look.berth(deployment.application, deployment.environment)
    entries = look.entries(deployment.application, deployment.environment)
    processes = look.processes()
    alive = living.among(processes) if living else frozenset(one.id for one in processes)
    around = Surroundings(
        berth=berth, ahead=ahead_of(deployment.number, entries, berth.turn), alive=alive, now=now
    )
    return explain(deployment, around)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowOneDeployment:
    """Everything about one deployment, its number known or not."""

    ledger: Ledger
    logs: Logs
    living: Living
    clock: Clock

    async def __call__(self, command: ShowDeployment | Why) -> Answer:
        """Return it with its reasons and events, or Refused when there is no such deployment."""
        now = self.clock.now()

        def look(ledger: Reading) -> Answer:
            found = self._find(ledger, command)
            if found is None:
                return Refused(because=because(Reason.UNKNOWN_DEPLOYMENT, number=command.number))
            return DeploymentShown(
                deployment=found,
                waiting=waiting_of(found, ledger, now, self.living),
                events=tuple(ledger.events(deployment=found.id, limit=EVENTS_SHOWN)),
                log_length=self.logs.length(found.id, found.attempt) if found.attempt else 0,
            )

        return await self.ledger.read(look)

    def _find(self, ledger: Reading, command: ShowDeployment | Why) -> Deployment | None:
        if isinstance(command, ShowDeployment):
            return ledger.deployment(command.number)
        if command.number is not None:
            return ledger.deployment(command.number)
        unended = ledger.unended(command.application, command.environment)
        if unended:
            return unended[-1]
        ended = ledger.ended(command.application, command.environment, limit=1)
        return ended[0] if ended else None
