"""What is wrong with a file or the world, in other languages: known by its form, for it is worded where it is found.

Errors are worded in English by whoever meets them, for logs as for people. What no form fits stays English, and nothing
is decided by them (docs/adr/0020-errors-are-worded-where-they-arise.md).
"""

import re
from functools import cache
from string import Formatter

from funade.texts.catalogue import ENGLISH, Reader
from funade.texts.plain import TYPED_BACKTICK
from funade.texts.trouble_forms import FORMS

_BACKTICK = f"[`{TYPED_BACKTICK}]"
_BETWEEN = " — "
_STOP = "。"
#: a place that holds a sentence of its own
_INNER = "inner"


def trouble(text: str, reader: Reader) -> str:
    """Return `text` in the reader's language as far as its forms are known; what stands before them stays."""
    if reader.language == ENGLISH:
        return text
    start = 0
    while start >= 0:
        said = _said(text[start:], reader)
        if said is not None:
            return text[:start] + said
        start = text.find(": ", start)
        start = start + 2 if start >= 0 else start
    return text


def _said(text: str, reader: Reader) -> str | None:
    """Return what is so and what to do, if at least what is so is known."""
    what, _, remedy = text.partition(_BETWEEN)
    said = _one(what, reader)
    if said is None or not remedy:
        return said
    return f"{said}{_STOP}{_one(remedy, reader) or remedy}"


def _one(text: str, reader: Reader) -> str | None:
    for form in FORMS:
        match = _pattern(form).fullmatch(text)
        if match is not None:
            values = {
                name: trouble(value, reader) if name.startswith(_INNER) else value
                for name, value in match.groupdict().items()
            }
            return reader.word(form, **values)
    return None


@cache
def _pattern(form: str) -> re.Pattern[str]:
    """Return what finds `form` filled with anything; between backticks there is no backtick."""
    parts, before = [], ""
    for literal, name, _, _ in Formatter().parse(form):
        # Where the backticks of others are kept apart from ours, a sentence of ours is known all the same.
        parts.append(re.escape(literal).replace("`", _BACKTICK))
        before = literal or before
        if name is not None:
            anything = f"[^`{TYPED_BACKTICK}]*" if before.endswith("`") else ".+?"
            parts.append(f"(?P<{name}>{anything})")
    return re.compile("".join(parts), re.DOTALL)
