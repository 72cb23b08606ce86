"""Tell people of messages that nobody could deal with: once, until they are gone; of more of them a day later."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from funade.domain.answers import QueueShown
from funade.domain.errors import QueueError
from funade.domain.events import DeadLettersFound, Event
from funade.failpoints import effect
from funade.usecases.fact_ports import LettersTold
from funade.usecases.ledger_ports import Ledger, Transaction
from funade.usecases.ports import Clock
from funade.usecases.queue_ports import Exchange, QueuePlace

#: Where more come while nobody sorts them, people hear of it again this much later.
AGAIN = timedelta(days=1)
LOOKED_AT = 20
MOST_PROBLEMS = 3
#: To say what was wrong is worth so much waiting, and no more.
WITHIN = timedelta(seconds=15)
#: Who says it: nobody has asked.
BY = "funade"
#: what a queue for dead letters holds that several queues share
BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What lies in a queue's queue for dead letters; without one, `refused` says what came and could not stay."""

    place: QueuePlace
    shown: QueueShown
    used_by: tuple[str, ...]
    refused: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """Return how many messages nobody could deal with."""
        return len(self.refused) if self.shown.dead_letters is None else self.shown.dead_letters

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing lies there."""
        return self.shown.dead_letters == 0

    def and_of(self, other: "Found") -> "Found":
        """Return the same of two queues that share their queue for dead letters."""
        holds = self.shown.holds if self.shown.holds == other.shown.holds else BOTH
        return replace(
            self,
            shown=replace(self.shown, holds=holds),
            used_by=tuple(dict.fromkeys((*self.used_by, *other.used_by))),
            refused=(*self.refused, *other.refused),
        )


@dataclass(slots=True, kw_only=True)
class TellDeadLetters:
    """Any number of processes may look: the store decides whose word it is."""

    ledger: Ledger
    exchange: Exchange
    clock: Clock

    async def __call__(self, place: str, found: Found, *, is_gone: bool) -> None:
        """Record what was found at `place`, if people do not know it; `is_gone`: nothing is there for sure."""
        told = await self.ledger.read(lambda look: look.letters_told(place))
        after = _after(told, found.number, self.clock.now(), place, is_gone=is_gone)
        if after == told:
            return
        problems: tuple[str, ...] = ()
        if _is_news(told, after):
            problems = await self._problems(found)
        with effect("store.tell_letters"):
            await self.ledger.change(lambda change: self._write(change, told, after, found, problems))

    def _write(
        self,
        change: Transaction,
        before: LettersTold | None,
        after: LettersTold | None,
        found: Found,
        problems: tuple[str, ...],
    ) -> None:
        # Another process may have told it meanwhile.
        if not change.note_letters(before, after) or not _is_news(before, after):
            return
        happening = DeadLettersFound(
            queue=found.place.name,
            holds=found.shown.holds,
            number=found.number,
            used_by=found.used_by,
            problems=problems,
            is_kept=found.shown.dead_letters is not None,
        )
        application, environment = _place(found.used_by)
        change.record(
            Event(
                at=self.clock.now(),
                by=BY,
                application=application,
                environment=environment,
                happening=happening,
            )
        )

    async def _problems(self, found: Found) -> tuple[str, ...]:
        """Return what was wrong, each once; nothing where nobody has said so, or we may not look."""
        if found.shown.dead_letters is None:
            return _distinct(found.refused)
        try:
            async with asyncio.timeout(WITHIN.total_seconds()):
                letters = await self.exchange.dead_letters(found.place)
                seen = await letters.list(LOOKED_AT) if letters is not None else ()
        except (QueueError, TimeoutError):
            # Those who may not look into it can still count.
            return _distinct(found.refused)
        return _distinct([*(one.problem for one in seen if one.problem), *found.refused])


def name_of(place: QueuePlace) -> str:
    """Return a queue's address in one word."""
    return " ".join(one for one in place.address if one is not None)


def _after(
    told: LettersTold | None, number: int, now: datetime, place: str, *, is_gone: bool
) -> LettersTold | None:
    """Return what people have been told when this is over."""
    if number == 0:
        return None if is_gone else told
    if told is None or (number > told.number and now - told.at >= AGAIN):
        return LettersTold(queue=place, number=number, at=now)
    # Some were sorted: those that come after that are more.
    return replace(told, number=min(number, told.number))


def _is_news(before: LettersTold | None, after: LettersTold | None) -> bool:
    return after is not None and (before is None or after.at != before.at)


def _distinct(problems: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(problems))[:MOST_PROBLEMS]


def _place(used_by: Sequence[str]) -> tuple[str, str]:
    """Return the application and environment that an event about all of these is about, as far as they agree."""
    applications = {one.partition("/")[0] for one in used_by}
    if len(applications) != 1:
        return "", ""
    return applications.pop(), used_by[0].partition("/")[2] if len(used_by) == 1 else ""
