"""What becomes of a person's sentence before an app sees it: entities, links, escapes, and its rich text.

The sentence is cut into pieces once; both the text on the wire and the rich text are made of them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from funade.playground.errors import Json
from funade.playground.switches import Switches

#: what Slack makes of signs that people type as pictures; the others stay as they are
EMOJI = {
    "🎉": "tada", "👍": "+1", "👎": "-1", "🚀": "rocket", "✅": "white_check_mark", "❌": "x", "👀": "eyes",
    "🔥": "fire", "❤️": "heart", "😀": "grinning", "😂": "joy", "🙏": "pray", "⚠️": "warning", "🔒": "lock",
    "💯": "100", "😄": "smile", "😢": "cry", "🤔": "thinking_face", "👏": "clap", "🙌": "raised_hands",
}  # fmt: skip

_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+"
_CODE = re.compile(r"```(?P<block>.+?)```|`(?P<inline>[^`\n]+)`", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a sentence: its text on the wire and its element of rich text."""

    wire: str
    element: Json


@dataclass(frozen=True, slots=True)
class Names:
    """Who and what can be named in a sentence."""

    person: Callable[[str], str | None]  #: a handle's user id
    group: Callable[[str], str | None]
    channel: Callable[[str], tuple[str, str] | None]  #: a name's id, and the name that goes on the wire


def escaped(text: str) -> str:
    """Return the text with the three signs that Slack escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def corrected(text: str, keyboard: str) -> str:
    """Return what a keyboard that means well makes of the text."""
    if keyboard == "none":
        return text
    text = re.sub(r"(?<!-)--(?!-)", "—", text)
    text = re.sub(r'(^|[\s(=\[])"', "\\1“", text).replace('"', "”")
    text = re.sub(r"(^|[\s(=\[])'", "\\1‘", text).replace("'", "’")
    text = text.replace("...", "…")
    if keyboard == "phone" and text:
        text = text[0].upper() + text[1:] + " "
    return text


def wire_text(text: str, names: Names, switches: Switches) -> str:
    """Return the text of a person's message as apps receive it."""
    return "".join(piece.wire for piece in pieces(text, names, switches))


def rich_text(text: str, names: Names, switches: Switches, block_id: str) -> Json:
    """Return the block that Slack adds to what people write."""
    sections: list[Json] = []
    line: list[Json] = []
    after_code = False
    for piece in pieces(text, names, switches):
        element = piece.element
        if element["type"] == "preformatted":
            if line:
                sections.append({"type": "rich_text_section", "elements": line})
            inner = [{"type": "text", "text": element["text"].strip("\n")}]
            sections.append({"type": "rich_text_preformatted", "elements": inner, "border": 0})
            line, after_code = [], True
            continue
        if element["type"] == "text" and "style" not in element:
            said = element["text"].removeprefix("\n") if after_code else element["text"]
            line += _styled(said)
        else:
            line.append(element)
        after_code = False
    if line or not sections:
        sections.append({"type": "rich_text_section", "elements": line})
    return {"type": "rich_text", "block_id": block_id, "elements": sections}


_STYLES = {"*": "bold", "_": "italic", "~": "strike"}
_STYLED = re.compile(r"(?<!\w)([*_~])(?=\S)([^*_~\n]+)(?<=\S)\1(?!\w)")


def _styled(text: str) -> Iterator[Json]:
    """Return the elements of plain text: what stands between two equal signs has their style."""
    start = 0
    for match in _STYLED.finditer(text):
        if match.start() > start:
            yield {"type": "text", "text": text[start : match.start()]}
        yield {"type": "text", "text": match[2], "style": {_STYLES[match[1]]: True}}
        start = match.end()
    if text[start:]:
        yield {"type": "text", "text": text[start:]}


def pieces(text: str, names: Names, switches: Switches) -> Iterator[Piece]:
    """Cut a sentence into its pieces; nothing is named or linked inside of code."""
    start = 0
    for code in _CODE.finditer(text):
        yield from _plain_pieces(text[start : code.start()], names, switches)
        if code["block"] is not None:
            yield Piece(f"```{escaped(code['block'])}```", {"type": "preformatted", "text": code["block"]})
        else:
            styled = {"type": "text", "text": code["inline"], "style": {"code": True}}
            yield Piece(f"`{escaped(code['inline'])}`", styled)
        start = code.end()
    yield from _plain_pieces(text[start:], names, switches)


def _plain_pieces(text: str, names: Names, switches: Switches) -> Iterator[Piece]:
    start = 0
    for match in _pattern(switches.link_domains).finditer(text):
        piece = _piece_of(match, names)
        if piece is None:
            continue
        yield from _text_pieces(text[start : match.start()])
        yield piece
        start = match.end()
    yield from _text_pieces(text[start:])


def _text_pieces(text: str) -> Iterator[Piece]:
    if text:
        yield Piece(escaped(text), {"type": "text", "text": text})


def _piece_of(match: re.Match[str], names: Names) -> Piece | None:
    said = match[0]
    match match.lastgroup:
        case "emoji":
            name = EMOJI[said]
            return Piece(f":{name}:", {"type": "emoji", "name": name})
        case "at":
            return _mention(said, names)
        case "hash":
            found = names.channel(said[1:])
            if found is None:
                return None
            channel, shown = found
            return Piece(f"<#{channel}|{shown}>", {"type": "channel", "channel_id": channel})
        case "url":
            return Piece(f"<{escaped(said)}>", {"type": "link", "url": said})
        case "mail":
            url = f"mailto:{said}"
            return Piece(f"<{url}|{said}>", {"type": "link", "url": url, "text": said})
        case _:
            url = f"http://{said}"
            return Piece(f"<{escaped(url)}|{escaped(said)}>", {"type": "link", "url": url, "text": said})


def _mention(said: str, names: Names) -> Piece | None:
    name = said[1:]
    if name in ("here", "channel", "everyone"):
        return Piece(f"<!{name}>", {"type": "broadcast", "range": name})
    if person := names.person(name):
        return Piece(f"<@{person}>", {"type": "user", "user_id": person})
    if group := names.group(name):
        return Piece(f"<!subteam^{group}|@{name}>", {"type": "usergroup", "usergroup_id": group})
    return None


_patterns: dict[tuple[str, ...], re.Pattern[str]] = {}


def _pattern(domains: tuple[str, ...]) -> re.Pattern[str]:
    if domains not in _patterns:
        endings = "|".join(sorted(map(re.escape, domains), key=len, reverse=True))
        emoji = "|".join(sorted(map(re.escape, EMOJI), key=len, reverse=True))
        _patterns[domains] = re.compile(
            rf"(?P<url>\bhttps?://[^\s<>|\"”’]+[^\s<>|\"”’.,;:!?)\]}}])"
            rf"|(?P<mail>\b[\w.+-]+@{_HOST}(?:{endings})\b)"
            r"|(?P<at>(?<![\w@])@[\w.-]*\w)"
            r"|(?P<hash>(?<![\w#&])#[\w-]+)"
            rf"|(?P<host>(?<![\w@/.=-]){_HOST}(?:{endings})(?![\w-])(?::\d+)?(?:/[^\s<>|]*)?)"
            rf"|(?P<emoji>{emoji})"
        )
    return _patterns[domains]
