"""What people may ask. Adding one makes the type checker point at every place that must learn it."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDeployment:
    """Show what a deploy would do, and do nothing."""

    application: str
    environment: str
    ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """Put a ref into an environment. `digest`, when given, must be the plan's: what was shown is what runs."""

    application: str
    environment: str
    ref: str | None = None
    reason: str | None = None
    digest: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Ask again for what an ended, unsuccessful deployment wanted: the same revision, planned anew."""

    number: int
    reason: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """Put back the last release that was seen healthy, or that of deployment `to`; `digest` as with `Deploy`."""

    application: str
    environment: str
    to: int | None = None
    reason: str | None = None
    digest: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """Say yes to a deployment that asks: to its digest. With `revision`, to what was requested though it moved."""

    number: int
    revision: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Say no to a deployment that waits."""

    number: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Let a deployment go ahead despite what stands in its way; for everybody to see."""

    number: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Keep others out of an environment; `steal` takes another's lock over, with notice."""

    application: str
    environment: str
    reason: str | None = None
    lasts: timedelta | None = None
    steal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlock:
    """Let others in again; `force` opens another's lock."""

    application: str
    environment: str
    reason: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Let automatic deploys of an environment wait."""

    application: str
    environment: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseAll:
    """Stop everything at once, everywhere: nothing more is started until `ResumeAll`."""

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeAll:
    """Let everything go on after `PauseAll`."""

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowRights:
    """Who may do what where; for one person, and why, when one is named."""

    person: str | None = None
    application: str | None = None
    environment: str | None = None
    right: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Wish a deployment to stop."""

    number: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen:
    """Open an environment that is in doubt: a person has looked."""

    application: str
    environment: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Let automatic deploys go on after a rollback."""

    application: str
    environment: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowStatus:
    """What is live where, what runs, what waits; one application, or all."""

    application: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowHistory:
    """The latest deployments and events, newest first."""

    application: str | None = None
    environment: str | None = None
    limit: int = 20
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a deployment does not move, or ended as it did; without a number, the newest that is not at its end."""

    number: int | None = None
    application: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowDeployment:
    """Everything about one deployment: plan, events, where its log is; with `link`, an address of its page too.

    With patience the answer waits, for a moment at most, for an event after the one numbered `seen`.
    """

    number: int
    link: bool = False
    seen: int = 0
    patience: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLog:
    """Some bytes of an execution's output, from `offset`; the newest attempt unless another is named."""

    number: int
    attempt: int | None = None
    offset: int = 0
    limit: int = 65_536


Command = (
    PlanDeployment
    | Deploy
    | Retry
    | Rollback
    | Approve
    | Reject
    | Override
    | Lock
    | Unlock
    | Hold
    | PauseAll
    | ResumeAll
    | ShowRights
    | Cancel
    | Reopen
    | Resume
    | ShowStatus
    | ShowHistory
    | Why
    | ShowDeployment
    | ReadLog
)
COMMANDS: tuple[type, ...] = (
    PlanDeployment,
    Deploy,
    Retry,
    Rollback,
    Approve,
    Reject,
    Override,
    Lock,
    Unlock,
    Hold,
    PauseAll,
    ResumeAll,
    ShowRights,
    Cancel,
    Reopen,
    Resume,
    ShowStatus,
    ShowHistory,
    Why,
    ShowDeployment,
    ReadLog,
)
