"""`funade controller` as a process between a queue and an API server, killed again and again."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest

from funade.clients.kubernetes import JOBS, PODS, Cluster
from funade.controller.names import DEPLOY_QUEUES, FINALIZER
from funade.domain.messages import Fact, ReportedEnd, ReportedLog, ReportedStart
from funade.domain.orders import EndedBy
from funade.domain.queue_text import read_fact, to_text
from tests.contracts.queues import REGION, client, create, server
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.shipped import SPEC, install, order, process
from tests.kubernetes.standin import standin

T = TypeVar("T")

pytestmark = [
    pytest.mark.needs("kubernetes"),
    pytest.mark.slow,
    pytest.mark.asyncio,
    pytest.mark.timeout(300),
]

WITHIN_SECONDS = 120
#: one after the other; each process dies once it comes there, and the next one goes on
DEATHS = (
    "controller.make_guard:after",
    "controller.create_job:before",
    "controller.create_job:after",
    "controller.write_guard:after",
    "controller.resume_job:before",
    "controller.resume_job:after",
    "controller.tell:after",
)
LATE_DEATHS = (
    "controller.tell_log:after",
    "controller.keep_place_in_log:before",
    "controller.release_job:before",
)


@dataclass
class Story:
    """One namespace, one pair of queues, and the processes that come and go between them."""

    cluster: Cluster
    namespace: str
    kubeconfig: Path
    folder: Path
    endpoint: str
    facts: list[Fact] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sqs = client(self.endpoint)
        self.orders, self.told = (
            create(self.endpoint, f"{name}-{uuid4().hex[:8]}") for name in ("orders", "facts")
        )

    def hear(self) -> list[Fact]:
        """Return all that was told by now."""
        answer = self.sqs.receive_message(QueueUrl=self.told, MaxNumberOfMessages=10)
        for one in answer.get("Messages", []):
            fact = read_fact(one["Body"])
            assert isinstance(fact, Fact)
            self.facts.append(fact)
            self.sqs.delete_message(QueueUrl=self.told, ReceiptHandle=one["ReceiptHandle"])
        return self.facts

    async def until(self, look: Callable[[], Awaitable[T]]) -> T:
        async with asyncio.timeout(WITHIN_SECONDS):
            while True:
                found = await look()
                if found:
                    return found
                await asyncio.sleep(0.1)

    async def die(self, death: str) -> None:
        """Run a controller until it comes to its end."""
        traps = {"FUNADE_FAILPOINTS": f"{death}=kill"}
        async with process(self.kubeconfig, self.namespace, self.folder, "--alone", **traps) as running:
            async with asyncio.timeout(WITHIN_SECONDS):
                assert await running.wait() == -signal.SIGKILL, self.words()

    async def end(self) -> None:
        """Run a controller until all is told, then ask it to end."""
        async with process(self.kubeconfig, self.namespace, self.folder, "--alone") as running:
            await self.until(self.released)
            await self.until(self.told_of_the_end)
            running.send_signal(signal.SIGTERM)
            async with asyncio.timeout(WITHIN_SECONDS):
                assert await running.wait() == 0, self.words()

    async def running_pod(self) -> str:
        found = (await self.cluster.list(PODS, self.namespace)).objects
        return found[0]["metadata"]["name"] if found and found[0]["status"].get("phase") == "Running" else ""

    async def released(self) -> bool:
        (job,) = (await self.cluster.list(JOBS, self.namespace)).objects
        return FINALIZER not in (job["metadata"].get("finalizers") or [])

    async def told_of_the_end(self) -> bool:
        return any(isinstance(one, ReportedEnd) for one in self.hear())

    def words(self) -> str:
        return (self.folder / "controller.log").read_text()


async def test_deaths_at_every_step_lose_nothing_and_double_nothing(
    plane: ControlPlane, cluster: Cluster, namespace: str, tmp_path: Path
):
    plane.start_controllers()
    install(plane, namespace)
    kubeconfig = plane.write_kubeconfig("controller", plane.new_token(namespace, "funade-controller"))
    with server("moto", tmp_path) as endpoint:
        story = Story(cluster, namespace, kubeconfig, tmp_path, endpoint)
        metadata = {"name": "shop", "namespace": namespace}
        spec = {**SPEC, "queue": story.orders, "factsQueue": story.told, "region": REGION}
        await cluster.create(DEPLOY_QUEUES, {"metadata": metadata, "spec": spec}, manager="ada")
        for body in [to_text(order())] * 3:
            story.sqs.send_message(QueueUrl=story.orders, MessageBody=body)
        async with standin(plane) as node:
            for death in DEATHS:
                await story.die(death)
            name = await story.until(story.running_pod)
            await node.write(namespace, name, "one\ntwo\n")
            await story.die(LATE_DEATHS[0])
            await node.finish(namespace, name, 0)
            for death in LATE_DEATHS[1:]:
                await story.die(death)
            await story.end()
    facts = story.facts
    assert any(isinstance(one, ReportedStart) for one in facts)
    endings = {(one.ending.by, one.ending.exit_code) for one in facts if isinstance(one, ReportedEnd)}
    assert endings == {(EndedBy.ITSELF, 0)}
    output = bytearray()
    for fact in sorted((one for one in facts if isinstance(one, ReportedLog)), key=lambda one: one.offset):
        output[fact.offset : fact.offset + len(fact.content)] = fact.content
    assert bytes(output) == b"one\ntwo\n"
    assert len((await cluster.list(PODS, namespace)).objects) == 1
