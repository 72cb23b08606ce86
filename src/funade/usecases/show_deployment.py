"""Show one deployment, and why it does not move (`why`, `show`)."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

from funade.domain.answers import Answer, DeploymentShown, Refused
from funade.domain.application import Configuration
from funade.domain.commands import ShowDeployment, ShowStatus, Why
from funade.domain.deployment import Deployment
from funade.domain.events import Event, RequestRefused
from funade.domain.reason import Reason, because
from funade.usecases.explain_waiting import ExplainWaiting
from funade.usecases.ledger_ports import Ledger, Reading
from funade.usecases.ports import Links, Logs
from funade.usecases.show_status import ShowEverything

EVENTS_SHOWN = 100
LONGEST_PATIENCE = timedelta(seconds=1)  #: whoever asks for more asks again


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowOneDeployment:
    """Everything about one deployment, its number known or not."""

    ledger: Ledger
    logs: Logs
    explain: ExplainWaiting
    status: ShowEverything
    links: Links

    async def __call__(self, command: ShowDeployment | Why, configuration: Configuration) -> Answer:
        """Return it with its reasons and events, or Refused when there is no such deployment.

        Where nothing was ever deployed but something was refused, that is the answer to `why`.
        """

        if isinstance(command, ShowDeployment) and command.patience is not None:
            await self._wait_for_news(command, min(command.patience, LONGEST_PATIENCE))

        def look(ledger: Reading) -> Answer:
            found = self._find(ledger, command)
            refusal = _last_refusal(ledger, command)
            if found is None and refusal is not None and isinstance(command, Why):
                place = ShowStatus(application=command.application, environment=command.environment)
                return replace(self.status.look(ledger, place, configuration), refusal=refusal)
            if found is None:
                return Refused(because=because(Reason.UNKNOWN_DEPLOYMENT, number=command.number))
            shown = DeploymentShown(
                deployment=found,
                waiting=self.explain(found, ledger),
                events=tuple(ledger.events(deployment=found.id, limit=EVENTS_SHOWN)),
                log_length=self.logs.length(found.id, found.attempt) if found.attempt else 0,
            )
            return self._with_surroundings(shown, refusal, command, configuration)

        shown = await self.ledger.read(look)
        if isinstance(shown, DeploymentShown) and isinstance(command, ShowDeployment) and command.link:
            return replace(shown, link=self.links.link_to(shown.deployment))
        return shown

    async def _wait_for_news(self, command: ShowDeployment, patience: timedelta) -> None:
        """Return once something has happened that the asker has not seen, or when its patience is over."""
        now = asyncio.get_running_loop().time
        until = now() + patience.total_seconds()
        generation = await self.ledger.wait_for_change(-1, 0.0)
        while (left := until - now()) > 0 and not await self.ledger.read(
            lambda ledger: _has_news(ledger, command)
        ):
            generation = await self.ledger.wait_for_change(generation, left)

    def _with_surroundings(
        self,
        shown: DeploymentShown,
        refusal: Event | None,
        command: ShowDeployment | Why,
        configuration: Configuration,
    ) -> Answer:
        """Return it with what was refused since, and the freezes, where somebody asks about a place."""
        told = shown.events[-1 if shown.deployment.has_ended else 0 :]
        if refusal is not None and all(one.sequence < refusal.sequence for one in told[:1]):
            shown = replace(shown, refusal=refusal)
        if not isinstance(command, Why) or command.application is None:
            return shown
        application = configuration.applications.get(shown.deployment.application)
        environment = application.environments.get(shown.deployment.environment) if application else None
        freezes, now = environment.freezes if environment else (), self.status.clock.now()
        return replace(
            shown,
            frozen=self.status.calendar.frozen(freezes, now),
            next_freeze=self.status.calendar.next_freeze(freezes, now),
        )

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


def _has_news(ledger: Reading, command: ShowDeployment) -> bool:
    found = ledger.deployment(command.number)
    if found is None or found.has_ended:
        return True
    newest = ledger.events(deployment=found.id, limit=1, newest_first=True)
    return any(one.sequence > command.seen for one in newest)


def _last_refusal(ledger: Reading, command: ShowDeployment | Why) -> Event | None:
    """Return what was refused last where somebody asks why; one that names a number asks about that alone."""
    if not isinstance(command, Why) or command.number is not None:
        return None
    latest = ledger.events(
        application=command.application,
        environment=command.environment,
        limit=EVENTS_SHOWN,
        newest_first=True,
    )
    return next((one for one in latest if isinstance(one.happening, RequestRefused)), None)
