"""What the small words say about the words beside them: `to production`, `v1.2.0 of shop`, `shop の production に`."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from funade.chat import japanese
from funade.chat.names import Names
from funade.chat.words import Word


class Mark(StrEnum):
    """The part that a word plays in its sentence."""

    NONE = "none"
    TO = "to"  #: where to, or how far back
    OF = "of"  #: whose
    FROM = "from"  #: a ref, said to be one


@dataclass(slots=True, eq=False)
class Item:
    """A word that means something, and its part."""

    word: Word
    mark: Mark = Mark.NONE

    @property
    def text(self) -> str:
        """Return the word itself."""
        return self.word.text


@dataclass(slots=True)
class Sentence:
    """The words that mean something, in order; `dangling` is a small word with nothing beside it."""

    items: list[Item] = field(default_factory=list)
    dangling: Word | None = None


BEFORE: dict[str, Mark] = {
    "to": Mark.TO,
    "into": Mark.TO,
    "onto": Mark.TO,
    "in": Mark.TO,
    "on": Mark.TO,
    "of": Mark.OF,
    "for": Mark.OF,
    "from": Mark.FROM,
    "at": Mark.FROM,
}
#: nouns that say what the next word is
REF_NOUNS = frozenset({"ref", "branch", "tag", "commit", "revision", "version"})
#: nouns that say what the word beside them is, as if that were not clear
NOUNS = frozenset({"application", "app", "environment", "env", "deployment"})
FILLERS = frozenset({"the", "please", "pls", "plz"})
KEYWORDS = frozenset(BEFORE) | REF_NOUNS | NOUNS | FILLERS | {"because"}

_PLAIN_WORDS = """
a after again ahead all already also an and any anyway are as asap back be before but by can do don't done
everything everywhere except go here if immediately instead is it just later live maybe me my never no none
not now off only or our out over quickly really reason right same so some soon still thanks that then there this
today tomorrow tonight too unless until up us via wait was we when while will with without yes yet you
も と や だけ 以外 今 今日 明日 後で
"""
#: never taken for a ref unless they are said to be one: a branch of that name is rarer than a sentence that we do
#: not understand
NEVER_REFS = KEYWORDS | frozenset(_PLAIN_WORDS.split())

_AFTER = {
    japanese.TO: Mark.TO,
    japanese.OF: Mark.OF,
    japanese.FROM: Mark.FROM,
}


def read_sentence(words: Iterable[Word], names: Names) -> Sentence:
    """Return what means something among `words`, with what the small words say about it."""
    sentence = Sentence()
    items = sentence.items
    mark, by = Mark.NONE, None
    for word in words:
        plain = not word.quoted and word.entity is None
        key = word.text.lower()
        if plain and key in japanese.PARTICLES and items:
            items[-1].mark = _AFTER.get(japanese.PARTICLES[key], items[-1].mark)
        elif plain and key in BEFORE:
            sentence.dangling = by
            mark, by = BEFORE[key], word
        elif plain and _only_helps(key, items, names):
            if key in REF_NOUNS:
                mark, by = Mark.FROM, word
        else:
            items.append(Item(word, mark))
            mark, by = Mark.NONE, None
    sentence.dangling = sentence.dangling or by
    return sentence


def _only_helps(key: str, items: list[Item], names: Names) -> bool:
    """Tell whether a noun or filler is just that; the first word may be an application's name."""
    if key in FILLERS:
        return True
    if key not in NOUNS and key not in REF_NOUNS:
        return False
    return bool(items) or names.find_application(key) is None
