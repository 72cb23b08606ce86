"""The tables of everything that funade.yaml can say, from its JSON Schema; `bin/docs` puts them into the reference."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Shape: TypeAlias = Mapping[str, Any]

HEAD = ("key", "value", "what it says", "when left out")

_WORDS = {
    "array": "list",
    "boolean": "`true` or `false`",
    "integer": "number",
    "object": "mapping",
    "string": "text",
}


def sections(schema: Shape) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Yield each part of the file: its heading, and a row for each key as HEAD says."""
    parts = schema["$defs"]
    shapes = {
        "The file": schema,
        "Its `database`": parts["database"],
        "Its `keep`": parts["keep"],
        "Its `web`": parts["web"],
        "Its `slack`": parts["slack"],
        "How `authors` are told, in `slack`": parts["authors"],
        "Its `reminders`, and those of an environment": parts["reminders"],
        "A person": parts["person"],
        "An application": parts["application"],
        "Its `repository`": parts["repository"],
        "An environment": parts["environment"],
        "Its `rights`": parts["environment"]["properties"]["rights"],
        "One of its `freezes`": parts["freeze"],
        "Its `verify`": parts["verification"],
    }
    for shape in parts["target"]["oneOf"]:
        shapes[f"Its `target`, of kind `{shape['properties']['kind']['const']}`"] = shape
    for heading, shape in shapes.items():
        yield heading, [_row(name, shape, parts) for name in shape["properties"]]


def _row(name: str, shape: Shape, parts: Shape) -> tuple[str, ...]:
    about = shape["properties"][name]
    if "$ref" in about:
        about = {**parts[about["$ref"].rpartition("/")[2]], **about}
    left_out = "must be there" if name in shape.get("required", ()) else _default(about)
    return (f"`{name}`", _value(about), about.get("description", "").rstrip("."), left_out)


def _default(about: Shape) -> str:
    match about.get("default"):
        case None:
            return ""
        case bool(truth):
            return f"`{str(truth).lower()}`"
        case float(seconds):
            return f"`{seconds:g}`"
        case default:
            return f"`{default}`"


def _value(about: Shape) -> str:
    if "const" in about:
        return f"`{about['const']}`"
    if "enum" in about:
        return " or ".join(f"`{one}`" for one in about["enum"])
    if "$ref" in about or "oneOf" in about:
        return "mapping"
    if "anyOf" in about:
        choices = about["anyOf"]
        if {one.get("type") for one in choices} == {"number", "string"}:
            return "span of time"
        return " or ".join(dict.fromkeys(_value(one) for one in choices))
    types: str | list[str] = about["type"]
    return " or ".join(_WORDS.get(one, one) for one in ([types] if isinstance(types, str) else types))
