"""Orders and facts as text in a queue, and back: versioned JSON, in which the three oldest fields keep their names.

`{"repository", "environment", "hash"}` is a message of somebody else's program; ours say more beside these. Reading
never raises: what cannot be read is a value too, because whoever reads a queue must go on.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NoReturn, TypeVar

from funade.domain.messages import (
    BrokenMessage,
    Fact,
    ForeignMessage,
    NewerMessage,
    Order,
    OrderedCancel,
    OrderedLook,
    OrderedStart,
    ReportedEnd,
    ReportedLog,
    ReportedProgress,
    ReportedSighting,
    ReportedStart,
)
from funade.domain.orders import Execution
from funade.domain.wire import Plain, Unreadable, from_plain, to_plain

T = TypeVar("T")

#: What this release writes, and the newest that it reads. It rises with a new kind of order or fact, or a new meaning.
VERSION = 1
#: What SQS carries in one message, attributes included.
MAXIMUM_BYTES = 1 << 20

_ORDERS: Mapping[str, type] = {"start": OrderedStart, "cancel": OrderedCancel, "look": OrderedLook}
_FACTS: Mapping[str, type] = {
    "started": ReportedStart,
    "log": ReportedLog,
    "progress": ReportedProgress,
    "ended": ReportedEnd,
    "looked": ReportedSighting,
}
#: Names of ours that travel under older ones.
_OLDER = {"revision": "hash"}
_EXECUTION = tuple(one.name for one in fields(Execution))
#: A number is for people's eyes, and was not always sent.
_NUMBERLESS: Mapping[str, Plain] = {"number": 0}

#: What JSON may hold as it is, and SQS does not take.
_UNSENDABLE = re.compile("[\ufffe\uffff]")
_HALF = re.compile("[\ud800-\udfff]")
_PROBLEM_SHOWN = 300


@dataclass(frozen=True)
class _Offset:
    offset: int


@dataclass(frozen=True)
class _Anything:
    plain: Plain


def to_text(message: Order | Fact) -> str:
    """Return it as text that every queue takes."""
    return _text({"version": VERSION, **_plain(message), **message.rest})


def read_order(text: str) -> Order | ForeignMessage | NewerMessage | BrokenMessage:
    """Return the order that `text` is, or what else it is."""
    try:
        plain = _parsed(text)
        if "deployment" not in plain:
            return ForeignMessage(fields=plain, body=text)
        return _newer(plain) or _read("order", _ORDERS, plain)
    except ValueError as error:
        return _broken(error)


def read_any_order(text: str) -> Order | ForeignMessage | NewerMessage | BrokenMessage:
    """Return the same where other programs may say what they like: what is no order of ours is a foreign message."""
    read = read_order(text)
    if isinstance(read, BrokenMessage) and not _names_deployment(text):
        return ForeignMessage(fields={}, body=text)
    return read


def read_fact(text: str) -> Fact | NewerMessage | BrokenMessage:
    """Return the fact that `text` is, or what else it is."""
    try:
        plain = _parsed(text)
        return _newer(plain) or _read("fact", _FACTS, plain)
    except ValueError as error:
        return _broken(error)


def _plain(message: Order | Fact) -> dict[str, Plain]:
    word, kinds = ("order", _ORDERS) if isinstance(message, Order) else ("fact", _FACTS)
    kind = next(name for name, one in kinds.items() if one is type(message))
    plain: dict[str, Plain] = {word: kind}
    for one in fields(message):
        value = getattr(message, one.name)
        if one.name == "execution":
            execution = to_plain(value)
            plain |= execution if isinstance(execution, dict) else {}
        elif one.name == "content":
            plain |= _written(value)
        elif one.name != "rest":
            plain[_OLDER.get(one.name, one.name)] = to_plain(value)
    return plain


def _read(word: str, kinds: Mapping[str, type], plain: dict[str, Plain]) -> Any:
    kind = plain.get(word)
    if not isinstance(kind, str) or kind not in kinds:
        known = ", ".join(f"`{one}`" for one in kinds)
        _refuse(f"`{word}` must be one of {known}")
    wanted = kinds[kind]
    ours = {one.name: _OLDER.get(one.name, one.name) for one in fields(wanted)}
    given: dict[str, Plain] = {name: plain[sent] for name, sent in ours.items() if sent in plain}
    given["execution"] = {**_NUMBERLESS, **{name: plain[name] for name in _EXECUTION if name in plain}}
    known_names = {"version", word, "text", "base64", *_EXECUTION, *ours.values()}
    given["rest"] = {name: value for name, value in plain.items() if name not in known_names}
    if wanted is ReportedLog:
        return _read_log(plain, given)
    return from_plain(wanted, given)


def _read_log(plain: Mapping[str, Plain], given: Mapping[str, Plain]) -> ReportedLog:
    text, coded, rest = plain.get("text"), plain.get("base64"), given["rest"]
    if isinstance(text, str) == isinstance(coded, str):
        _refuse("a piece of a log has either `text` or `base64`")
    content = text.encode() if isinstance(text, str) else b64decode(str(coded), validate=True)
    return ReportedLog(
        execution=from_plain(Execution, given["execution"]),
        offset=from_plain(_Offset, {"offset": given.get("offset")}).offset,
        content=content,
        rest=rest if isinstance(rest, dict) else {},
    )


def _written(content: bytes) -> dict[str, Plain]:
    """Return output as text where that is shorter: colours and bytes that are no text grow when JSON writes them."""
    coded = b64encode(content).decode()
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {"base64": coded}
    return {"text": text} if len(_text(text).encode()) <= len(coded) + 2 else {"base64": coded}


def _newer(plain: Mapping[str, Plain]) -> NewerMessage | None:
    version = plain.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        _refuse("`version` must be a whole number from 1 on")
    return NewerMessage(version=version) if version > VERSION else None


def _parsed(text: str) -> dict[str, Plain]:
    if len(text.encode(errors="surrogatepass")) > MAXIMUM_BYTES:
        _refuse(f"longer than {MAXIMUM_BYTES} bytes")
    try:
        plain = json.loads(text, object_pairs_hook=_each_once, parse_constant=_refuse_constant)
    except RecursionError as error:
        _refuse("nested too deeply", error)
    except json.JSONDecodeError as error:
        _refuse(f"no JSON: {error.msg}", error)
    except Unreadable:
        raise
    except ValueError as error:
        _refuse("a number in it has too many digits", error)
    if not isinstance(plain, dict):
        _refuse("a JSON object is wanted")
    # Depth, numbers and names are looked at by the same rules as everything that comes from outside.
    from_plain(_Anything, {"plain": plain})
    if _HALF.search(json.dumps(plain, ensure_ascii=False)):
        _refuse("it holds half a character")
    return plain


def _names_deployment(text: str) -> bool:
    """Tell whether it is meant as one of ours, broken as it is."""
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(plain, dict) and "deployment" in plain


def _each_once(pairs: list[tuple[str, Plain]]) -> dict[str, Plain]:
    plain = dict(pairs)
    if len(plain) < len(pairs):
        # Two readers could take it for two different orders.
        _refuse("a field stands in it twice")
    return plain


def _refuse_constant(name: str) -> NoReturn:
    _refuse(f"`{name}` is no JSON")


def _refuse(problem: str, cause: Exception | None = None) -> NoReturn:
    raise Unreadable(problem) from cause


def _broken(error: ValueError) -> BrokenMessage:
    problem = str(error)
    if isinstance(error, Unreadable):
        # As the sender calls it; our own classes and what stands only in them say nothing there.
        path = (_OLDER.get(one, one) for one in error.path[1:] if one not in ("execution", "plain"))
        where = ".".join(path)
        problem = f"`{where}`: {error.problem}" if where else error.problem
    return BrokenMessage(problem=_HALF.sub("\N{REPLACEMENT CHARACTER}", problem)[:_PROBLEM_SHOWN])


def _text(plain: Plain) -> str:
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return _UNSENDABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
