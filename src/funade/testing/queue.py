"""A queue in memory that keeps every promise of SQS and not one more, and a quarantine that remembers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from funade.domain.errors import PermanentQueueError, TemporaryQueueError
from funade.testing.time import FakeClock
from funade.usecases.ports import Clock
from funade.usecases.queue_ports import Delivery, Message, QueueState, Undone

MAXIMUM_BYTES = 1 << 20
MOST = 10
LONGEST_HOLD = 12 * 3600.0
LONGEST_WAIT = 20.0
DEDUPLICATED_FOR = 300.0


@dataclass(frozen=True, kw_only=True)
class Mischief:
    """How often (0 to 1) the queue does what SQS may do and hardly ever does; in the order of a seed."""

    seed: int = 0
    duplicates: float = 0.0  #: hands out what somebody has in hand, or has deleted; a standard queue only
    holds_back: float = 0.0  #: hands out nothing although there is something
    expires: float = 0.0  #: ends somebody's time before it is over
    refuses: float = 0.0  #: does one of several things not
    breaks: float = 0.0  #: does not answer, and has done what was asked, or has not


@dataclass
class _Kept:
    id: str
    message: Message
    number: int
    sent: float
    times: int = 0
    hidden_until: float = 0.0
    received: float = 0.0
    receipt: str = ""
    is_deleted: bool = False


@dataclass
class StrictQueue:
    """The Queue port, standard or FIFO; time is its clock's alone. A standard one has no order at all.

    `broken` is a sentence that every call fails with; `dead` gets what was delivered `deliveries_at_most` times.
    """

    clock: Clock = field(default_factory=FakeClock)
    is_fifo: bool = False
    mischief: Mischief = field(default_factory=Mischief)
    dead: "StrictQueue | None" = None
    deliveries_at_most: int | None = None
    broken: str | None = None
    calls: list[str] = field(default_factory=list)
    _kept: list[_Kept] = field(default_factory=list)
    _known: dict[str, float] = field(default_factory=dict)
    _made: int = 0

    def __post_init__(self) -> None:
        self._random = Random(self.mischief.seed)  # noqa: S311 -- chance that can be repeated is the point

    @property
    def bodies(self) -> list[str]:
        """Return what is in it and not deleted, in the order of its sending."""
        return [one.message.body for one in self._kept if not one.is_deleted]

    # The port

    async def send(self, messages: Sequence[Message]) -> Sequence[Undone]:
        """Keep them; return those that were not."""
        lost = self._begin("send")
        undone: list[Undone] = []
        stopped: set[str] = set()
        for message in messages:
            problem = _problem(message)
            if problem is not None:
                undone.append(Undone(which=message.key, problem=problem, is_final=True))
            elif self.is_fifo and message.group in stopped:
                undone.append(
                    Undone(which=message.key, problem="an earlier one was not sent", is_final=False)
                )
            elif self._chance(self.mischief.refuses):
                undone.append(Undone(which=message.key, problem="InternalError", is_final=False))
                stopped.add(message.group)
            else:
                self._keep(message)
        self._end(lost)
        return undone

    async def receive(self, limit: int, wait: timedelta, hidden: timedelta) -> Sequence[Delivery]:
        """Hand out what is nobody's, once there is something."""
        lost = self._begin("receive")
        until = self.clock.steady() + min(wait.total_seconds(), LONGEST_WAIT)
        while True:
            found = [] if self._chance(self.mischief.holds_back) else self._free(min(limit, MOST))
            if found or self.clock.steady() >= until:
                break
            await self.clock.sleep(max(0.01, min(1.0, until - self.clock.steady())))
        deliveries = [self._hand_out(one, hidden.total_seconds()) for one in found]
        self._end(lost)
        return deliveries

    async def extend(self, deliveries: Sequence[Delivery], hidden: timedelta) -> Sequence[Undone]:
        """Move the end of their time."""
        lost = self._begin("extend")
        now = self.clock.steady()
        undone = []
        for delivery in deliveries:
            kept = self._in_hand(delivery)
            until = now + hidden.total_seconds()
            if kept is None:
                undone.append(
                    Undone(which=delivery.receipt, problem="it is not ours any more", is_final=True)
                )
            elif until - kept.received > LONGEST_HOLD:
                undone.append(Undone(which=delivery.receipt, problem="more than 12 hours", is_final=True))
            elif self._chance(self.mischief.refuses):
                undone.append(Undone(which=delivery.receipt, problem="InternalError", is_final=False))
            else:
                kept.hidden_until = now if self._chance(self.mischief.expires) else until
        self._end(lost)
        return undone

    async def delete(self, deliveries: Sequence[Delivery]) -> Sequence[Undone]:
        """Remove the messages; of somebody else's delivery SQS says that it did, and may not have."""
        lost = self._begin("delete")
        undone = []
        for delivery in deliveries:
            if self._chance(self.mischief.refuses):
                undone.append(Undone(which=delivery.receipt, problem="InternalError", is_final=False))
                continue
            for one in self._kept:
                is_old = one.id == delivery.id and one.receipt != delivery.receipt
                if one.receipt == delivery.receipt or (is_old and not self.is_fifo and self._chance(0.5)):
                    one.is_deleted = True
        self._end(lost)
        return undone

    async def state(self) -> QueueState:
        """Return what is so now."""
        self._begin("state")
        now = self.clock.steady()
        living = [one for one in self._kept if not one.is_deleted]
        in_hand = sum(one.hidden_until > now for one in living)
        return QueueState(
            waiting=len(living) - in_hand,
            in_hand=in_hand,
            is_fifo=self.is_fifo,
            visibility=timedelta(seconds=30),
            dead_letters=None if self.dead is None else "dead",
            deliveries_at_most=self.deliveries_at_most,
        )

    # How it behaves

    def _begin(self, what: str) -> bool:
        """Break before anything was done, or say whether to break after."""
        self.calls.append(what)
        if self.broken is not None:
            raise PermanentQueueError(self.broken)
        if not self._chance(self.mischief.breaks):
            return False
        if self._chance(0.5):
            self._end(lost=True)
        return True

    def _end(self, lost: bool) -> None:
        if lost:
            message = "the queue cannot be reached"
            raise TemporaryQueueError(message, timedelta(seconds=1))

    def _keep(self, message: Message) -> None:
        now = self.clock.steady()
        if self.is_fifo:
            if self._known.get(message.key, -DEDUPLICATED_FOR) > now - DEDUPLICATED_FOR:
                return
            self._known[message.key] = now
        self._made += 1
        self._kept.append(_Kept(f"m{self._made}", message, self._made, now))

    def _free(self, limit: int) -> list[_Kept]:
        """Return what may be handed out now; never nothing at all while something may."""
        self._bury()
        now = self.clock.steady()
        free = [one for one in self._kept if not one.is_deleted and one.hidden_until <= now]
        if self.is_fifo:
            busy = {one.message.group for one in self._kept if not one.is_deleted and one.hidden_until > now}
            return [one for one in free if one.message.group not in busy][:limit]
        free += [
            one
            for one in self._kept
            if one not in free and one.times and self._chance(self.mischief.duplicates)
        ]
        self._random.shuffle(free)
        return free[: self._random.randint(1, limit)] if free else []

    def _bury(self) -> None:
        if self.dead is None or self.deliveries_at_most is None:
            return
        for one in self._kept:
            over = one.times >= self.deliveries_at_most and one.hidden_until <= self.clock.steady()
            if over and not one.is_deleted:
                one.is_deleted = True
                self.dead._kept.append(_Kept(one.id, one.message, one.number, one.sent, one.times))

    def _hand_out(self, one: _Kept, hidden: float) -> Delivery:
        now = self.clock.steady()
        one.times += 1
        one.receipt = f"{one.id}.{one.times}"
        one.received = now
        one.hidden_until = now if self._chance(self.mischief.expires) else now + hidden
        return Delivery(
            id=one.id,
            body=one.message.body,
            receipt=one.receipt,
            times=one.times,
            sent_at=self.clock.now() - timedelta(seconds=now - one.sent),
            group=one.message.group if self.is_fifo else None,
            notes=one.message.notes,
        )

    def _in_hand(self, delivery: Delivery) -> _Kept | None:
        now = self.clock.steady()
        for one in self._kept:
            if one.receipt == delivery.receipt and not one.is_deleted and one.hidden_until > now:
                return one
        return None

    def _chance(self, often: float) -> bool:
        return often > 0 and self._random.random() < often


@dataclass
class FakeQuarantine:
    """The Quarantine port; `broken` is the problem of every call."""

    broken: str | None = None
    kept: dict[str, tuple[str, str]] = field(default_factory=dict)

    async def set_aside(self, delivery: Delivery, problem: str) -> None:
        """Keep body and problem by the message's id."""
        if self.broken is not None:
            raise PermanentQueueError(self.broken)
        self.kept[delivery.id] = (delivery.body, problem)


def _problem(message: Message) -> str | None:
    weight = len(message.body.encode(errors="replace")) + sum(
        len(name.encode()) + len(value.encode()) + len("String") for name, value in message.notes.items()
    )
    if not all(
        1 <= len(name) <= 128 and name.isascii() and " " not in name for name in (message.key, message.group)
    ):
        return "InvalidParameterValue"
    if not message.body or weight > MAXIMUM_BYTES:
        return f"a message of {weight} bytes"
    texts = (message.body, *message.notes.values())
    if any(not _may_travel(character) for text in texts for character in text):
        return "InvalidMessageContents"
    return None


def _may_travel(character: str) -> bool:
    return character in "\t\n\r" or (
        " " <= character <= "\U0010ffff"
        and not "\ud800" <= character <= "\udfff"
        and character not in "\ufffe\uffff"
    )
