"""What a value of the tree means as plain data, by YAML 1.2 and by the schema of its place."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from funade.settings.nodes import Entries, Items, Node, Scalar

_NOTHING = ("", "~", "null", "Null", "NULL")


def is_nothing(node: Node) -> bool:
    """Tell whether this is YAML's way to write nothing."""
    return isinstance(node, Scalar) and not node.quoted and node.text in _NOTHING


def described(node: Node) -> str:
    """Say to people what stands there."""
    match node:
        case Items():
            return "a list"
        case Entries():
            return "a mapping"
        case Scalar():
            return "nothing" if is_nothing(node) else f"`{node.text[:80]}`"


def resolve(node: Scalar) -> str | int | float | bool | None:
    """Return what the scalar means by YAML 1.2; of words only `true`, `false` and `null` mean something."""
    text = node.text
    if node.quoted:
        return text
    if text in _NOTHING:
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if re.fullmatch(r"[-+]?(0|[1-9][0-9]{0,17})", text):
        return int(text)
    if re.fullmatch(r"[-+]?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}", text):
        return float(text)
    return text


def to_plain(node: Node, schema: Mapping[str, Any]) -> Any:
    """Return the value as plain data; texts stay as written where `schema` wants a text."""
    match node:
        case Scalar():
            return _plain_scalar(node, frozenset(_types(schema)))
        case Items():
            return [to_plain(item, _below(schema, "items")) for item in node.items]
        case Entries():
            return {
                name: to_plain(entry.node, _property(schema, name)) for name, entry in node.entries.items()
            }


def _plain_scalar(node: Scalar, wanted: frozenset[str]) -> Any:
    value = resolve(node)
    # A number would lose what was written: `1.10` is not `1.1` to a program.
    return node.text if "string" in wanted and value is not None else value


def _alternatives(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield schema
    for word in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(word, ()):
            yield from _alternatives(one)


def _types(schema: Mapping[str, Any]) -> Iterator[str]:
    for one in _alternatives(schema):
        wanted = one.get("type", ())
        yield from (wanted,) if isinstance(wanted, str) else wanted
        if "enum" in one or "const" in one or "pattern" in one:
            yield "string"


def _below(schema: Mapping[str, Any], word: str) -> Mapping[str, Any]:
    found = [one[word] for one in _alternatives(schema) if isinstance(one.get(word), Mapping)]
    return {"anyOf": found} if found else {}


def _property(schema: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = [one["properties"][name] for one in _alternatives(schema) if name in one.get("properties", {})]
    return {"anyOf": found} if found else _below(schema, "additionalProperties")
