"""Everybody in one person: in a demo, whoever owns the data folder may speak as any person of the configuration.

It takes a server that was started with FUNADE_DEMO naming its very data folder, so that no variable that lies about
in an environment can do it to a real one. What the owner says so, the history says of the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from funade.domain.people import Actor, Door, People
from funade.web.api import BadRequest, for_oneself

VARIABLE = "FUNADE_DEMO"


@dataclass(frozen=True, slots=True)
class DemoPeople:
    """Lets the store's owner, and nobody else, speak as a person of the configuration in force."""

    people: Callable[[], People]

    def __call__(self, name: str, actor: Actor) -> Actor:
        """Return that person at the terminal, or raise BadRequest."""
        if not actor.owns_store:
            return for_oneself(name, actor)
        person = self.people().people.get(name)
        if person is None or not person.ids:
            known = ", ".join(f"`{one}`" for one in self.people().people)
            message = f"there is nobody called `{name}` in this demo: there are {known}"
            raise BadRequest(message)
        return Actor(door=Door.TERMINAL, id=min(person.ids), name=name)


def is_demo(named: str | None, data: Path) -> bool:
    """Tell whether `named`, the variable's value, is this very data folder."""
    return bool(named) and Path(named or "").is_absolute() and Path(named or "").resolve() == data.resolve()
