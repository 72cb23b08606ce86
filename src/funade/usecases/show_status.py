"""Show what is live where, and what is wrong with Funade itself."""

from contextlib import suppress
from dataclasses import dataclass

from funade.domain.answers import Answer, EnvironmentShown, StatusShown
from funade.domain.application import Configuration, Environment
from funade.domain.commands import ShowStatus
from funade.domain.deployment import State
from funade.domain.errors import UnreadableRecord
from funade.domain.people import Right
from funade.usecases.living import Living
from funade.usecases.ports import Calendar, Clock, Ledger, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowEverything:
    """The verb behind `status`."""

    ledger: Ledger
    living: Living
    calendar: Calendar
    clock: Clock

    async def __call__(self, command: ShowStatus, configuration: Configuration) -> Answer:
        """Return every environment of the configuration that was asked for."""
        return await self.ledger.read(lambda look: self.look(look, command, configuration))

    def look(self, look: Reading, command: ShowStatus, configuration: Configuration) -> StatusShown:
        """Return it from one look at the ledger."""
        shown = []
        for application in configuration.applications.values():
            if command.application not in (None, application.name):
                continue
            for environment in application.environments.values():
                if command.environment not in (None, environment.name):
                    continue
                # One whose record cannot be read is shown among what was set aside.
                with suppress(UnreadableRecord):
                    shown.append(self._environment(look, application.name, environment))
        processes = look.processes()
        alive = self.living.among(processes)
        return StatusShown(
            environments=tuple(shown),
            processes=tuple(one.shown(alive=one.id in alive) for one in processes),
            quarantined=tuple(look.quarantined()),
            pause=look.pause(),
            configuration_problem=configuration.problem,
            obligations=len(look.obligations()),
        )

    def _environment(self, look: Reading, application: str, environment: Environment) -> EnvironmentShown:
        name, now = environment.name, self.clock.now()
        unended = look.unended(application, name)
        ended = look.ended(application, name, limit=1)
        running = next((one for one in unended if one.state is State.RUNNING), None)
        return EnvironmentShown(
            berth=look.berth(application, name),
            kind=environment.target.kind,
            running=running,
            waiting=tuple(one for one in unended if one is not running),
            last=ended[0] if ended else None,
            approvers=tuple(environment.rights.get(Right.APPROVE, ())) if environment.approvals else (),
            frozen=self.calendar.frozen(environment.freezes, now),
            next_freeze=self.calendar.next_freeze(environment.freezes, now),
        )
