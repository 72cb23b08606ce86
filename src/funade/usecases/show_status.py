"""Show what is live where, and what is wrong with Funade itself."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from funade.domain.answers import Answer, EnvironmentShown, QueueShown, StatusShown, SystemShown
from funade.domain.application import Configuration, Environment
from funade.domain.commands import ShowStatus
from funade.domain.deployment import State
from funade.domain.errors import UnreadableRecord
from funade.domain.people import Right
from funade.usecases.announce import ROLE
from funade.usecases.ledger_ports import Ledger, Reading
from funade.usecases.living import Living
from funade.usecases.ports import Calendar, Clock

#: Whoever is further behind is behind enough.
UNSAID_COUNTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowEverything:
    """The verb behind `status`."""

    ledger: Ledger
    living: Living
    calendar: Calendar
    clock: Clock
    queues: Callable[[], Sequence[QueueShown]] = field(default=tuple)

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
            obligations=_left_behind(look),
            system=self._system(look),
            queues=tuple(self.queues()),
        )

    def _system(self, look: Reading) -> SystemShown:
        entries, unsaid = look.entries(), look.announcements(UNSAID_COUNTED)
        queued = [one for one in entries if one.state is State.QUEUED]
        oldest = look.deployment_by_id(queued[0].id) if queued else None
        looked_after: dict[str, tuple[int, ...]] = {}
        for one in entries:
            if one.owner is not None:
                looked_after[one.owner] = (*looked_after.get(one.owner, ()), one.number)
        return SystemShown(
            store=self.ledger.id,
            running=sum(one.state is State.RUNNING for one in entries),
            queued=len(queued),
            asking=sum(one.state is State.AWAITING_APPROVAL for one in entries),
            unsaid=len(unsaid),
            oldest_queued=oldest.asked_at if oldest else None,
            oldest_unsaid=unsaid[0].event.at if unsaid else None,
            announcer=look.role(ROLE),
            looked_after=looked_after,
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


def _left_behind(look: Reading) -> int:
    """Count what is owed by deployments that have ended: one that goes on will see to its own."""
    owed = look.obligations()
    going_on = look.unended_ids() if owed else frozenset()
    return sum(one.deployment not in going_on for one in owed)
