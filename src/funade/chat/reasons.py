"""The reason that runs to the end of a text: taken word for word, unless it swallows what was meant as more."""

import re

from funade.chat.folding import DASHES, DOUBLE_QUOTES, SINGLE_QUOTES, fold
from funade.chat.heard import Misreading, NotUnderstood
from funade.chat.saying import BEGINNINGS
from funade.chat.verbs import Verb
from funade.chat.words import BECAUSE, closing, quote, unescape

REASON = BECAUSE

_LINE_END = re.compile("[\n\r\v\f\x85\u2028\u2029]")
_OPTION = re.compile(rf"(?<!\S)[{re.escape(DASHES)}]{{1,2}}[A-Za-z]\S*")
_NEXT_COMMAND = re.compile(r"(?:&&|\|\||;)\s*(\w+)")


def read_reason(text: str, start: int, hi: int, verb: Verb) -> tuple[str, int]:
    """Return the reason that begins at `start`, and where it ends: earlier than `hi` only before an option."""
    if start >= hi:
        raise NotUnderstood(Misreading.MISSING_VALUE, option=REASON)
    if text[start] in DOUBLE_QUOTES + SINGLE_QUOTES:
        end = closing(text, start, hi)
        if end is not None:
            behind = text[end + 1 : hi].lstrip()
            inner = unescape(text[start + 1 : end])
            if inner.strip() and (not behind.strip(".。") or fold(behind.split()[0])[:1] == "-"):
                return inner, end + 1 if behind.strip(".。") else hi
    reason = text[start:hi].rstrip()
    if _LINE_END.search(reason):
        raise NotUnderstood(Misreading.SEVERAL_COMMANDS)
    for following in _NEXT_COMMAND.finditer(reason):
        if (following[1].lower(),) in BEGINNINGS:
            before = text[:start] + reason[: following.start()].rstrip()
            raise NotUnderstood(Misreading.SEVERAL_COMMANDS, before)
    for option in _OPTION.finditer(reason):
        name = fold(option[0]).partition("=")[0]
        if name in verb.options:
            own = quote(reason[: option.start()].rstrip())
            raise NotUnderstood(
                Misreading.OPTION_IN_REASON, f"{text[:start]}{own} {reason[option.start() :]}", option=name
            )
    return reason, hi
