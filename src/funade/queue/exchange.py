"""The Exchange port: queues found by where they are, opened once, sharing connections by account and region."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from funade.domain.application import parse_reference
from funade.domain.errors import PermanentQueueError, TemporaryQueueError
from funade.domain.messages import Fact, Order
from funade.domain.near_queues import ClusterAddress, StoreAddress
from funade.domain.queue_text import read_fact
from funade.queue.address import QueueAddress, parse_address, parse_near
from funade.queue.dead_letters import DeadLetterQuarantine, QueuedDeadLetters
from funade.queue.intake import Intake
from funade.queue.keys import KeyReferences, keys_from
from funade.queue.outgoing import message_of
from funade.queue.sqs import Sqs, SqsQueue
from funade.queue.stored import StoredQueues
from funade.usecases.ports import Clock, Ids, Secrets
from funade.usecases.queue_ports import (
    DeadLetters,
    Delivery,
    Orders,
    Queue,
    QueuePlace,
    QueueState,
    Taken,
)

if TYPE_CHECKING:
    from funade.clients.kubernetes import Cluster

_SOON = timedelta(seconds=2)


def address_of(place: QueuePlace) -> QueueAddress:
    """Return the address of a place, or raise PermanentQueueError."""
    if place.endpoint is None:
        return parse_address(place.url, place.region)
    asked = urlsplit(place.endpoint)
    # Whoever writes down an endpoint without TLS wants it so.
    url = urlsplit(place.url)._replace(scheme=asked.scheme, netloc=asked.netloc).geturl()
    return parse_address(
        url, place.region or parse_address(place.url, may_be_open=True).region, may_be_open=True
    )


class QueueExchange:
    """Every queue that this process has to do with, until it is closed; in the store only where it is `stored`."""

    def __init__(
        self, secrets: Secrets, clock: Clock, ids: Ids, *, stored: StoredQueues | None = None
    ) -> None:
        self._secrets, self._clock, self._ids, self._stored = secrets, clock, ids, stored
        self._rooms: dict[KeyReferences | None, Sqs] = {}
        self._clusters: dict[tuple[str | None, str | None], Cluster] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End all connections; no call may be under way."""
        rooms, self._rooms = self._rooms, {}
        for room in rooms.values():
            await room.__aexit__(None, None, None)
        clusters, self._clusters = self._clusters, {}
        for cluster in clusters.values():
            await cluster.close()

    def orders(self, place: QueuePlace) -> Orders:
        """Return where orders are given."""
        return QueuedOrders(self._queue(place))

    def facts(self, place: QueuePlace) -> "QueuedFacts":
        """Return where facts come from."""
        return QueuedFacts(self, place, self._queue(place))

    async def state(self, place: QueuePlace) -> QueueState:
        """Return what the queue says of itself."""
        return await self._queue(place).state()

    async def count_dead_letters(self, place: QueuePlace) -> int | None:
        """Return how many there are, about; None where the queue keeps none."""
        dead = await self.dead_queue(place)
        if dead is None:
            return None
        state = await dead.state()
        return state.waiting + state.in_hand

    async def dead_letters(self, place: QueuePlace) -> DeadLetters | None:
        """Return what a queue could not get rid of, None where it keeps none."""
        dead = await self.dead_queue(place)
        return None if dead is None else QueuedDeadLetters(dead, self._queue(place))

    async def dead_queue(self, place: QueuePlace) -> Queue | None:
        """Return the queue where dead letters lie."""
        home = self._queue(place)
        dead = (await home.state()).dead_letters
        if dead is None:
            return None
        if not isinstance(home, SqsQueue):
            return self._queue(replace(place, url=dead))
        address = parse_address(dead, home.address.region, may_be_open=True)
        return self._room(place).queue(address)

    def _queue(self, place: QueuePlace) -> Queue:
        match parse_near(place.url):
            case StoreAddress() as address:
                if self._stored is None:
                    message = f"the queue `{address.url}` lies in a store that is not open here"
                    raise PermanentQueueError(message)
                return self._stored.queue(address)
            case ClusterAddress() as address:
                return self._cluster_queue(place, address)
            case _:
                return self._room(place).queue(address_of(place))

    def _cluster_queue(self, place: QueuePlace, address: ClusterAddress) -> Queue:
        # Loaded by those who have such a queue alone.
        from funade.clients.kubernetes import ClusterError, connect  # noqa: PLC0415
        from funade.queue.in_cluster import ClusterQueue  # noqa: PLC0415

        where = (place.kubeconfig, place.context)
        if where not in self._clusters:
            file = Path(place.kubeconfig).expanduser() if place.kubeconfig else None
            try:
                self._clusters[where] = connect(file, place.context)
            except ClusterError as error:
                message = f"the queue `{place.url}` cannot be used: {error}"
                raise PermanentQueueError(message) from error
        return ClusterQueue(self._clusters[where], address, self._clock, self._ids)

    def _room(self, place: QueuePlace) -> Sqs:
        references = _references(place)
        if references not in self._rooms:
            keys = None if references is None else keys_from(self._secrets, references)
            self._rooms[references] = Sqs(keys)
        return self._rooms[references]


def _references(place: QueuePlace) -> KeyReferences | None:
    if place.access_key is None or place.secret_key is None:
        return None
    try:
        return KeyReferences(
            access_key=parse_reference(place.access_key),
            secret_key=parse_reference(place.secret_key),
            session_token=parse_reference(place.session_token) if place.session_token else None,
        )
    except ValueError as error:
        raise PermanentQueueError(str(error)) from error


class QueuedOrders:
    """The Orders port over any queue."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    async def give(self, order: Order) -> None:
        """Send it, or raise a QueueError."""
        for undone in await self._queue.send([message_of(order)]):
            problem = f"the queue did not take an order: {undone.problem}"
            if undone.is_final:
                raise PermanentQueueError(problem)
            raise TemporaryQueueError(problem, _SOON)


class QueuedFacts:
    """The FactsIn port over any queue; its dead letters are asked for when the first message has to go there."""

    def __init__(self, exchange: QueueExchange, place: QueuePlace, queue: Queue) -> None:
        self._exchange, self._place, self._queue = exchange, place, queue
        self._intake: Intake[Fact] = Intake(queue, read_fact, self)

    async def take(self, limit: int, wait: timedelta, hidden: timedelta) -> Taken[Fact]:
        """Return what came within `wait`."""
        return await self._intake.take(limit, wait, hidden)

    async def refuse(self, delivery: Delivery, problem: str) -> None:
        """Set it aside, or hide it for minutes."""
        await self._intake.refuse(delivery, problem)

    async def delete(self, deliveries: Sequence[Delivery]) -> None:
        """Remove what was stored."""
        if deliveries:
            await self._queue.delete(deliveries)

    async def set_aside(self, delivery: Delivery, problem: str) -> None:
        """Keep a copy among the dead letters; or raise a QueueError: the queue keeps none."""
        dead = await self._exchange.dead_queue(self._place)
        if dead is None:
            message = f"the queue `{self._place.name}` has no queue for dead letters — give it one"
            raise PermanentQueueError(message)
        await DeadLetterQuarantine(dead).set_aside(delivery, problem)
