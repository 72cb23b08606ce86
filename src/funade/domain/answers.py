"""What a command is answered with; every door shows these, `--json` prints them as they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from funade.domain.deployment import Deployment, Preview
from funade.domain.environment import Berth
from funade.domain.events import Event
from funade.domain.freeze import Frozen
from funade.domain.lock import Pause
from funade.domain.plan import Plan
from funade.domain.reason import Because
from funade.domain.revision import Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """No, and why; nothing was changed but the history."""

    because: Because


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One thing that a deployment waits for: what, since when, until when at most."""

    because: Because
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a deploy would do, and what would stand in its way now if whoever asks asked for it."""

    application: str
    environment: str
    ref: str
    revision: Revision
    plan: Plan
    digest: str
    preview: Preview
    in_the_way: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentShown:
    """One deployment as it is now, with what it waits for and what happened to it.

    `log_length` counts the stored bytes of its newest attempt's log. `may` names the commands about it that whoever
    asked has the right to give. Asked about a place, it tells also what was refused there since, and its freezes.
    `link` is an address that shows it to whoever has it, for a while; it is there when it was asked for and pages are
    served.
    """

    deployment: Deployment
    waiting: tuple[Waiting, ...] = ()
    events: tuple[Event, ...] = ()
    log_length: int = 0
    may: tuple[str, ...] = ()
    refusal: Event | None = None
    frozen: Frozen | None = None
    next_freeze: Frozen | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The request is stored and will reach an end; `waiting` says what comes first, if anything does."""

    deployment: Deployment
    waiting: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A command about an environment was carried out; `stolen_from` is who had the lock before."""

    berth: Berth
    stolen_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseChanged:
    """Everything was paused, or goes on."""

    pause: Pause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RightShown:
    """Who holds one right in one environment; `may` and `by_rule` (the member that decides) when a person was named."""

    application: str
    environment: str
    right: str
    members: tuple[str, ...]
    may: bool | None = None
    by_rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsShown:
    """Who may do what where. `owner_alone`: the file names no people, so the store's owner may do everything."""

    person: str | None
    rights: tuple[RightShown, ...]
    owner_alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentShown:
    """One environment: what is live, what runs, how many wait, who may approve, when it is frozen."""

    berth: Berth
    kind: str
    running: Deployment | None = None
    waiting: tuple[Deployment, ...] = ()
    last: Deployment | None = None
    approvers: tuple[str, ...] = ()
    frozen: Frozen | None = None
    next_freeze: Frozen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessShown:
    """One Funade process that looks after deployments."""

    id: str
    role: str
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    alive: bool
    machine: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemShown:
    """How Funade itself is: its store, who looks after which deployments (numbers), what waits and for how long.

    `unsaid` counts the announcements that are still to be made, up to a limit.
    """

    store: str
    running: int
    queued: int
    asking: int
    unsaid: int
    oldest_queued: datetime | None = None
    oldest_unsaid: datetime | None = None
    announcer: str | None = None
    looked_after: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """Something stored that cannot be read; it was set aside and blocks nobody."""

    table: str
    key: str
    problem: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueShown:
    """A queue between networks as it said it was at `seen_at`; `holds` are orders or facts.

    `dead_letters` is None where it keeps none; `problem` is why it could not be asked.
    """

    name: str
    holds: str
    seen_at: datetime
    waiting: int = 0
    in_hand: int = 0
    dead_letters: int | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusShown:
    """What is live where; with it whatever is wrong with Funade itself.

    `refusal` is what was refused last, told to whoever asks why nothing was ever deployed there.
    """

    environments: tuple[EnvironmentShown, ...]
    processes: tuple[ProcessShown, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    pause: Pause | None = None
    configuration_problem: str | None = None
    obligations: int = 0
    system: SystemShown | None = None
    refusal: Event | None = None
    queues: tuple[QueueShown, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryShown:
    """Deployments and events, newest first; `before` is the sequence to ask with for the next page."""

    events: tuple[Event, ...]
    deployments: tuple[Deployment, ...]
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogShown:
    """Output from `offset` on, in base64 because it need not be text; ask again from `next`.

    `complete` says that this execution is over and `next` is its end.
    """

    number: int
    attempt: int
    offset: int
    data: str
    next: int
    complete: bool


Answer = (
    Refused
    | Planned
    | Accepted
    | Changed
    | PauseChanged
    | RightsShown
    | DeploymentShown
    | StatusShown
    | HistoryShown
    | LogShown
)
ANSWERS: tuple[type, ...] = (
    Refused,
    Planned,
    Accepted,
    Changed,
    PauseChanged,
    RightsShown,
    DeploymentShown,
    StatusShown,
    HistoryShown,
    LogShown,
)
