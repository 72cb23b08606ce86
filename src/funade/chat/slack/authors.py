"""Whose changes a deployment is about, and what became of them. Pure, but for the rows that a look brings.

A commit's address is what its author typed: it decides who is told and nothing else. An address that two people have
is nobody's.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

from funade.domain.application import Configuration
from funade.domain.deployment import Deployment, Purpose, State
from funade.domain.events import DeploymentFinished, Event
from funade.domain.people import Door, People, Person
from funade.domain.revision import Commit
from funade.usecases.door_ports import Notice
from funade.usecases.ledger_ports import Reading

#: GitHub's address for those who show none; the number is the account's and never changes hands
_NOREPLY = re.compile(r"([0-9]{1,15})\+[^@\s]+@users\.noreply\.github\.com")
#: A rollback that goes further back than this tells the authors of the latest.
MOST_PASSED = 50


class Fate(StrEnum):
    """What became of somebody's change."""

    LIVE = "live"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"


def fate_of(event: Event, deployment: Deployment) -> Fate | None:
    """Return what an event means for whoever wrote what was deployed; None when it is nothing of theirs."""
    happening = event.happening
    if not isinstance(happening, DeploymentFinished) or not deployment.was_started:
        return None
    if happening.state is State.FAILED and deployment.purpose is not Purpose.ROLLBACK:
        return Fate.FAILED
    if happening.state is not State.SUCCEEDED:
        return None
    return Fate.ROLLED_BACK if deployment.purpose is Purpose.ROLLBACK else Fate.LIVE


def commits_of(deployment: Deployment, fate: Fate, look: Reading) -> tuple[Commit, ...]:
    """Return the commits that it is about: those that were new, or those that went away."""
    if fate is not Fate.ROLLED_BACK:
        return _new_in(deployment)
    application, environment = deployment.application, deployment.environment
    return passed_since(look, application, environment, deployment.of or 0, until=deployment)


def passed_since(
    look: Reading, application: str, environment: str, goal: int, *, until: Deployment | None = None
) -> tuple[Commit, ...]:
    """Return what is live at a place beyond deployment `goal`: what goes away when that is put back.

    They are taken in the order of their starts: one that was asked for first may have waited. What an earlier rollback
    took away is not there to go away once more.
    """
    latest = look.ended(application, environment, limit=MOST_PASSED)
    done = [
        one for one in latest if one.state is State.SUCCEEDED and (until is None or one.fence < until.fence)
    ]
    found: dict[str, Commit] = {}
    wanted: int | None = None
    for one in sorted(done, key=lambda one: one.fence, reverse=True):
        if one.number == goal:
            break
        if wanted is not None and one.number != wanted:
            continue
        wanted = one.of if one.purpose is Purpose.ROLLBACK else None
        if one.purpose is not Purpose.ROLLBACK:
            found |= {commit.revision: commit for commit in _new_in(one)}
    return tuple(found.values())


def author_of(email: str, people: People) -> Person | None:
    """Return the one person who commits under that address."""
    wanted = email.casefold()
    found = [one for one in people.people.values() if wanted in _addresses(one)]
    hidden = _NOREPLY.fullmatch(wanted)
    if hidden is not None:
        known = people.find_by_id(f"github:{hidden[1]}")
        found += [known] if known is not None and known not in found else []
    return found[0] if len(found) == 1 else None


def commits_by(person: Person, commits: Iterable[Commit], people: People) -> list[Commit]:
    """Return those that this person wrote, alone or with others."""
    return [
        one
        for one in commits
        if any((found := author_of(email, people)) and found.name == person.name for email in one.emails)
    ]


def notices_about(
    event: Event, deployment: Deployment, configuration: Configuration, look: Reading
) -> Iterator[Notice]:
    """Yield what each author is owed to hear; whoever asked in person reads it there."""
    fate = fate_of(event, deployment)
    application = configuration.applications.get(deployment.application)
    environment = application.environments.get(deployment.environment) if application else None
    if fate is None or environment is None or not environment.tell_authors:
        return
    people = configuration.people
    asker = people.find_by_id(deployment.asked_by_id)
    is_there = deployment.door in (Door.SLACK, Door.TERMINAL)
    emails = dict.fromkeys(email for one in commits_of(deployment, fate, look) for email in one.emails)
    persons = {found.name: found for one in emails if (found := author_of(one, people)) is not None}
    for person in persons.values():
        if not (is_there and asker is not None and asker.name == person.name):
            yield Notice(
                key=f"{deployment.id}:{event.sequence}:{person.name}",
                person=person.name,
                deployment=deployment.id,
                event=event.sequence,
                about=fate,
                at=event.at,
            )


def _new_in(deployment: Deployment) -> tuple[Commit, ...]:
    """Return what was new; where nothing was live before, that would be everybody who ever wrote anything."""
    changes = deployment.preview.changes
    return () if changes is None or changes.base is None else changes.commits


def _addresses(person: Person) -> set[str]:
    return {one.casefold() for one in (person.email, *person.commit_emails) if one}
