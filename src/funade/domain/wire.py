"""Frozen dataclasses to plain data (what JSON can say) and back; one rule for store, socket and `--json`.

A union is told apart by the class's `kind`: a dataclass that is part of one is registered by its name in snake case.
Unknown keys are ignored, so that an older release reads what a newer one wrote with more fields.
"""

import dataclasses
import re
import types
import typing
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]
T = TypeVar("T")


class Unreadable(ValueError):
    """Plain data that does not have the wanted shape."""


def kind_of(cls: type) -> str:
    """Return the name under which `cls` travels: `ShowStatus` → `show_status`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def to_plain(value: Any, *, tagged: bool = False) -> Plain:
    """Return `value` as plain data; times are ISO 8601 in UTC, spans are seconds; `tagged` adds `kind`."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        hints = _hints(type(value))
        plain: dict[str, Plain] = {"kind": kind_of(type(value))} if tagged else {}
        for name, (hint, _) in hints.items():
            plain[name] = to_plain(getattr(value, name), tagged=_is_union_of_classes(hint))
        return plain
    if isinstance(value, Enum):
        return typing.cast("Plain", value.value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, dict):
        return {str(key): to_plain(item, tagged=tagged) for key, item in value.items()}
    if isinstance(value, (list, tuple, frozenset)):
        return [to_plain(item, tagged=tagged) for item in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    msg = f"{type(value).__name__} does not travel"
    raise TypeError(msg)


def from_plain(wanted: type[T], plain: Plain) -> T:
    """Return plain data as `wanted`, or raise Unreadable."""
    return typing.cast("T", _read(wanted, plain, wanted.__name__))


def from_tagged(classes: tuple[type, ...], plain: Plain) -> Any:
    """Return tagged plain data as the one of `classes` that its `kind` names, or raise Unreadable."""
    return _read_union(classes, plain, "value")


@cache
def _hints(cls: type) -> dict[str, tuple[Any, bool]]:
    hints = typing.get_type_hints(cls)
    return {
        field.name: (
            hints[field.name],
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(cls)
    }


def _is_union_of_classes(hint: Any) -> bool:
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) in (Union, types.UnionType):
        return sum(1 for one in arguments if dataclasses.is_dataclass(one)) > 1
    return any(_is_union_of_classes(one) for one in arguments)


def _read(wanted: Any, plain: Any, where: str) -> Any:
    origin = typing.get_origin(wanted)
    if wanted is Any or wanted is Plain or isinstance(wanted, (str, typing.ForwardRef)):
        return plain
    if origin in (Union, types.UnionType):
        choices = typing.get_args(wanted)
        if plain is None and type(None) in choices:
            return None
        classes = tuple(one for one in choices if one is not type(None))
        if len(classes) == 1:
            return _read(classes[0], plain, where)
        return _read_union(classes, plain, where)
    if origin in (tuple, list, frozenset):
        if not isinstance(plain, list):
            msg = f"{where}: a list is wanted"
            raise Unreadable(msg)
        item = typing.get_args(wanted)[0]
        return origin(_read(item, one, where) for one in plain)
    if origin in (dict, *_MAPPINGS):
        if not isinstance(plain, dict):
            msg = f"{where}: an object is wanted"
            raise Unreadable(msg)
        item = typing.get_args(wanted)[1]
        return {key: _read(item, one, f"{where}.{key}") for key, one in plain.items()}
    if dataclasses.is_dataclass(wanted):
        return _read_dataclass(typing.cast("type", wanted), plain, where)
    return _read_scalar(wanted, plain, where)


_MAPPINGS = (typing.get_origin(typing.Mapping[str, str]),)


def _read_dataclass(wanted: type, plain: Any, where: str) -> Any:
    if not isinstance(plain, dict):
        msg = f"{where}: an object is wanted"
        raise Unreadable(msg)
    values = {}
    for name, (hint, required) in _hints(wanted).items():
        if name in plain:
            values[name] = _read(hint, plain[name], f"{where}.{name}")
        elif required:
            msg = f"{where}.{name} is missing"
            raise Unreadable(msg)
    try:
        return wanted(**values)
    except (ValueError, TypeError) as error:
        msg = f"{where}: {error}"
        raise Unreadable(msg) from error


def _read_union(classes: tuple[Any, ...], plain: Any, where: str) -> Any:
    if isinstance(plain, dict) and "kind" in plain:
        for one in classes:
            if dataclasses.is_dataclass(one) and kind_of(typing.cast("type", one)) == plain["kind"]:
                return _read_dataclass(typing.cast("type", one), plain, where)
        msg = f"{where}: `{plain['kind']}` is unknown here"
        raise Unreadable(msg)
    for one in classes:
        if not dataclasses.is_dataclass(one):
            try:
                return _read(one, plain, where)
            except Unreadable:
                continue
    msg = f"{where}: of no known kind"
    raise Unreadable(msg)


def _read_scalar(wanted: Any, plain: Any, where: str) -> Any:
    supertype = getattr(wanted, "__supertype__", None)
    if supertype is not None:
        return wanted(_read(supertype, plain, where))
    try:
        if wanted is datetime:
            moment = datetime.fromisoformat(plain)
            if moment.tzinfo is None:
                msg = f"{where}: a time needs its zone"
                raise Unreadable(msg)
            return moment
        if wanted is timedelta:
            return timedelta(seconds=plain)
        if isinstance(wanted, type) and issubclass(wanted, Enum):
            return wanted(plain)
    except (TypeError, ValueError, OverflowError) as error:
        msg = f"{where}: {error}"
        raise Unreadable(msg) from error
    if wanted is float and isinstance(plain, int) and not isinstance(plain, bool):
        return float(plain)
    if wanted is type(None) and plain is None:
        return None
    if isinstance(plain, bool) and wanted is not bool:
        msg = f"{where}: {wanted.__name__} is wanted"
        raise Unreadable(msg)
    if isinstance(wanted, type) and isinstance(plain, wanted):
        return plain
    msg = f"{where}: {getattr(wanted, '__name__', wanted)} is wanted"
    raise Unreadable(msg)
