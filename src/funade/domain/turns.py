"""Whose turn is it? One per application and environment, oldest request first; pure."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from funade.domain.deployment import State


class Candidate(Protocol):
    """What the order of things must know of a deployment that is not at its end."""

    @property
    def id(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def application(self) -> str: ...
    @property
    def environment(self) -> str: ...
    @property
    def state(self) -> State: ...
    @property
    def owner(self) -> str | None: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def is_wished_away(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What may happen next: ids of those to take on, and of those whose waiting is over for good."""

    take: tuple[str, ...] = ()
    end: tuple[str, ...] = ()


def next_moves(  # noqa: PLR0913 - the facts of one moment
    candidates: Iterable[Candidate],
    *,
    turns: Mapping[tuple[str, str], str],
    closed: Collection[tuple[str, str]],
    orphaned: Collection[str],
    is_blocked: Callable[[str], bool] = lambda _: False,
    now: datetime,
) -> Moves:
    """Return what may happen now. `turns` and `closed` are of the environments' rows; `orphaned` owners are dead.

    Nobody is taken on past an older request of the same environment, into a closed environment, or past whoever has
    the turn; but others go past those that a rule keeps waiting (`is_blocked`, asked only of those whose turn it would
    be). What waits too long, or is wished away while it waits, ends.
    """
    take, end = [], []
    taken: dict[tuple[str, str], str] = {}
    # What runs comes first: a request that was asked anew may have an older number than what passed it meanwhile.
    for one in sorted(
        candidates, key=lambda candidate: (candidate.state is not State.RUNNING, candidate.number)
    ):
        place = (one.application, one.environment)
        is_free = one.owner is None or one.owner in orphaned
        if one.state is State.RUNNING:
            taken[place] = one.id
            if is_free:
                take.append(one.id)
        elif is_free and (one.is_wished_away or one.due_at <= now):
            end.append(one.id)
        elif one.state is State.QUEUED and place not in closed:
            holder = turns.get(place) or taken.get(place)
            # Whoever has the turn is taken on even when blocked, to give it back.
            if holder == one.id or (holder is None and not is_blocked(one.id)):
                taken[place] = one.id
                if is_free:
                    take.append(one.id)
    return Moves(take=tuple(take), end=tuple(end))


def ahead_of(number: int, candidates: Iterable[Candidate], turn: str | None) -> tuple[int, ...]:
    """Return the numbers that go first: whoever has the turn, then older queued requests of the same environment."""
    before = []
    for one in sorted(candidates, key=lambda candidate: (candidate.id != turn, candidate.number)):
        if one.number == number:
            if one.id == turn:
                return ()
            continue
        if one.id == turn or (one.state is State.QUEUED and one.number < number):
            before.append(one.number)
    return tuple(before)
