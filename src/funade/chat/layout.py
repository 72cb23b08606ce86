"""Lines and columns of plain text; a Japanese sign takes two columns, a combining one none."""

import unicodedata
from collections.abc import Sequence

GAP = "  "


def width_of(text: str) -> int:
    """Return how many columns `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def pad(text: str, columns: int) -> str:
    """Return `text` filled with spaces up to that many columns."""
    return text + " " * (columns - width_of(text))


def clip(text: str, columns: int) -> str:
    """Return `text` in at most that many columns, with `…` where something was left out."""
    if width_of(text) <= columns:
        return text
    taken = 0
    for index, sign in enumerate(text):
        taken += _columns(sign)
        if taken > columns - 1:
            return text[:index].rstrip() + "…"
    return text


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines in which the columns stand below one another; the last column is as long as it is."""
    widths = [max(map(width_of, column)) for column in zip(*(row[:-1] for row in rows), strict=True)]
    lines = []
    for row in rows:
        cells = [*(pad(cell, columns) for cell, columns in zip(row[:-1], widths, strict=True)), row[-1]]
        lines.append(GAP.join(cells).rstrip())
    return lines


def indented(lines: Sequence[str]) -> list[str]:
    """Return the lines a little to the right."""
    return [GAP + line if line else line for line in lines]


def _columns(sign: str) -> int:
    if unicodedata.combining(sign) or unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in ("W", "F") else 1
