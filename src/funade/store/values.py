"""What columns hold: written so that every store can keep it, read so that nothing odd gets in."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeVar

from funade.domain.deployment import Phase, State
from funade.domain.wire import GREATEST, Plain, Unreadable

Row = Mapping[Any, Any]
E = TypeVar("E", State, Phase)


def clean(typed: str) -> str:
    """Return `typed` as every store can keep it: no half characters, no NUL."""
    if typed.isascii() and "\0" not in typed:
        return typed
    return typed.encode(errors="replace").decode().replace("\0", "�")


def moment(at: datetime) -> str:
    """Return a moment as it is stored."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def dump(plain: Plain) -> str:
    """Return plain data as compact JSON that every store can keep."""
    said = _TO_JSON.encode(plain)
    try:
        said.encode()
    except UnicodeEncodeError:
        return _TO_ASCII_JSON.encode(plain)
    return said


def load(raw: Any) -> Any:
    """Return JSON as plain data, or raise Unreadable."""
    try:
        return _FROM_JSON.decode(as_text(raw, "JSON"))
    except RecursionError as error:
        refuse("nested too deeply", error)
    except Unreadable:
        raise
    except ValueError as error:
        refuse(f"no JSON: {error}", error)


def _parse_float(said: str) -> float:
    found = float(said)
    if not math.isfinite(found):
        refuse("too great a number")
    return found


def refuse(problem: str, cause: Exception | None = None) -> NoReturn:
    """Raise Unreadable."""
    raise Unreadable(problem) from cause


def as_text(raw: Any, name: str) -> str:
    """Return a text, or raise Unreadable."""
    if not isinstance(raw, str):
        refuse(f"`{name}` is no text")
    return raw


def text(row: Row, name: str) -> str:
    """Return a column that holds a text."""
    return as_text(row[name], name)


def text_or_none(row: Row, name: str) -> str | None:
    """Return a column that holds a text or nothing."""
    return None if row[name] is None else text(row, name)


def number(row: Row, name: str) -> int:
    """Return a column that holds a number which we could have counted to."""
    raw = row[name]
    if not isinstance(raw, int) or not 0 <= raw <= GREATEST:
        refuse(f"`{name}` is no number that we count to")
    return raw


def read_moment(row: Row, name: str) -> datetime:
    """Return a column that holds a moment."""
    try:
        at = datetime.fromisoformat(text(row, name))
        if at.tzinfo is None:
            refuse(f"`{name}` has no time zone")
        return at.astimezone(UTC)
    except Unreadable:
        raise
    except (ValueError, OverflowError) as error:
        refuse(f"`{name}` is no time: {error}", error)


def moment_or_none(row: Row, name: str) -> datetime | None:
    """Return a column that holds a moment or nothing."""
    return None if row[name] is None else read_moment(row, name)


def state_of(row: Row, name: str, wanted: type[E]) -> E:
    """Return a column that holds one of a few words."""
    try:
        return wanted(row[name])
    except ValueError as error:
        refuse(f"`{name}`: {error}", error)


_TO_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_TO_ASCII_JSON = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_FROM_JSON = json.JSONDecoder(parse_constant=refuse, parse_float=_parse_float)
