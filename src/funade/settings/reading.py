"""Reads values as what they should be; what is wrong is reported with its place, and reading goes on."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any

from funade.domain import placeholders
from funade.domain.application import SecretReference, parse_reference
from funade.domain.durations import parse_duration
from funade.domain.errors import ConfigError, ConfigErrors
from funade.settings.nodes import Entries, Items, Node, Scalar
from funade.settings.plain import described, is_nothing, resolve, to_plain
from funade.settings.secrecy import redact
from funade.settings.shape import NAME, NOT_YET, Shape

_NAME = re.compile(NAME)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NAME_RULE = "use lower-case letters, digits, `-`, `_` and `.`, at most 64, not beginning with `-` or `.`"


MOST_PROBLEMS = 100  #: nobody reads more, and a file of nothing but faults is not compared to its end


@dataclass(slots=True)
class Report:
    """All that is wrong with one file; one word for each key."""

    path: str
    problems: dict[str, ConfigError] = field(default_factory=dict)

    def add(self, line: int, key: str, problem: str, remedy: str = "") -> None:
        """Keep a problem, without any secret or control character that a message might repeat."""
        key, problem, remedy = (_CONTROL.sub("?", redact(text)) for text in (key, problem, remedy))
        self.problems.setdefault(key, ConfigError(self.path, line, key, problem, remedy))
        if len(self.problems) >= MOST_PROBLEMS:
            self.finish()

    def has(self, *keys: str) -> bool:
        """Tell whether anything is wrong with one of these keys, or with what stands below them."""
        below = tuple(f"{key}{sign}" for key in keys for sign in ".[")
        return any(key in keys or key.startswith(below) for key in self.problems)

    def finish(self) -> None:
        """Raise everything at once, if there is anything."""
        if self.problems:
            raise ConfigErrors(sorted(self.problems.values(), key=lambda problem: problem.line or 0))


@dataclass(frozen=True, slots=True)
class Value:
    """One value, the path of keys that leads to it, and the report that hears of its faults."""

    node: Node
    key: str
    line: int
    report: Report

    def complain(self, problem: str, remedy: str = "") -> None:
        self.report.add(self.line, self.key, problem, remedy)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, Entries)

    def is_scalar(self, text: str) -> bool:
        """Tell whether exactly this text stands here."""
        return isinstance(self.node, Scalar) and self.node.text == text

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, Items)

    def entries(self, wanted: str) -> "dict[str, Value]":
        """Return a mapping's values by their keys; `wanted` says to people what should stand here."""
        if not isinstance(self.node, Entries):
            self.complain(f"{described(self.node)} stands here", f"write {wanted}")
            return {}
        return {
            name: Value(entry.node, f"{self.key}.{name}" if self.key else name, entry.line, self.report)
            for name, entry in self.node.entries.items()
        }

    def fields(self, shape: Shape, wanted: str) -> "dict[str, Value]":
        """Return the values of the keys that `shape` knows; unknown, empty and missing ones are reported."""
        known: Mapping[str, Any] = shape["properties"]
        found = {}
        for name, value in self.entries(wanted).items():
            if name not in known:
                value.complain(*_unknown(name, known))
            elif is_nothing(value.node):
                # To YAML an unquoted `#` begins a comment.
                is_signed = str(known[name].get("pattern", "")).startswith("^(#")
                sign = " in quotes, for its `#`," if is_signed else ""
                value.complain("is empty", f"give it a value{sign} or remove the key")
            else:
                found[name] = value
        if isinstance(self.node, Entries):
            for name in shape.get("required", ()):
                if name not in self.node.entries:
                    key = f"{self.key}.{name}" if self.key else name
                    self.report.add(self.line, key, "is missing", _about(known[name]))
        return found

    def named(self, wanted: str) -> "dict[str, Value]":
        """Return a mapping's values by names that people chose; it has at least one."""
        found = {}
        if isinstance(self.node, Entries) and not self.node.entries:
            self.complain("is empty", f"write {wanted}, or remove the key")
        for name, value in self.entries(wanted).items():
            if not _NAME.fullmatch(name):
                value.complain(f"`{name[:80]}` is no name", _NAME_RULE)
            elif is_nothing(value.node):
                value.complain("is empty", "give it a value or remove the key")
            else:
                found[name] = value
        return found

    def items(self, wanted: str) -> "list[Value]":
        """Return the values of a list."""
        if not isinstance(self.node, Items):
            if isinstance(self.node, Scalar) and _NAME.fullmatch(self.node.text):
                wanted = f"[{self.node.text}]"
            self.complain(f"{described(self.node)} stands here", f"write a list: `{wanted}`")
            return []
        return [
            Value(item, f"{self.key}[{number}]", item.line, self.report)
            for number, item in enumerate(self.node.items)
        ]

    def text(self) -> str | None:
        """Return the one-line text, as written: `on`, `12:30` and `1.10` are texts where a text is wanted."""
        if not isinstance(self.node, Scalar):
            self.complain(f"{described(self.node)} stands here", "write a text")
        elif is_nothing(self.node) or not self.node.text.strip():
            self.complain("is empty", "write a text")
        elif _CONTROL.search(self.node.text):
            self.complain("has more than one line or holds a control character", "write it in one line")
        else:
            return self.node.text
        return None

    def name(self) -> str | None:
        """Return a name as people choose them."""
        text = self.text()
        if text is None or _NAME.fullmatch(text):
            return text
        self.complain(f"`{text[:80]}` is no name", _NAME_RULE)
        return None

    def whole_number(self, remedy: str = "write digits only, without quotes") -> int | None:
        """Return a number that counts or names something; none is below 0."""
        number = resolve(self.node) if isinstance(self.node, Scalar) else None
        if isinstance(number, int) and not isinstance(number, bool) and number >= 0:
            return number
        self.complain(f"{described(self.node)} is no whole number", remedy)
        return None

    def truth(self) -> bool | None:
        if isinstance(self.node, Scalar) and isinstance(truth := resolve(self.node), bool):
            return truth
        self.complain(
            f"{described(self.node)} is neither `true` nor `false`", "write one of them, without quotes"
        )
        return None

    def duration(self) -> timedelta | None:
        text = self.text()
        try:
            return None if text is None else parse_duration(text)
        except ValueError as error:
            self.complain(str(error))
            return None

    def template(self) -> str | None:
        """Return a text whose placeholders are all known."""
        text = self.text()
        try:
            if text is not None:
                placeholders.render(text, dict.fromkeys(placeholders.NAMES, ""))
        except ValueError as error:
            self.complain(str(error))
            return None
        return text

    def reference(self) -> SecretReference | None:
        """Return where the secret is; what stands here instead of a reference is not repeated."""
        text = self.text()
        try:
            return None if text is None else parse_reference(text)
        except ValueError as error:
            self.complain(str(error), "keep the value there, and only its place here")
            return None

    def plain(self, schema: Mapping[str, Any]) -> Any:
        """Return the value as plain data; texts stay as written where `schema` wants a text."""
        return to_plain(self.node, schema)

    def lines(self) -> dict[str, int]:
        """Return the line of this value and of everything in it, by key."""
        return dict(_lines(self.node, self.key))


def near(word: str, known: Iterable[str]) -> str:
    """Return `did you mean …?`, or nothing."""
    from difflib import get_close_matches  # noqa: PLC0415 -- only a broken file needs it

    found = get_close_matches(word[:80], islice(known, 1000), n=1, cutoff=0.6)
    return f"did you mean `{found[0]}`?" if found else ""


def listed(words: Iterable[str]) -> str:
    """Return the words as people read a list of them."""
    return ", ".join(f"`{word}`" for word in sorted(words))


def _unknown(name: str, known: Iterable[str]) -> Sequence[str]:
    if name in NOT_YET:
        return "is not supported by this release", "remove it: nothing would obey it"
    known = list(known)
    return "is no key that Funade knows here", near(name, known) or f"known are {listed(known)}"


def _about(shape: Mapping[str, Any]) -> str:
    described = str(shape.get("description", "")).partition(". ")[0].rstrip(".")
    return f"it says: {described[0].lower()}{described[1:]}" if described else ""


def _lines(node: Node, key: str) -> Iterator[tuple[str, int]]:
    yield key, node.line
    match node:
        case Items():
            for number, item in enumerate(node.items):
                yield from _lines(item, f"{key}[{number}]")
        case Entries():
            for name, entry in node.entries.items():
                yield f"{key}.{name}", entry.line
                for deeper, line in _lines(entry.node, f"{key}.{name}"):
                    if deeper != f"{key}.{name}":
                        yield deeper, line
        case Scalar():
            pass
