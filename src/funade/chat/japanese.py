"""Sentences in Japanese: the particles behind words, and verbs at the end in the forms in which they are said."""

import re

from funade.chat.folding import fold
from funade.chat.words import Word

#: what a particle says about the word before it
OBJECT, TO, OF, FROM, TOPIC = "を", "に", "の", "から", "は"
PARTICLES = {
    "を": OBJECT,
    "に": TO,
    "へ": TO,
    "の": OF,
    "から": FROM,
    "で": FROM,
    "は": TOPIC,
    "が": TOPIC,
}
WHO = "誰が"
#: said behind a verb's stem (`デプロイ` + `して`), or after it as a word of its own
_DO = (
    "",
    "する",
    "して",
    "してください",
    "して下さい",
    "してほしい",
    "お願いします",
    "をお願いします",
    "お願い",
    "してね",
)
POLITE = frozenset(
    {"して", "する", "してください", "して下さい", "ください", "下さい", "お願いします", "お願い", "です"}
)
_STOPS = "。．、，！!.,?？"

_RUN = re.compile("[!-~！-～]+番?")
_SPAN = re.compile("[0-9０-９]+(?:時間|分間?|日間?|秒間?)")
_PARTICLE = re.compile("から|[をにへのでは]")
_KANA_OR_KANJI = re.compile("[ぁ-ヿ一-鿿]")


def forms(stem: str) -> tuple[str, ...]:
    """Return the ways in which a verb of `する` is said."""
    return tuple(stem + ending for ending in _DO)


def split(words: list[Word], verbs: frozenset[str]) -> list[Word]:
    """Return the words with `shopをproductionにデプロイして` taken apart.

    A word is taken apart only as a whole: western words, each followed by a particle, times, and a known verb at its
    end. Anything else may be a branch and stays.
    """
    if not any(_KANA_OR_KANJI.search(word.text) for word in words if not word.quoted):
        return words
    parts: list[Word] = []
    for word in words:
        parts += [word] if word.quoted or word.value or word.entity else _split(word, verbs)
    return parts


def _split(word: Word, verbs: frozenset[str]) -> list[Word]:
    text = word.text.rstrip(_STOPS) if _KANA_OR_KANJI.search(word.text) else word.text
    parts: list[Word] = []
    position, may_run = 0, True

    def add(end: int) -> None:
        nonlocal position
        part = fold(text[position:end])
        parts.append(Word(part, word.start + position, word.start + end))
        position = end

    while position < len(text):
        run, span = _RUN.match(text, position), _SPAN.match(text, position)
        particle = _PARTICLE.match(text, position)
        if text[position:] in verbs or text[position:] in POLITE:
            add(len(text))
        elif span is not None and may_run:
            add(span.end())
        elif text.startswith(WHO, position) and not parts:
            add(len(WHO))
        elif run is not None and may_run and text[run.end() - 1] not in "/-_.":
            if run.end() < len(text) and not _PARTICLE.match(text, run.end()):
                return [word]
            add(run.end())
            may_run = False
        elif particle is not None:
            add(particle.end())
            may_run = True
        else:
            # `デプロイを` + `お願いします`
            stem, _, rest = text[position:].partition("を")
            if stem not in verbs or rest not in ("", *POLITE):
                return [word]
            add(len(text) - len(rest) - 1)
    return parts or [word]
