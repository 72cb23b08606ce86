"""The Exchange port over queues in memory, and what was refused there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from funade.domain.errors import PermanentQueueError, TemporaryQueueError
from funade.domain.messages import BrokenMessage, Fact, NewerMessage, Order, group_of, key_of
from funade.domain.queue_text import read_fact, to_text
from funade.testing.queue import StrictQueue
from funade.usecases.queue_ports import DeadLetters, Delivery, Message, Queue, QueuePlace, QueueState, Taken


def message_of(said: Order | Fact) -> Message:
    """Return what carries it through any queue."""
    return Message(body=to_text(said), key=key_of(said), group=group_of(said))


@dataclass
class FakeOrders:
    """The Orders port over a queue; `given` is what it was told."""

    queue: Queue
    given: list[Order] = field(default_factory=list)

    async def give(self, order: Order) -> None:
        """Send it."""
        self.given.append(order)
        for undone in await self.queue.send([message_of(order)]):
            raise TemporaryQueueError(undone.problem, timedelta(seconds=1))


@dataclass
class FakeFactsIn:
    """The FactsIn port over a queue; `refused` holds bodies and problems."""

    queue: Queue
    refused: list[tuple[str, str]] = field(default_factory=list)

    async def take(self, limit: int, wait: timedelta, hidden: timedelta) -> Taken[Fact]:
        """Return what came; what cannot be read is refused."""
        messages: list[tuple[Delivery, Fact]] = []
        aside: list[tuple[Delivery, str]] = []
        left: list[tuple[Delivery, str]] = []
        for delivery in await self.queue.receive(limit, wait, hidden):
            read = read_fact(delivery.body)
            if isinstance(read, NewerMessage):
                left.append((delivery, "newer"))
            elif isinstance(read, BrokenMessage):
                aside.append((delivery, read.problem))
                await self.refuse(delivery, read.problem)
            else:
                messages.append((delivery, read))
        return Taken(messages, aside, left)

    async def refuse(self, delivery: Delivery, problem: str) -> None:
        """Keep it here."""
        self.refused.append((delivery.body, problem))
        await self.queue.delete([delivery])

    async def delete(self, deliveries: Sequence[Delivery]) -> None:
        """Remove them."""
        await self.queue.delete(deliveries)


@dataclass
class FakeExchange:
    """Queues by their URL; any other URL is one that AWS does not know."""

    queues: dict[str, StrictQueue] = field(default_factory=dict)
    letters: dict[str, DeadLetters] = field(default_factory=dict)
    _orders: dict[str, FakeOrders] = field(default_factory=dict)
    _facts: dict[str, FakeFactsIn] = field(default_factory=dict)

    def orders(self, place: QueuePlace) -> FakeOrders:
        """Return where orders are given."""
        return self._orders.setdefault(place.url, FakeOrders(self._queue(place)))

    def facts(self, place: QueuePlace) -> FakeFactsIn:
        """Return where facts come from."""
        return self._facts.setdefault(place.url, FakeFactsIn(self._queue(place)))

    async def state(self, place: QueuePlace) -> QueueState:
        """Return what the queue says of itself."""
        return await self._queue(place).state()

    async def count_dead_letters(self, place: QueuePlace) -> int | None:
        """Return how many there are in the queue's own queue for them."""
        dead = self._queue(place).dead
        return None if dead is None else len(dead.bodies)

    async def dead_letters(self, place: QueuePlace) -> DeadLetters | None:
        """Return what the test gave."""
        self._queue(place)
        return self.letters.get(place.url)

    def _queue(self, place: QueuePlace) -> StrictQueue:
        if place.url not in self.queues:
            message = f"there is no queue `{place.name}` — create it, or correct its address"
            raise PermanentQueueError(message)
        return self.queues[place.url]
