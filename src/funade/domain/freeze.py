"""Times in which nothing is deployed: a weekend, a sale, the turn of the year."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A window that opens by a cron expression in a time zone and lasts for a while of real hours."""

    cron: str
    lasts: timedelta
    time_zone: str = "UTC"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """An open window: why, since when, until when; where several are open, until the last of them closes."""

    reason: str
    since: datetime
    until: datetime
