"""From a text to its words: spaces of every kind, quotation marks of every kind, options, and where a reason begins.

Nothing is understood here yet; but from here on a word is what its author meant to type.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from funade.chat.entities import Decoded, Entity
from funade.chat.folding import BRACKETS, DASHES, DOUBLE_QUOTES, SINGLE_QUOTES, ZERO_WIDTH, fold
from funade.chat.heard import Misreading, NotUnderstood

#: from here on it is the reason, word for word
BECAUSE = "because"
RIYUU = "理由"

_QUOTES = DOUBLE_QUOTES + SINGLE_QUOTES
_ATTACHED = re.compile("[=＝]")
_GAP = re.compile(rf"[\s{ZERO_WIDTH}]+")
_WORD = re.compile(r"\S+")
#: most words are nothing but this, and need no second look
_SIMPLE = re.compile(r"[A-Za-z0-9#][A-Za-z0-9./@_#+-]*(?= |$)")
_LINE_END = re.compile("[\n\r\v\f\x85\u2028\u2029]")
_DASH = "[" + re.escape(DASHES) + "]"
_OPTION_WITH_QUOTE = re.compile(rf"{_DASH}{{1,2}}[^\s=＝{_QUOTES}]+[=＝](?=[{_QUOTES}「『])")
#: what may stand between a closing mark and the next word
_AFTER_QUOTE = re.compile(r"[.!?,。！？、]*(?=[\s" + ZERO_WIDTH + "`*]|[をにへのはでが]|$)")
_ESCAPED = re.compile(r"\\([\\" + _QUOTES + "])")
_AFTER_RIYUU = ":：はを=＝、"


@dataclass(slots=True)
class Word:
    """One word and where it stood; `value` is what an option has attached with `=`."""

    text: str
    start: int
    end: int
    quoted: bool = False
    entity: Entity | None = None
    value: "Word | None" = None

    @property
    def is_option(self) -> bool:
        """Tell whether it begins like an option."""
        return self.value is not None or (not self.quoted and self.text[:1] == "-" and len(self.text) > 1)


@dataclass(slots=True)
class Words:
    """The words of a text; `tail` is where the reason begins that runs to the end of the text."""

    words: list[Word] = field(default_factory=list)
    tail: int | None = None


def read_words(
    decoded: Decoded, lo: int, hi: int, formatting: Collection[str], count: Callable[[int], None]
) -> Words:
    """Return the words between `lo` and `hi`; `formatting` are signs that only make text bold or code."""
    text = decoded.text
    reading = _Reading(decoded, hi, formatting, count)
    found = Words()
    words = found.words
    position = lo
    while position < hi:
        sign = text[position]
        if sign == " " or sign in formatting:
            count(1)
            position += 1
        elif sign.isspace() or sign in ZERO_WIDTH:
            end = _skip(_GAP, text, position, hi)
            if words and end < hi and _LINE_END.search(text, position, end):
                raise NotUnderstood(Misreading.SEVERAL_COMMANDS, repaired=text[lo:position])
            count(end - position)
            position = end
        else:
            word, after = reading.word(position)
            count(after - position)
            if words and not word.quoted and _begins_reason(word.text):
                found.tail = _tail(text, word, hi)
                return found
            if word.text or word.quoted or word.value:
                words.append(word)
            position = after
    return found


def closing(text: str, opening: int, hi: int) -> int | None:
    """Return where the quotation that opens there is closed: by a mark of its class behind which a word ends."""
    marks = DOUBLE_QUOTES if text[opening] in DOUBLE_QUOTES else SINGLE_QUOTES
    position = opening + 1
    while position < hi:
        if text[position] == "\\":
            position += 2
        elif text[position] in marks and _AFTER_QUOTE.match(text, position + 1, hi):
            return position
        else:
            position += 1
    return None


def unescape(quotation: str) -> str:
    """Return what stands between quotation marks, without the backslashes before marks and backslashes."""
    return _ESCAPED.sub(r"\1", quotation) if "\\" in quotation else quotation


def quote(text: str) -> str:
    """Return `text` so that it is read back as one word, letter for letter."""
    escaped = re.sub(r"([\\" + _QUOTES + "])", r"\\\1", text)
    return f'"{escaped}"'


@dataclass(slots=True)
class _Reading:
    """One text on its way to words; `hopeless` are the marks that no later mark can close."""

    decoded: Decoded
    hi: int
    formatting: Collection[str]
    count: Callable[[int], None]
    hopeless: set[str] = field(default_factory=set)

    def word(self, start: int) -> tuple[Word, int]:
        """Return the word that begins at `start`, and where it ends."""
        text, hi = self.decoded.text, self.hi
        simple = None if self.decoded.entities else _SIMPLE.match(text, start, hi)
        if simple is not None:
            return Word(simple[0], start, simple.end()), simple.end()
        quoted = self.quoted(start)
        if quoted is not None:
            return quoted, _skip(_AFTER_QUOTE, text, quoted.end, hi)
        option = _OPTION_WITH_QUOTE.match(text, start, hi) if text[start] in DASHES else None
        if option is not None:
            value = self.quoted(option.end())
            if value is not None:
                after = _skip(_AFTER_QUOTE, text, value.end, hi)
                return Word(fold(option[0][:-1]), start, after, value=value), after
        if start in self.decoded.entities:
            entity, end = self.decoded.entities[start]
            after = _skip(_WORD, text, end, hi)
            return Word(text[start:after], start, after, entity=entity), after
        after = end = _skip(_WORD, text, start, hi)
        while end > start and text[end - 1] in self.formatting:
            end -= 1
        return _read_bare(text[start:end], start, end), after

    def quoted(self, start: int) -> Word | None:
        """Return the quoted or bracketed word that begins at `start`, None where none does."""
        text = self.decoded.text
        mark = text[start]
        if mark in self.hopeless or (mark not in _QUOTES and mark not in BRACKETS):
            return None
        if mark in BRACKETS:
            end = text.find(BRACKETS[mark], start, self.hi)
            if end >= 0:
                return Word(text[start : end + 1], start, end + 1, quoted=True)
        else:
            end_of_quotation = closing(text, start, self.hi)
            if end_of_quotation is not None:
                inner = unescape(text[start + 1 : end_of_quotation])
                return Word(inner, start, end_of_quotation + 1, quoted=True)
            if mark in DOUBLE_QUOTES:
                raise NotUnderstood(Misreading.UNCLOSED_QUOTE, word=text[start : start + 40])
        self.count(self.hi - start)
        self.hopeless.update(SINGLE_QUOTES if mark in SINGLE_QUOTES else mark)
        return None


def _read_bare(raw: str, start: int, end: int) -> Word:
    """Return the word that `raw` is; what an option has attached is folded like any word, but never its dashes."""
    folded = fold(raw)
    attached = _ATTACHED.search(raw) if folded[:1] == "-" else None
    if attached is None:
        return Word(folded, start, end)
    value = raw[attached.end() :]
    shown = value if value[:1] in DASHES else fold(value)
    name = fold(raw[: attached.start()])
    return Word(name, start, end, value=Word(shown, start + attached.end(), end))


def _skip(pattern: re.Pattern[str], text: str, start: int, hi: int) -> int:
    match = pattern.match(text, start, hi)
    return match.end() if match is not None else start


def _begins_reason(word: str) -> bool:
    if word.isascii():
        return word[:1] in "bB" and word.rstrip(":,").lower() == BECAUSE
    return word.startswith(RIYUU)


def _tail(text: str, word: Word, hi: int) -> int:
    """Return where the reason begins behind the word that announces it."""
    start = word.end
    if word.text.startswith(RIYUU):
        start = text.index(RIYUU, word.start, hi) + len(RIYUU)
        start = _skip(_GAP, text, start, hi)
        while start < hi and text[start] in _AFTER_RIYUU:
            start += 1
    return _skip(_GAP, text, start, hi)
