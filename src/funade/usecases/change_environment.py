"""Lock and unlock an environment, open one that is in doubt, hold and resume its automatic deploys."""

from dataclasses import dataclass, replace
from datetime import datetime

from funade.domain.answers import Answer, Changed, Refused
from funade.domain.commands import Hold, Lock, Reopen, Resume, Unlock
from funade.domain.durations import LONGEST
from funade.domain.environment import Berth
from funade.domain.environment import Hold as Held
from funade.domain.events import (
    AutomationHeld,
    AutomationResumed,
    EnvironmentReopened,
    Event,
    Happening,
    LockReleased,
    LockTaken,
)
from funade.domain.lock import Lock as Locked
from funade.domain.people import Actor, Person
from funade.domain.reason import Because, Reason, because
from funade.failpoints import effect
from funade.usecases.ledger_ports import Ledger, Transaction
from funade.usecases.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnout:
    """What became of an environment, and what is told of it."""

    berth: Berth
    happening: Happening
    stolen_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEnvironment:
    """The verbs behind `lock`, `unlock`, `reopen`, `hold` and `resume`."""

    ledger: Ledger
    clock: Clock

    async def __call__(
        self, command: Lock | Unlock | Reopen | Hold | Resume, actor: Actor, person: Person
    ) -> Answer:
        """Return the environment as it is now, or Refused when there was nothing to change."""
        with effect("store.change_environment"):
            return await self.ledger.change(lambda change: self._write(change, command, actor, person))

    def _write(
        self,
        change: Transaction,
        command: Lock | Unlock | Reopen | Hold | Resume,
        actor: Actor,
        person: Person,
    ) -> Answer:
        now = self.clock.now()
        berth = change.lock_berth(command.application, command.environment)
        turnout = _decide(command, berth, actor, person, now)
        if isinstance(turnout, Because):
            return Refused(because=turnout)
        if isinstance(command, Reopen) and berth.doubt is not None:
            # One that can be read has ended by now; one that cannot ends by this word.
            change.write_off(berth.doubt.number)
        change.save_berth(turnout.berth)
        event = Event(
            at=now,
            by=person.name,
            application=berth.application,
            environment=berth.environment,
            happening=turnout.happening,
        )
        change.record(event)
        return Changed(berth=turnout.berth, stolen_from=turnout.stolen_from)


def _decide(
    command: Lock | Unlock | Reopen | Hold | Resume, berth: Berth, actor: Actor, person: Person, now: datetime
) -> Turnout | Because:
    match command:
        case Lock():
            return _lock(command, berth, actor, person, now)
        case Unlock():
            return _unlock(command, berth, person, now)
        case Reopen():
            if berth.doubt is None:
                return _nothing(Reason.NOT_IN_DOUBT, berth)
            return Turnout(
                berth=replace(berth, doubt=None), happening=EnvironmentReopened(reason=command.reason)
            )
        case Hold():
            if berth.hold is not None:
                return _nothing(Reason.ALREADY_HELD, berth)
            held = Held(since=now, by=person.name, reason=command.reason)
            return Turnout(berth=replace(berth, hold=held), happening=AutomationHeld(reason=command.reason))
        case Resume():
            if berth.hold is None:
                return _nothing(Reason.NOT_HELD, berth)
            return Turnout(
                berth=replace(berth, hold=None), happening=AutomationResumed(reason=command.reason)
            )


def _lock(command: Lock, berth: Berth, actor: Actor, person: Person, now: datetime) -> Turnout | Because:
    before = berth.lock if berth.lock is not None and berth.lock.keeps_out(person.ids, now) else None
    if before is not None and not command.steal:
        return _locked(Reason.LOCKED, berth, before)
    until = None if command.lasts is None else now + min(command.lasts, LONGEST)
    lock = Locked(by=person.name, by_id=actor.id, reason=command.reason or "", since=now, until=until)
    stolen_from = before.by if before else None
    taken = LockTaken(reason=lock.reason, until=until, stolen_from=stolen_from)
    return Turnout(berth=replace(berth, lock=lock), happening=taken, stolen_from=stolen_from)


def _unlock(command: Unlock, berth: Berth, person: Person, now: datetime) -> Turnout | Because:
    lock = berth.lock
    if lock is None or not lock.holds(now):
        return _nothing(Reason.NOT_LOCKED, berth)
    if lock.keeps_out(person.ids, now) and not command.force:
        return _locked(Reason.LOCKED_BY_ANOTHER, berth, lock)
    released = LockReleased(of=lock.by, reason=command.reason)
    return Turnout(berth=replace(berth, lock=None), happening=released)


def _locked(reason: Reason, berth: Berth, lock: Locked) -> Because:
    return because(
        reason,
        application=berth.application,
        environment=berth.environment,
        by=lock.by,
        reason=lock.reason,
        until=lock.until.isoformat() if lock.until else None,
    )


def _nothing(reason: Reason, berth: Berth) -> Because:
    return because(reason, application=berth.application, environment=berth.environment)
