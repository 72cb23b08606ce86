"""Who asks: actors by immutable ids, people and groups as the configuration names them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from funade.domain.wire import Plain


class Door(StrEnum):
    """A way in."""

    TERMINAL = "terminal"  #: the command line or the prompt on this machine
    API = "api"
    SLACK = "slack"
    WEBHOOK = "webhook"
    PAGE = "page"  #: a signed link: it shows one deployment to whoever has it, and does nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who stands at a door, as the door proved it: `local:1000`, `slack:T0ACME/U0ADA`, `github:583231`.

    `owns_store` is true only for whoever owns the data folder and asks from this machine's terminal. `channel` is where
    a chat's words were said. `is_outsider`: a guest, a bot, another organisation's, somebody deactivated. `reads` is
    the id of the one deployment that a signed link shows.
    """

    door: Door
    id: str
    name: str = ""
    owns_store: bool = False
    channel: str | None = None
    is_outsider: bool = False
    reads: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person of funade.yaml; `ids` are actor ids, proven by the doors.

    They commit under `email` and `commit_emails`, which prove nothing.
    """

    name: str
    ids: frozenset[str] = frozenset()
    email: str | None = None
    language: str = "en"
    commit_emails: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Everybody of the file. No people at all: the store's owner may do everything, from the terminal only.

    `owner` is the actor id of whoever owns the data folder.
    """

    people: Mapping[str, Person] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    owner: str | None = None

    def find(self, actor: Actor) -> Person | None:
        """Return the person behind `actor`; the store's owner stands for themselves in a file without people."""
        for person in self.people.values():
            if actor.id in person.ids:
                return person
        if not self.people and actor.owns_store and actor.door is Door.TERMINAL:
            return themselves(actor)
        return None

    def find_by_id(self, actor_id: str) -> Person | None:
        """Return the person with that actor id."""
        return next((one for one in self.people.values() if actor_id in one.ids), None)

    def ids_of(self, actor_id: str) -> frozenset[str]:
        """Return every id of whoever has this one: at another door they are the same person."""
        person = self.find_by_id(actor_id)
        return frozenset({actor_id}) if person is None else person.ids

    def acquainted(self, links: Mapping[str, str], groups: Mapping[str, tuple[str, ...]]) -> "People":
        """Return them with more accounts (by actor id, the person's name) and with the members of further groups.

        An account that somebody of the file has already stays theirs, and so does a group.
        """
        taken = {id for person in self.people.values() for id in person.ids}
        more: dict[str, set[str]] = {}
        for actor, name in links.items():
            if actor not in taken and name in self.people:
                more.setdefault(name, set()).add(actor)
        people = {
            name: replace(person, ids=person.ids | more[name]) if name in more else person
            for name, person in self.people.items()
        }
        return People(people=people, groups={**groups, **self.groups})

    def belongs(self, person: Person, member: str) -> bool:
        """Tell whether `member` (a person's name, a group's, or `everyone`) stands for `person`."""
        seen: set[str] = set()
        waiting = [member]
        while waiting:
            one = waiting.pop()
            if one in ("everyone", person.name):
                return True
            if one not in seen:
                seen.add(one)
                waiting += self.groups.get(one, ())
        return False


def themselves(actor: Actor) -> Person:
    """Return the person that an actor is whom no file names."""
    return Person(name=actor.name or actor.id, ids=frozenset({actor.id}))


class Right(StrEnum):
    """What somebody may do to an environment."""

    DEPLOY = "deploy"
    APPROVE = "approve"
    ROLLBACK = "rollback"
    LOCK = "lock"
    OVERRIDE = "override"


def asker_to_plain(actor: Actor, person: Person | None) -> dict[str, Plain]:
    """Return who asked, as events and answers show it."""
    return {"id": actor.id, "name": person.name if person else actor.name, "door": actor.door.value}
