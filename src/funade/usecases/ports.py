"""What the verbs need of the world, in our words; rooms fill these, `wiring` connects them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from funade.domain.answers import ProcessShown, Quarantined
from funade.domain.application import (
    Configuration,
    Repository,
    SecretReference,
    TargetConfiguration,
    Verification,
)
from funade.domain.deployment import Deployment, Phase, State
from funade.domain.environment import Berth
from funade.domain.events import Event
from funade.domain.freeze import Freeze, Frozen
from funade.domain.lock import Pause
from funade.domain.orders import Ending, Execution, Observed, Problem, Sighting, StartOrder
from funade.domain.plan import Plan
from funade.domain.release import Release
from funade.domain.revision import Changes, Revision
from funade.usecases.door_ports import DoorReading, DoorTransaction

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """Something that must be undone whatever happens, written before it is done; `data` is all the undoing needs."""

    id: str
    deployment: str
    kind: str
    data: Mapping[str, str]
    since: datetime
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One thing to say about an event; `key` is its own for good, so that a doubtful post can be looked for."""

    key: str
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A deployment that is not at its end, as far as the order of things needs it."""

    id: str
    number: int
    application: str
    environment: str
    state: State
    phase: Phase
    owner: str | None
    due_at: datetime
    is_wished_away: bool
    machine: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OldDeployment:
    """One that ended long ago, as far as forgetting needs it."""

    id: str
    number: int


class Reading(DoorReading, Protocol):
    """A consistent look at the ledger; every row that cannot be read is set aside and left out."""

    def berth(self, application: str, environment: str) -> Berth:
        """Return the environment's row; a new one where there is none yet; or raise UnreadableRecord."""

    def berths(self) -> Sequence[Berth]:
        """Return every environment's row that can be read."""

    def deployment(self, number: int) -> Deployment | None:
        """Return the deployment of that number."""

    def deployment_by_id(self, id: str) -> Deployment | None:
        """Return the deployment of that id."""

    def number_of(self, id: str) -> int | None:
        """Return a deployment's number, even where the rest of it cannot be read."""

    def entries(self, application: str | None = None, environment: str | None = None) -> Sequence[Entry]:
        """Return what is not at its end, oldest request first: the few columns that decide who moves next."""

    def unended_ids(self) -> frozenset[str]:
        """Return the ids of all that are not at their end, those that cannot be read among them."""

    def unended(self, application: str | None = None, environment: str | None = None) -> Sequence[Deployment]:
        """Return those not at their end, oldest request first."""

    def ended(
        self, application: str | None, environment: str | None, *, limit: int, before: int | None = None
    ) -> Sequence[Deployment]:
        """Return the latest that ended, newest number first; `before` a number for the next page."""

    def last_verified(self, application: str, environment: str, limit: int = 10) -> Sequence[Deployment]:
        """Return the latest that succeeded and were seen healthy, newest end first."""

    def last_started(self, application: str, environment: str) -> Deployment | None:
        """Return the one whose execution began last; None too when just that one cannot be read."""

    def events(  # noqa: PLR0913 - independent filters
        self,
        *,
        application: str | None = None,
        environment: str | None = None,
        deployment: str | None = None,
        after: int = 0,
        before: int | None = None,
        limit: int = 100,
        newest_first: bool = False,
    ) -> Sequence[Event]:
        """Return events by their sequence; each filter narrows, `before` and `after` are sequences."""

    def ending(self, deployment: str, attempt: int) -> Ending | None:
        """Return the stored fact of how that attempt ended."""

    def obligations(self, deployment: str | None = None) -> Sequence[Obligation]:
        """Return what is still owed, by one deployment or by all."""

    def announcements(self, limit: int) -> Sequence[Announcement]:
        """Return what must still be said, oldest first."""

    def processes(self) -> Sequence["Process"]:
        """Return every registered process."""

    def role(self, role: str) -> str | None:
        """Return the process that holds `role`."""

    def pause(self) -> Pause | None:
        """Return the pause of everything, while there is one."""

    def quarantined(self) -> Sequence[Quarantined]:
        """Return what was set aside because it cannot be read."""

    def old(self, before: datetime, at_least: int, *, after: int, limit: int) -> Sequence["OldDeployment"]:
        """Return those that ended before `before` and are not among the latest `at_least` of their environment.

        By number, from the one after `after` on.
        """

    def answered(self, request: str) -> Deployment | None:
        """Return the deployment that was accepted for this request id."""


class Transaction(Reading, DoorTransaction, Protocol):
    """One write transaction; all of it happens or nothing. Nothing in it may wait for the network."""

    def lock_berth(self, application: str, environment: str) -> Berth:
        """Return the environment's row, made when absent, locked until the end of the transaction."""

    def save_berth(self, berth: Berth) -> None:
        """Store an environment's row, or raise FencedOut when its fence is higher than this one."""

    def save_pause(self, pause: Pause | None) -> None:
        """Pause everything, or let it go on. Like a berth, it is locked by whoever changes it or starts under it."""

    def next_number(self) -> int:
        """Return the number for the next deployment; none is given twice, even when rows are deleted."""

    def add_deployment(self, deployment: Deployment, request: str) -> None:
        """Store it; `request` is the asker's own id of this request, unique for good."""

    def save_deployment(self, deployment: Deployment) -> None:
        """Store it, or raise FencedOut when another process has claimed it (an older epoch) or it has ended."""

    def wish(self, deployment: Deployment) -> None:
        """Store its wish to be cancelled and nothing else, whoever looks after it."""

    def claim(self, deployment: Deployment, owner: str) -> Deployment:
        """Make `owner` look after it, epoch + 1, or raise FencedOut when the row has changed hands since."""

    def write_off(self, number: int) -> None:
        """End as failed one that cannot be read and has not ended; whoever looked after it is fenced out."""

    def record(self, event: Event) -> None:
        """Add an event, and with it its announcement."""

    def add_order(self, order: str, execution: Execution, given_at: datetime) -> None:
        """Keep that this order was given (`start`, `cancel`); the same one twice is one."""

    def add_ending(self, deployment: str, attempt: int, ending: Ending) -> None:
        """Keep how an attempt ended; the first word stands, whoever brings it."""

    def add_obligation(self, obligation: Obligation) -> None:
        """Keep what is owed; the same one twice is one."""

    def settle_obligation(self, id: str) -> None:
        """Forget what was undone."""

    def complain_of_obligation(self, id: str, problem: str) -> None:
        """Note why it could not be undone now."""

    def settle_announcements(self, keys: Sequence[str]) -> None:
        """Forget what was said."""

    def forget_events(self, deployments: Sequence[str]) -> int:
        """Forget what happened to these, but for what must still be said; return how many events that were."""

    def forget_other_events(self, before: datetime, limit: int) -> int:
        """Forget up to `limit` old events of no deployment, but for what must still be said; return how many."""

    def take_role(self, role: str, process: str, dead: frozenset[str]) -> bool:
        """Give `role` to `process` if nobody has it or its holder is among the dead; tell whether it has it now."""

    def register_process(self, process: "Process") -> None:
        """Keep a new process."""

    def beat(self, process: str, at: datetime) -> bool:
        """Raise the process's counter; False when its row is gone: it was declared dead and must stop."""

    def forget_process(self, process: str) -> None:
        """Strike a process off; its next `beat` is False."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One living (or dead) Funade process; `counter` rises with each renewal of its lease.

    `boot` and `birth` (the kernel's start time of the process) tell it apart from a later one with the same number;
    `machine` names the data folder whose programs it can look at.
    """

    id: str
    role: str
    host: str
    pid: int
    boot: str
    birth: str
    counter: int
    started_at: datetime
    seen_at: datetime
    machine: str = ""

    def shown(self, *, alive: bool) -> ProcessShown:
        """Return it as people see it."""
        return ProcessShown(
            id=self.id,
            role=self.role,
            host=self.host,
            pid=self.pid,
            started_at=self.started_at,
            seen_at=self.seen_at,
            alive=alive,
            machine=self.machine,
        )


class Ledger(Protocol):
    """The store. `work` is plain code over rows, run in the store's own thread; after a conflict it may run again."""

    @property
    def id(self) -> str:
        """Return the store's own id, given once when it was made."""

    async def read(self, work: Callable[[Reading], T]) -> T:
        """Return what `work` makes of one consistent look, or raise StoreError."""

    async def change(self, work: Callable[[Transaction], T]) -> T:
        """Return what `work` makes of its transaction, committed and on the disk, or raise StoreError."""

    async def wait_for_change(self, since: int, seconds: float) -> int:
        """Return the store's generation once anybody has moved it on from `since`, or after `seconds`."""


class Sources(Protocol):
    """Git repositories, through mirrors kept on this machine."""

    async def resolve(self, repository: Repository, ref: str) -> Revision:
        """Return the one commit that `ref` means now, asked of the repository; or raise a SourceError."""

    async def changes(
        self, repository: Repository, base: Revision | None, head: Revision, limit: int
    ) -> Changes:
        """Return what lies between two revisions; no base: the latest commits up to head."""

    async def contains(self, repository: Repository, head: Revision, ancestor: Revision) -> bool:
        """Tell whether `ancestor` is `head` or lies before it."""

    async def check_out(
        self, repository: Repository, revision: Revision, folder: Path, *, files: bool = True
    ) -> None:
        """Fill the new `folder` with exactly that revision: a git work tree with no credentials and no remote in it.

        Without `files` its objects are there, and no file is written: many files are slow to write and to remove.
        """

    async def check(self, repository: Repository) -> Sequence[Problem]:
        """Return what keeps the repository from being used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRef:
    """A branch (also as the head of a pull request) or tag, as it was when this machine heard of it last."""

    name: str
    is_tag: bool = False
    pull_request: int | None = None


class Refs(Protocol):
    """The names that repositories have, answered at once from what this machine knows."""

    async def find(self, repository: Repository, typed: str, limit: int) -> Sequence[KnownRef]:
        """Return the branches and tags that `typed` may be the beginning or a part of, the latest first."""


class Secrets(Protocol):
    """Where secret values come from."""

    def reveal(self, reference: SecretReference) -> str:
        """Return the value, or raise SecretError naming the reference."""


class Place(Protocol):
    """Where executions run: it takes orders, answers with the truth, and its guard says no by itself."""

    @property
    def needs_files(self) -> bool:
        """Tell whether a start needs the revision's files in its workspace, or its objects in git are enough."""

    async def look(self, execution: Execution) -> Sighting:
        """Return what the place knows now; raises TemporaryTargetError while it cannot be asked."""

    def expecting(self, execution: Execution) -> AbstractContextManager[None]:
        """While entered, an order to start that execution may come: the place may get ready, and changes nothing."""

    async def start(self, order: StartOrder) -> None:
        """Raise the guard and begin, at most once for this attempt; or raise GuardRefused. Returns once it began."""

    async def cancel(self, execution: Execution) -> Sighting:
        """End it if it runs (without waiting for that end), seal it if it never began; return what is so now."""

    async def wait(self, execution: Execution) -> Sighting:
        """Return once it does not run any more."""

    async def keep_alive(self, execution: Execution) -> None:
        """Tell the place that somebody still looks after it (`abandoned: stop`)."""


class Target(Protocol):
    """One kind of place with its configuration."""

    @property
    def place(self) -> Place:
        """Return where its executions run."""

    def plan(self, release: Release) -> Plan:
        """Return all steps that lead to `release`; the same release always gives the same plan."""

    async def observe(self, release: Release) -> Observed:
        """Return what runs now, compared with `release`; `matches` None where the kind has no way to see."""

    async def check(self) -> Sequence[Problem]:
        """Return the preconditions that do not hold; changes nothing."""


class Targets(Protocol):
    """Every kind of target that this Funade knows."""

    def is_local(self, release: Release) -> bool:
        """Tell whether only the machine where it runs can look at an execution of this release."""

    def stops_after(self, release: Release) -> timedelta | None:
        """Return in what time an execution that nobody looks after has stopped by itself, whole; None: it goes on."""

    def open(self, release: Release) -> Target:
        """Return the target of a release's own stored configuration, or raise PermanentTargetError."""

    def renew(self, release: Release, today: TargetConfiguration) -> TargetConfiguration:
        """Return an old release's parameters with the place and the secrets of today."""


class Verifier(Protocol):
    """Looks at what runs, by a URL or a program."""

    async def look(self, verification: Verification, release: Release) -> Observed:
        """Look once; an answer that could not be had is `matches` False with `shown` saying why."""


class Logs(Protocol):
    """Output of executions, complete to the byte except what is masked."""

    def length(self, deployment: str, attempt: int) -> int:
        """Return how many bytes there are now; 0 for an attempt without output."""

    def read(self, deployment: str, attempt: int, offset: int, limit: int) -> bytes:
        """Return at most `limit` bytes from `offset`; b"" at the end."""


class Announcer(Protocol):
    """Says things to people; used by one process at a time."""

    async def announce(self, batch: Sequence[tuple[Announcement, Deployment | None]]) -> None:
        """Say each in order unless it was said before (looked for by its key), rendered from the row beside it."""


class Links(Protocol):
    """Addresses of deployments' pages."""

    def link_to(self, deployment: Deployment) -> str | None:
        """Return an address that shows it to whoever has it, for a while; None where no pages are served.

        For the same deployment it stays the same for days, so that a message that holds it need not change.
        """


class Workspaces(Protocol):
    """Folders for checkouts, one for each claim of a deployment, so that two processes never meet in one."""

    def folder(self, deployment: str, epoch: int) -> Path:
        """Return where the checkout of that claim is, whether it exists or not."""

    async def remove(self, folder: Path) -> None:
        """Remove it with everything in it; gone already is fine."""

    async def leftovers(self, living: frozenset[str]) -> Sequence[Path]:
        """Return the folders of deployments that are not among the living."""


class Machine(Protocol):
    """The computer that this process runs on, as far as its data folder reaches."""

    @property
    def name(self) -> str:
        """Return what tells it apart from every other machine of the same store, for good."""

    def describe(self, role: str, id: str, at: datetime) -> Process:
        """Return this process as it registers itself."""

    def is_gone(self, process: Process) -> bool:
        """Tell whether that process has certainly ended: it ran here, and its number is free or somebody else's."""


class Lease(Protocol):
    """This process's right to look after deployments."""

    @property
    def process(self) -> str:
        """Return the id under which this process is registered now."""

    @property
    def machine(self) -> str:
        """Return the name of the machine that this process runs on."""

    def check(self) -> None:
        """Return while the lease holds, or raise FencedOut; asked before every effect."""


class Configurations(Protocol):
    """The configuration in force."""

    def current(self) -> Configuration:
        """Return it; its `problem` says what is wrong with a newer file."""


class Calendar(Protocol):
    """Reads freeze windows."""

    def frozen(self, freezes: Sequence[Freeze], now: datetime) -> Frozen | None:
        """Return the window that is open at `now`; None when none is. Windows that meet or overlap are one."""

    def next_freeze(self, freezes: Sequence[Freeze], now: datetime) -> Frozen | None:
        """Return the window that opens next after `now`, and after the one that is open then; None when none will."""


class Clock(Protocol):
    """Time, real or of a test."""

    def now(self) -> datetime:
        """Return the wall clock in UTC; for people and due times only."""

    def steady(self) -> float:
        """Return seconds that never jump and go on while the machine sleeps; for leases."""

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""


class Ids(Protocol):
    """New names."""

    def new(self) -> str:
        """Return a UUID never returned before."""
