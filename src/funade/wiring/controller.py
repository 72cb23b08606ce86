"""`funade controller`: a cluster, the queues that its DeployQueues name, and the loop between them."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import structlog

from funade.clients.kubernetes import Cluster, ClusterError, connect
from funade.controller.deploy_queue import DeployQueue
from funade.controller.leader import Leader
from funade.controller.loop import Controller
from funade.domain.errors import FunadeError, PermanentQueueError, TemporaryQueueError
from funade.domain.messages import Fact, ForeignMessage, Order
from funade.domain.queue_text import read_any_order, read_order
from funade.queue.dead_letters import DeadLetterQuarantine
from funade.queue.gathering import Gathering
from funade.queue.heartbeat import Heartbeat, Kept
from funade.queue.intake import Intake
from funade.queue.outgoing import message_of
from funade.queue.sqs import Sqs
from funade.runner.machine import RandomIds, SystemClock
from funade.usecases.ports import Clock
from funade.usecases.queue_ports import Delivery, Quarantine, Queue
from funade.wiring.controller_queues import ControllerQueues

log = structlog.get_logger()

#: So long a message is ours without another word; whoever takes over from a dead controller waits as long.
HIDDEN = timedelta(seconds=60)
WAIT = timedelta(seconds=20)
_SOON = timedelta(seconds=2)


@dataclass(eq=False)
class HeldMessage:
    """One delivery that is kept ours by a heartbeat until it is dealt with."""

    order: Order | ForeignMessage
    delivery: Delivery
    queue: Queue
    quarantine: Quarantine
    kept: Kept
    keeping: AbstractContextManager[Kept] = field(repr=False)

    @property
    def id(self) -> str:
        return self.delivery.id

    @property
    def is_lost(self) -> bool:
        if self.kept.is_lost:
            self.let_go()
        return self.kept.is_lost

    async def delete(self) -> None:
        """Remove it for good."""
        undone = await self.queue.delete([self.delivery])
        if undone:
            raise TemporaryQueueError(undone[0].problem, _SOON)
        self.let_go()

    async def set_aside(self, problem: str) -> None:
        """Move it to the dead letters."""
        await self.quarantine.set_aside(self.delivery, problem)
        await self.delete()

    def let_go(self) -> None:
        """Keep it no longer."""
        keeping, self.keeping = self.keeping, nullcontext(self.kept)
        keeping.__exit__(None, None, None)


@dataclass(frozen=True, slots=True)
class TakenMessages:
    """The controller's Taken."""

    held: Sequence[HeldMessage]
    refused: Sequence[str]


class NoQuarantine:
    """The Quarantine of a queue that has none: what nobody can read stays, and is looked at again later."""

    async def set_aside(self, delivery: Delivery, problem: str) -> None:  # noqa: ARG002 -- the port's
        """Say that there is no place for it."""
        message = "the queue has no dead letters — give it a redrive policy"
        raise PermanentQueueError(message)


@dataclass
class QueueInlet:
    """The controller's Inlet over one queue."""

    queue: Queue
    quarantine: Quarantine
    heartbeat: Heartbeat
    accepts_foreign: bool = False

    def __post_init__(self) -> None:
        read = read_any_order if self.accepts_foreign else read_order
        self._intake: Intake[Order | ForeignMessage] = Intake(self.queue, read, self.quarantine)

    async def take(self, at_most: int) -> TakenMessages:
        """Return what came; what cannot be read is dealt with already."""
        self.heartbeat.check()
        taken = await self._intake.take(at_most, WAIT, HIDDEN)
        for _, problem in taken.set_aside:
            log.warning("a message is set aside", problem=problem)
        for _, problem in taken.left:
            log.warning("a message is left alone", problem=problem)
        return TakenMessages(
            held=[self._held(delivery, order) for delivery, order in taken.messages],
            refused=[problem for _, problem in (*taken.set_aside, *taken.left)],
        )

    def _held(self, delivery: Delivery, order: Order | ForeignMessage) -> HeldMessage:
        keeping = self.heartbeat.keeping(delivery)
        return HeldMessage(
            order=order,
            delivery=delivery,
            queue=self.queue,
            quarantine=self.quarantine,
            kept=keeping.__enter__(),
            keeping=keeping,
        )


@dataclass
class QueueOutlet:
    """The controller's Outlet over one queue, opened when there is something to tell."""

    open: Callable[[], Awaitable[Queue]]

    async def send(self, facts: Sequence[Fact]) -> None:
        """Send all, or raise."""
        queue = await self.open()
        undone = await queue.send([message_of(one) for one in facts])
        if undone:
            raise TemporaryQueueError(undone[0].problem, _SOON)


@dataclass
class QueueDoors:
    """The controller's Doors; `open_queue` returns the queue at an address."""

    open_queue: Callable[[str, str], Awaitable[Queue]]
    clock: Clock
    _open: dict[tuple[str, str], Queue] = field(default_factory=dict)

    @asynccontextmanager
    async def inlet(self, queue: DeployQueue) -> AsyncIterator[QueueInlet]:
        """Open the queue of orders, with its dead letters if it has any."""
        orders = await self._find(queue.queue, queue.region)
        dead = (await orders.state()).dead_letters
        quarantine: Quarantine = NoQuarantine()
        if dead is not None:
            quarantine = DeadLetterQuarantine(await self._find(dead, queue.region))
        async with Heartbeat(orders, self.clock, HIDDEN) as heartbeat:
            yield QueueInlet(orders, quarantine, heartbeat, queue.accepts_foreign)

    def outlet(self, url: str, region: str) -> QueueOutlet:
        """Return the way to a queue of facts."""
        return QueueOutlet(lambda: self._find(url, region))

    async def _find(self, url: str, region: str) -> Queue:
        """Return one object for each queue: environments that are told of at one moment are told of together."""
        if (url, region) not in self._open:
            self._open[url, region] = Gathering(await self.open_queue(url, region))
        return self._open[url, region]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerProcess:
    """`funade controller`: works while it leads, until SIGTERM or SIGINT; what runs in the cluster goes on."""

    kubeconfig: Path | None
    context: str | None
    namespace: str | None
    find_config: Callable[[], Path]
    leads: bool

    async def run(self) -> None:
        """Run until told to stop, or raise FunadeError when the cluster cannot even be named."""
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        try:
            async with connect(self.kubeconfig, self.context) as cluster, Sqs() as sqs:
                await self._work(cluster, sqs, stopped)
        except ClusterError as error:
            raise FunadeError(str(error)) from error

    async def _work(self, cluster: Cluster, sqs: Sqs, stopped: asyncio.Event) -> None:
        clock = SystemClock()
        namespace = self.namespace or cluster.namespace
        queues = ControllerQueues(
            cluster=cluster,
            namespace=namespace,
            sqs=sqs,
            clock=clock,
            ids=RandomIds(),
            find_config=self.find_config,
        )
        doors = QueueDoors(queues.open, clock)
        leader = Leader(
            cluster=cluster,
            namespace=namespace,
            clock=clock,
            identity=f"{socket.gethostname()}-{os.getpid()}-{RandomIds().new()[:8]}",
        )

        async def work() -> None:
            await Controller(cluster=cluster, namespace=namespace, clock=clock, doors=doors).run()

        log.info("looking after DeployQueues", server=cluster.server, namespace=namespace)
        working = asyncio.ensure_future(leader.run(work) if self.leads else work())
        waiting = asyncio.ensure_future(stopped.wait())
        try:
            await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            working.cancel()
            await asyncio.wait({working})
            queues.close()
        if not working.cancelled():
            working.result()
        if self.leads:
            await leader.give_up()
