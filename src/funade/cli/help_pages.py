"""`--help` in another language: click's pages with our translations, wrapped by what a sign takes on a terminal."""

import re
from collections.abc import Iterable, Iterator
from gettext import gettext

import click

from funade.chat.layout import pad, width_of

#: what click puts behind an option's help
_EXTRA = re.compile(r"(?P<help>.*?)(?:  \[(?P<extra>[^\[\]]*)\])?", re.DOTALL)
_NEVER_FIRST = "、。，．）」』：；！？ー…,.):;!?"
#: a word of Latin letters, blanks, or one sign of any other script
_PIECES = re.compile(r"`[^`]*`|[!-~]+| +|.", re.DOTALL)
FIRST_COLUMN = 30


class TranslatedPages(click.HelpFormatter):
    """Writes what click would, translated."""

    def write_heading(self, heading: str) -> None:
        """Write it in the reader's language."""
        super().write_heading(gettext(heading))

    def write_text(self, text: str) -> None:
        """Write paragraphs."""
        columns = max(self.width - self.current_indent, 20)
        for number, paragraph in enumerate(text.split("\n\n")):
            if number:
                self.write_paragraph()
            for line in wrapped(gettext(paragraph.replace("\n", " ")), columns):
                self.write(f"{' ' * self.current_indent}{line}\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = FIRST_COLUMN, col_spacing: int = 2
    ) -> None:
        """Write a list of what there is and what it is for."""
        rows = list(rows)
        first = min(max((width_of(one) for one, _ in rows), default=0), col_max) + col_spacing
        columns = max(self.width - self.current_indent - first, 20)
        indent = " " * self.current_indent
        for term, raw in rows:
            lines = list(wrapped(translated(raw), columns)) or [""]
            if width_of(term) > first - col_spacing:
                self.write(f"{indent}{term}\n")
            else:
                self.write(f"{indent}{pad(term, first)}{lines.pop(0)}".rstrip() + "\n")
            for line in lines:
                self.write(f"{indent}{' ' * first}{line}\n")


def translated(text: str) -> str:
    """Return an option's help, and what click says of its default behind it, in the reader's language."""
    match = _EXTRA.fullmatch(text)
    if match is None or match["extra"] is None:
        return gettext(text)
    return f"{gettext(match['help'])}  [{match['extra']}]"


def wrapped(text: str, columns: int) -> Iterator[str]:
    """Return lines of at most that many columns; Japanese may break between any two signs but before a stop."""
    line = ""
    for piece in _PIECES.findall(text):
        if width_of(line + piece) > columns and line and piece not in _NEVER_FIRST:
            yield line.rstrip()
            line = ""
        line += piece if line or piece.strip() else ""
    if line:
        yield line.rstrip()
