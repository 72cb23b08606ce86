"""What only some sentences say: for how long, who, with which right, which commit."""

import re
from datetime import timedelta

from funade.chat.heard import Misreading, NotUnderstood
from funade.chat.matching import Matching, ambiguous
from funade.chat.sentences import NEVER_REFS, Item, Mark
from funade.chat.values import STOPS, read_revision, read_right, read_span

_FOR = re.compile(r"\b(for\s+)(?:(?:the|an?)\s+)?$", re.IGNORECASE)


def take_span(items: list[Item], matching: Matching) -> timedelta | None:
    """Take how long something lasts: `for 2h`, `2 hours`, `2時間`."""
    for index, item in enumerate(items):
        if item.word.quoted:
            continue
        behind = items[index + 1] if index + 1 < len(items) else None
        used, span = [item], read_span(item.text)
        if span is None and behind is not None and item.text.isdecimal() and not behind.word.quoted:
            used, span = [item, behind], read_span(item.text + behind.text)
        if span is None:
            _refuse_other_end(item, items, matching)
            continue
        if matching.find_application(item.word) or matching.is_environment(None, item.word):
            raise ambiguous(item.word, "span", "name")
        for one in used:
            items.remove(one)
        return span
    return None


def _refuse_other_end(item: Item, items: list[Item], matching: Matching) -> None:
    """Complain of `lock shop production for the migration`: that is a reason."""
    said_for = _FOR.search(matching.text, 0, item.word.start)
    if said_for is None or matching.find_application(item.word):
        return
    if any(matching.find_application(one.word) for one in items if one is not item):
        text = matching.text
        repaired = f"{text[: said_for.start()]}because {text[said_for.end(1) :]}"
        raise NotUnderstood(Misreading.NOT_A_SPAN, repaired, word=item.text)


def take_right(items: list[Item], matching: Matching) -> str | None:
    """Take which right is asked about: `deploy`, `roll back`, `承認できる`."""
    for index, item in enumerate(items):
        right = None if item.word.quoted else read_right(item.text)
        if right is None:
            continue
        if matching.find_application(item.word):
            raise ambiguous(item.word, "right", "application")
        behind = items[index + 1 : index + 2]
        items.remove(item)
        if behind and (item.text + behind[0].text).lower() == "rollback":
            items.remove(behind[0])
        return right.value
    return None


def take_person(items: list[Item], matching: Matching) -> str | None:
    """Take whom somebody asks about: a name that is nothing else, and no slip of anything else."""
    for item in items:
        text = item.text if item.word.quoted else item.text.rstrip(STOPS)
        is_name = matching.find_application(item.word) or matching.is_environment(None, item.word)
        if is_name or item.mark in (Mark.TO, Mark.FROM) or item.word.entity or not text:
            continue
        if text.lower() in NEVER_REFS or matching.names.near_application(text):
            continue
        matching.usable(item.word)
        items.remove(item)
        return text
    return None


def take_revision(items: list[Item]) -> str | None:
    """Take which commit is meant: `f5c0df1`."""
    if not items:
        return None
    revision = read_revision(items[0].word)
    if revision is None:
        raise NotUnderstood(Misreading.NOT_A_REVISION, word=items[0].text)
    items.remove(items[0])
    return revision
