"""Show one deployment, and why it does not move (`why`, `show`)."""

from dataclasses import dataclass, replace

from funade.domain.answers import Answer, DeploymentShown, Refused
from funade.domain.commands import ShowDeployment, Why
from funade.domain.deployment import Deployment
from funade.domain.reason import Reason, because
from funade.usecases.explain_waiting import ExplainWaiting
from funade.usecases.ports import Ledger, Links, Logs, Reading

EVENTS_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowOneDeployment:
    """Everything about one deployment, its number known or not."""

    ledger: Ledger
    logs: Logs
    explain: ExplainWaiting
    links: Links

    async def __call__(self, command: ShowDeployment | Why) -> Answer:
        """Return it with its reasons and events, or Refused when there is no such deployment."""

        def look(ledger: Reading) -> Answer:
            found = self._find(ledger, command)
            if found is None:
                return Refused(because=because(Reason.UNKNOWN_DEPLOYMENT, number=command.number))
            return DeploymentShown(
                deployment=found,
                waiting=self.explain(found, ledger),
                events=tuple(ledger.events(deployment=found.id, limit=EVENTS_SHOWN)),
                log_length=self.logs.length(found.id, found.attempt) if found.attempt else 0,
            )

        shown = await self.ledger.read(look)
        if isinstance(shown, DeploymentShown) and isinstance(command, ShowDeployment) and command.link:
            return replace(shown, link=self.links.link_to(shown.deployment))
        return shown

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
