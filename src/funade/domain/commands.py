"""What people may ask. Adding one makes the type checker point at every place that must learn it."""

from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Ask again for what an ended, unsuccessful deployment wanted: the same revision, planned anew."""

    number: int
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """Put back the last release that was seen healthy, or that of deployment `to`."""

    application: str
    environment: str
    to: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """Say yes to a deployment that asks; binds to the digest it has."""

    number: int
    reason: str | None = None


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
    """Everything about one deployment: plan, events, where its log is."""

    number: int


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
    Cancel,
    Reopen,
    Resume,
    ShowStatus,
    ShowHistory,
    Why,
    ShowDeployment,
    ReadLog,
)
