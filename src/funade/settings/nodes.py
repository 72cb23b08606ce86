"""A YAML file as a small tree in which every value keeps its line; no type is guessed here."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scalar:
    """One text as written; only an unquoted one may mean a number, a truth or nothing."""

    line: int
    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    line: int
    items: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping; the line is its first key's."""

    line: int
    entries: "dict[str, Entry]"


@dataclass(frozen=True, slots=True)
class Entry:
    """One key's line and its value."""

    line: int
    node: "Node"


Node = Scalar | Items | Entries


def scalars(node: Node, key: str) -> Iterator[tuple[str, Scalar]]:
    """Yield every text of the tree, keys left out, with the path that leads to it."""
    match node:
        case Scalar():
            yield key, node
        case Items():
            for number, item in enumerate(node.items):
                yield from scalars(item, f"{key}[{number}]")
        case Entries():
            for name, entry in node.entries.items():
                yield from scalars(entry.node, f"{key}.{name}" if key else name)
