"""Signs that keyboards, clipboards and correctors put in place of those that were meant.

Used outside quotation marks only, and only where a word of ours can stand: nobody's reason or branch is changed.
"""

import re
import unicodedata
from functools import lru_cache

#: autocorrection, documents and Japanese input make these of `-`; the last two are the long-vowel marks
DASHES = "-‐‑‒–—―−﹣－ーｰ"
DOUBLE_QUOTES = '"“”„‟″＂'
SINGLE_QUOTES = "'‘’‚‛′＇"
#: kept as they are, but what stands between them is one word
BRACKETS = {"「": "」", "『": "』"}
#: pasted from pages and left by input methods; they mean nothing
ZERO_WIDTH = "\u200b\u2060\ufeff\u00ad"

_OTHER_DASHES = str.maketrans(dict.fromkeys(DASHES, "-"))
_NOTHING = str.maketrans(dict.fromkeys(ZERO_WIDTH))
_WIDE = str.maketrans({wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)})
_WIDE_OR_ASCII = re.compile("[!-~\uff01-\uff5e]+")

#: never in a command, not even in its reason: they show another text than they are
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
#: never in a command either; the ends of lines and the tab are spaces
CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
#: never in a word of a command; a reason may need marks of direction
HIDDEN = re.compile(
    "[\u061c\u115f\u1160\u180e\u200e\u200f\u2061-\u2065\u206a-\u206f\u3164\ufff9-\ufffb\U000e0000-\U000e0fff]"
)

_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_OTHER_ALPHABET = re.compile(r"[\u0370-\u03ff\u0400-\u052f\u0530-\u058f\u13a0-\u13ff]")
_LETTERS = re.compile(r"[^\W\d_]+")


def fold_dashes(word: str) -> str:
    """Return `word` with every kind of dash as `-`."""
    return word.translate(_OTHER_DASHES)


def fold_width(word: str) -> str:
    """Return `word` with full-width signs as those of a western keyboard."""
    return word.translate(_WIDE)


def fold(word: str) -> str:
    """Return a word outside quotation marks as it was meant.

    Signs of no width vanish; a word of nothing but full-width and ASCII signs becomes ASCII; dashes in front become
    those of an option. All else stays byte for byte: it may be a branch.
    """
    return word if word.isascii() else _fold(word)


@lru_cache(maxsize=512)
def _fold(word: str) -> str:
    word = word.translate(_NOTHING)
    if _WIDE_OR_ASCII.fullmatch(word):
        word = word.translate(_WIDE)
    body = word.lstrip(DASHES)
    head = word[: len(word) - len(body)]
    # A long-vowel mark begins no option unless a western letter follows: it is part of a Japanese word.
    if not head or head.isascii() or not body[:1].isascii() or not body:
        return word
    name = body.partition("=")[0]
    return ("-" if len(head) == 1 and len(name) == 1 else "--") + body


def signs(text: str) -> str:
    """Return the signs of `text` by code point and name, each once."""
    named = (f"U+{ord(sign):04X} {unicodedata.name(sign, '')}".rstrip() for sign in dict.fromkeys(text))
    return ", ".join(named)


def mixed(word: str) -> str:
    """Return the signs of `word` that pass for Latin ones next to which they stand; empty when all is well."""
    if word.isascii():
        return ""
    found = ""
    for run in _LETTERS.findall(word):
        others = _OTHER_ALPHABET.findall(run)
        if others and _LATIN.search(run):
            found += "".join(others)
    return found
