"""Moments and spans as people say them: local time, with the date when it is not today."""

from datetime import datetime, timedelta

from funade.texts.catalogue import Reader, mark

_UNITS = (
    (86_400, mark("{number} d")),
    (3_600, mark("{number} h")),
    (60, mark("{number} min")),
    (1, mark("{number} s")),
)


def moment(at: datetime, reader: Reader, *, to_the_second: bool = False) -> str:
    """Return `14:02`, or `2026-11-21 14:02` on any other day than the reader's today, or as the reader spells it."""
    if reader.spells_moment is not None:
        return reader.spells_moment(at)
    local = at.astimezone(reader.local)
    today = reader.now.astimezone(reader.local).date() if reader.now else None
    form = "%H:%M:%S" if to_the_second else "%H:%M"
    if local.date() != today:
        form = f"%Y-%m-%d {form}"
    return local.strftime(form) + ("" if reader.zone else " UTC")


def span(length: timedelta | float, reader: Reader) -> str:
    """Return the two largest units of a length of time: `45 s`, `2 min 5 s`, `3 h`."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    rest = max(0, round(seconds))
    said: list[str] = []
    for size, unit in _UNITS:
        number, left = divmod(rest, size)
        if number:
            said.append(reader.word(unit, number=number))
            rest = left
        if len(said) == 2 or (said and not number):
            break
    return " ".join(said) or reader.word(_UNITS[-1][1], number=0)


def read_moment(text: str) -> datetime | None:
    """Return the moment that stored data names, or None when it names none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
