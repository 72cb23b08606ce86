"""How the authors of changes are told what became of them, and when: in nobody's quiet hours."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

_CLOCK = r"([01][0-9]|2[0-3]):([0-5][0-9])"
CLOCK = re.compile(_CLOCK)
QUIET = re.compile(f"{_CLOCK}-{_CLOCK}")


class Telling(StrEnum):
    """Where an author hears of their changes."""

    THREAD = "thread"  #: in the thread of the deployment's card
    DIRECT = "direct"  #: by a message of their own
    DIGEST = "digest"  #: once a day, all at once
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """The hours of each day in which nobody is told anything; they may pass midnight."""

    begins: time
    ends: time

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}-{self.ends:%H:%M}"

    def holds(self, at: time) -> bool:
        """Tell whether it is quiet at that time of a day."""
        if self.begins < self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How somebody is told; `time_zone` is the team's, without it everybody has their own."""

    telling: Telling = Telling.THREAD
    quiet: Quiet | None = None
    digest_at: time = time(9)
    time_zone: str | None = None

    def due(self, at: datetime, zone: tzinfo) -> datetime:
        """Return when somebody in `zone` is told what happened at that moment."""
        when = at.astimezone(zone)
        if self.telling is Telling.DIGEST:
            when = _next(when, self.digest_at, zone)
        if self.quiet is not None and self.quiet.holds(when.timetz().replace(tzinfo=None)):
            when = _next(when, self.quiet.ends, zone)
        return max(at, when.astimezone(UTC))

    def is_quiet(self, at: datetime, zone: tzinfo) -> bool:
        """Tell whether it is quiet for somebody in `zone`."""
        return self.quiet is not None and self.quiet.holds(at.astimezone(zone).timetz().replace(tzinfo=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """What one person wants for themselves; what is None is as the team has it.

    `quiet` is `22:00-07:00`, or empty for somebody who wants to be told at any time.
    """

    person: str
    telling: Telling | None = None
    quiet: str | None = None

    def over(self, team: Manner) -> Manner:
        """Return how this person is told in a team that has that manner."""
        manner = team if self.telling is None else replace(team, telling=self.telling)
        return manner if self.quiet is None else replace(manner, quiet=read_quiet(self.quiet))


def read_clock(text: str) -> time | None:
    """Return the time of day that `09:00` names."""
    found = CLOCK.fullmatch(text)
    return None if found is None else time(int(found[1]), int(found[2]))


def read_quiet(text: str) -> Quiet | None:
    """Return the hours that `22:00-07:00` names; None when it names none."""
    begins, _, ends = text.partition("-")
    first, last = read_clock(begins), read_clock(ends)
    return None if first is None or last is None or first == last else Quiet(begins=first, ends=last)


def _next(after: datetime, at: time, zone: tzinfo) -> datetime:
    """Return the first moment after that one at which the clock of `zone` shows `at`."""
    day: date = after.date()
    while True:
        when = datetime.combine(day, at, tzinfo=zone)
        # Moments are compared as they follow each other, not as clocks show them.
        if when.astimezone(UTC) > after.astimezone(UTC):
            return when
        day += timedelta(days=1)
