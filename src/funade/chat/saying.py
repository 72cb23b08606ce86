"""Which words say a verb: at the beginning of a text, or, as in Japanese, at its end; and what was meant by others."""

import unicodedata

from funade.chat.japanese import forms
from funade.chat.names import near
from funade.chat.verbs import VERBS, Verb
from funade.chat.words import Word

#: asked for help, not for a command
HELP_WORDS = frozenset({"help", "?", "usage", "ヘルプ", "使い方", "助けて"})

#: what people who come from elsewhere type; suggested, never assumed
HABITS: dict[str, str] = {
    "abort": "cancel",
    "apply": "deploy",
    "push": "deploy",
    "redeploy": "deploy",
    "release": "deploy",
    "revert": "rollback",
    "ship": "deploy",
    "stop": "cancel",
    "tail": "logs",
    "undo": "rollback",
    "deny": "reject",
    "decline": "reject",
    "freeze": "lock",
    "pause": "hold",
    "veto": "reject",
    "リリース": "deploy",
    "戻して": "rollback",
    "停止": "cancel",
    "止めて": "cancel",
    "反映": "deploy",
}

#: as above, where nothing follows
HABITS_ALONE: dict[str, str] = {"pause": "pause all"}

#: a verb as the beginning of a text, by its words
BEGINNINGS: dict[tuple[str, ...], Verb] = {
    tuple(said.split()): verb
    for verb in VERBS
    for said in (
        *verb.words,
        *(form for stem in verb.japanese for form in forms(stem)),
        *verb.also,
        *verb.telling,
    )
}
FIRST_WORDS: frozenset[str] = frozenset(said[0] for said in BEGINNINGS)
#: a verb as the end of a text: only Japanese ends with its verb
ENDINGS: dict[str, Verb] = {
    said: verb
    for verb in VERBS
    for said in (
        *(form for stem in verb.japanese for form in forms(stem)),
        *verb.also,
        *(one for one in verb.telling if not one.isascii()),
    )
}
#: what a command's first word may have been meant to be
SAID_FIRST: tuple[str, ...] = tuple(dict.fromkeys(verb.words[0].partition(" ")[0] for verb in VERBS))
_LONGEST_BEGINNING = max(map(len, BEGINNINGS))
_LONGEST_ENDING = 3


def verb_before(words: list[Word]) -> tuple[Verb, int] | None:
    """Return the verb with which the words begin and how many of them say it; the longest counts."""
    if not words or words[0].quoted or key_of(words[0]) not in FIRST_WORDS:
        return None
    for length in range(min(_LONGEST_BEGINNING, len(words)), 0, -1):
        if not any(word.quoted or word.entity for word in words[:length]):
            verb = BEGINNINGS.get(tuple(map(key_of, words[:length])))
            if verb is not None:
                return verb, length
    return None


def verb_behind(words: list[Word]) -> tuple[Verb, int] | None:
    """Return the verb with which the words end, as Japanese does, and how many of them say it: `ロック を 解除`."""
    for length in range(min(_LONGEST_ENDING, len(words)), 0, -1):
        last = words[-length:]
        if not any(word.quoted or word.entity for word in last):
            verb = ENDINGS.get("".join(map(key_of, last)))
            if verb is not None:
                return verb, length
    return None


def key_of(word: Word) -> str:
    """Return how a word is looked up among our own; people's capitals and stops do not matter there."""
    text = word.text
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("’", "'")
    return text.lower().lstrip("/").rstrip(".,:!?。、…") or text


def meant_by(key: str, *, is_alone: bool) -> str | None:
    """Return what somebody may have meant by a word that says no verb; `is_alone` when nothing follows it."""
    habit = (HABITS_ALONE.get(key) if is_alone else None) or HABITS.get(key)
    return habit or near(key, SAID_FIRST)
