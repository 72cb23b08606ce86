"""What a look brought back: an answer, or why there is none."""

import re
from dataclasses import dataclass

MAXIMUM_BYTES = 64 << 10
LONGEST_SHOWN = 200

_NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was there, without the spaces around it."""

    text: str


@dataclass(frozen=True, slots=True)
class Silence:
    """Why nothing was there that could be compared; for people."""

    why: str


def read(raw: bytes) -> Answer | Silence:
    """Return the text that was answered."""
    if len(raw) > MAXIMUM_BYTES:
        return Silence(f"answered more than {MAXIMUM_BYTES >> 10} KiB")
    try:
        return Answer(raw.decode("utf-8-sig").strip())
    except UnicodeDecodeError:
        return Silence("answered what is no text")


def shown(text: str) -> str:
    """Return foreign text fit for one line of ours."""
    line = _NOT_SHOWN.sub(" ", text).strip()
    return line if len(line) <= LONGEST_SHOWN else line[:LONGEST_SHOWN] + "…"
