"""Orders that come again and again and in any order, two controllers, deaths everywhere: nothing lost, nothing doubled.

Time and chance are the test's own; a seed is always the same story.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from funade import failpoints
from funade.clients.kubernetes.errors import ClusterError, Unreachable
from funade.clients.kubernetes.kinds import JOBS
from funade.controller.guard import Attempt, Phase, read_spec
from funade.controller.inbox import Inbox
from funade.controller.names import DEPLOY_GUARDS, DEPLOY_QUEUES, FINALIZER, guard_name
from funade.controller.reconcile import Reconcile
from funade.domain.messages import Order
from funade.domain.orders import EndedBy
from funade.testing.orders import FakeHeld
from tests.scenarios.controller_world import NAMESPACE, Place, execution

pytestmark = pytest.mark.asyncio

ENVIRONMENTS = ("staging", "production")
EACH = 3
ROUNDS = 400


class Killed(BaseException):
    """The process is gone, in the middle of whatever it did."""


@dataclass
class Deaths:
    """Kills at every effect by chance, as long as there are lives left."""

    random: Random
    left: int
    met: list[str] = field(default_factory=list)

    def passed(self, name: str) -> None:
        if self.left and name.startswith("controller.") and self.random.random() < 0.05:
            self.left -= 1
            self.met.append(name)
            raise Killed


@dataclass
class Sent:
    """A message in the queue: handed out again until it is deleted, and then a few times more."""

    id: str
    order: Order
    more: int
    is_deleted: bool = False


@dataclass
class Storm:
    """One seed's story."""

    seed: int
    deaths: int = 6
    place: Place = field(default_factory=Place)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.place.cluster.pause = lambda: self.random.randint(0, 4)
        self.place.cluster.before = self._fail_sometimes
        self.place.is_new = lambda _name: self.random.random() < 0.5
        self.place.workload.lasts = self.random.randint(0, 3)
        self.place.workload.exit_of = lambda _pod: self.random.choice((0, 0, 0, 1))
        self.queue: list[Sent] = []
        self.turn = dict.fromkeys(ENVIRONMENTS, 0)
        self.controllers: list[Controller] = [Controller(self), Controller(self)]
        self.cancelled: set[int] = set()  #: these need not run
        self.calm = False

    def _fail_sometimes(self, verb: str, _kind: object, _name: str) -> None:
        if not self.calm and self.random.random() < 0.01:
            raise Unreachable(0, "Unreachable", "no answer")

    def number(self, environment: str, turn: int) -> int:
        return 1 + turn * len(ENVIRONMENTS) + ENVIRONMENTS.index(environment)

    def send(self, order: Order) -> None:
        self.queue.append(Sent(f"m{len(self.queue)}", order, more=self.random.randint(0, 4)))

    def serve(self) -> None:
        """Order what is next, as the server does: when the end of what was before is told."""
        for environment in ENVIRONMENTS:
            turn = self.turn[environment]
            number = self.number(environment, turn)
            before = self.number(environment, turn - 1)
            is_next = turn == 0 or self.ended(before)
            if turn < EACH and not is_next and self.random.random() < 0.01:
                # Somebody opened the environment although nobody knows what became of the last one.
                self.cancelled.add(before)
                is_next = True
            if turn < EACH and is_next:
                self.turn[environment] = turn + 1
                self.send(self.place.start(number, environment=environment))
                if self.random.random() < 0.3:
                    self.cancel(number, environment)

    def cancel(self, number: int, environment: str) -> None:
        self.cancelled.add(number)
        order = self.place.cancel(number)
        self.send(type(order)(execution=execution(number, environment=environment), store=order.store))

    def ended(self, number: int) -> bool:
        return bool(self.place.endings(number))

    def deliver(self) -> None:
        """Hand out some message to some controller; it may be one that was deleted, or is in other hands."""
        open_ones = [one for one in self.queue if not one.is_deleted or one.more > 0]
        if not open_ones:
            return
        sent = self.random.choice(open_ones)
        sent.more -= sent.is_deleted
        self.random.choice(self.controllers).take(sent)

    async def run(self) -> None:
        for round in range(ROUNDS):
            self.calm = round > ROUNDS // 2
            self.serve()
            for _ in range(self.random.randint(0, 3)):
                self.deliver()
            if self.random.random() < 0.7:
                self.place.workload.step()
                self.place.clock.advance(seconds=1)
            for job in self.place.jobs:
                self._tell_output(job)
            await asyncio.gather(*(one.look() for one in self.controllers))
            if self.is_over:
                return

    def _tell_output(self, job: dict[str, Any]) -> None:
        # Whoever follows the output is not part of this story.
        finished = any(
            one["type"] in ("Complete", "Failed") for one in job.get("status", {}).get("conditions", [])
        )
        if (finished or job["metadata"].get("deletionTimestamp")) and FINALIZER in job["metadata"][
            "finalizers"
        ]:
            job["metadata"]["annotations"]["funade.dev/log"] = '{"done": true}'
            self.place.cluster.put(JOBS, job)
        elif finished and self.random.random() < 0.2:
            self.place.cluster.remove(JOBS, job["metadata"]["name"], NAMESPACE)

    @property
    def is_over(self) -> bool:
        everything = [self.number(one, turn) for one in ENVIRONMENTS for turn in range(EACH)]
        return all(self.ended(one) for one in everything) and all(one.is_deleted for one in self.queue)


@dataclass
class Controller:
    """One of two processes; after a death it begins again with empty hands."""

    storm: Storm

    def __post_init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.inboxes: dict[str, Inbox] = {guard_name("shop", one): Inbox() for one in ENVIRONMENTS}
        self.reconcile: Reconcile = self.storm.place.controller()

    def take(self, sent: Sent) -> None:
        order = sent.order
        name = guard_name(order.execution.application, order.execution.environment)
        held = Delivered(sent)
        self.inboxes[name].put(held, self.storm.place.queues()["shop"])

    async def look(self) -> None:
        for name, inbox in self.inboxes.items():
            try:
                await self.reconcile(name, inbox)
            except ClusterError:
                continue
            except Killed:
                self._begin()
                return


class Delivered(FakeHeld):
    def __init__(self, sent: Sent) -> None:
        super().__init__(sent.id, sent.order)
        self.sent = sent

    async def delete(self) -> None:
        assert not self.sent.order.__class__.__name__.startswith("Foreign")
        self.sent.is_deleted = True

    async def set_aside(self, problem: str) -> None:
        raise AssertionError(problem)


@pytest.fixture
def arm(monkeypatch) -> Callable[[Deaths], None]:
    return lambda deaths: monkeypatch.setattr(failpoints, "_traps", deaths)


def findings(storm: Storm) -> list[str]:
    """Return everything that must not be."""
    place, found = storm.place, []
    if not storm.is_over:
        found.append("not everything ended")
    if place.workload.together > 1:
        found.append("two ran at once in one environment")
    if len(set(place.workload.ran)) != len(place.workload.ran):
        found.append(f"something ran twice: {place.workload.ran}")
    attempts: dict[int, Attempt] = {}
    for guard in place.cluster.all(DEPLOY_GUARDS):
        attempts |= {one.execution.number: one for one in read_spec(guard["spec"]).attempts}
    for number, attempt in attempts.items():
        ran = f"funade-{attempt.execution.deployment}-1" in place.workload.ran
        endings = {(one.by, one.exit_code) for one in place.endings(number)}
        if not ran and {by for by, _ in endings} <= {EndedBy.NEVER_STARTED, EndedBy.CANCEL}:
            # Refused for its age or by a cancel: both say that it never began.
            endings = {(EndedBy.NEVER_STARTED, None)}
        if len(endings) != 1:
            found.append(f"#{number} ended in {len(endings)} ways: {endings}")
        if attempt.phase is Phase.SEALED and ran:
            found.append(f"#{number} was sealed and ran")
        if attempt.ending is not None and attempt.ending.exit_code == 0 and not ran:
            found.append(f"#{number} succeeded and never ran")
        if number not in storm.cancelled and not ran:
            found.append(f"#{number} was lost")
    for one in place.cluster.all(DEPLOY_QUEUES):
        assert one["metadata"]["name"] == "shop"
    return found


#: an order that waited and was refused then was let go without a word
FOUND = [(1055, 20)]


@pytest.mark.parametrize(("seed", "deaths"), [*((seed, 6) for seed in range(40)), *FOUND])
async def test_nothing_is_lost_and_nothing_doubled(seed, deaths, arm):
    await ride_out(seed, deaths, arm)


@pytest.mark.storm
@pytest.mark.timeout(3600)
async def test_nothing_is_lost_and_nothing_doubled_in_a_long_storm(arm):
    for seed in range(1000, 2000):
        await ride_out(seed, 20, arm)


async def ride_out(seed, deaths, arm):
    storm = Storm(seed, deaths)
    died = Deaths(Random(seed), storm.deaths)
    arm(died)
    await storm.run()
    assert findings(storm) == [], (seed, died.met)
