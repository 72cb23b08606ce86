"""Open an environment that is in doubt; let automatic deploys go on after a rollback."""

from dataclasses import dataclass, replace

from funade.domain.answers import Answer, Changed, Refused
from funade.domain.commands import Reopen, Resume
from funade.domain.environment import Berth
from funade.domain.events import AutomationResumed, EnvironmentReopened, Event, Happening
from funade.domain.people import Person
from funade.domain.reason import Reason, because
from funade.failpoints import effect
from funade.usecases.ports import Clock, Ledger, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEnvironment:
    """The verbs behind `reopen` and `resume`."""

    ledger: Ledger
    clock: Clock

    async def __call__(self, command: Reopen | Resume, person: Person) -> Answer:
        """Return the environment as it is now, or Refused when there was nothing to open or to resume."""
        work = self._reopen if isinstance(command, Reopen) else self._resume
        with effect("store.change_environment"):
            return await self.ledger.change(lambda change: work(change, command, person))

    def _reopen(self, change: Transaction, command: Reopen | Resume, person: Person) -> Answer:
        berth = change.lock_berth(command.application, command.environment)
        if berth.doubt is None:
            return self._refuse(Reason.NOT_IN_DOUBT, command)
        # One that can be read has ended by now; one that cannot ends by this word.
        change.write_off(berth.doubt.number)
        happening = EnvironmentReopened(reason=command.reason)
        return self._save(change, replace(berth, doubt=None), happening, person)

    def _resume(self, change: Transaction, command: Reopen | Resume, person: Person) -> Answer:
        berth = change.lock_berth(command.application, command.environment)
        if berth.hold is None:
            return self._refuse(Reason.NOT_HELD, command)
        happening = AutomationResumed(reason=command.reason)
        return self._save(change, replace(berth, hold=None), happening, person)

    def _refuse(self, reason: Reason, command: Reopen | Resume) -> Answer:
        return Refused(
            because=because(reason, application=command.application, environment=command.environment)
        )

    def _save(self, change: Transaction, berth: Berth, happening: Happening, person: Person) -> Answer:
        change.save_berth(berth)
        event = Event(
            at=self.clock.now(),
            by=person.name,
            application=berth.application,
            environment=berth.environment,
            happening=happening,
        )
        change.record(event)
        return Changed(berth=berth)
