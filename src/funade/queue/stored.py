"""Queues in the store that two processes share, behind the Queue port: no service, no keys, no inbound network.

Like a standard queue of SQS they promise no order between groups, and what is said twice is carried twice.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from funade.domain.errors import StoreError, TemporaryQueueError
from funade.domain.near_queues import StoreAddress
from funade.failpoints import effect
from funade.queue.batches import MOST, batches, problem_of
from funade.usecases.ledger_ports import Ledger, Transaction
from funade.usecases.ports import Clock, Ids
from funade.usecases.queue_ports import Delivery, Message, QueueState, Undone
from funade.usecases.stored_queue_ports import Taking

T = TypeVar("T")

LONGEST_WAIT = timedelta(seconds=20)
#: So long a message stays, as in SQS; whoever has not taken it by then has another truth.
KEPT = timedelta(days=14)
FORGET_EVERY = timedelta(hours=1)
#: What is said where nobody says how long: the queue itself hides for as long as each receiver wants.
USUAL_HOLD = timedelta(seconds=60)

#: After so many deliveries nobody will ever deal with a message.
DELIVERIES_AT_MOST = 10

NOT_OURS = "it is not ours any more"
_SOON = timedelta(seconds=2)
_ANY = -1  #: no generation of a store


class StoredQueues:
    """The queues of one store; whoever waits is woken by what anybody writes into it."""

    def __init__(self, ledger: Ledger, clock: Clock, ids: Ids) -> None:
        self.ledger, self.clock, self.ids = ledger, clock, ids
        self._looking = asyncio.Lock()
        self._generation = _ANY
        self._next: Mapping[str, datetime] = {}
        self._forget_at = 0.0

    def queue(self, address: StoreAddress, deliveries_at_most: int = DELIVERIES_AT_MOST) -> "StoredQueue":
        """Return that queue; every name is one, and one in which nothing lies takes no room."""
        return StoredQueue(self, address, deliveries_at_most)

    async def wait_for(self, name: str, seconds: float) -> None:
        """Return once that queue may have something to take, or after that time."""
        until = self.clock.steady() + seconds
        while True:
            generation = await self._look()
            left, free_at = until - self.clock.steady(), self._next.get(name)
            hidden_for = None if free_at is None else (free_at - self.clock.now()).total_seconds()
            if left <= 0 or (hidden_for is not None and hidden_for <= 0):
                return
            await self.ledger.wait_for_change(
                generation, left if hidden_for is None else min(left, hidden_for)
            )

    def must_forget(self) -> bool:
        """Tell whether it is time to forget what is too old; once an hour somebody is told so."""
        now = self.clock.steady()
        if now < self._forget_at:
            return False
        self._forget_at = now + FORGET_EVERY.total_seconds()
        return True

    async def _look(self) -> int:
        """Learn when each queue has something next, once for all that wait; return the store's generation then."""
        generation = await self.ledger.wait_for_change(_ANY, 0.0)
        async with self._looking:
            if self._generation != generation:
                self._next = await self.ledger.read(lambda look: look.next_messages())
                self._generation = generation
        return generation


class StoredQueue:
    """The Queue port."""

    def __init__(self, queues: StoredQueues, address: StoreAddress, deliveries_at_most: int) -> None:
        self.address = address
        self._queues, self._at_most = queues, deliveries_at_most

    def __repr__(self) -> str:
        return f"StoredQueue({self.address.url})"

    async def send(self, messages: Sequence[Message]) -> Sequence[Undone]:
        """Send them; return those that no queue takes, by key."""
        problems = [(one, problem_of(one)) for one in messages]
        for batch in batches([one for one, problem in problems if problem is None]):
            await self._change(lambda change, batch=batch: self._add(change, batch))  # type: ignore[misc]  # bound early on purpose
        return [
            Undone(which=one.key, problem=problem, is_final=True)
            for one, problem in problems
            if problem is not None
        ]

    async def receive(self, limit: int, wait: timedelta, hidden: timedelta) -> Sequence[Delivery]:
        """Return what came within `wait`."""
        clock = self._queues.clock
        until = clock.steady() + min(wait, LONGEST_WAIT).total_seconds()
        while True:
            with self._worded():
                await self._queues.wait_for(self.address.name, until - clock.steady())
            taken = await self._change(lambda change: change.take_messages(self._taking(limit, hidden)))
            if taken or clock.steady() >= until:
                return taken

    async def extend(self, deliveries: Sequence[Delivery], hidden: timedelta) -> Sequence[Undone]:
        """Keep them ours for `hidden` from now on, or give them back."""
        until = self._queues.clock.now() + hidden
        return await self._each(
            deliveries, lambda change, one: change.hide_message(self.address.name, one.receipt, until)
        )

    async def delete(self, deliveries: Sequence[Delivery]) -> Sequence[Undone]:
        """Remove the messages for good."""
        return await self._each(
            deliveries, lambda change, one: change.remove_message(self.address.name, one.receipt)
        )

    async def state(self) -> QueueState:
        """Return what lies in it."""
        now, dead = self._queues.clock.now(), self.address.dead
        with self._worded():
            waiting, in_hand = await self._queues.ledger.read(
                lambda look: look.count_messages(self.address.name, now)
            )
        return QueueState(
            waiting=waiting,
            in_hand=in_hand,
            is_fifo=False,
            visibility=USUAL_HOLD,
            dead_letters=dead.url if dead else None,
            deliveries_at_most=self._at_most if dead else None,
        )

    def _add(self, change: Transaction, batch: Sequence[Message]) -> None:
        now = self._queues.clock.now()
        if self._queues.must_forget():
            change.forget_messages(now - KEPT)
        for place, message in enumerate(batch):
            # In the order in which they were given.
            at = now + timedelta(microseconds=place)
            change.add_message(self.address.name, self._queues.ids.new(), message, at)

    def _taking(self, limit: int, hidden: timedelta) -> Taking:
        now, dead = self._queues.clock.now(), self.address.dead
        return Taking(
            queue=self.address.name,
            limit=min(limit, MOST),
            # What was sent just now lies microseconds ahead.
            at=now + timedelta(microseconds=MOST),
            until=now + hidden,
            dead=dead.name if dead else None,
            at_most=self._at_most,
        )

    async def _each(
        self, deliveries: Sequence[Delivery], work: Callable[[Transaction, Delivery], bool]
    ) -> list[Undone]:
        if not deliveries:
            return []
        done = await self._change(lambda change: [work(change, one) for one in deliveries])
        return [
            Undone(which=one.receipt, problem=NOT_OURS, is_final=True)
            for one, well in zip(deliveries, done, strict=True)
            if not well
        ]

    async def _change(self, work: Callable[[Transaction], T]) -> T:
        with self._worded(), effect("queue.change_stored"):
            return await self._queues.ledger.change(work)

    @contextmanager
    def _worded(self) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            message = f"the queue `{self.address.url}` cannot be used: {error}"
            raise TemporaryQueueError(message, _SOON) from error
