"""What the cluster remembers of one environment: the highest fence, its store, and the attempts it has seen.

It lives in a `DeployGuard` that no DeployQueue owns and nobody prunes, and is changed by compare-and-swap alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from funade.domain.orders import EndedBy, Ending, Execution, Observed
from funade.domain.wire import Plain, Unreadable, from_plain, to_plain

#: What this release writes; a guard with a higher one is left alone.
VERSION = 1
#: Ended attempts that are remembered one by one; of older ones only the highest fence.
KEPT = 50


class Phase(StrEnum):
    """How far an attempt is at this place; it never goes back."""

    INTENDED = "intended"  #: only now may a Job be made for it
    STARTED = "started"  #: its Job is there, and runs or will
    ENDED = "ended"  #: it ran, and nothing of it runs any more
    SEALED = "sealed"  #: it never ran and never will


class Told(StrEnum):
    """What Funade was told of an attempt."""

    STARTED = "started"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the order said beside the execution's name."""

    repository: str
    ref: str
    revision: str
    not_after: datetime
    body: str = ""  #: of another program's message all that it said


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """It must end, or not begin, and why."""

    by: EndedBy
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt, as far as it came here."""

    execution: Execution
    digest: str
    phase: Phase
    queue: str  #: the DeployQueue's name
    facts: str  #: where its facts go: the DeployQueue may be gone by then
    store: str = ""
    message: str = ""  #: the id of another program's message, of which this is the only attempt
    wanted: Wanted | None = None
    uid: str = ""  #: its Job's
    template: str = ""
    stop: Stop | None = None
    exit: int | None = None
    began: datetime | None = None
    ending: Ending | None = None
    observed: Observed | None = None
    output: int | None = None  #: how many bytes of it there were, once that is known
    told: tuple[Told, ...] = ()

    @property
    def is_over(self) -> bool:
        return self.phase in (Phase.ENDED, Phase.SEALED)

    @property
    def untold(self) -> tuple[Told, ...]:
        """Return what Funade must still hear."""
        known = {Told.STARTED: self.began is not None, Told.ENDED: self.ending is not None}
        return tuple(one for one, is_so in known.items() if is_so and one not in self.told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One environment's memory. Whatever is not above `fence` and not among the attempts is refused for good.

    `forgotten` is the highest fence of which nothing more is known.
    """

    application: str
    environment: str
    store: str = ""
    fence: int = 0
    forgotten: int = 0
    attempts: tuple[Attempt, ...] = ()

    @property
    def is_foreign(self) -> bool:
        """Tell whether it is the memory of another program's message, and not of an environment."""
        return any(one.message for one in self.attempts)

    def find(self, deployment: str, attempt: int) -> Attempt | None:
        for one in self.attempts:
            if (one.execution.deployment, one.execution.attempt) == (deployment, attempt):
                return one
        return None

    def has_forgotten(self, execution: Execution) -> bool:
        """Tell whether it may have been here; what was given no fence yet cannot have been."""
        return 0 < execution.fence <= self.forgotten

    def having(self, changed: Attempt) -> "Guard":
        """Return the guard with that attempt, in the place of what it knew of it."""
        key = _key(changed)
        known = any(_key(one) == key for one in self.attempts)
        attempts = tuple(changed if _key(one) == key else one for one in self.attempts)
        return replace(
            self,
            fence=max(self.fence, changed.execution.fence),
            attempts=attempts if known else (*attempts, changed),
        )

    def living_beside(self, attempt: Attempt) -> bool:
        """Tell whether another one runs, or may."""
        return any(one.phase is Phase.STARTED and _key(one) != _key(attempt) for one in self.attempts)

    def without_old(self, present: Iterable[tuple[str, int]]) -> "Guard":
        """Return the guard without the oldest attempts that are over, told, and have no Job (`present` do)."""
        there = set(present)
        over = [one for one in self.attempts if one.is_over and not one.untold and _key(one) not in there]
        old = {_key(one): one.execution.fence for one in over[: max(0, len(over) - KEPT)]}
        if not old:
            return self
        attempts = tuple(one for one in self.attempts if _key(one) not in old)
        return replace(self, forgotten=max(self.forgotten, *old.values()), attempts=attempts)


def to_spec(guard: Guard) -> dict[str, Plain]:
    """Return what a DeployGuard holds."""
    plain = to_plain(guard)
    return {"version": VERSION, **(plain if isinstance(plain, dict) else {})}


def read_spec(spec: object) -> Guard:
    """Return the guard in a DeployGuard, or raise Unreadable: then nothing may start under it."""
    if not isinstance(spec, dict):
        problem = "it has no `spec`"
        raise Unreadable(problem)
    version = spec.get("version")
    if version != VERSION:
        problem = f"version {version!r} was written by another release"
        raise Unreadable(problem)
    return from_plain(Guard, spec)


def _key(attempt: Attempt) -> tuple[str, int]:
    return attempt.execution.deployment, attempt.execution.attempt
