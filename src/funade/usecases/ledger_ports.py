"""What the use cases ask of the store: its nouns, a look, a change, and the ledger that gives both.

What only a door of chat needs of it is in `door_ports`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from funade.domain.answers import ProcessShown, Quarantined
from funade.domain.deployment import Deployment, Phase, State
from funade.domain.environment import Berth
from funade.domain.events import Event
from funade.domain.lock import Pause
from funade.domain.orders import Ending, Execution
from funade.usecases.door_ports import DoorReading, DoorTransaction
from funade.usecases.fact_ports import FactReading, FactTransaction
from funade.usecases.stored_queue_ports import StoredQueueReading, StoredQueueTransaction

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


class Reading(DoorReading, FactReading, StoredQueueReading, Protocol):
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


class Transaction(Reading, DoorTransaction, FactTransaction, StoredQueueTransaction, Protocol):
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
