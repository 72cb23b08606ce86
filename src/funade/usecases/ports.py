"""What the verbs need of the world, in our words; rooms fill these, `wiring` connects them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from funade.domain.application import (
    Configuration,
    Repository,
    SecretReference,
    TargetConfiguration,
    Verification,
)
from funade.domain.deployment import Deployment
from funade.domain.freeze import Freeze, Frozen
from funade.domain.orders import Execution, Observed, Problem, Sighting, StartOrder
from funade.domain.plan import Plan
from funade.domain.release import Release
from funade.domain.revision import Changes, Revision
from funade.usecases.ledger_ports import Announcement, Process
from funade.usecases.queue_ports import QueuePlace


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

    def orders_to(self, target: TargetConfiguration) -> QueuePlace | None:
        """Return the queue through which orders to its place go; None: its place is told directly."""

    def facts_from(self, target: TargetConfiguration) -> QueuePlace | None:
        """Return the one queue from which facts about its executions come; None: its place is asked directly."""

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


class GrowingLogs(Logs, Protocol):
    """Output that is brought piece by piece."""

    def append(self, deployment: str, attempt: int, offset: int, data: bytes) -> None:
        """Keep at most 200 KiB that come at `offset` if the log ends there now; or raise StoreError or OSError."""


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
