"""Write a refusal into the history, but not so many that whoever is refused could fill the store."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from funade.domain.deployment import Deployment
from funade.domain.events import Event, RequestRefused, about
from funade.domain.people import Actor, Person
from funade.failpoints import effect
from funade.usecases.ledger_ports import Ledger, Transaction
from funade.usecases.ports import Clock

#: So many refusals of one person are written down in one span; the next one that is says how many were not.
MOST = 30
SPAN = timedelta(minutes=10)
#: Everybody whom nobody knows: names are free, so all of them share what one person has.
STRANGERS = ""


@dataclass(slots=True)
class _Heard:
    """What one person was refused in the span that began at `since`."""

    since: float
    written: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefusal:
    """Keeps count in memory: a new process begins anew, and those who ask cannot make one."""

    ledger: Ledger
    clock: Clock
    _heard: dict[str, _Heard] = field(default_factory=dict)

    async def __call__(
        self,
        told: RequestRefused,
        about_what: Deployment | tuple[str, str],
        actor: Actor,
        person: Person | None,
    ) -> None:
        """Record that somebody was refused, `person` None for a stranger; beyond the bound, only count."""
        heard = self._current(person.name if person else STRANGERS)
        if heard.written >= MOST:
            heard.left_out += 1
            return
        heard.written += 1
        left_out, heard.left_out = heard.left_out, 0
        if left_out:
            detail = {**told.because.detail, "unrecorded": left_out}
            told = replace(told, because=replace(told.because, detail=detail))
        by = person.name if person else actor.id

        def work(change: Transaction) -> None:
            # Taken in the transaction: the order of history and its times agree.
            change.record(_event(told, about_what, by, self.clock.now()))

        with effect("store.refuse"):
            await self.ledger.change(work)

    def _current(self, who: str) -> _Heard:
        now = self.clock.steady()
        heard = self._heard.setdefault(who, _Heard(now))
        if now - heard.since >= SPAN.total_seconds():
            heard.since, heard.written = now, 0
        return heard


def _event(told: RequestRefused, about_what: Deployment | tuple[str, str], by: str, now: datetime) -> Event:
    if isinstance(about_what, Deployment):
        return about(about_what, told, by, now)
    application, environment = about_what
    return Event(at=now, by=by, application=application, environment=environment, happening=told)
