"""Words that are values: numbers, spans of time, digits of a commit, rights; and how they are spelled."""

import re
from datetime import timedelta
from typing import TypeVar

from funade.chat.entities import Entity
from funade.chat.folding import fold_width
from funade.chat.heard import Misreading, NotUnderstood
from funade.chat.japanese import forms
from funade.chat.words import Word
from funade.domain.durations import parse_duration
from funade.domain.people import Right

T = TypeVar("T")

LARGEST = 10**15
STOPS = ".,:!?。、！？"

_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "秒", "秒間"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "分", "分間"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "時間"), "h"),
    **dict.fromkeys(("d", "day", "days", "日", "日間"), "d"),
}
_SPAN = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([a-z]+|[秒分時間日]+)")
_LENGTHS = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("m", timedelta(minutes=1)))
# As many digits as nobody mistypes into another commit; the desk wants as many.
_REVISION = re.compile("[0-9A-Fa-f]{7,64}")

#: how people say that somebody may do something
_RIGHTS: dict[str, Right] = {
    **{right.value: right for right in Right},
    "roll": Right.ROLLBACK,
    **{
        said: right
        for stem, right in (
            ("デプロイ", Right.DEPLOY),
            ("承認", Right.APPROVE),
            ("ロールバック", Right.ROLLBACK),
            ("ロック", Right.LOCK),
            ("強行", Right.OVERRIDE),
        )
        for said in (*forms(stem), *(stem + ending for ending in ("できる", "できますか", "可能")))
    },
}
RIGHT_WORDS = frozenset(_RIGHTS)


def spellings(word: Word) -> tuple[str, ...]:
    """Return how a name may have been meant: as typed, then without what dresses it."""
    text = word.text
    if word.entity is Entity.CHANNEL:
        return (text.removeprefix("#"),)
    if word.quoted:
        return (text, text[1:-1]) if text[:1] in "「『" and len(text) > 2 else (text,)
    undressed = text.rstrip(STOPS)
    if len(undressed) > 2 and undressed[0] == undressed[-1] == "_":
        undressed = undressed[1:-1]
    return (text,) if undressed == text or not undressed else (text, undressed)


def read_number(word: Word) -> int | None:
    """Return the number of a deployment that `12`, `#12` or `12番` name, or None."""
    digits = word.text if word.quoted else word.text.rstrip(STOPS).removesuffix("番")
    digits = digits.removeprefix("#")
    if not digits.isascii() or not digits.isdecimal() or digits[0] == "0" or len(digits) > 15:
        return None
    return int(digits)


def read_count(word: Word) -> int | None:
    """Return the number that `20` names, or None."""
    text = word.text
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST)) else None


def read_span(text: str) -> timedelta | None:
    """Return the time that `30m`, `2h`, `2hours` or `2時間` name, or None; a number alone names none."""
    match = _SPAN.fullmatch(fold_width(text.rstrip(STOPS)).lower())
    unit = _UNITS.get(match[2]) if match is not None else None
    if match is None or unit is None:
        return None
    try:
        return parse_duration(match[1] + unit)
    except ValueError:
        return None


def spell_span(span: timedelta) -> str:
    """Return a time as `read_span` reads it, in the largest unit that leaves no rest."""
    for unit, length in _LENGTHS:
        if not span % length:
            return f"{span // length}{unit}"
    seconds, rest = divmod(span, timedelta(seconds=1))
    return f"{seconds}.{rest.microseconds:06}s" if rest else f"{seconds}s"


def read_revision(word: Word) -> str | None:
    """Return the digits of a commit, seven or more, or None."""
    text = word.text if word.quoted else word.text.rstrip(STOPS)
    return text if _REVISION.fullmatch(text) else None


def read_right(text: str) -> Right | None:
    """Return the right that a word names, or None."""
    return _RIGHTS.get(text.rstrip(STOPS).lower())


def get_number(word: Word) -> int:
    """Return the number of a deployment, or raise NotUnderstood."""
    return _or_misread(word, read_number(word), Misreading.NOT_A_NUMBER)


def get_count(word: Word) -> int:
    """Return a number, or raise NotUnderstood."""
    return _or_misread(word, read_count(word), Misreading.NOT_A_NUMBER)


def get_span(word: Word) -> timedelta:
    """Return a time, or raise NotUnderstood."""
    return _or_misread(word, read_span(word.text), Misreading.NOT_A_SPAN)


def get_revision(word: Word) -> str:
    """Return digits of a commit, or raise NotUnderstood."""
    return _or_misread(word, read_revision(word), Misreading.NOT_A_REVISION)


def get_right(word: Word) -> str:
    """Return a right, or raise NotUnderstood."""
    right = read_right(word.text)
    if right is None:
        raise NotUnderstood(Misreading.NOT_A_RIGHT, word=word.text, rights=tuple(Right))
    return right.value


def _or_misread(word: Word, value: T | None, otherwise: Misreading) -> T:
    if value is None:
        raise NotUnderstood(otherwise, word=word.text)
    return value
