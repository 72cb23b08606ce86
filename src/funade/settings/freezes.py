"""Reads `freezes`: windows that begin by a cron expression, and refuses those that never begin or never end."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from funade.domain.freeze import Freeze
from funade.settings.reading import Value, near
from funade.settings.shape import FREEZE

_SHORTEST = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)

#: the parts of an expression, and what may stand for each
_PARTS = (
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31, or `L` for the last"),
    ("month", "1 to 12, or `JAN` to `DEC`"),
    ("day of the week", "0 to 7, where 0 and 7 are Sunday, or `SUN` to `SAT`"),
)
#: what no part goes without: others mean nothing, and some would be numbers to Python alone
_PART = re.compile(r"[0-9A-Za-z*/,#-]{1,200}")

#: zones that mean something else on each machine, or count leap seconds
_STRANGE_ZONE = re.compile(r"(posix|right)/.*|localtime|posixrules|Factory")

#: Any would do; what begins on it shows all weekdays, months and a leap day within a year.
_SOME_DAY = datetime(2024, 1, 1)  # noqa: DTZ001 -- a bare clock: which moments follow each other is no matter of zones
_WINDOWS_FOLLOWED, _YEARS_FOLLOWED = 1500, timedelta(days=30 * 366)
_LOOKS, _BETWEEN_LOOKS = 3500, timedelta(minutes=151)


def read_freezes(value: Value) -> tuple[Freeze, ...]:
    """Return every window; what is wrong with one is reported, and it is left out."""
    items = value.items('[{cron: "0 18 * * 5", for: 62h}]')
    return tuple(one for item in items if (one := _freeze(item)) is not None)


def _freeze(value: Value) -> Freeze | None:
    fields = value.fields(FREEZE, 'a mapping like `{cron: "0 18 * * 5", for: 62h}`')
    cron = _cron(fields["cron"]) if "cron" in fields else None
    lasts = _lasts(fields["for"]) if "for" in fields else None
    zone = read_zone(fields["time_zone"]) if "time_zone" in fields else "UTC"
    reason = fields["reason"].text() if "reason" in fields else None
    if cron is None or lasts is None or zone is None:
        return None
    if not _leaves_time(cron, lasts):
        value.complain(
            "each window lasts until the next begins: nothing could ever be deployed",
            "make `for` shorter, or begin less often",
        )
        return None
    return Freeze(cron=cron, lasts=lasts, time_zone=zone, reason=reason or "")


def _lasts(value: Value) -> timedelta | None:
    span = value.duration()
    if span is not None and span < _SHORTEST:
        value.complain("is shorter than a minute", "a number alone means seconds; write `62h`, `2d`")
        return None
    return span


def read_zone(value: Value) -> str | None:
    """Return the time zone that is named."""
    from zoneinfo import ZoneInfo, available_timezones  # noqa: PLC0415 -- most files have no freezes

    text = value.text()
    if text is None:
        return None
    try:
        if not _STRANGE_ZONE.fullmatch(text):
            return ZoneInfo(text).key
    except (KeyError, ValueError, OSError):
        pass
    # Short ones, like `EST`, look alike and mean something else.
    places = sorted(zone for zone in available_timezones() if "/" in zone)
    remedy = near(text, places) or "write one like `Asia/Tokyo`, `Europe/Berlin` or `UTC`"
    value.complain(f"`{text[:80]}` is no time zone", remedy)
    return None


def _cron(value: Value) -> str | None:
    text = value.text()
    if text is None:
        return None
    words = text.split()
    if len(words) != len(_PARTS):
        names = ", ".join(name for name, _ in _PARTS)
        have = "1 part" if len(words) == 1 else f"{len(words)} parts"
        value.complain(f"`{text[:80]}` has {have}", f"write five: {names}, like `0 18 * * 5`")
        return None
    for number, (word, (name, known)) in enumerate(zip(words, _PARTS, strict=True)):
        alone = " ".join(word if number == other else "*" for other in range(len(_PARTS)))
        if not _PART.fullmatch(word) or not _can_be_read(alone):
            remedy = f"write {known}; `*` for each, lists `1,5`, upward ranges `1-5`, steps `*/2`"
            value.complain(f"`{word[:80]}` is no {name}", remedy)
            return None
    cron = " ".join(words)
    if not _can_be_read(cron) or next(_matches(cron, _SOME_DAY), None) is None:
        value.complain(f"`{cron[:80]}` never comes", "name a day that there is")
        return None
    return cron


def _can_be_read(cron: str) -> bool:
    from cronsim import CronSimError  # noqa: PLC0415 -- most files have no freezes

    try:
        _matches(cron, _SOME_DAY)
    except CronSimError:
        return False
    return True


def _matches(cron: str, moment: datetime, *, backwards: bool = False) -> Iterator[datetime]:
    from cronsim import CronSim  # noqa: PLC0415 -- as above

    return CronSim(cron, moment, reverse=backwards)


def _leaves_time(cron: str, lasts: timedelta) -> bool:
    """Tell whether any moment is outside of all windows: between some that follow each other, or anywhere in a year."""

    def last(moment: datetime) -> datetime | None:
        return next(_matches(cron, moment + _SECOND, backwards=True), None)

    opened = next(_matches(cron, _SOME_DAY - _SECOND))
    for _ in range(_WINDOWS_FOLLOWED):
        following = last(opened + lasts)
        if following is None or following == opened:
            return True
        if following > _SOME_DAY + _YEARS_FOLLOWED:
            return False
        opened = following
    looks = (_SOME_DAY + _BETWEEN_LOOKS * number for number in range(_LOOKS))
    return any((before := last(moment)) is None or before + lasts <= moment for moment in looks)
