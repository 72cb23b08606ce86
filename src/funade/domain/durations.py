"""Spans of time as people write them: seconds, or `90s`, `10m`, `24h`, `7d`."""

import re
from datetime import timedelta

#: as a JSON Schema pattern and as ours
PATTERN = r"^[0-9]+(\.[0-9]+)?[smhd]?$"
LONGEST = timedelta(days=366)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([smhd]?)")


def parse_duration(text: str) -> timedelta:
    """Return the span that `text` names, more than nothing and at most LONGEST; or raise ValueError."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        message = f"`{text[:40]}` is no span of time; write seconds, or `90s`, `10m`, `24h`, `7d`"
        raise ValueError(message)
    amount = float(match[1])
    unit = _UNITS[match[2] or "s"]
    # 12 digits of days are too many for a timedelta.
    if amount == 0 or amount > LONGEST / timedelta(**{unit: 1}):
        message = f"`{text[:40]}` must be more than nothing and at most {LONGEST.days} days"
        raise ValueError(message)
    return timedelta(**{unit: amount})
