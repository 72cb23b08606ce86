"""How Slack spells things inside a text: `<@U…>`, `<#C…|name>`, links, and the three escapes.

Entities are read on the raw text, and what is between them is decoded exactly once: who types `<@U1>` sends
`&lt;@U1&gt;`, and that stays text.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum


class Entity(StrEnum):
    """What an entity stands for; a word made of one is no ordinary word."""

    MENTION = "mention"
    CHANNEL = "channel"
    SPECIAL = "special"  #: `@here`, a group, a date
    LINK = "link"  #: whose label is not its address: what was meant cannot be told


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text as its author sees it; `entities` by the places where they begin, with the places where they end."""

    text: str
    entities: dict[int, tuple[Entity, int]] = field(default_factory=dict)


_ENTITY = re.compile("<([@#!]?)([^<>|\n]+)(?:\\|([^<>\n]*))?>")
_ESCAPE = re.compile("&(amp|lt|gt);")
_ESCAPED = {"amp": "&", "lt": "<", "gt": ">"}
_SCHEME = re.compile("(?:https?://|mailto:|tel:)", re.IGNORECASE)


def decode(raw: str) -> Decoded:
    """Return the text that `raw` shows, and where its entities are."""
    if "<" not in raw:
        return Decoded(_unescape(raw))
    pieces: list[str] = []
    entities: dict[int, tuple[Entity, int]] = {}
    length = end = 0
    for match in _ENTITY.finditer(raw):
        before = _unescape(raw[end : match.start()])
        entity, shown = _read(match[1], match[2], match[3])
        length += len(before)
        if entity is not None:
            entities[length] = (entity, length + len(shown))
        length += len(shown)
        pieces += (before, shown)
        end = match.end()
    pieces.append(_unescape(raw[end:]))
    return Decoded("".join(pieces), entities)


def encode(text: str) -> str:
    """Return `text` as Slack sends it when somebody types it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def without_quotations(raw: str) -> str:
    """Return `raw` without the lines that quote somebody; after `>>>` everything is a quotation."""
    if "&gt;" not in raw:
        return raw
    kept = []
    for line in raw.splitlines(keepends=True):
        if line.lstrip().startswith("&gt;&gt;&gt;"):
            break
        if not line.lstrip().startswith("&gt;"):
            kept.append(line)
    return "".join(kept)


def _read(sigil: str, body: str, label: str | None) -> tuple[Entity | None, str]:
    """Return what an entity stands for, None for a word that was only made a link, and what its author sees."""
    said = _unescape(label) if label else ""
    match sigil:
        case "@":
            return Entity.MENTION, f"@{said.removeprefix('@') or body}"
        case "#":
            return Entity.CHANNEL, f"#{said.removeprefix('#')}"
        case "!":
            return Entity.SPECIAL, said or f"@{body.partition('^')[0]}"
        case _:
            pass
    address = _unescape(body)
    typed = said or address
    is_its_address = _bare(typed) == _bare(address)
    return (None if is_its_address else Entity.LINK), typed


def _bare(address: str) -> str:
    return _SCHEME.sub("", address, count=1).rstrip("/").casefold()


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPED[match[1]], text) if "&" in text else text
