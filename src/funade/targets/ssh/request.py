"""A request to a host, as bytes: one constant command for the login shell, everything else on standard input.

A program (of `host/`) comes first, on one line; then requests, a line each; then whatever the program reads itself.
Nothing of a request is ever part of a command: the host's shell gets it as data, by `read`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from importlib.resources import files

#: All that a login shell ever sees. It means the same to sh, bash, zsh, fish and csh.
REMOTE_COMMAND = 'exec /bin/sh -c \'IFS= read -r program && eval "$(printf %b "$program")"\''
#: Closes each of the answers of `Program.ANSWERS`.
END_OF_ANSWER = b"\n.\n"

_ESCAPED = {"\\": "\\0134", "\n": "\\0012"}


class Program(Enum):
    """What a host is sent to run, in parts of `host/`."""

    ANSWERS = ("request", "files", "processes", "guard", "releases", "stages", "answers")
    SEND = ("request", "send")
    FOLLOW = ("request", "follow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request: an operation, its fields in their order; fields may be secret."""

    operation: str
    fields: tuple[str, ...] = field(repr=False)

    def encoded(self) -> bytes:
        """Return its line; or raise ValueError for a NUL."""
        lines = "".join(f"{_on_one_line(one)}\n" for one in (self.operation, *self.fields))
        return _on_one_line(lines).encode(errors="surrogateescape") + b"\n"


def list_of(items: Iterable[str]) -> tuple[str, ...]:
    """Return the fields of a list: how many there are, then each."""
    found = tuple(items)
    return (str(len(found)), *found)


def hook_fields(title: str, environment: Sequence[tuple[str, str]], argv: Sequence[str]) -> tuple[str, ...]:
    """Return the fields of one hook: its name for people, its variables, its program and arguments."""
    variables = [part for pair in environment for part in pair]
    return (title, *list_of([*variables, "", *argv]))


@cache
def line_of(program: Program) -> bytes:
    """Return a program on one line, without what only people read."""
    folder = files("funade.targets.ssh").joinpath("host")
    code = [
        re.sub(r"\) \{ # .*$", ") {", line.strip())
        for part in program.value
        for line in folder.joinpath(f"{part}.sh").read_text(encoding="utf-8").splitlines()
    ]
    return (
        _on_one_line("\n".join(line for line in code if line and not line.startswith("#"))).encode() + b"\n"
    )


def _on_one_line(text: str) -> str:
    if "\0" in text:
        message = "a NUL can be part of no argument"
        raise ValueError(message)
    return text.replace("\\", _ESCAPED["\\"]).replace("\n", _ESCAPED["\n"])
