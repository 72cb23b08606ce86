"""Output of programs as pieces of text with a style each: colours are shown, nothing else that is in it acts.

Everything begins anew with each line, so that the result does not depend on where the output was cut.
"""

import re
from collections.abc import Iterator

from funade.texts import plain_lines

#: a style, which names classes of the style sheet, and the text that has it
Piece = tuple[str, str]

_LINE_END = re.compile("\r+\n|\r")
_GRAPHICS = re.compile("\x1b\\[([0-9;:]{0,40})m")
#: the beginning of a sequence that may go on, at the very end of the output
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[]PX^_][^\x07\x1b]*\x1b?)?\Z")
_LONGEST_SEQUENCE = 256
_WEIGHTS = {1: "b", 2: "d", 3: "i", 4: "u"}
_ENDED_WEIGHTS = {22: "bd", 23: "i", 24: "u"}


def pieces(raw: bytes) -> list[Piece]:
    """Return output as pieces; neighbours have different styles."""
    lines = _LINE_END.sub("\n", raw.decode("utf-8", "replace")).split("\n")
    found: list[Piece] = []
    for number, line in enumerate(lines):
        if number:
            _add(found, "", "\n")
        for style, text in _styled(line):
            _add(found, style, text)
    return found


def whole_lines(raw: bytes) -> int:
    """Return how many bytes belong to lines that have ended."""
    return raw.rfind(b"\n") + 1


def whole_signs(raw: bytes) -> int:
    """Return how many bytes can be shown though the line goes on: no sign and no sequence is cut."""
    end = len(raw)
    unfinished = _UNFINISHED.search(raw, max(0, end - _LONGEST_SEQUENCE))
    if unfinished is not None:
        end = unfinished.start()
    if raw[:end].endswith(b"\r"):
        end -= 1
    for back in range(1, min(4, end) + 1):
        byte = raw[end - back]
        if 0xC2 <= byte < 0xF5:
            wanted = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return end - back if back < wanted else end
        if byte < 0x80:
            break
    return end


def _styled(line: str) -> Iterator[Piece]:
    color, weights, at = "", "", 0
    for match in _GRAPHICS.finditer(line):
        yield _style(color, weights), plain_lines(line[at : match.start()])
        color, weights = _after(match[1], color, weights)
        at = match.end()
    yield _style(color, weights), plain_lines(line[at:])


def _after(codes: str, color: str, weights: str) -> tuple[str, str]:
    """Return colour and weights after a sequence of codes; what we do not show is passed over."""
    numbers = [int(code or 0) for code in re.split("[;:]", codes)]
    while numbers:
        code = numbers.pop(0)
        if code == 0:
            color, weights = "", ""
        elif code in _WEIGHTS:
            weights = weights.replace(_WEIGHTS[code], "") + _WEIGHTS[code]
        elif code in _ENDED_WEIGHTS:
            weights = "".join(one for one in weights if one not in _ENDED_WEIGHTS[code])
        elif 30 <= code <= 37:
            color = f"c{code - 30}"
        elif 90 <= code <= 97:
            color = f"c{code - 82}"
        elif code == 39:
            color = ""
        elif code in (38, 48):
            shade = _extended(numbers)
            color = shade if code == 38 and shade is not None else color
    return color, weights


def _extended(numbers: list[int]) -> str | None:
    """Take the rest of a colour of 256 or of millions; return the class of one of the sixteen."""
    kind = numbers.pop(0) if numbers else 0
    given = [numbers.pop(0) for _ in range(min(len(numbers), {5: 1, 2: 3}.get(kind, 0)))]
    return f"c{given[0]}" if kind == 5 and given and given[0] < 16 else None


def _style(color: str, weights: str) -> str:
    return " ".join([*([color] if color else []), *sorted(weights)])


def _add(found: list[Piece], style: str, text: str) -> None:
    if not text:
        return
    if found and found[-1][0] == style:
        found[-1] = style, found[-1][1] + text
    else:
        found.append((style, text))
