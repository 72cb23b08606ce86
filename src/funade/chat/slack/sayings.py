"""Our plain text as Slack's: rich text in which nothing that anybody typed can mention, link or format. Pure.

Between backticks stands code, when they are ours: `shielded` takes those of people out of the way first. Lines that
are laid out in columns become preformatted. `text` says the whole thing once more, for screen readers.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar, cast

from funade.texts.plain import TYPED_BACKTICK

T = TypeVar("T")
Block = dict[str, Any]

#: Slack refuses an edit with more; what people see of the rest is in the blocks.
LONGEST_TEXT = 3_800
LONGEST_ELEMENT = 2_900
LONGEST_BODY = 9_000
MOST_BLOCKS = 45
LONGEST_HEADER = 150
CLIPPED = "…"

#: around the seconds of a moment, which every reader sees in their own time
_MOMENT = re.compile("\ue010([0-9]{1,12})\ue011")
#: an account, and the name of whoever has it: only the blocks call them, the text names them
_CALLED = re.compile("\ue012([UW][A-Z0-9]{1,40})\ue013([^\ue012-\ue014]*)\ue014")
_SHIELDED = str.maketrans({"`": TYPED_BACKTICK} | {chr(sign): "" for sign in range(0xE010, 0xE015)})
_MARK = re.compile(f"{_MOMENT.pattern}|{_CALLED.pattern}")
#: what is left of a mark that was cut
_LEFT = re.compile("[\ue010-\ue014]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ESCAPED = re.compile("[&<>]")
_CODE = re.compile("`([^`\n]+)`")
#: a line that has a number of its own needs no other sign
_STEP = re.compile(r"\s*[0-9]+\. ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message: all of it as plain text, and how it looks."""

    text: str
    blocks: tuple[Block, ...] = ()

    def arguments(self) -> dict[str, Any]:
        """Return it as Slack's methods take it: nothing is unfurled, linked or formatted on its own."""
        return {
            "text": self.text,
            "blocks": list(self.blocks),
            "mrkdwn": False,
            "link_names": False,
            "parse": "none",
            "unfurl_links": False,
            "unfurl_media": False,
        }


def message(lines: Iterable[str], *more: Block) -> Message:
    """Return lines of ours as a message, with further blocks below."""
    kept = list(lines)
    return Message(text=fallback(kept), blocks=(*rich(kept), *more)[:MOST_BLOCKS])


def fallback(lines: Iterable[str]) -> str:
    """Return lines as one text without any formatting, escaped, of a length that Slack takes."""
    said = _unmarked("\n".join(lines)).replace("`", "").replace(TYPED_BACKTICK, "`")
    return escape(said, LONGEST_TEXT) or CLIPPED


def escape(text: str, limit: int) -> str:
    """Return `text` with Slack's three escapes, cut where it would be longer than `limit`."""
    pieces: list[str] = []
    left = limit
    for sign in text:
        piece = _ESCAPES.get(sign, sign)
        # Signs outside of the first plane count twice for some of Slack's limits.
        left -= len(piece) + (ord(sign) > 0xFFFF)
        if left < 1:
            return "".join(pieces).rstrip() + CLIPPED
        pieces.append(piece)
    return "".join(pieces)


def header(text: str) -> Block:
    """Return a heading."""
    return {"type": "header", "text": plain_text(text, LONGEST_HEADER)}


def plain_text(text: str, limit: int) -> Block:
    """Return text that nothing is read into, no emoji either."""
    said = _unmarked(text).replace("`", "").replace(TYPED_BACKTICK, "`")
    return {"type": "plain_text", "text": clip(said, limit) or CLIPPED, "emoji": False}


def context(*lines: str) -> Block:
    """Return small print."""
    return {"type": "context", "elements": [plain_text(one, 2_000) for one in lines[:10]]}


def clip(text: str, limit: int) -> str:
    """Return `text` in at most `limit` signs."""
    length = len(text) + sum(ord(sign) > 0xFFFF for sign in text)
    if length <= limit:
        return text
    kept, left = [], limit - 1
    for sign in text:
        left -= 2 if ord(sign) > 0xFFFF else 1
        if left < 0:
            break
        kept.append(sign)
    return "".join(kept).rstrip() + CLIPPED


def rich(lines: Sequence[str]) -> list[Block]:
    """Return lines as one block of rich text, in the order in which they stand; nothing for no lines."""
    elements: list[Block] = []
    left = LONGEST_BODY
    for is_table, group in _grouped(lines):
        said = clip("\n".join(group), min(left, LONGEST_ELEMENT))
        left -= len(said)
        elements.append(_preformatted(said) if is_table else _section(said))
        if left <= 1:
            break
    return [{"type": "rich_text", "elements": elements}] if elements else []


def preformatted(output: str) -> Block:
    """Return a program's output as it was written."""
    return {"type": "rich_text", "elements": [_preformatted(clip(output, LONGEST_ELEMENT))]}


def linked(url: str, label: str) -> Block:
    """Return a line that leads to an address of ours."""
    link = {"type": "link", "url": url, "text": clip(label, LONGEST_HEADER)}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [link]}]}


def call_mark(user: str, name: str) -> str:
    """Return the name of somebody so that Slack calls them; only an account that Slack has proved is one."""
    return f"\ue012{user}\ue013{name}\ue014" if _CALLED.fullmatch(f"\ue012{user}\ue013\ue014") else name


def moment_mark(at: datetime) -> str:
    """Return a moment so that every reader sees it in their own time."""
    return f"\ue010{int(at.timestamp())}\ue011"


def shielded(value: T) -> T:
    """Return an answer, an event or a row in which no backtick is left that anybody typed."""
    return cast("T", _shielded(value))


def _shielded(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Enum):
        return type(value)(value.translate(_SHIELDED)) if type(value) is str else value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {}
        for one in dataclasses.fields(value):
            before = getattr(value, one.name)
            after = _shielded(before)
            if after is not before and after != before:
                changed[one.name] = after
        return dataclasses.replace(value, **changed) if changed else value
    if isinstance(value, Mapping):
        return {name: _shielded(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return tuple(_shielded(one) for one in value)
    if isinstance(value, list):
        return [_shielded(one) for one in value]
    return value


def _grouped(lines: Sequence[str]) -> list[tuple[bool, list[str]]]:
    """Return neighbouring lines together: those in columns, and those that are sentences."""
    groups: list[tuple[bool, list[str]]] = []
    for said in lines:
        line = said
        is_table = "  " in line.strip() or "\t" in line
        if not is_table and line.startswith("  "):
            line = line.strip() if _STEP.match(line) else f"• {line.strip()}"
        if not line.strip():
            if groups:
                groups[-1][1].append("")
        elif groups and groups[-1][0] == is_table:
            groups[-1][1].append(line)
        else:
            groups.append((is_table, [line]))
    for _, group in groups:
        while group and not group[-1]:
            group.pop()
    return [one for one in groups if one[1]]


def _preformatted(said: str) -> Block:
    text = _unmarked(said).replace("`", "").replace(TYPED_BACKTICK, "`")
    return {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text or CLIPPED}]}


def _section(said: str) -> Block:
    return {"type": "rich_text_section", "elements": _parts(said)}


def _parts(said: str) -> list[Block]:
    """Return a text's pieces: plain, code, moments."""
    parts: list[Block] = []
    end = 0
    for found in _CODE.finditer(said):
        parts += _plain_parts(said[end : found.start()], {})
        parts += _plain_parts(found[1], {"style": {"code": True}})
        end = found.end()
    parts += _plain_parts(said[end:], {})
    return parts or [{"type": "text", "text": CLIPPED}]


def _plain_parts(said: str, style: Mapping[str, Any]) -> list[Block]:
    parts: list[Block] = []
    end = 0
    for found in _MARK.finditer(said):
        parts += [*_text(said[end : found.start()], style), _marked(found[0])]
        end = found.end()
    return parts + _text(said[end:], style)


def _marked(mark: str) -> Block:
    """Return what a mark stands for."""
    if called := _CALLED.fullmatch(mark):
        return {"type": "user", "user_id": called[1]}
    seconds = int(mark[1:-1])
    form = "{date_short_pretty} {time}"
    return {"type": "date", "timestamp": seconds, "format": form, "fallback": _in_words(seconds)}


def _unmarked(said: str) -> str:
    """Return it with words in the places of marks."""
    said = _MOMENT.sub(lambda found: _in_words(int(found[1])), said)
    return _LEFT.sub("", _CALLED.sub(lambda found: found[2], said))


def _text(said: str, style: Mapping[str, Any]) -> list[Block]:
    said = _LEFT.sub("", said).replace("`", "").replace(TYPED_BACKTICK, "`")
    return [{"type": "text", "text": said, **style}] if said else []


def _in_words(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
