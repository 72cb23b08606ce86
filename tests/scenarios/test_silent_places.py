"""A place behind queues that is silent, late, slow or forgetful: what Funade does meanwhile, in virtual time."""

from collections.abc import Callable, Coroutine
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from funade.domain.application import Repository, TargetConfiguration
from funade.domain.errors import (
    GuardRefused,
    PermanentQueueError,
    PermanentTargetError,
    TemporaryQueueError,
    TemporaryTargetError,
)
from funade.domain.messages import (
    Fact,
    Order,
    OrderedCancel,
    OrderedLook,
    OrderedStart,
    ReportedEnd,
    ReportedSighting,
    ReportedStart,
)
from funade.domain.orders import EndedBy, Ending, Execution, Observed, Sighting, Standing, StartOrder
from funade.domain.plan import Plan
from funade.domain.release import Release
from funade.store.sqlite import SqliteLedger
from funade.targets import KINDS, OpenTargets, Surroundings
from funade.testing.exchange import FakeExchange
from funade.testing.logs import FakeLogs
from funade.testing.queue import StrictQueue
from funade.testing.secrets import FakeSecrets
from funade.testing.time import FakeClock
from funade.usecases.ports import Place, Target
from tests.unit.domain.examples import NEW

T = TypeVar("T")
URL = "https://sqs.eu-central-1.amazonaws.com/1/shop"
IT = Execution(
    deployment="0b54ea1e-6b0c-4a3a-9f9c-9b1d8a4c2e11",
    number=12,
    attempt=1,
    fence=7,
    application="shop",
    environment="production",
)


@dataclass
class Orders:
    """The Orders port: keeps what was given, breaks with what the test says."""

    given: list[Order] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    #: what the other side does with an order, at once
    answer: Callable[[Order], list[Fact]] = lambda _: []
    tell: Callable[..., Coroutine[Any, Any, None]] | None = None

    async def give(self, order: Order) -> None:
        self.given.append(order)
        if self.faults:
            raise self.faults.pop(0)
        if self.tell is not None:
            await self.tell(*self.answer(order))


class Exchange(FakeExchange):
    """One queue for orders."""

    def __init__(self, orders: Orders, clock: FakeClock) -> None:
        super().__init__({URL: StrictQueue(clock=clock), URL + "-facts": StrictQueue(clock=clock)})
        self._one = orders

    def orders(self, _: object) -> Orders:  # type: ignore[override]  # as much of it as is used
        return self._one


class World:
    """One place, and the other side of its queues."""

    def __init__(self, folder: Path, ledger: SqliteLedger) -> None:
        self.clock, self.logs = FakeClock(), FakeLogs()
        self.orders = Orders(tell=self.tell)
        self.real = ledger
        self._later: list[tuple[float, tuple[Fact, ...]]] = []
        settings, problems = KINDS["kubernetes-job"].parse({"queue": URL}, "")
        assert not problems
        self.release = Release(
            application="shop",
            environment="production",
            revision=NEW,
            repository=Repository(url="git@github.com:acme/shop.git"),
            target=TargetConfiguration(kind="kubernetes-job", settings=settings),
        )
        self.targets = OpenTargets(
            Surroundings(
                data=folder,
                store=ledger.id,
                secrets=FakeSecrets(),
                lease=timedelta(seconds=15),
                clock=self.clock,
                ledger=self,  # type: ignore[arg-type]  # the port, over the real one
                logs=self.logs,
                exchange=Exchange(self.orders, self.clock),
            )
        )

    # The Ledger port, in virtual time

    async def read(self, work: Callable[..., T]) -> T:
        return await self.real.read(work)

    async def change(self, work: Callable[..., T]) -> T:
        return await self.real.change(work)

    async def wait_for_change(self, since: int, seconds: float) -> int:
        generation = await self.real.wait_for_change(since, 0)
        if generation != since:
            return generation
        self.clock.advance(seconds=seconds)
        due = [one for one in self._later if one[0] <= self.clock.steady()]
        self._later = [one for one in self._later if one not in due]
        for _, facts in due:
            await self.tell(*facts)
        return since

    # What the tests do

    @property
    def target(self) -> Target:
        """Open it again, as every process and every deployment does."""
        return self.targets.open(self.release)

    @property
    def place(self) -> Place:
        return self.target.place

    async def tell(self, *facts: Fact) -> None:
        for fact in facts:
            await self.real.change(lambda change, fact=fact: change.add_fact(fact, self.clock.now()))  # type: ignore[misc]  # bound early

    def later(self, seconds: float, *facts: Fact) -> None:
        self._later.append((self.clock.steady() + seconds, facts))

    def given(self, kind: type[Order]) -> list[Any]:
        return [one for one in self.orders.given if isinstance(one, kind)]

    def start(self, execution: Execution = IT) -> StartOrder:
        return StartOrder(
            execution=execution,
            release=self.release,
            plan=Plan(steps=()),
            digest="d" * 64,
            not_after=self.clock.now() + timedelta(minutes=1),
            workspace="",
            ref="v1.2.0",
        )

    def started(self) -> ReportedStart:
        return ReportedStart(execution=IT, at=self.clock.now())

    def ended(self, **changes: Any) -> ReportedEnd:
        ending = Ending(by=EndedBy.ITSELF, exit_code=0, at=self.clock.now())
        return replace(ReportedEnd(execution=IT, ending=ending), **changes)

    def says(self, standing: Standing, **more: Any) -> None:
        """Let the other side answer every look like this from now on."""
        self.orders.answer = lambda order: (
            [sighting(order.question, standing, **more)] if isinstance(order, OrderedLook) else []
        )


def sighting(question: str, standing: Standing, **more: Any) -> ReportedSighting:
    return ReportedSighting(
        execution=IT, question=question, sighting=Sighting(standing=standing, **{"highest_fence": 7, **more})
    )


@pytest.fixture
def world(folder):
    with closing(SqliteLedger(folder / "store.sqlite")) as ledger:
        yield World(folder, ledger)


pytestmark = pytest.mark.asyncio


async def test_a_silent_controller_is_named_with_what_to_do_and_not_flooded_with_questions(world):
    began = world.clock.steady()
    said = set()
    while world.clock.steady() - began < 3600:
        with pytest.raises(TemporaryTargetError) as silent:
            await world.place.look(IT)
        said.add(str(silent.value))
        world.clock.advance(seconds=silent.value.retry_after.total_seconds())
    # The same sentence each time: it is written into the row, and shown.
    [sentence] = said
    assert "no controller has answered through the queue `shop` since 2026-11-20 17:00 UTC" in sentence
    assert "DeployQueue" in sentence
    looks = world.given(OrderedLook)
    assert 5 <= len(looks) <= 12
    assert len({one.question for one in looks}) == len(looks)


async def test_an_answer_is_seen_as_soon_as_it_is_there(world):
    world.says(Standing.UNSEEN, highest_fence=3)
    began = world.clock.steady()
    assert await world.place.look(IT) == Sighting(standing=Standing.UNSEEN, highest_fence=3)
    assert world.clock.steady() - began < 0.05


async def test_an_answer_that_comes_late_counts_for_whoever_asks_next(world):
    with pytest.raises(TemporaryTargetError):
        await world.place.look(IT)
    [asked] = world.given(OrderedLook)
    await world.tell(sighting(asked.question, Standing.UNSEEN, highest_fence=3))
    assert await world.place.look(IT) == Sighting(standing=Standing.UNSEEN, highest_fence=3)
    assert len(world.given(OrderedLook)) == 1
    # It was an answer to that question, and to no other.
    with pytest.raises(TemporaryTargetError):
        await world.place.look(IT)
    assert len(world.given(OrderedLook)) == 2


async def test_an_order_to_start_carries_what_the_controller_needs(world):
    world.later(3, world.started())
    order = world.start()
    await world.place.start(order)
    [given] = world.orders.given
    assert given == OrderedStart(
        execution=IT,
        repository="acme/shop",
        ref="v1.2.0",
        revision=NEW,
        digest="d" * 64,
        not_after=order.not_after,
        store=world.real.id,
    )


async def test_an_order_that_nobody_takes_is_given_once_and_its_place_is_asked(world):
    world.says(Standing.UNSEEN)
    with pytest.raises(TemporaryTargetError, match="not got the order in time"):
        await world.place.start(world.start())
    assert [type(one) for one in world.orders.given] == [OrderedStart, OrderedLook]


async def test_a_place_that_is_slow_to_begin_is_waited_for_as_long_as_it_says_so(world):
    world.says(Standing.INTENDED)
    world.later(240, world.started())
    await world.place.start(world.start())
    assert world.given(OrderedCancel) == []
    assert len(world.given(OrderedLook)) <= 240 / 5, "it is not flooded with questions"


async def test_a_start_that_is_refused_says_why(world):
    world.orders.answer = lambda _: [sighting("start", Standing.SEALED, problem="fence 7 is old")]
    with pytest.raises(GuardRefused, match="fence 7 is old"):
        await world.place.start(world.start())
    assert (await world.place.look(IT)).standing is Standing.SEALED


async def test_who_died_before_the_order_was_given_gives_it_no_second_time(world):
    world.orders.faults = [KeyboardInterrupt()]  # it dies here
    with pytest.raises(KeyboardInterrupt):
        await world.place.start(world.start())
    with pytest.raises(GuardRefused):
        await world.place.start(world.start())
    assert len(world.given(OrderedStart)) == 1


async def test_an_order_that_may_have_been_given_is_given_again_as_the_same(world):
    world.orders.faults = [TemporaryQueueError("broken", timedelta(seconds=2)) for _ in range(3)]
    world.orders.answer = lambda _: [world.started()]
    await world.place.start(world.start())
    assert len(world.given(OrderedStart)) == 4
    first, *others = world.given(OrderedStart)
    assert all(one == first for one in others)


async def test_a_queue_that_a_person_must_set_right_says_so_and_is_tried_again(world):
    problem = "there is no queue `shop` at `sqs` — create it, or correct its address"
    world.orders.faults = [PermanentQueueError(problem)]
    with pytest.raises(TemporaryTargetError, match="there is no queue"):
        await world.place.look(IT)
    world.says(Standing.UNSEEN)
    assert (await world.place.look(IT)).standing is Standing.UNSEEN


async def test_after_a_long_silence_a_running_one_is_asked_after_and_waited_for_on(world):
    await world.tell(world.started())
    world.says(Standing.RUNNING)
    world.later(3600, world.ended())
    ended = await world.place.wait(IT)
    assert ended.standing is Standing.ENDED
    assert 8 <= len(world.given(OrderedLook)) <= 13


async def test_a_running_one_of_which_nobody_answers_raises_what_leads_to_doubt(world):
    await world.tell(world.started())
    with pytest.raises(TemporaryTargetError, match="no controller has answered"):
        await world.place.wait(IT)


async def test_a_place_that_has_forgotten_what_it_began_closes_the_door(world):
    await world.tell(world.started())
    world.says(Standing.UNSEEN)
    with pytest.raises(PermanentTargetError, match="knows nothing of it any more"):
        await world.place.wait(IT)


async def test_an_end_waits_for_its_output_for_a_while(world):
    await world.tell(world.started())
    world.later(5, world.ended(output=10))
    began = world.clock.steady()
    assert (await world.place.wait(IT)).standing is Standing.ENDED
    assert 30 <= world.clock.steady() - began < 60
    world.logs.output[IT.deployment, 1] = b"0123456789"
    began = world.clock.steady()
    await world.place.wait(IT)
    assert world.clock.steady() - began < 1


async def test_a_wish_that_is_repeated_every_second_is_one_order(world):
    await world.tell(world.started())
    world.orders.answer = lambda _: [sighting("cancel", Standing.RUNNING)]
    for _ in range(60):
        assert (await world.place.cancel(IT)).standing is Standing.RUNNING
        world.clock.advance(seconds=1)
    assert len(world.given(OrderedCancel)) == 1


async def test_a_cancel_without_an_answer_is_repeated_now_and_then(world):
    began = world.clock.steady()
    while world.clock.steady() - began < 600:
        with pytest.raises(TemporaryTargetError):
            await world.place.cancel(IT)
        world.clock.advance(seconds=1)
    assert 3 <= len(world.given(OrderedCancel)) <= 6


async def test_what_was_seen_at_the_end_is_what_is_observed(world):
    assert await world.target.observe(world.release) == Observed()
    await world.tell(world.ended(observed=Observed(revision=NEW, shown="pod shop-7")))
    assert await world.target.observe(world.release) == Observed(
        matches=True, revision=NEW, shown="pod shop-7"
    )
    older = replace(world.release, revision=type(NEW)("0" * 40))
    assert (await world.target.observe(older)).matches is False


async def test_a_check_names_missing_queues_and_what_they_lack(world):
    problems = {(one.where, one.problem.split(" — ")[0]) for one in await world.target.check()}
    assert problems == {
        ("queue", "the queue `shop` has no queue for dead letters"),
        ("facts", "the queue `shop-facts` has no queue for dead letters"),
    }
