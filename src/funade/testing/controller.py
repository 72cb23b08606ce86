"""A stand-in for the controller in a cluster: it follows docs/reference/messages.md, and a FakePlace is its cluster."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from funade.domain.application import Repository, TargetConfiguration
from funade.domain.errors import GuardRefused
from funade.domain.messages import (
    Fact,
    OrderedCancel,
    OrderedLook,
    OrderedStart,
    ReportedEnd,
    ReportedLog,
    ReportedProgress,
    ReportedSighting,
    ReportedStart,
)
from funade.domain.orders import Execution, Observed, Sighting, Standing, StartOrder
from funade.domain.plan import Plan
from funade.domain.queue_text import read_order
from funade.domain.release import Release
from funade.testing.exchange import message_of
from funade.testing.targets import FakePlace
from funade.usecases.ports import Clock
from funade.usecases.queue_ports import Queue

HIDDEN = timedelta(seconds=30)


@dataclass
class StandInController:
    """Reads orders, keeps the guard by a FakePlace, and tells facts; every Job writes `output`, piece by piece.

    `step` does what came; what it could not tell it tells at the next one.
    """

    orders: Queue
    facts: Queue
    clock: Clock
    place: FakePlace = field(default_factory=FakePlace)
    output: Sequence[bytes] = ()
    observed: Observed | None = None
    #: what keeps every program from running for a while, told after its start
    waits_for: str = ""
    #: every order that was read, in its order
    read: list[OrderedStart | OrderedCancel | OrderedLook] = field(default_factory=list)
    _running: dict[tuple[str, int], tuple[Execution, str]] = field(default_factory=dict)
    _untold: list[Fact] = field(default_factory=list)
    #: why an attempt was refused: the same order a second time gets the same answer
    _refusals: dict[tuple[str, int], str] = field(default_factory=dict)

    async def run(self, wait: timedelta = timedelta(0)) -> None:
        """Step until cancelled; `wait` for orders while nothing runs."""
        while True:
            if not await self.step(wait):
                await self.clock.sleep(0.02)

    async def step(self, wait: timedelta = timedelta(0)) -> int:
        """Deal with what is there, and tell what there is to tell; return how many orders that were."""
        deliveries = await self.orders.receive(10, timedelta(0) if self._running else wait, HIDDEN)
        for delivery in deliveries:
            order = read_order(delivery.body)
            if isinstance(order, OrderedStart | OrderedCancel | OrderedLook):
                self.read.append(order)
                self._untold += await self._answer(order)
        for execution, store in list(self._running.values()):
            self._untold += await self._ends(execution, store)
        if self._untold:
            undone = {one.which for one in await self.facts.send([message_of(one) for one in self._untold])}
            self._untold = [one for one in self._untold if message_of(one).key in undone]
        if deliveries:
            await self.orders.delete(deliveries)
        return len(deliveries)

    async def _answer(self, order: OrderedStart | OrderedCancel | OrderedLook) -> list[Fact]:
        it, told = order.execution, {"store": order.store}
        match order:
            case OrderedStart():
                return await self._start(order)
            case OrderedCancel():
                self.place.store = order.store
                await self.place.cancel(it)
                return [
                    ReportedSighting(
                        execution=it, question="cancel", sighting=await self.place.look(it), rest=told
                    )
                ]
            case OrderedLook():
                sighting = await self.place.look(it)
                return [ReportedSighting(execution=it, question=order.question, sighting=sighting, rest=told)]

    async def _start(self, order: OrderedStart) -> list[Fact]:
        it, rest = order.execution, {"store": order.store}
        started = ReportedStart(execution=it, at=self.clock.now(), rest=rest)
        self.place.store = order.store
        try:
            await self.place.start(_start_order(order))
        except GuardRefused as error:
            if (await self.place.look(it)).standing not in (Standing.UNSEEN, Standing.SEALED):
                # The same order a second time.
                return [started]
            problem = self._refusals.setdefault((it.deployment, it.attempt), str(error))
            highest = (await self.place.look(it)).highest_fence
            sealed = Sighting(standing=Standing.SEALED, highest_fence=highest, problem=problem)
            return [ReportedSighting(execution=it, question="start", sighting=sealed, rest=rest)]
        self._running[it.deployment, it.attempt] = (it, order.store)
        offset, pieces = 0, list[Fact]()
        for piece in self.output:
            pieces.append(ReportedLog(execution=it, offset=offset, content=piece, rest=rest))
            offset += len(piece)
        if self.waits_for:
            at = self.clock.now()
            pieces.append(
                ReportedProgress(execution=it, sequence=1, shown=self.waits_for, at=at, waits=True, rest=rest)
            )
        return [started, *pieces]

    async def _ends(self, execution: Execution, store: str) -> list[Fact]:
        sighting = await self.place.look(execution)
        if sighting.standing is not Standing.ENDED or sighting.ending is None:
            return []
        del self._running[execution.deployment, execution.attempt]
        return [
            ReportedEnd(
                execution=execution,
                ending=sighting.ending,
                observed=self.observed,
                output=sum(map(len, self.output)),
                rest={"store": store},
            )
        ]


def _start_order(order: OrderedStart) -> StartOrder:
    release = Release(
        application=order.execution.application,
        environment=order.execution.environment,
        revision=order.revision,
        repository=Repository(url=order.repository),
        target=TargetConfiguration(kind="kubernetes-job", settings={}),
    )
    return StartOrder(
        execution=order.execution,
        release=release,
        plan=Plan(steps=()),
        digest=order.digest,
        not_after=order.not_after,
        workspace="",
    )
