"""A request to a host, as bytes: one constant command for the login shell, everything else on standard input.

The program (`host.sh`) comes first, on one line; then the request, on one line; then whatever the operation reads
itself. Nothing of a request is ever part of a command: the host's shell gets it as data, by `read`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

#: All that a login shell ever sees. It means the same to sh, bash, zsh, fish and csh.
REMOTE_COMMAND = (
    'exec /bin/sh -c \'IFS= read -r program && IFS= read -r request && eval "$(printf %b "$program")"\''
)

_ESCAPED = {"\\": "\\0134", "\n": "\\0012"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request: an operation of `host.sh`, its fields in their order."""

    operation: str
    fields: tuple[str, ...] = field(repr=False)

    def encoded(self) -> bytes:
        """Return what stands on the host's standard input before anything else; or raise ValueError for a NUL."""
        lines = "".join(f"{_on_one_line(one)}\n" for one in (self.operation, *self.fields))
        return b"\n".join((program(), _on_one_line(lines).encode(errors="surrogateescape"), b""))


def list_of(items: Iterable[str]) -> tuple[str, ...]:
    """Return the fields of a list: how many there are, then each."""
    found = tuple(items)
    return (str(len(found)), *found)


def hook_fields(title: str, environment: Sequence[tuple[str, str]], argv: Sequence[str]) -> tuple[str, ...]:
    """Return the fields of one hook: its name for people, its variables, its program and arguments."""
    variables = [part for pair in environment for part in pair]
    return (title, *list_of([*variables, "", *argv]))


@cache
def program() -> bytes:
    """Return the host's program on one line, without what only people read."""
    text = files("funade.targets.ssh").joinpath("host.sh").read_text(encoding="utf-8")
    lines = (re.sub(r"\) \{ # .*$", ") {", line.strip()) for line in text.splitlines())
    code = "\n".join(line for line in lines if line and not line.startswith("#"))
    return _on_one_line(code).encode()


def _on_one_line(text: str) -> str:
    if "\0" in text:
        message = "a NUL can be part of no argument"
        raise ValueError(message)
    return text.replace("\\", _ESCAPED["\\"]).replace("\n", _ESCAPED["\n"])
