"""Words against the names that exist: exactly those, and a suggestion where somebody may have slipped."""

from funade.chat.entities import Entity
from funade.chat.folding import HIDDEN, mixed, signs
from funade.chat.heard import Misreading, NotUnderstood
from funade.chat.names import Names
from funade.chat.values import spellings
from funade.chat.words import Word
from funade.domain.ref import is_name as can_be_a_ref


class Matching:
    """Looks words up among `names`; `text` is what was read, for the lines that are suggested."""

    def __init__(self, names: Names, text: str) -> None:
        self.names, self.text = names, text

    def usable(self, word: Word) -> Word:
        """Return a word that may be a name, or raise NotUnderstood."""
        if word.entity not in (None, Entity.CHANNEL) or (word.entity is Entity.CHANNEL and word.text == "#"):
            raise NotUnderstood(Misreading.NOT_A_NAME, word=word.text)
        hidden = HIDDEN.findall(word.text)
        if hidden:
            raise NotUnderstood(Misreading.UNPRINTABLE, signs=signs("".join(hidden)))
        return word

    def find_application(self, word: Word) -> str | None:
        """Return the application of that name, or None."""
        return next(filter(None, map(self.names.find_application, spellings(word))), None)

    def is_environment(self, application: str | None, word: Word) -> bool:
        """Tell whether it is an environment of that application, or of any when None."""
        return any(self.names.find_environment(application, one) for one in spellings(word))

    def get_application(self, word: Word) -> str:
        """Return the application of that name, or raise NotUnderstood."""
        found = self.find_application(self.usable(word))
        if found is None:
            self.suspect(word)
            meant = self.names.near_application(word.text)
            raise NotUnderstood(
                Misreading.UNKNOWN_APPLICATION, self.replaced(word, meant), word=word.text, near=meant or ""
            )
        return found

    def get_environment(self, application: str | None, word: Word) -> str:
        """Return the environment of that name, or raise NotUnderstood."""
        for one in spellings(self.usable(word)):
            found = self.names.find_environment(application, one)
            if found is not None:
                return found
        self.suspect(word)
        if application is None:
            raise NotUnderstood(Misreading.UNKNOWN_ENVIRONMENT, word=word.text)
        raise NotUnderstood(
            Misreading.UNKNOWN_ENVIRONMENT,
            self.replaced(word, self.names.near_environment(application, word.text)),
            word=word.text,
            application=application,
            environments=self.names.environments_of(application),
        )

    def get_ref(self, word: Word) -> str:
        """Return what may be a branch, a tag or a commit, or raise NotUnderstood."""
        # A ref cannot end with a full stop; a sentence can.
        text = self.usable(word).text if word.quoted else self.usable(word).text.rstrip(".。")
        if not text or not can_be_a_ref(text):
            raise NotUnderstood(Misreading.INVALID_REF, word=word.text)
        if not word.quoted:
            self.suspect(word)
        return text

    def suspect(self, word: Word) -> None:
        """Raise NotUnderstood when letters of another alphabet pass for Latin ones."""
        strangers = mixed(word.text)
        if strangers:
            raise NotUnderstood(Misreading.LOOKALIKE, word=word.text, signs=signs(strangers))

    def replaced(self, word: Word, meant: str | None) -> str:
        """Return the text with another word in place of this one."""
        return "" if meant is None else f"{self.text[: word.start]}{meant}{self.text[word.end :]}"


def ambiguous(word: Word, *readings: str) -> NotUnderstood:
    """Return that a word may be several things."""
    return NotUnderstood(Misreading.AMBIGUOUS, word=word.text, readings=readings)
