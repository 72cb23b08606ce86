"""Which word fills which slot: by option, by the small words beside it, by the names that exist; never by guessing."""

from collections.abc import Mapping
from typing import Any

from funade.chat.heard import Misreading, NotUnderstood
from funade.chat.matching import Matching, ambiguous
from funade.chat.names import Names
from funade.chat.phrases import take_person, take_revision, take_right, take_span
from funade.chat.sentences import NEVER_REFS, Item, Mark, Sentence
from funade.chat.values import (
    STOPS,
    get_count,
    get_number,
    get_revision,
    get_right,
    get_span,
    read_number,
)
from funade.chat.verbs import Kind, Slot, Verb
from funade.chat.words import Word
from funade.domain.ref import is_name as can_be_a_ref

#: said where `because` would be understood
_ALMOST_BECAUSE = frozenset({"for", "since", "as", "reason", "reason:", "why"})


class Filling(Matching):
    """The slots of one verb, being filled; `told` is what the verb's own words have said."""

    def __init__(self, verb: Verb, names: Names, text: str, told: Mapping[str, Any]) -> None:
        super().__init__(names, text)
        self.verb = verb
        self.values: dict[str, Any] = dict(told)
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
                self.values[slot.name] = self.get_application(word)
            case Kind.ENVIRONMENT:
                # Which application's it is may be said later.
                self.place = word
            case Kind.REF:
                self.values[slot.name] = self.get_ref(word)
            case Kind.NUMBER:
                self.values[slot.name] = get_number(word)
            case Kind.COUNT:
                self.values[slot.name] = get_count(word)
            case Kind.TEXT | Kind.PERSON:
                if not word.text.strip():
                    raise NotUnderstood(Misreading.MISSING_VALUE, option=option)
                self.values[slot.name] = word.text
            case Kind.FLAG:
                self.values[slot.name] = True
            case Kind.DURATION:
                self.values[slot.name] = get_span(word)
            case Kind.REVISION:
                self.values[slot.name] = get_revision(word)
            case Kind.RIGHT:
                self.values[slot.name] = get_right(word)

    # Sentences

    def understand(self, sentence: Sentence) -> None:
        """Give every word of the sentence its slot, or raise NotUnderstood."""
        self.items += sentence.items
        verb = self.verb
        if verb.has("lasts") and "lasts" not in self.values:
            self._keep("lasts", take_span(self.items, self))
        if verb.has("right") and "right" not in self.values:
            self._keep("right", take_right(self.items, self))
        if verb.has("person") and "person" not in self.values:
            self._keep("person", take_person(self.items, self))
        if verb.has("number") and "number" not in self.values:
            self._take_number()
        if verb.has("revision") and "revision" not in self.values:
            self._keep("revision", take_revision(self.items))
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

    def _keep(self, name: str, value: object) -> None:
        if value is not None:
            self.values[name] = value

    def _take_number(self) -> None:
        needed = "number" in self.verb.needed
        if not self.items:
            if needed:
                raise NotUnderstood(Misreading.MISSING_NUMBER)
            return
        item = self.items[0]
        number = read_number(item.word)
        if number is None:
            if needed:
                raise NotUnderstood(Misreading.NOT_A_NUMBER, word=item.text)
            return
        if not needed and self.find_application(item.word):
            if item.word.quoted:
                return
            if "#" not in item.text:
                raise ambiguous(item.word, "number", "application")
        self.values["number"] = number
        self.items.remove(item)

    def _take_application(self) -> None:
        owners = [one for one in self.items if one.mark is Mark.OF]
        # `what is live on shop`
        places = self.items if self.verb.only_reads else []
        chosen = next((one for one in [*owners, *places] if self.find_application(one.word)), None)
        if chosen is None:
            # `production の shop`: the owner may be the environment.
            strangers = [one for one in owners if not self.is_environment(None, one.word)]
            unmarked = [one for one in self.items if one.mark is Mark.NONE]
            chosen = next(iter([*strangers, *unmarked, *owners]), None)
        if chosen is None:
            if "application" in self.verb.needed:
                raise NotUnderstood(Misreading.MISSING_APPLICATION)
            return
        needed = "application" in self.verb.needed
        if (
            not needed
            and self.find_application(chosen.word) is None
            and self.is_environment(None, chosen.word)
        ):
            return
        if self.find_application(chosen.word) is None:
            self._misread_application(chosen)
            self._miss_application(chosen)
        self.values["application"] = self.get_application(chosen.word)
        self.items.remove(chosen)

    def _misread_application(self, chosen: Item) -> None:
        """Complain with a better line when another word says what was meant."""
        others = [one for one in self.items if one is not chosen]
        numbers = [one for one in others if self.verb.has("number") and read_number(one.word)]
        applications = [one.word for one in others if self.find_application(one.word)]
        if len(numbers) == 1:
            repaired = f"{self.verb.words[0]} {numbers[0].text}"
        elif len(applications) == 1 and chosen.word.start < applications[0].start:
            first, meant, text = chosen.word, applications[0], self.text
            between = text[first.start : meant.start]
            repaired = f"{text[: first.start]}{meant.text} {between}{text[meant.end :]}"
        else:
            return
        raise NotUnderstood(Misreading.UNKNOWN_APPLICATION, repaired, word=chosen.text)

    def _miss_application(self, chosen: Item) -> None:
        """Complain of `lock production`: that is an environment, and of which application is not said."""
        if chosen.mark is Mark.NONE and self.is_environment(None, chosen.word):
            self.values["environment"] = self.get_environment(None, chosen.word)
            owners = self.names.with_environment(chosen.text)
            # Only one application has it; still, nobody has named that one.
            start = chosen.word.start
            repaired = f"{self.text[:start]}{owners[0]} {self.text[start:]}" if len(owners) == 1 else ""
            raise NotUnderstood(Misreading.MISSING_APPLICATION, repaired)

    def _take_goal(self) -> None:
        """Take the number of the deployment to go back to: `to 12`, or `#12` anywhere."""
        for item in self.items:
            number = read_number(item.word)
            if number is None or ("#" not in item.text and item.mark is not Mark.TO):
                continue
            if self.is_environment(self.values.get("application"), item.word):
                if item.word.quoted:
                    continue
                raise ambiguous(item.word, "number", "environment")
            self.values["to"] = number
            self.items.remove(item)
            return
        application = self.values.get("application")
        places = [one for one in self.items if self.is_environment(application, one.word)]
        for item in self.items:
            if item.mark is Mark.TO and places and item not in places:
                raise NotUnderstood(Misreading.NOT_A_NUMBER, word=item.text)

    def _take_environment(self) -> None:
        application = self.values.get("application")
        if self.place is not None:
            self.values["environment"] = self.get_environment(application, self.place)
            return
        chosen = next((one for one in self.items if one.mark is Mark.TO), None)
        if chosen is None:
            places = [
                one
                for one in self.items
                if one.mark is not Mark.FROM and self.is_environment(application, one.word)
            ]
            if len(places) > 1 and self.verb.has("ref"):
                first, second = places[:2]
                self.values["environment"] = self.get_environment(application, first.word)
                self.values["ref"] = second.text
                raise ambiguous(second.word, "environment", "ref")
            chosen = places[0] if places else None
        if chosen is None:
            self._miss_environment(application)
            return
        self.values["environment"] = self.get_environment(application, chosen.word)
        self.items.remove(chosen)

    def _miss_environment(self, application: str | None) -> None:
        """Complain unless none is needed: of the word that may have been meant for one, else of none."""
        if application is None:
            return
        unmarked = [one.word for one in self.items if one.mark is not Mark.FROM]
        slips = [one for one in unmarked if self.names.near_environment(application, one.text)]
        if slips or len(unmarked) > 1 or (unmarked and not self.verb.has("ref")):
            self.get_environment(application, [*slips, *unmarked][0])
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
                ("environment", self.is_environment(application, item.word)),
                ("application", self.find_application(item.word) is not None),
            ):
                if found:
                    self.values["ref"] = item.text
                    raise ambiguous(item.word, role, "ref")
            if plain and item.text.strip(STOPS).lower() in NEVER_REFS:
                return
            if item.text.strip("-—–") == "":
                return
        self.values["ref"] = self.get_ref(item.word)
        self.items.remove(item)

    def _without(self, word: Word) -> str:
        """Return the text up to this word; a dash there becomes a reason, a number where to go back to."""
        if self.verb.has("to") and "to" not in self.values and read_number(word):
            return f"{self.text[: word.start]}#{self.text[word.start :]}"
        if word.text.strip("-—–―") == "" or word.text.lower() in _ALMOST_BECAUSE:
            return f"{self.text[: word.start]}because {self.text[word.end :].lstrip()}"
        return self.text[: word.start]
