"""One attempt of people to put a release into an environment: its six states and the only ways between them."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from funade.domain.approval import Approval, Override
from funade.domain.plan import Plan
from funade.domain.reason import Because, Reason
from funade.domain.release import Release
from funade.domain.revision import Changes, Revision


class State(StrEnum):
    """Where a deployment stands; finer grains are reasons, never states."""

    AWAITING_APPROVAL = "awaiting_approval"  #: somebody must say yes first
    QUEUED = "queued"  #: waits for its turn, or prepares
    RUNNING = "running"  #: its first effect was allowed; from here on only the place can end it
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})

#: From each state, the states that may follow. Nothing follows an end.
TRANSITIONS: dict[State, frozenset[State]] = {
    State.AWAITING_APPROVAL: frozenset({State.QUEUED, State.FAILED, State.CANCELLED}),
    State.QUEUED: frozenset({State.AWAITING_APPROVAL, State.RUNNING, State.FAILED, State.CANCELLED}),
    State.RUNNING: ENDED,
    State.SUCCEEDED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
}


class IllegalTransitionError(Exception):
    """Our own mistake: a deployment was asked to move where it cannot."""


class Purpose(StrEnum):
    """What kind of request a deployment is; all of them are carried out alike."""

    DEPLOY = "deploy"
    RETRY = "retry"
    ROLLBACK = "rollback"


class Phase(StrEnum):
    """How far the runner got, for whoever takes over and for `why`."""

    WAITING = "waiting"  #: nobody holds it
    PREPARING = "preparing"  #: it has the turn: mirror, checkout, first look; nothing at the place yet
    EXECUTING = "executing"  #: the start is written down: it runs, or the place will say that it never began
    VERIFYING = "verifying"  #: the execution ended; looking at what runs now
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Somebody wants it cancelled; a wish in the row, the place decides what it still can mean."""

    by: str
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What was seen when it was planned: shown to people, part of no digest."""

    live: Revision | None = None
    live_number: int | None = None
    changes: Changes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One row of the ledger. Changed only by the methods below, which return the next version of it."""

    id: str
    number: int
    purpose: Purpose
    release: Release
    plan: Plan
    digest: str
    ref: str
    asked_by: str
    asked_by_id: str
    door: str
    asked_at: datetime
    due_at: datetime
    reason: str | None = None
    of: int | None = None
    preview: Preview = field(default_factory=Preview)
    state: State = State.QUEUED
    phase: Phase = Phase.WAITING
    because: Because | None = None
    attempt: int = 0
    fence: int = 0
    wish: Wish | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    verified: bool = False
    confirmed_live: Revision | None = None
    approvals: tuple[Approval, ...] = ()
    overrides: tuple[Override, ...] = ()
    owner: str | None = None
    epoch: int = 0
    #: Where its present attempt runs, when only that machine's processes can look at it.
    machine: str | None = None

    @property
    def application(self) -> str:
        """Return the application's name."""
        return self.release.application

    @property
    def environment(self) -> str:
        """Return the environment's name."""
        return self.release.environment

    @property
    def revision(self) -> Revision:
        """Return the one commit that was resolved at the request, for good."""
        return self.release.revision

    @property
    def has_ended(self) -> bool:
        """Tell whether nothing can happen to it any more."""
        return self.state in ENDED

    @property
    def was_started(self) -> bool:
        """Tell whether an attempt was ever written down as started."""
        return self.started_at is not None

    @property
    def asks_anew(self) -> bool:
        """Tell whether something went live that its plan did not show; only a person's word lets it go on then."""
        if self.state is not State.AWAITING_APPROVAL or self.because is None:
            return False
        return self.because.code is Reason.NEWER_WENT_LIVE

    def advance(
        self, state: State, because: Because, at: datetime, *, verified: bool = False
    ) -> "Deployment":
        """Return it in `state`, or raise IllegalTransitionError where TRANSITIONS has no such way."""
        if state not in TRANSITIONS[self.state]:
            msg = f"#{self.number}: {self.state} → {state}"
            raise IllegalTransitionError(msg)
        if state in ENDED:
            return replace(
                self,
                state=state,
                phase=Phase.DONE,
                because=because,
                ended_at=at,
                verified=verified,
                owner=None,
            )
        phase = Phase.EXECUTING if state is State.RUNNING else Phase.WAITING
        return replace(self, state=state, phase=phase, because=because)

    def begin_attempt(
        self, fence: int, at: datetime, because: Because, machine: str | None = None
    ) -> "Deployment":
        """Return it with its next attempt written as started; this is the row before the first effect.

        From `queued`, or from `running` when the place proved that the attempt before never began.
        """
        if self.state is State.RUNNING:
            begun = replace(self, phase=Phase.EXECUTING, because=because)
        else:
            begun = replace(self.advance(State.RUNNING, because, at), started_at=at)
        return replace(begun, attempt=self.attempt + 1, fence=fence, machine=machine)
