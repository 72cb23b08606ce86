"""What has happened, in the past tense; history is the list of these, and nobody writes it separately."""

from dataclasses import dataclass
from datetime import datetime

from funade.domain.deployment import Deployment, State
from funade.domain.reason import Because
from funade.domain.revision import Revision
from funade.domain.wire import Plain


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRequested:
    """Somebody asked, and it was accepted."""

    ref: str
    revision: Revision
    digest: str
    purpose: str
    of: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationWanted:
    """It waits for a person: what went live meanwhile was not in the plan that was shown."""

    because: Because


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentApproved:
    """A person said yes to exactly this digest."""

    digest: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRejected:
    """A person said no."""

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesOverridden:
    """Somebody went ahead despite what stood in the way."""

    despite: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockTaken:
    """Somebody keeps others out."""

    reason: str
    until: datetime | None = None
    stolen_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockReleased:
    """Others may come in again."""

    of: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EverythingPaused:
    """Nothing more is started anywhere."""

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EverythingResumed:
    """Things go on."""

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentStarted:
    """The first effect was allowed."""

    attempt: int
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressTold:
    """Its place told what keeps its program from running, and since when; or, `waits` False, that nothing does now."""

    shown: str
    since: datetime
    waits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentTakenOver:
    """Another process (`pid` on `host`) looks after it now; its execution went on, or had ended meanwhile."""

    by: str
    standing: str
    host: str | None = None
    pid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionEnded:
    """The place said how an attempt ended, and when: before the event where nobody listened meanwhile."""

    attempt: int
    by: str
    exit_code: int | None = None
    signal: int | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAsked:
    """Somebody wishes it cancelled."""

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentFinished:
    """It reached its end."""

    state: State
    because: Because
    verified: bool
    seen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefused:
    """Somebody asked, and the answer was no."""

    asked: str
    because: Because


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentClosed:
    """Nobody knows what an execution did; nothing more may start here."""

    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentReopened:
    """The place answered, or a person said that it is fine."""

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationHeld:
    """Automatic deploys wait: after a rollback (`number`), or because somebody said so."""

    number: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationResumed:
    """Automatic deploys go on."""

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLettersFound:
    """Messages of a queue that nobody could deal with; `holds` are orders, facts or both; `used_by` environments.

    `problems` is what was wrong with them, as far as somebody said so. `is_kept`: they lie in a queue for dead letters;
    otherwise there is none, and they come again and again.
    """

    queue: str
    holds: str
    number: int
    used_by: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    is_kept: bool = True


Happening = (
    DeploymentRequested
    | ConfirmationWanted
    | DeploymentApproved
    | DeploymentRejected
    | RulesOverridden
    | LockTaken
    | LockReleased
    | EverythingPaused
    | EverythingResumed
    | DeploymentStarted
    | ProgressTold
    | DeploymentTakenOver
    | ExecutionEnded
    | CancelAsked
    | DeploymentFinished
    | RequestRefused
    | EnvironmentClosed
    | EnvironmentReopened
    | AutomationHeld
    | AutomationResumed
    | DeadLettersFound
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One happening with its place in history; `sequence` grows by one per event of a store, 0 before it is stored."""

    sequence: int = 0
    at: datetime
    by: str
    application: str
    environment: str
    deployment: str | None = None
    number: int | None = None
    happening: Happening


def about(deployment: Deployment, happening: Happening, by: str, at: datetime) -> Event:
    """Return the event that tells `happening` of `deployment`."""
    return Event(
        at=at,
        by=by,
        application=deployment.application,
        environment=deployment.environment,
        deployment=deployment.id,
        number=deployment.number,
        happening=happening,
    )


def asked(plain_command: dict[str, Plain]) -> str:
    """Return a command's one-line name for RequestRefused: its verb and what it named."""
    names = (plain_command.get(key) for key in ("kind", "application", "environment", "ref", "number"))
    return " ".join(str(one) for one in names if one is not None)
