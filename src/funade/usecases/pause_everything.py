"""Stop everything at once, everywhere, and let it go on."""

from dataclasses import dataclass

from funade.domain.answers import Answer, PauseChanged, Refused
from funade.domain.commands import PauseAll, ResumeAll
from funade.domain.events import Event, EverythingPaused, EverythingResumed, Happening
from funade.domain.lock import Pause
from funade.domain.people import Person
from funade.domain.reason import Reason, because
from funade.failpoints import effect
from funade.usecases.ledger_ports import Ledger, Transaction
from funade.usecases.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseEverything:
    """The verbs behind `pause all` and `resume all`. What runs goes on; nothing more is started."""

    ledger: Ledger
    clock: Clock

    async def __call__(self, command: PauseAll | ResumeAll, person: Person) -> Answer:
        """Return whether everything is paused now, or Refused when it was so already."""

        def work(change: Transaction) -> Answer:
            now = self.clock.now()
            before = change.pause()
            happening: Happening
            if isinstance(command, PauseAll):
                if before is not None:
                    already = because(Reason.ALREADY_PAUSED, by=before.by, reason=before.reason)
                    return Refused(because=already)
                pause = Pause(by=person.name, since=now, reason=command.reason)
                happening = EverythingPaused(reason=command.reason)
            else:
                if before is None:
                    return Refused(because=because(Reason.NOT_PAUSED))
                pause, happening = None, EverythingResumed(reason=command.reason)
            change.save_pause(pause)
            event = Event(at=now, by=person.name, application="", environment="", happening=happening)
            change.record(event)
            return PauseChanged(pause=pause)

        with effect("store.pause"):
            return await self.ledger.change(work)
