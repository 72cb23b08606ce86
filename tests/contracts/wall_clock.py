"""A slow calendar that looks at the wall clock in every minute, to compare the quick one with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a cron expression as it is written, and the numbers that it stands for."""

    text: str
    numbers: frozenset[int]


@dataclass(frozen=True, slots=True)
class Window:
    """A freeze whose expression needs no parser."""

    fields: tuple[Field, Field, Field, Field, Field]
    zone: str
    minutes: int

    @property
    def cron(self) -> str:
        return " ".join(field.text for field in self.fields)

    def matches(self, clock: datetime) -> bool:
        minute, hour, day, month, weekday = self.fields
        by_date = clock.day in day.numbers
        by_weekday = clock.isoweekday() in weekday.numbers or clock.isoweekday() % 7 in weekday.numbers
        both = "*" in (day.text[0], weekday.text[0])
        return (
            clock.minute in minute.numbers
            and clock.hour in hour.numbers
            and clock.month in month.numbers
            and (by_date and by_weekday if both else by_date or by_weekday)
        )

    def openings(self, start: datetime, days: int) -> Iterator[int]:
        """Yield the minutes since `start` at which Debian's cron would begin a job."""
        follows_the_clock = "*" in (self.fields[0].text[0], self.fields[1].text[0])
        latest = clocks(self.zone, start, days)[0]
        for number, (before, clock) in enumerate(pairwise(clocks(self.zone, start, days)), 1):
            latest = max(latest, before)
            skipped = [] if follows_the_clock else between(before, clock)
            seen = not follows_the_clock and clock <= latest
            if any(map(self.matches, skipped)) or (self.matches(clock) and not seen):
                yield number


def between(before: datetime, clock: datetime) -> list[datetime]:
    """Return the minutes that no clock showed."""
    return [before + MINUTE * step for step in range(1, (clock - before) // MINUTE)]


@cache
def clocks(zone: str, start: datetime, days: int) -> Sequence[datetime]:
    """Return what the clock on the wall says, minute by minute."""
    return [
        (start + MINUTE * number).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        for number in range(days * 24 * 60)
    ]


def frozen_minutes(windows: Sequence[Window], start: datetime, days: int) -> list[bool]:
    """Return for each minute since `start` whether a window is open."""
    frozen = [False] * (days * 24 * 60)
    for window in windows:
        for number in window.openings(start.astimezone(UTC), days):
            for minute in range(number, min(number + window.minutes, len(frozen))):
                frozen[minute] = True
    return frozen
