"""Reads `people` and `groups`: who there is, and that every member means somebody."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from funade.domain.people import People, Person
from funade.settings.reading import Value, listed, near
from funade.settings.shape import PERSON

EVERYONE = "everyone"
LANGUAGES = ("en", "ja")

_SLACK = re.compile(r"[TE][A-Z0-9]+/[UW][A-Z0-9]+")
_SLACK_GROUP = re.compile(r"slack:S[A-Z0-9]+")


def read_people(people: Value | None, groups: Value | None) -> People:
    """Return everybody; who or what is wrong is reported and left out."""
    if people is None:
        if groups is not None:
            groups.complain(
                "groups without `people` would mean nothing",
                "add `people`, or remove the groups: a file without people is one person's",
            )
        return People()
    persons = {name: _person(name, value) for name, value in people.named(_PEOPLE).items()}
    _refuse_shared_ids(people, persons)
    return People(people=persons, groups={} if groups is None else _groups(groups, persons))


def read_members(value: Value, people: People) -> tuple[str, ...]:
    """Return the members that a right's list names; `everyone` is everybody of the file."""
    known = {EVERYONE, *people.people, *people.groups}
    return tuple(name for item in value.items("[ada, sre]") if (name := _member(item, known)) is not None)


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom a list of members means: people of the file, and perhaps others whom only Slack knows."""

    people: frozenset[str]
    others: bool


NOBODY = Meant(frozenset(), others=False)


def meant_by(members: Iterable[str], people: People) -> Meant:
    """Return whom the members stand for, through groups of groups."""
    waiting, seen = list(members), set[str]()
    found, others = set[str](), False
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if one == EVERYONE:
            waiting += [*people.people, *people.groups]
        elif one in people.groups:
            waiting += people.groups[one]
        elif one in people.people:
            found.add(one)
        else:
            others = True
    return Meant(frozenset(found), others)


_PEOPLE = "names with what is known of each, `ada: {local: 1000}`"


def _person(name: str, value: Value) -> Person:
    if name == EVERYONE:
        value.complain("`everyone` is everybody of this file", "choose another name")
    found = value.fields(PERSON, "what is known of them, `{email: ada@acme.example, local: 1000}`")
    ids = set()
    if "slack" in found and (slack := _slack(found["slack"])):
        ids.add(f"slack:{slack}")
    if "github" in found and (github := _github(found["github"])) is not None:
        ids.add(f"github:{github}")
    if "local" in found and (local := found["local"].whole_number()) is not None:
        ids.add(f"local:{local}")
    return Person(
        name=name,
        ids=frozenset(ids),
        email=_email(found["email"]) if "email" in found else None,
        language=_language(found["language"]) if "language" in found else "en",
        commit_emails=_commit_emails(found["commit_emails"]) if "commit_emails" in found else (),
    )


def _slack(value: Value) -> str | None:
    text = value.text()
    if text is None or _SLACK.fullmatch(text):
        return text
    value.complain(
        f"`{text[:80]}` is no Slack id",
        "write workspace and member, like `T0ACME/U0ADA`: names can change hands",
    )
    return None


def _github(value: Value) -> int | None:
    remedy = "write the account's number, which `gh api users/LOGIN --jq .id` shows: names can change hands"
    number = value.whole_number(remedy)
    if number == 0:
        value.complain("`0` is no GitHub account", remedy)
    return number or None


def _email(value: Value) -> str | None:
    text = value.text()
    if text is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
        value.complain(f"`{text[:80]}` is no e-mail address", "write it like `ada@acme.example`")
    return text


def _commit_emails(value: Value) -> tuple[str, ...]:
    found = (_email(item) for item in value.items("[ada@home.example]"))
    return tuple(one for one in found if one is not None)


def _language(value: Value) -> str:
    text = value.text()
    if text is not None and text not in LANGUAGES:
        value.complain(f"Funade does not speak `{text[:80]}`", "choose `en` or `ja`")
    return text or "en"


def _refuse_shared_ids(value: Value, persons: Mapping[str, Person]) -> None:
    owners: dict[str, str] = {}
    places = value.entries(_PEOPLE)
    for name, person in persons.items():
        for id in sorted(person.ids):
            if id in owners:
                places[name].complain(
                    f"`{id}` is {owners[id]} already", "one person has one entry; give each id to one of them"
                )
            owners.setdefault(id, name)
    committing = {one.casefold() for person in persons.values() for one in person.commit_emails}
    authors: dict[str, str] = {}
    for name, person in persons.items():
        own = {one.casefold() for one in (person.email, *person.commit_emails) if one}
        # An `email` alone may be a team's; under which one commits must be one person's.
        for email in sorted(own & committing):
            if authors.setdefault(email, name) != name:
                places[name].complain(
                    f"`{email}` is {authors[email]}'s already",
                    "one address is of one person; give it to one of them",
                )


def _groups(value: Value, persons: Mapping[str, Person]) -> dict[str, tuple[str, ...]]:
    named = value.named("names with their members, `sre: [ada, bob]`")
    known = {*persons, *named}
    groups: dict[str, tuple[str, ...]] = {}
    for name, members in named.items():
        if name == EVERYONE:
            members.complain("`everyone` is everybody of this file", "choose another name")
        if name in persons:
            members.complain(f"`{name}` is a person already", "choose another name")
        items = members.items("[ada, bob]")
        groups[name] = tuple(one for item in items if (one := _member(item, known)) is not None)
    for circle in _circles(groups):
        named[circle[0]].complain(
            f"the group is a member of itself: {' → '.join(circle)}", "break the circle"
        )
    return groups


def _member(value: Value, known: set[str]) -> str | None:
    text = value.text()
    if text is None or text in known or _SLACK_GROUP.fullmatch(text):
        return text
    if text == EVERYONE:
        value.complain("`everyone` cannot be a member of a group", "write it into the right itself")
        return None
    names = known - {EVERYONE}
    remedy = near(text, known) or (
        f"known are {listed(names)}" if len(names) < 12 else "add them to `people`"
    )
    value.complain(f"`{text[:80]}` is no person or group of this file", remedy)
    return None


def _circles(groups: Mapping[str, tuple[str, ...]]) -> Iterator[list[str]]:
    """Yield ways from a group through its members back to itself, until there would be none."""
    order = list(groups)
    left = {name: [one for one in members if one in groups] for name, members in groups.items()}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1][:0:-1]
            start = circle.index(min(circle, key=order.index))
            circle = circle[start:] + circle[:start]
            yield [*circle, circle[0]]
            left[circle[-1]].remove(circle[0])
        else:
            return
