"""Frozen dataclasses to plain data (what JSON can say) and back; one rule for store, socket and `--json`.

A member of a union is told apart by its `kind`, which is its class's name in snake case.
Unknown keys are ignored, so that an older release reads what a newer one wrote with more fields.
"""

import dataclasses
import math
import re
import types
import typing
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from enum import Enum
from functools import cache
from typing import Any, NoReturn, TypeVar, Union

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]
T = TypeVar("T")
_Read = Callable[[Any], Any]

#: Beyond this, programs that read our JSON lose digits; nothing that we count comes near.
GREATEST = 2**53 - 1
#: Deeper nesting would break whoever walks through it.
DEEPEST = 50
_PROBLEM_SHOWN = 300
_MISSING = "is missing"


class Unreadable(ValueError):
    """Plain data that does not have the wanted shape; `path` leads to the place."""

    def __init__(self, problem: str, path: tuple[str, ...] = ()) -> None:
        self.problem, self.path = problem[:_PROBLEM_SHOWN], path
        super().__init__(f"{'.'.join(path)}: {self.problem}" if path else self.problem)

    def below(self, name: str) -> "Unreadable":
        """Return the same problem, seen from whoever calls the place `name`."""
        return Unreadable(self.problem, (name, *self.path))


def kind_of(cls: type) -> str:
    """Return the name under which `cls` travels: `ShowStatus` → `show_status`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def to_plain(value: Any, *, tagged: bool = False) -> Plain:
    """Return `value` as plain data; times are ISO 8601 in UTC, spans are seconds; `tagged` adds `kind`."""
    cls = type(value)
    if cls in _SAID_BY_JSON:
        return typing.cast("Plain", value)
    if dataclasses.is_dataclass(cls):
        plain: dict[str, Plain] = {"kind": kind_of(cls)} if tagged else {}
        for name, is_union in _written(cls):
            plain[name] = to_plain(getattr(value, name), tagged=is_union)
        return plain
    if isinstance(value, Enum):
        return typing.cast("Plain", value.value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): to_plain(item, tagged=tagged) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted((to_plain(item, tagged=tagged) for item in value), key=str)
    if isinstance(value, (list, tuple)):
        return [to_plain(item, tagged=tagged) for item in value]
    msg = f"{cls.__name__} does not travel"
    raise TypeError(msg)


def from_plain(wanted: type[T], plain: Plain) -> T:
    """Return plain data as `wanted`, or raise Unreadable."""
    try:
        return typing.cast("T", _reader(typing.cast("Any", wanted))(plain))
    except Unreadable as error:
        raise error.below(wanted.__name__) from error


def from_tagged(classes: tuple[type, ...], plain: Plain) -> Any:
    """Return tagged plain data as the one of `classes` that its `kind` names, or raise Unreadable."""
    return _tagged_reader(classes)(plain)


def _refuse(problem: str, cause: Exception | None = None) -> NoReturn:
    raise Unreadable(problem) from cause


_SAID_BY_JSON = frozenset({str, int, float, bool, type(None)})


@cache
def _written(cls: type) -> tuple[tuple[str, bool], ...]:
    """Return the fields of `cls`, and for each whether it is a union whose members are told apart by `kind`."""
    hints = typing.get_type_hints(cls)
    return tuple((one.name, _is_union_of_classes(hints[one.name])) for one in dataclasses.fields(cls))


def _is_union_of_classes(hint: Any) -> bool:
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) in (Union, types.UnionType):
        return sum(1 for one in arguments if dataclasses.is_dataclass(one)) > 1
    return any(_is_union_of_classes(one) for one in arguments)


@cache
def _reader(hint: Any) -> _Read:
    """Return what reads plain data as `hint`; made once, because most of the time would go into asking for types."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or _is_plain(hint):
        return _read_plain
    if origin in (Union, types.UnionType):
        return _union_reader(arguments)
    if origin in (tuple, list, frozenset):
        return _list_reader(origin, _reader(arguments[0]))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _object_reader(_reader(arguments[0]), _reader(arguments[1]))
    if dataclasses.is_dataclass(hint):
        return _dataclass_reader(typing.cast("type", hint))
    if hasattr(hint, "__supertype__"):
        return _reader(hint.__supertype__)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum_reader(hint)
    return _SCALARS[hint]


def _is_plain(hint: Any) -> bool:
    """Tell whether `hint` is `Plain`, which no longer is the same object once its own name in it was resolved."""
    origins = {typing.get_origin(one) or one for one in typing.get_args(hint)}
    return {str, int, float, bool, type(None), list, dict} <= origins


def _union_reader(choices: tuple[Any, ...]) -> _Read:
    classes = tuple(one for one in choices if one is not type(None))
    may_be_nothing = len(classes) < len(choices)
    read = _reader(classes[0]) if len(classes) == 1 else _tagged_reader(classes)
    if not may_be_nothing:
        return read
    return lambda plain: None if plain is None else read(plain)


@cache
def _tagged_reader(classes: tuple[Any, ...]) -> _Read:
    readers = {kind_of(one): _reader(one) for one in classes}

    def read(plain: Any) -> Any:
        kind = plain.get("kind") if isinstance(plain, dict) else None
        if not isinstance(kind, str):
            _refuse("of no known kind")
        if kind not in readers:
            _refuse(f"`{kind}` is unknown here")
        return readers[kind](plain)

    return read


def _list_reader(made: Callable[[Any], Any], item: _Read) -> _Read:
    def read(plain: Any) -> Any:
        if not isinstance(plain, list):
            _refuse("a list is wanted")
        return made([item(one) for one in plain])

    return read


def _object_reader(key: _Read, item: _Read) -> _Read:
    def read(plain: Any) -> Any:
        if not isinstance(plain, dict):
            _refuse("an object is wanted")
        return {key(name): item(one) for name, one in plain.items()}

    return read


def _dataclass_reader(wanted: type) -> _Read:
    hints = typing.get_type_hints(wanted)
    fields = [
        (
            one.name,
            _reader(hints[one.name]),
            one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING,
        )
        for one in dataclasses.fields(wanted)
    ]

    def read(plain: Any) -> Any:
        if not isinstance(plain, dict):
            _refuse("an object is wanted")
        values = {}
        for name, read_field, is_required in fields:
            if name in plain:
                try:
                    values[name] = read_field(plain[name])
                except Unreadable as error:
                    raise error.below(name) from error
            elif is_required:
                raise Unreadable(_MISSING, (name,))
        try:
            return wanted(**values)
        except (ValueError, TypeError) as error:
            _refuse(str(error), error)

    return read


def _enum_reader(wanted: type[Enum]) -> _Read:
    def read(plain: Any) -> Enum:
        try:
            return wanted(plain)
        except (ValueError, TypeError) as error:
            _refuse(f"no {wanted.__name__}: `{plain}`", error)

    return read


def _read_plain(plain: Any, depth: int = 0) -> Any:
    if depth > DEEPEST:
        _refuse("nested too deeply")
    if isinstance(plain, dict):
        for name, one in plain.items():
            _read_text(name)
            _read_plain(one, depth + 1)
    elif isinstance(plain, list):
        for one in plain:
            _read_plain(one, depth + 1)
    elif isinstance(plain, float):
        _read_float(plain)
    elif plain is not None and not isinstance(plain, (str, int)):
        _refuse(f"JSON has no {type(plain).__name__}")
    return plain


def _read_text(plain: Any) -> str:
    if not isinstance(plain, str):
        _refuse("str is wanted")
    return plain


def _read_integer(plain: Any) -> int:
    if not isinstance(plain, int) or isinstance(plain, bool):
        _refuse("int is wanted")
    if abs(plain) > GREATEST:
        _refuse("too great a number")
    return plain


def _read_boolean(plain: Any) -> bool:
    if not isinstance(plain, bool):
        _refuse("bool is wanted")
    return plain


def _read_float(plain: Any) -> float:
    if isinstance(plain, float):
        if not math.isfinite(plain):
            _refuse("a finite number is wanted")
        return plain
    return float(_read_integer(plain))


def _read_moment(plain: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(_read_text(plain))
        if moment.tzinfo is None:
            _refuse("a time needs its zone")
        # In UTC now, because not every moment near the ends of the calendar can be moved there later.
        return moment.astimezone(UTC)
    except OverflowError as error:
        _refuse("outside of the calendar", error)
    except ValueError as error:
        _refuse(f"no time: {error}", error)


def _read_span(plain: Any) -> timedelta:
    try:
        return timedelta(seconds=_read_float(plain))
    except OverflowError as error:
        _refuse("too long a time", error)


def _read_clock(plain: Any) -> time:
    text = _read_text(plain)
    try:
        found = time.fromisoformat(text)
    except ValueError as error:
        _refuse(f"{text!r} is no time of a day", error)
    return found.replace(tzinfo=None)


_SCALARS: dict[Any, _Read] = {
    str: _read_text,
    int: _read_integer,
    bool: _read_boolean,
    float: _read_float,
    datetime: _read_moment,
    timedelta: _read_span,
    time: _read_clock,
}
