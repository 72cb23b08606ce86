"""A cluster in memory with a controller in it, and somebody who orders deployments."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from funade.clients.kubernetes.kinds import JOBS
from funade.controller.deploy_queue import DeployQueue, parse
from funade.controller.guard import Guard, read_spec
from funade.controller.inbox import Inbox
from funade.controller.names import DEPLOY_GUARDS, DEPLOY_QUEUES, guard_name
from funade.controller.progress import Telling
from funade.controller.reconcile import Reconcile
from funade.domain.messages import (
    Fact,
    ForeignMessage,
    Order,
    OrderedCancel,
    OrderedLook,
    OrderedStart,
    ReportedEnd,
    ReportedSighting,
)
from funade.domain.orders import EndedBy, Ending, Execution, Sighting, Standing
from funade.domain.revision import Revision
from funade.testing.cluster import FakeCluster
from funade.testing.orders import FakeDoors, FakeHeld
from funade.testing.time import FakeClock
from funade.testing.workload import Workload

NAMESPACE = "funade"
REVISION = Revision("f5c0df1a9d0e4b7c8f6a5d4c3b2a190807060504")
SPEC: dict[str, Any] = {
    "queue": "https://sqs.eu-west-1.amazonaws.com/1/orders",
    "factsQueue": "https://sqs.eu-west-1.amazonaws.com/1/facts",
    "revisionVariable": "REVISION",
    "arguments": ["deploy", "{environment}", "{ref}"],
    "template": {"spec": {"containers": [{"name": "deploy", "image": "shop-deploy"}]}},
}


def execution(number: int, *, environment: str = "production", attempt: int = 1, fence: int = 0) -> Execution:
    return Execution(
        deployment=str(UUID(int=number)),
        number=number,
        attempt=attempt,
        fence=fence or number,
        application="shop",
        environment=environment,
    )


@dataclass
class Place:
    """One cluster; `says` delivers orders and lets everything come to rest."""

    clock: FakeClock = field(default_factory=FakeClock)
    doors: FakeDoors = field(default_factory=FakeDoors)
    spec: dict[str, Any] = field(default_factory=lambda: dict(SPEC))

    def __post_init__(self) -> None:
        self.cluster = FakeCluster(self.clock)
        self.workload = Workload(self.cluster)
        metadata = {"name": "shop", "namespace": NAMESPACE}
        self.cluster.put(DEPLOY_QUEUES, {"metadata": metadata, "spec": self.spec})
        self.inboxes: dict[str, Inbox] = {}
        #: whether a controller takes an environment for new; it may be wrong
        self.is_new: Callable[[str], bool] = lambda _name: False
        self.progress = Telling()

    def queues(self) -> dict[str, DeployQueue]:
        parsed = [parse(one) for one in self.cluster.all(DEPLOY_QUEUES)]
        return {one.name: one for one in parsed if isinstance(one, DeployQueue)}

    def controller(self) -> Reconcile:
        return Reconcile(
            cluster=self.cluster,
            namespace=NAMESPACE,
            clock=self.clock,
            doors=self.doors,
            progress=self.progress,
            queues=self.queues,
            is_new=self.is_new,
            # Whoever follows the output is another one's story.
            patience=timedelta(0),
        )

    async def says(self, *orders: Order, again: int = 1) -> list[FakeHeld]:
        """Deliver orders, each `again` times, and look until nothing is to be done at once."""
        held = [FakeHeld(f"{id(order)}-{time}", order) for order in orders for time in range(again)]
        for one in held:
            assert not isinstance(one.order, ForeignMessage)
            about = one.order.execution
            name = guard_name(about.application, about.environment)
            self.inboxes.setdefault(name, Inbox()).put(one, self.queues()["shop"])
        await self.look()
        return held

    async def look(self) -> None:
        controller = self.controller()
        for name in {guard_name("shop", "production"), *self.inboxes}:
            await controller(name, self.inboxes.setdefault(name, Inbox()))

    async def goes_on(self, steps: int = 6) -> None:
        """Let Jobs and Pods run, with a look after each step."""
        for _ in range(steps):
            self.workload.step()
            await self.look()
            self.clock.advance(seconds=1)

    # What is asked of it

    def start(self, number: int, **changed: Any) -> OrderedStart:
        given = execution(
            number, **{key: changed.pop(key) for key in ("environment", "attempt", "fence") if key in changed}
        )
        values: dict[str, Any] = {
            "repository": "acme/shop",
            "ref": "v1.2.0",
            "revision": REVISION,
            "digest": "sha256:1",
            "not_after": self.clock.now() + timedelta(minutes=10),
            "store": "store-1",
        }
        return OrderedStart(execution=given, **{**values, **changed})

    def cancel(self, number: int, *, fence: int = 0) -> OrderedCancel:
        return OrderedCancel(execution=execution(number, fence=fence), store="store-1")

    async def sighting(self, number: int, *, fence: int = 0) -> Sighting:
        look = OrderedLook(execution=execution(number, fence=fence), question="now?", store="store-1")
        await self.says(look)
        answers = [one for one in self.facts if isinstance(one, ReportedSighting)]
        return answers[-1].sighting

    # What is so

    @property
    def facts(self) -> list[Fact]:
        return self.doors.out.facts

    @property
    def guard(self) -> Guard:
        name = guard_name("shop", "production")
        (found,) = [one for one in self.cluster.all(DEPLOY_GUARDS) if one["metadata"]["name"] == name]
        return read_spec(found["spec"])

    @property
    def jobs(self) -> list[dict[str, Any]]:
        return list(self.cluster.all(JOBS))

    @property
    def job(self) -> dict[str, Any]:
        (job,) = self.jobs
        return job

    def ending(self, number: int) -> Ending:
        """Return how Funade was told that it ended, or never began; said twice, it must be the same."""
        (ending,) = self.endings(number)
        return ending

    def endings(self, number: int) -> set[Ending]:
        """Return all that Funade was told of its end."""
        told = [one for one in self.facts if one.execution.deployment == execution(number).deployment]
        endings = {one.ending for one in told if isinstance(one, ReportedEnd)}
        answers = [one.sighting for one in told if isinstance(one, ReportedSighting)]
        never = [one for one in answers if one.standing is Standing.SEALED]
        return endings | {
            one.ending
            or Ending(by=EndedBy.NEVER_STARTED, at=datetime.fromtimestamp(0, UTC), problem=one.problem)
            for one in never
        }
