"""Which word fills which slot: by option, by the small words beside it, by the names that exist; never by guessing."""

from typing import Any

from funade.chat.entities import Entity
from funade.chat.folding import HIDDEN, mixed, signs
from funade.chat.heard import Misreading, NotUnderstood
from funade.chat.names import Names
from funade.chat.sentences import NEVER_REFS, Item, Mark, Sentence
from funade.chat.verbs import Kind, Slot, Verb
from funade.chat.words import Word
from funade.domain.ref import is_name as can_be_a_ref

LARGEST = 10**15

#: said where `because` would be understood
_ALMOST_BECAUSE = frozenset({"for", "since", "as", "reason", "reason:", "why"})
_STOPS = ".,:!?。、！？"


class Filling:
    """The slots of one verb, being filled; `text` is what was read, for the lines that are suggested."""

    def __init__(self, verb: Verb, names: Names, text: str) -> None:
        self.verb, self.names, self.text = verb, names, text
        self.values: dict[str, Any] = {}
        self.items: list[Item] = []
        self.place: Word | None = None
        self.filled: set[str] = set()

    # Options

    def fill(self, slot: Slot, option: str, word: Word) -> None:
        """Fill a slot by an option."""
        if slot.name in self.filled:
            raise NotUnderstood(Misreading.DUPLICATE_OPTION, option=option)
        self.filled.add(slot.name)
        match slot.kind:
            case Kind.APPLICATION:
                self.values[slot.name] = self._application(word)
            case Kind.ENVIRONMENT:
                # Which application's it is may be said later.
                self.place = word
            case Kind.REF:
                self.values[slot.name] = self._ref(word)
            case Kind.NUMBER:
                self.values[slot.name] = self._number(word)
            case Kind.COUNT:
                self.values[slot.name] = self._count(word)
            case Kind.TEXT:
                if not word.text.strip():
                    raise NotUnderstood(Misreading.MISSING_VALUE, option=option)
                self.values[slot.name] = word.text

    # Sentences

    def understand(self, sentence: Sentence) -> None:
        """Give every word of the sentence its slot, or raise NotUnderstood."""
        self.items += sentence.items
        verb = self.verb
        if verb.has("number") and "number" not in self.values:
            self._take_number()
        if verb.has("application") and "application" not in self.values:
            self._take_application()
        if verb.has("to") and "to" not in self.values:
            self._take_goal()
        if verb.has("environment"):
            self._take_environment()
        if verb.has("ref") and "ref" not in self.values:
            self._take_ref()
        left = self.items[0].word if self.items else sentence.dangling
        if left is not None:
            used = [one.word.end for one in sentence.items if one not in self.items]
            is_at_the_end = left.start >= max(used, default=0)
            repaired = self._without(left) if is_at_the_end else ""
            raise NotUnderstood(Misreading.UNEXPECTED_WORDS, repaired, word=left.text)

    def _take_number(self) -> None:
        needed = "number" in self.verb.needed
        if not self.items:
            if needed:
                raise NotUnderstood(Misreading.MISSING_NUMBER)
            return
        item = self.items[0]
        number = read_number(item.text, item.word)
        if number is None:
            if needed:
                raise NotUnderstood(Misreading.NOT_A_NUMBER, word=item.text)
            return
        if not needed and self._find_application(item.word):
            if item.word.quoted:
                return
            if "#" not in item.text:
                raise self._ambiguous(item.word, "number", "application")
        self.values["number"] = number
        self.items.remove(item)

    def _take_application(self) -> None:
        owners = [one for one in self.items if one.mark is Mark.OF]
        chosen = next((one for one in owners if self._find_application(one.word)), None)
        if chosen is None:
            # `production の shop`: the owner may be the environment.
            strangers = [one for one in owners if not self._is_environment(None, one.word)]
            unmarked = [one for one in self.items if one.mark is Mark.NONE]
            # `what is live on shop`
            places = [one for one in self.items if self.verb.only_reads and self._find_application(one.word)]
            chosen = next(iter([*strangers, *unmarked, *owners, *places]), None)
        if chosen is None:
            if "application" in self.verb.needed:
                raise NotUnderstood(Misreading.MISSING_APPLICATION)
            return
        needed = "application" in self.verb.needed
        if (
            not needed
            and self._find_application(chosen.word) is None
            and self._is_environment(None, chosen.word)
        ):
            return
        if self._find_application(chosen.word) is None:
            self._misread_application(chosen)
        self.values["application"] = self._application(chosen.word)
        self.items.remove(chosen)

    def _misread_application(self, chosen: Item) -> None:
        """Complain with a better line when another word says what was meant."""
        others = [one for one in self.items if one is not chosen]
        numbers = [one for one in others if self.verb.has("number") and read_number(one.text, one.word)]
        applications = [one.word for one in others if self._find_application(one.word)]
        if len(numbers) == 1:
            repaired = f"{self.verb.words[0]} {numbers[0].text}"
        elif len(applications) == 1 and chosen.word.start < applications[0].start:
            first, meant, text = chosen.word, applications[0], self.text
            between = text[first.start : meant.start]
            repaired = f"{text[: first.start]}{meant.text} {between}{text[meant.end :]}"
        else:
            return
        raise NotUnderstood(Misreading.UNKNOWN_APPLICATION, repaired, word=chosen.text)

    def _take_goal(self) -> None:
        """Take the number of the deployment to go back to: `to 12`, or `#12` anywhere."""
        for item in self.items:
            number = read_number(item.text, item.word)
            if number is None or ("#" not in item.text and item.mark is not Mark.TO):
                continue
            if self._is_environment(self.values.get("application"), item.word):
                if item.word.quoted:
                    continue
                raise self._ambiguous(item.word, "number", "environment")
            self.values["to"] = number
            self.items.remove(item)
            return
        application = self.values.get("application")
        places = [one for one in self.items if self._is_environment(application, one.word)]
        for item in self.items:
            if item.mark is Mark.TO and places and item not in places:
                raise NotUnderstood(Misreading.NOT_A_NUMBER, word=item.text)

    def _take_environment(self) -> None:
        application = self.values.get("application")
        if self.place is not None:
            self.values["environment"] = self._environment(application, self.place)
            return
        chosen = next((one for one in self.items if one.mark is Mark.TO), None)
        if chosen is None:
            places = [
                one
                for one in self.items
                if one.mark is not Mark.FROM and self._is_environment(application, one.word)
            ]
            if len(places) > 1:
                first, second = places[:2]
                self.values["environment"] = self._environment(application, first.word)
                self.values["ref"] = second.text
                raise self._ambiguous(second.word, "environment", "ref")
            chosen = places[0] if places else None
        if chosen is None:
            self._miss_environment(application)
            return
        self.values["environment"] = self._environment(application, chosen.word)
        self.items.remove(chosen)

    def _miss_environment(self, application: str | None) -> None:
        """Complain unless none is needed: of the word that may have been meant for one, else of none."""
        if application is None:
            return
        unmarked = [one.word for one in self.items if one.mark is not Mark.FROM]
        slips = [one for one in unmarked if self.names.near_environment(application, one.text)]
        if slips or len(unmarked) > 1 or (unmarked and not self.verb.has("ref")):
            self._environment(application, [*slips, *unmarked][0])
        if "environment" not in self.verb.needed:
            return
        if unmarked and can_be_a_ref(unmarked[0].text):
            self.values["ref"] = unmarked[0].text
        raise NotUnderstood(
            Misreading.MISSING_ENVIRONMENT,
            application=application,
            environments=self.names.environments_of(application),
        )

    def _take_ref(self) -> None:
        said = [one for one in self.items if one.mark is Mark.FROM] or self.items
        if not said:
            return
        item = said[0]
        application = self.values.get("application")
        if item.mark is not Mark.FROM:
            plain = not item.word.quoted
            for role, found in (
                ("environment", self._is_environment(application, item.word)),
                ("application", self._find_application(item.word) is not None),
            ):
                if found:
                    self.values["ref"] = item.text
                    raise self._ambiguous(item.word, role, "ref")
            if plain and item.text.strip(_STOPS).lower() in NEVER_REFS:
                return
            if item.text.strip("-—–") == "":
                return
        self.values["ref"] = self._ref(item.word)
        self.items.remove(item)

    # Words

    def _usable(self, word: Word) -> Word:
        """Return a word that may be a name, or raise NotUnderstood."""
        if word.entity not in (None, Entity.CHANNEL) or (word.entity is Entity.CHANNEL and word.text == "#"):
            raise NotUnderstood(Misreading.NOT_A_NAME, word=word.text)
        hidden = HIDDEN.findall(word.text)
        if hidden:
            raise NotUnderstood(Misreading.UNPRINTABLE, signs=signs("".join(hidden)))
        return word

    def _find_application(self, word: Word) -> str | None:
        return next(filter(None, map(self.names.find_application, spellings(word))), None)

    def _is_environment(self, application: str | None, word: Word) -> bool:
        return any(self.names.find_environment(application, one) for one in spellings(word))

    def _application(self, word: Word) -> str:
        found = self._find_application(self._usable(word))
        if found is None:
            self._suspect(word)
            meant = self.names.near_application(word.text)
            raise NotUnderstood(
                Misreading.UNKNOWN_APPLICATION, self._with(word, meant), word=word.text, near=meant or ""
            )
        return found

    def _environment(self, application: str | None, word: Word) -> str:
        for one in spellings(self._usable(word)):
            found = self.names.find_environment(application, one)
            if found is not None:
                return found
        self._suspect(word)
        if application is None:
            raise NotUnderstood(Misreading.UNKNOWN_ENVIRONMENT, word=word.text)
        raise NotUnderstood(
            Misreading.UNKNOWN_ENVIRONMENT,
            self._with(word, self.names.near_environment(application, word.text)),
            word=word.text,
            application=application,
            environments=self.names.environments_of(application),
        )

    def _ref(self, word: Word) -> str:
        # A ref cannot end with a full stop; a sentence can.
        text = self._usable(word).text if word.quoted else self._usable(word).text.rstrip(".。")
        if not text or not can_be_a_ref(text):
            raise NotUnderstood(Misreading.INVALID_REF, word=word.text)
        if not word.quoted:
            self._suspect(word)
        return text

    def _number(self, word: Word) -> int:
        number = read_number(word.text, word)
        if number is None:
            raise NotUnderstood(Misreading.NOT_A_NUMBER, word=word.text)
        return number

    def _count(self, word: Word) -> int:
        text = word.text
        if not (text.isascii() and text.isdecimal()) or len(text) > len(str(LARGEST)):
            raise NotUnderstood(Misreading.NOT_A_NUMBER, word=text)
        return int(text)

    def _suspect(self, word: Word) -> None:
        """Raise NotUnderstood when letters of another alphabet pass for Latin ones."""
        strangers = mixed(word.text)
        if strangers:
            raise NotUnderstood(Misreading.LOOKALIKE, word=word.text, signs=signs(strangers))

    def _ambiguous(self, word: Word, *readings: str) -> NotUnderstood:
        return NotUnderstood(Misreading.AMBIGUOUS, word=word.text, readings=readings)

    def _with(self, word: Word, meant: str | None) -> str:
        """Return the text with another word in place of this one."""
        return "" if meant is None else f"{self.text[: word.start]}{meant}{self.text[word.end :]}"

    def _without(self, word: Word) -> str:
        """Return the text up to this word; a dash there becomes a reason, a number where to go back to."""
        if self.verb.has("to") and "to" not in self.values and read_number(word.text, word):
            return f"{self.text[: word.start]}#{self.text[word.start :]}"
        if word.text.strip("-—–―") == "" or word.text.lower() in _ALMOST_BECAUSE:
            return f"{self.text[: word.start]}because {self.text[word.end :].lstrip()}"
        return self.text[: word.start]


def spellings(word: Word) -> tuple[str, ...]:
    """Return how a name may have been meant: as typed, then without what dresses it."""
    text = word.text
    if word.entity is Entity.CHANNEL:
        return (text.removeprefix("#"),)
    if word.quoted:
        return (text, text[1:-1]) if text[:1] in "「『" and len(text) > 2 else (text,)
    undressed = text.rstrip(_STOPS)
    if len(undressed) > 2 and undressed[0] == undressed[-1] == "_":
        undressed = undressed[1:-1]
    return (text,) if undressed == text or not undressed else (text, undressed)


def read_number(text: str, word: Word) -> int | None:
    """Return the number of a deployment that `12`, `#12` or `12番` name, or None."""
    digits = text if word.quoted else text.rstrip(_STOPS).removesuffix("番")
    digits = digits.removeprefix("#")
    if not digits.isascii() or not digits.isdecimal() or digits[0] == "0" or len(digits) > 15:
        return None
    return int(digits)
