"""What carries orders and facts between networks, in our words; the room `queue` fills these.

A queue promises little, and nobody may count on more: a message comes at least once, maybe twice, maybe after it was
deleted; in a FIFO queue in the order of its group, else in any. What must not happen twice is the guard's business.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from funade.domain.messages import Fact, Order

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One text to be carried.

    In a FIFO queue messages of one `group` stay in order, and of two with the same `key` within five minutes one is
    carried. `notes` travel beside the text, for whoever looks into the queue.
    """

    body: str
    key: str
    group: str
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message as it was handed to us: until its time is over nobody else should get it.

    `receipt` is of this delivery, not of the message; `times` counts the deliveries, this one included.
    """

    id: str
    body: str
    receipt: str = field(repr=False)
    times: int
    sent_at: datetime
    group: str | None = None
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What was not done of several things: of which (a message's key, a delivery's receipt), why, and for good?"""

    which: str
    problem: str
    is_final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """A queue as it says it is; the numbers are about right.

    `dead_letters` is where messages go that were delivered `deliveries_at_most` times.
    """

    waiting: int
    in_hand: int
    is_fifo: bool
    visibility: timedelta
    dead_letters: str | None = None
    deliveries_at_most: int | None = None


class Queue(Protocol):
    """One queue. Whatever it cannot do now raises TemporaryQueueError, what needs a person PermanentQueueError."""

    async def send(self, messages: Sequence[Message]) -> Sequence[Undone]:
        """Send any number of messages; return those that were not sent, by key.

        After one of a group was not sent, a FIFO queue sends no later ones of the same group. When it raises, any of
        them may have been sent.
        """

    async def receive(self, limit: int, wait: timedelta, hidden: timedelta) -> Sequence[Delivery]:
        """Return 1 to `limit` (at most 10) deliveries, each ours for `hidden`; none when there was none for `wait`.

        Waiting ends at most 20 seconds later, and at once when the task is cancelled.
        """

    async def extend(self, deliveries: Sequence[Delivery], hidden: timedelta) -> Sequence[Undone]:
        """Keep them ours for `hidden` from now on, nothing: give them back at once; return those that are not ours."""

    async def delete(self, deliveries: Sequence[Delivery]) -> Sequence[Undone]:
        """Remove the messages for good; return those of which that is not known."""

    async def state(self) -> QueueState:
        """Return what the queue says of itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that nobody could deal with; `problem` is what was wrong, where that is known."""

    id: str
    body: str
    times: int
    sent_at: datetime
    group: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What came of dead letters: `done` by id, and those that were not found or could not be moved."""

    done: tuple[str, ...] = ()
    undone: tuple[Undone, ...] = ()


class DeadLetters(Protocol):
    """What a queue could not get rid of."""

    async def list(self, limit: int) -> Sequence[DeadLetter]:
        """Return up to `limit` of them; they stay where they are. Of one group in a FIFO queue, the first ten."""

    async def redrive(self, ids: Collection[str]) -> Moved:
        """Send these again, then remove them here; after a crash in between one may come twice."""

    async def discard(self, ids: Collection[str]) -> Moved:
        """Remove these for good."""


class Quarantine(Protocol):
    """Where messages go that nobody can read."""

    async def set_aside(self, delivery: Delivery, problem: str) -> None:
        """Keep a copy for good, with what is wrong with it; or raise a FunadeError: then it stays in its queue."""


@dataclass(frozen=True, slots=True)
class Taken(Generic[T]):
    """What came in: what can be read, and the deliveries that cannot, each with what is wrong, for whoever reports."""

    messages: Sequence[tuple[Delivery, T]] = ()
    set_aside: Sequence[tuple[Delivery, str]] = ()
    left: Sequence[tuple[Delivery, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePlace:
    """Where a queue is and how to be let in; keys are references, none means that AWS's own way is taken.

    `endpoint` is what answers for it instead of the host in its URL; `region` where the URL does not tell it. A queue
    in a cluster is found by its `kubeconfig` and `context`, else where a program of Kubernetes would look.
    """

    url: str
    region: str | None = None
    endpoint: str | None = None
    access_key: str | None = None
    secret_key: str | None = None
    session_token: str | None = None
    kubeconfig: str | None = None
    context: str | None = None

    @property
    def name(self) -> str:
        """Return its name, for people."""
        return self.url.rpartition("/" if "/" in self.url else ":")[2]

    @property
    def address(self) -> tuple[str | None, ...]:
        """Return what tells it from other queues, by whichever keys it is opened."""
        return self.url, self.endpoint, self.kubeconfig, self.context


class Orders(Protocol):
    """The sending end of a queue that leads to a place in another network."""

    async def give(self, order: Order) -> None:
        """Send it, or raise a QueueError: then it may have been sent; said again under its key it is the same."""


class FactsIn(Protocol):
    """The receiving end of a queue of facts."""

    async def take(self, limit: int, wait: timedelta, hidden: timedelta) -> Taken[Fact]:
        """Return what came within `wait`, or raise a QueueError. What cannot be read is dealt with already."""

    async def refuse(self, delivery: Delivery, problem: str) -> None:
        """Set aside what can be read and is not for us; where that fails it is hidden for minutes."""

    async def delete(self, deliveries: Sequence[Delivery]) -> None:
        """Remove what was stored; what is not removed comes again, and does no harm."""


class Exchange(Protocol):
    """The queues between this network and others. An address that is none raises PermanentQueueError."""

    def orders(self, place: QueuePlace) -> Orders:
        """Return where orders are given."""

    def facts(self, place: QueuePlace) -> FactsIn:
        """Return where facts come from."""

    async def state(self, place: QueuePlace) -> QueueState:
        """Return what a queue says of itself, or raise a QueueError."""

    async def count_dead_letters(self, place: QueuePlace) -> int | None:
        """Return how many there are, about; None where the queue keeps none; or raise a QueueError."""

    async def dead_letters(self, place: QueuePlace) -> DeadLetters | None:
        """Return what a queue could not get rid of, None where it keeps none; or raise a QueueError."""
