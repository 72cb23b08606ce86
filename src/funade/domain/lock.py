"""A person keeps others out of an environment, with a reason and maybe an end; a pause keeps everybody out of all."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Who keeps others out, why, since when, and until when at most."""

    by: str
    by_id: str
    reason: str
    since: datetime
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Tell whether it is still in force; an expired lock keeps nobody out."""
        return self.until is None or now < self.until

    def keeps_out(self, ids: Collection[str], now: datetime) -> bool:
        """Tell whether it keeps out the person with these ids; nobody is kept out by their own lock."""
        return self.holds(now) and self.by_id not in ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Everything stands still, everywhere, until a person resumes it."""

    by: str
    since: datetime
    reason: str | None = None
