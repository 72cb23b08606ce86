"""The messages between Funade and a place: orders go there, what the place knows comes back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from funade.domain.plan import Plan
from funade.domain.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """The name of one run at a place: a deployment's attempt, and the fence it was given with the turn."""

    deployment: str
    number: int
    attempt: int
    fence: int
    application: str
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOrder:
    """Begin this execution, at most once, before `not_after`; `workspace` is the checkout of exactly that revision.

    `ref` is what a person typed, for people.
    """

    execution: Execution
    release: Release
    plan: Plan
    digest: str
    not_after: datetime
    workspace: str
    ref: str = ""


class Standing(StrEnum):
    """What a place knows of one execution."""

    UNSEEN = "unseen"  #: never heard of it
    INTENDED = "intended"  #: the guard was raised for it, nothing began
    RUNNING = "running"  #: it began and lives
    ENDED = "ended"  #: it began and is over; `ending` says how
    SEALED = "sealed"  #: it never began and never will
    LOST = "lost"  #: it began, nothing of it lives any more, and nobody recorded how it ended


class EndedBy(StrEnum):
    """What ended an execution."""

    ITSELF = "itself"
    CANCEL = "cancel"
    TIME_LIMIT = "time_limit"
    ABANDONED = "abandoned"
    NEVER_STARTED = "never_started"  #: the program could not be executed at all; `problem` says why


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an execution ended, as the place recorded it; `exit_code` None with `signal` None means unknown."""

    by: EndedBy
    exit_code: int | None = None
    signal: int | None = None
    at: datetime
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A place's answer to a look; `highest_fence` is the highest it remembers for this environment."""

    standing: Standing
    highest_fence: int = 0
    ending: Ending | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What a look at the live system showed.

    `matches` is None when there is no way to look; `revision` is set where the answer names one. `shown` is for people;
    `differing` is set where a target of many hosts has not the same everywhere: which has which, for people.
    """

    matches: bool | None = None
    revision: str | None = None
    shown: str = ""
    differing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A precondition that does not hold; `remedy` says what to do."""

    where: str
    problem: str
    remedy: str = ""
    #: everything works all the same; somebody will be sorry for it later
    warns: bool = False
