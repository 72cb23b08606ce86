"""What becomes of an app's text: escapes, links, and the text of a message that has only blocks."""

import re
from typing import Any

from funade.playground.errors import Json

_ENTITY = re.compile(r"<(?:[@#!][^<>\n]*|(?:https?|mailto|tel|ftp|slack)[^<>\s|]*(?:\|[^<>\n]*)?)>")
_AMPERSAND = re.compile(r"&(?!amp;|lt;|gt;)")
_BARE_URL = re.compile(r"(?<![<|\w])https?://[^\s<>|`]+[^\s<>|`.,;:!?)\]}*_~]")
_MAXIMUM = 40_000


def stored_text(text: str) -> str:
    """Return an app's text as it is stored: entities kept, other signs escaped, bare addresses linked."""
    parts = []
    start = 0
    for entity in _ENTITY.finditer(text):
        parts += [_plain(text[start : entity.start()]), entity[0]]
        start = entity.end()
    parts.append(_plain(text[start:]))
    return "".join(parts)[:_MAXIMUM]


def _plain(text: str) -> str:
    text = _AMPERSAND.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")
    # A quotation begins with the sign itself.
    text = re.sub(r"(?m)^&gt;(?=\s|\S)", "&gt;", text)
    return _BARE_URL.sub(lambda url: f"<{url[0]}>", text)


def text_of_blocks(blocks: list[Json]) -> str:
    """Return what a message without text says in lists and notifications."""
    return " ".join(text for block in blocks for text in _texts(block))[:_MAXIMUM]


def _texts(block: Any) -> list[str]:
    match block:
        case {"type": "header" | "section", "text": {"text": str(text)}}:
            return [text]
        case {"type": "section", "fields": list(fields)}:
            return [one.get("text", "") for one in fields if isinstance(one, dict)]
        case {"type": "context", "elements": list(elements)}:
            return [
                one["text"] for one in elements if isinstance(one, dict) and isinstance(one.get("text"), str)
            ]
        case {"type": "markdown", "text": str(text)}:
            return [text]
        case {"type": "image", "alt_text": str(text)}:
            return [text]
        case {"type": "rich_text", "elements": list(elements)}:
            return ["".join(_rich(elements))]
        case _:
            return []


def _rich(elements: list[Any]) -> list[str]:
    found: list[str] = []
    for one in elements:
        match one:
            case {"type": "user", "user_id": user}:
                found.append(f"<@{user}>")
            case {"type": "channel", "channel_id": channel}:
                found.append(f"<#{channel}>")
            case {"type": "emoji", "name": name}:
                found.append(f":{name}:")
            case {"type": "link", "url": url, **more}:
                found.append(str(more.get("text") or url))
            case {"type": "date", "fallback": str(fallback)}:
                found.append(fallback)
            case {"text": str(text)}:
                found.append(text)
            case {"elements": list(inner)}:
                found += _rich(inner)
            case _:
                pass
    return found
