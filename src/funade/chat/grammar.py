"""What people type, understood: a text becomes a command, or says why it does not. Pure, and it never guesses.

A text passes these rooms in order: `entities` (Slack's spelling), `words` (spaces, quotation marks, folding),
`japanese` and `sentences` (small words), `slots` (which word is what), and comes out as a dataclass of the domain.
"""

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache

from funade.chat import japanese
from funade.chat.entities import Decoded, Entity, decode, without_quotations
from funade.chat.folding import BIDI, CONTROL, ZERO_WIDTH, signs
from funade.chat.heard import (
    LONGEST,
    Help,
    Ignored,
    Misread,
    Misreading,
    NotUnderstood,
    Silence,
    Via,
)
from funade.chat.names import Names, near
from funade.chat.reasons import REASON, read_reason
from funade.chat.sentences import read_sentence
from funade.chat.slots import Filling
from funade.chat.spelling import spell, spell_values
from funade.chat.usage import usage
from funade.chat.verbs import (
    BEGINNINGS,
    BY_NAME,
    ENDINGS,
    FIRST_WORDS,
    HABITS,
    HELP_WORDS,
    SLOTS,
    Verb,
    build,
)
from funade.chat.words import Word, Words, quote, read_words
from funade.domain.commands import Command

__all__ = ["parse", "spell"]

Count = Callable[[int], None]

#: signs that only make text bold or code
_CODE = frozenset("`")
_SLACK_FORMATTING = frozenset("`*")
_SEPARATORS = frozenset({"&&", "||", ";", "|", "&", "＆＆", "；", "｜｜"})
_GREETINGS = frozenset({"hey", "hi", "hello", "ok", "okay", "please", "yo", "dear", "お願い", "ねえ"})
#: before a command, and no part of it: politeness, our own name, a shell's prompt, a list's bullet
_LEAD_INS = frozenset({"please", "pls", "funade", "@funade", "/funade", "$", "%", "-", "•", "◦", "・"})
_BLANK = re.compile(rf"[\s{ZERO_WIDTH}]*")
_BEHIND_A_NAME = re.compile(r"[`*_]*[\s:,、。：]*")
_VERB_FORMS = frozenset(ENDINGS) | {said[0] for said in BEGINNINGS if not said[0].isascii()}
#: found before the other words were looked at
_ABOUT_OPTIONS = frozenset(
    {
        Misreading.UNKNOWN_OPTION,
        Misreading.DUPLICATE_OPTION,
        Misreading.MISSING_VALUE,
        Misreading.INVALID_REF,
        Misreading.UNQUOTED_REASON,
    }
)
_SUGGESTIONS_FROM_SUGGESTIONS = 2


def parse(
    text: str, *, via: Via, names: Names, count: Count = lambda _: None
) -> Command | Misread | Help | Ignored:
    """Return what `text` asks for; never raises. `count` is told each number of signs looked at."""
    if len(text) > LONGEST:
        return Misread(code=Misreading.TOO_LONG, detail={"limit": str(LONGEST)})
    count(len(text))
    if via is Via.TERMINAL:
        if not text.strip():
            return Ignored(because=Silence.EMPTY)
        return _Attempt(Decoded(text), _CODE, names, count).outcome()
    own = without_quotations(text)
    decoded = decode(own)
    mention = next((at for at, (entity, _) in decoded.entities.items() if entity is Entity.MENTION), None)
    if own != text and (not own.strip() or (via is Via.MENTION and mention is None)):
        return Ignored(because=Silence.QUOTATION)
    attempt = _Attempt(decoded, _SLACK_FORMATTING, names, count)
    if via is Via.MENTION and mention is not None:
        return _after_mention(attempt, mention)
    return attempt.outcome()


def _after_mention(attempt: "_Attempt", mention: int) -> Command | Misread | Help | Ignored:
    """Return what a message asks that mentions us at `mention`."""
    decoded = attempt.decoded
    before = decoded.text[:mention].strip(" \t\n\xa0`*_,")
    behind = _BEHIND_A_NAME.match(decoded.text, decoded.entities[mention][1])
    attempt.lo = behind.end() if behind is not None else 0
    if not before or before.lower() in _GREETINGS:
        return attempt.outcome()
    rest = f"{before} {decoded.text[attempt.lo :]}"
    meant = _Attempt(Decoded(rest), attempt.formatting, attempt.names, attempt.count, depth=0).outcome()
    if isinstance(meant, (Misread, Help, Ignored)):
        return Ignored(because=Silence.CONVERSATION)
    return Misread(code=Misreading.MENTION_NOT_FIRST, suggestion=spell(meant, attempt.names))


class _Attempt:
    """One text being understood; it keeps how far it came, so that a misreading can say so."""

    def __init__(
        self,
        decoded: Decoded,
        formatting: frozenset[str],
        names: Names,
        count: Count,
        depth: int = _SUGGESTIONS_FROM_SUGGESTIONS,
    ) -> None:
        self.decoded, self.formatting, self.names, self.count, self.depth = (
            decoded,
            formatting,
            names,
            count,
            depth,
        )
        self.lo, self.hi = 0, len(decoded.text)
        self.verb: Verb | None = None
        self.filling: Filling | None = None
        self.plain: list[Word] = []

    def outcome(self) -> Command | Misread | Help | Ignored:
        """Return the command, or what was understood of it."""
        try:
            return self._read()
        except NotUnderstood as misread:
            return Misread(
                code=misread.code,
                understood=self._understood(misread),
                suggestion=self._suggestion(misread),
                detail=misread.detail,
            )

    # Reading

    def _read(self) -> Command | Help:
        self._refuse_what_nobody_types()
        self._unwrap()
        found = read_words(self.decoded, self.lo, self.hi, self.formatting, self.count)
        self._refuse_what_is_no_command(found)
        words = found.words
        if not self.decoded.text.isascii():
            words = japanese.split(words, _VERB_FORMS)
        words = self._without_lead_in(words)
        if not words and found.tail is None:
            return Help()
        if words and _key(words[0]) in HELP_WORDS and not words[0].quoted:
            return self._help(words[1:])
        words = self._take_verb(words)
        verb = self.verb
        assert verb is not None, "a text without a verb is not understood"  # noqa: S101 - narrows
        self._refuse_question(verb, words, found)
        self.filling = Filling(verb, self.names, self.decoded.text)
        if found.tail is not None:
            words += self._take_reason(found.tail)
        if not self._take_options(words):
            return Help(verb=verb.name)
        self.count(len(self.plain))
        self.filling.understand(read_sentence(self.plain, self.names))
        return build(verb, self.filling.values)

    def _refuse_what_nobody_types(self) -> None:
        text = self.decoded.text
        if text.isascii() and text.isprintable():
            return
        turning = BIDI.findall(text)
        if turning:
            raise NotUnderstood(Misreading.BIDI_CONTROL, signs=signs("".join(turning)))
        hidden = CONTROL.findall(text)
        if hidden:
            raise NotUnderstood(Misreading.UNPRINTABLE, signs=signs("".join(hidden)))

    def _unwrap(self) -> None:
        """Step inside signs that make the whole text bold, italic or code."""
        text = self.decoded.text
        blank = _BLANK.match(text, self.lo, self.hi)
        self.lo = blank.end() if blank is not None else self.lo
        while self.hi > self.lo and (text[self.hi - 1].isspace() or text[self.hi - 1] in ZERO_WIDTH):
            self.hi -= 1
        while (
            self.hi - self.lo > 1 and text[self.lo] == text[self.hi - 1] and text[self.lo] in self.formatting
        ):
            self.lo += 1
            self.hi -= 1
        italic = "*" in self.formatting and text[self.lo : self.hi].count("_") == 2
        if italic and text[self.lo] == text[self.hi - 1] == "_":
            self.lo += 1
            self.hi -= 1

    def _refuse_what_is_no_command(self, found: Words) -> None:
        text, words = self.decoded.text, found.words
        if len(words) == 1 and found.tail is None and words[0].quoted and " " in words[0].text.strip():
            raise NotUnderstood(Misreading.WHOLLY_QUOTED, words[0].text)
        for word in words:
            if word.quoted:
                continue
            if word.text in _SEPARATORS or (word.text[-1:] == ";" and not word.entity):
                end = word.start if word.text in _SEPARATORS else word.end - 1
                raise NotUnderstood(Misreading.SEVERAL_COMMANDS, text[self.lo : end])
        if "*" in self.formatting and "~" in text:
            opened = any(word.text[:1] == "~" for word in words if not word.quoted)
            if opened and any(word.text[-1:] == "~" for word in words if not word.quoted):
                raise NotUnderstood(Misreading.STRUCK_OUT)

    def _without_lead_in(self, words: list[Word]) -> list[Word]:
        while len(words) > 1 and words[0].text.lower() in _LEAD_INS and not words[0].quoted:
            second = words[1]
            if not (_beginning(words[1:]) or _key(second) in HELP_WORDS or second.text.lower() in _LEAD_INS):
                break
            words = words[1:]
        return words

    def _help(self, words: list[Word]) -> Help:
        if not words:
            return Help()
        begun = _beginning(words)
        if begun is None or begun[1] != len(words):
            raise self._unknown_verb(words[0])
        return Help(verb=begun[0].name)

    def _take_verb(self, words: list[Word]) -> list[Word]:
        """Find the verb at the beginning, or, in Japanese, at the end; return the other words."""
        words = list(words)
        while len(words) > 1 and not words[-1].quoted:
            last = words[-1].text.rstrip("。．.！!")
            doubles = last in ("を", "は", "が") and words[-2].text in ENDINGS
            if last not in japanese.POLITE and not doubles:
                break
            words.pop()
        begun = _beginning(words)
        if begun is not None:
            self.verb, length = begun
            return words[length:]
        if words and not words[-1].quoted and _key(words[-1]) in ENDINGS:
            self.verb = ENDINGS[_key(words[-1])]
            return words[:-1]
        raise self._unknown_verb(words[0] if words else None)

    def _unknown_verb(self, word: Word | None) -> NotUnderstood:
        if word is None:
            return NotUnderstood(Misreading.UNKNOWN_VERB)
        if word.entity is not None:
            return NotUnderstood(Misreading.NOT_A_NAME, word=word.text)
        key = _key(word)
        meant = HABITS.get(key) or near(key, BY_NAME)
        text = self.decoded.text
        repaired = f"{meant}{text[word.end : self.hi]}" if meant else ""
        return NotUnderstood(Misreading.UNKNOWN_VERB, repaired, word=word.text)

    def _refuse_question(self, verb: Verb, words: list[Word], found: Words) -> None:
        if verb.only_reads or found.tail is not None:
            return
        asked = words and not words[-1].quoted and words[-1].text[-1:] in ("?", "？")
        if asked or self.decoded.text[self.hi - 1] in "?？":
            raise NotUnderstood(Misreading.QUESTION, self.decoded.text[self.lo : self.hi].rstrip("?？ "))

    def _take_reason(self, tail: int) -> list[Word]:
        """Take the reason that runs to the end; return the words behind it if it ends earlier."""
        filling, verb = self.filling, self.verb
        assert filling is not None, "there is a verb by now"  # noqa: S101 - narrows
        assert verb is not None, "as above"  # noqa: S101 - narrows
        text = self.decoded.text
        self.count(self.hi - tail)
        if not verb.has("reason"):
            start = text.rfind(REASON, 0, tail)
            raise NotUnderstood(
                Misreading.UNEXPECTED_WORDS,
                text[self.lo : max(start, self.lo)],
                word=text[max(start, 0) : self.hi],
            )
        reason, behind = read_reason(text, tail, self.hi, verb)
        filling.fill(SLOTS["reason"], REASON, Word(reason, tail, behind, quoted=True))
        return read_words(self.decoded, behind, self.hi, self.formatting, self.count).words

    def _take_options(self, words: list[Word]) -> bool:
        """Fill slots by options and put the other words aside; tell whether no option asks for help."""
        filling, verb = self.filling, self.verb
        assert filling is not None, "there is a verb by now"  # noqa: S101 - narrows
        assert verb is not None, "as above"  # noqa: S101 - narrows
        rest = iter(enumerate(words))
        for index, word in rest:
            if not word.is_option:
                self.plain.append(word)
                continue
            if word.text == "--help":
                return False
            slot = verb.options.get(word.text)
            if slot is None:
                raise self._unknown_option(verb, word)
            value, last = word.value, index
            if value is None:
                last, value = next(rest, (index, None))
            if value is None or (value.is_option and word.value is None) or not (value.text or value.quoted):
                text = self.decoded.text
                repaired = f"{text[self.lo : word.start]}{text[word.end : self.hi]}"
                raise NotUnderstood(Misreading.MISSING_VALUE, repaired, option=word.text)
            if slot.name == "reason" and not value.quoted:
                self._refuse_open_end(value, words[last + 1 :])
            filling.fill(slot, word.text, value)
        return True

    def _refuse_open_end(self, value: Word, following: list[Word]) -> None:
        """Complain when nobody can tell where a reason without quotation marks ends."""
        end = None
        for word in following:
            if word.is_option:
                break
            end = word.end
        if end is not None:
            text = self.decoded.text
            quoted = quote(text[value.start : end])
            repaired = f"{text[self.lo : value.start]}{quoted}{text[end : self.hi]}"
            raise NotUnderstood(Misreading.UNQUOTED_REASON, repaired)

    def _unknown_option(self, verb: Verb, word: Word) -> NotUnderstood:
        text = self.decoded.text
        behind = text[word.end : self.hi]
        if not word.text.strip("-"):
            repaired = f"{text[self.lo : word.start]}{REASON}{behind}"
        else:
            meant = near(word.text, verb.options) if word.text.startswith("--") else None
            attached = text[word.value.start - 1 : word.end] if word.value is not None and meant else ""
            repaired = f"{text[self.lo : word.start]}{meant or ''}{attached}{behind}"
        return NotUnderstood(Misreading.UNKNOWN_OPTION, repaired, verb=verb.name, option=word.text)

    # Misreading

    def _understood(self, misread: NotUnderstood) -> str:
        """Return what is certain of it, as a line."""
        if self.verb is None:
            return ""
        values = dict(self.filling.values) if self.filling is not None else {}
        if self.filling is not None and misread.code in _ABOUT_OPTIONS:
            with suppress(NotUnderstood):
                self.filling.understand(read_sentence(self.plain, self.names))
            values = self.filling.values
        if misread.code is Misreading.AMBIGUOUS:
            values = {name: value for name, value in values.items() if name not in ("ref", "environment")}
        return spell_values(self.verb, values, self.names)

    def _suggestion(self, misread: NotUnderstood) -> str:
        if misread.repaired and self.depth > 0:
            attempt = _Attempt(
                Decoded(misread.repaired), self.formatting, self.names, self.count, self.depth - 1
            )
            meant = attempt.outcome()
            if isinstance(meant, Misread):
                return meant.suggestion
            if not isinstance(meant, (Help, Ignored)):
                return spell(meant, self.names)
        if self.verb is None or self.filling is None:
            return ""
        if misread.code is Misreading.AMBIGUOUS and self.verb.needed <= self.filling.values.keys():
            return spell_values(self.verb, self.filling.values, self.names)
        missing = (Misreading.MISSING_APPLICATION, Misreading.MISSING_ENVIRONMENT, Misreading.MISSING_NUMBER)
        return usage(self.verb, self.filling.values, self.names) if misread.code in missing else ""


def _beginning(words: list[Word]) -> tuple[Verb, int] | None:
    """Return the verb with which the words begin and how many of them say it; the longest counts."""
    longest = FIRST_WORDS.get(_key(words[0]), 0) if words else 0
    for length in range(min(longest, len(words)), 0, -1):
        if not any(word.quoted or word.entity for word in words[:length]):
            verb = BEGINNINGS.get(tuple(map(_key, words[:length])))
            if verb is not None:
                return verb, length
    return None


def _key(word: Word) -> str:
    """Return how a word is looked up among our own; people's capitals and stops do not matter there."""
    return _key_of(word.text)


@lru_cache(maxsize=512)
def _key_of(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("’", "'")
    return text.lower().lstrip("/").rstrip(".,:!?。、…") or text
