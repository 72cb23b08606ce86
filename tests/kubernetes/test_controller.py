"""The controller on a real API server, whose own controller of Jobs makes the Pods; a stand-in plays the node."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
import yaml

from funade.clients.kubernetes import JOBS, PODS, Cluster, NotFound, connect
from funade.controller.loop import Controller
from funade.controller.names import DEPLOY_GUARDS, DEPLOY_QUEUES, FINALIZER
from funade.domain.messages import (
    ForeignMessage,
    Order,
    OrderedCancel,
    OrderedStart,
    ReportedEnd,
    ReportedLog,
    ReportedSighting,
    ReportedStart,
)
from funade.domain.orders import EndedBy, Ending, Execution, Standing
from funade.domain.queue_text import read_any_order
from funade.domain.revision import Revision
from funade.runner.machine import SystemClock
from funade.testing.orders import FakeDoors, FakeHeld
from tests.architecture.source import ROOT
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.mischief import mischief
from tests.kubernetes.shipped import DEPLOY, SPEC, install
from tests.kubernetes.standin import FITS_NOWHERE, WAITS_FOR, Standin, standin

pytestmark = [pytest.mark.needs("kubernetes"), pytest.mark.asyncio, pytest.mark.timeout(300)]

WITHIN_SECONDS = 120
#: DeployQueues, guards, Jobs, Pods
WATCHES = 4
#: What one deployment costs, its output and its end included, where nothing disturbs it, and half as much again.
MOST_REQUESTS, MOST_GUARD_WRITES = 45, 9


class LaterClock(SystemClock):
    """The real time, and as much later as a test says."""

    later = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.later


@dataclass
class Place:
    """A namespace with a DeployQueue, and who looks after it."""

    cluster: Cluster
    namespace: str
    node: Standin
    rights: Cluster
    clock: LaterClock = field(default_factory=LaterClock)
    doors: FakeDoors = field(default_factory=FakeDoors)
    deployment: str = field(default_factory=lambda: str(uuid4()))

    @asynccontextmanager
    async def controlled(self) -> AsyncIterator[None]:
        """Let a controller work, with the rights that it has in production."""
        controller = Controller(
            cluster=self.rights, namespace=self.namespace, clock=self.clock, doors=self.doors
        )
        working = asyncio.create_task(controller.run())
        try:
            yield
            assert not working.done(), working
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def make_queue(self, **changed: Any) -> dict[str, Any]:
        metadata = {"name": "shop", "namespace": self.namespace}
        spec = {key: value for key, value in {**SPEC, **changed}.items() if value is not None}
        return await self.cluster.create(DEPLOY_QUEUES, {"metadata": metadata, "spec": spec}, manager="ada")

    def message(self, body: str, id: str = "m1") -> FakeHeld:
        order = read_any_order(body)
        assert isinstance(order, ForeignMessage)
        held = FakeHeld(id, order)
        self.doors.into.waiting.append(held)
        return held

    def order(self, *orders: Order) -> list[FakeHeld]:
        held = [FakeHeld(uuid4().hex, one) for one in orders]
        self.doors.into.waiting += held
        return held

    def execution(self, fence: int = 7) -> Execution:
        return Execution(
            deployment=self.deployment,
            number=12,
            attempt=1,
            fence=fence,
            application="shop",
            environment="production",
        )

    def start(self) -> OrderedStart:
        return OrderedStart(
            execution=self.execution(),
            repository="acme/shop",
            ref="v1.2.0",
            revision=Revision("f5c0df1a9d0e4b7c8f6a5d4c3b2a190807060504"),
            digest="sha256:1",
            not_after=self.clock.now() + timedelta(minutes=30),
            store="store-1",
        )

    async def pod(self) -> dict[str, Any]:
        """Return the one Pod that there ever is, once it is there."""

        async def look() -> Any:
            pods = (await self.cluster.list(PODS, self.namespace)).objects
            assert len(pods) <= 1, pods
            return pods[0] if pods and pods[0].get("status", {}).get("phase") != "Pending" else None

        found: dict[str, Any] = await self.until(look)
        return found

    async def job(self) -> dict[str, Any] | None:
        jobs = (await self.cluster.list(JOBS, self.namespace)).objects
        assert len(jobs) <= 1, jobs
        return jobs[0] if jobs else None

    async def until(self, look: Callable[[], Any]) -> Any:
        """Return the first true thing that is seen."""
        async with asyncio.timeout(WITHIN_SECONDS):
            while True:
                found = look()
                if asyncio.iscoroutine(found):
                    found = await found
                if found:
                    return found
                await asyncio.sleep(0.05)

    async def released(self) -> bool:
        job = await self.job()
        return job is None or FINALIZER not in (job["metadata"].get("finalizers") or [])

    @property
    def endings(self) -> set[Ending]:
        return {one.ending for one in self.doors.out.facts if isinstance(one, ReportedEnd)}

    @property
    def began(self) -> bool:
        return any(isinstance(one, ReportedStart) for one in self.doors.out.facts)

    @property
    def log(self) -> bytes:
        return self.log_of(self.deployment)

    def log_of(self, deployment: str) -> bytes:
        content = bytearray()
        for one in self.doors.out.facts:
            if isinstance(one, ReportedLog) and one.execution.deployment == deployment:
                assert one.offset <= len(content), "a hole"
                content[one.offset : one.offset + len(one.content)] = one.content
        return bytes(content)


@pytest_asyncio.fixture
async def place(plane: ControlPlane, cluster: Cluster, namespace: str) -> AsyncIterator[Place]:
    plane.start_controllers()
    install(plane, namespace)
    token = plane.new_token(namespace, "funade-controller")
    async with standin(plane) as node, connect(plane.write_kubeconfig("controller", token)) as rights:
        yield Place(cluster, namespace, node, rights)


async def test_an_order_is_carried_out_with_the_rights_that_are_shipped(place):
    await place.make_queue()
    async with place.controlled():
        (message,) = place.order(place.start())
        pod = await place.pod()
        name = pod["metadata"]["name"]
        for number in range(5):
            await place.node.write(place.namespace, name, f"line {number}\n")
        await place.until(lambda: b"line 4" in place.log)
        await place.node.write(place.namespace, name, "the last one\n")
        await place.node.finish(place.namespace, name, 0)
        await place.until(place.released)
        await place.until(lambda: place.endings)
    assert message.is_deleted
    (container,) = pod["spec"]["containers"]
    assert container["args"] == ["deploy", "production"]
    assert place.began
    (ending,) = place.endings
    assert (ending.by, ending.exit_code) == (EndedBy.ITSELF, 0)
    assert place.log == b"line 0\nline 1\nline 2\nline 3\nline 4\nthe last one\n"


async def test_the_same_order_again_makes_nothing_also_when_its_job_is_gone(place):
    await place.make_queue()
    async with place.controlled():
        place.order(place.start())
        pod = await place.pod()
        place.order(place.start(), place.start())
        await place.node.finish(place.namespace, pod["metadata"]["name"], 3)
        await place.until(place.released)
        job = await place.job()
        assert job is not None
        await place.cluster.delete(JOBS, job["metadata"]["name"], place.namespace)
        (again,) = place.order(place.start())
        await place.until(lambda: again.is_deleted)
        await place.until(lambda: place.endings)
        assert await place.job() is None
    (ending,) = place.endings
    assert ending.exit_code == 3


async def test_a_cancel_ends_it_and_nothing_of_it_runs_then(place):
    await place.make_queue()
    async with place.controlled():
        place.order(place.start())
        await place.pod()
        (message,) = place.order(OrderedCancel(execution=place.execution(), store="store-1"))
        await place.until(lambda: place.endings)
        await place.until(lambda: message.is_deleted)
    (ending,) = place.endings
    assert ending.by is EndedBy.CANCEL
    for pod in (await place.cluster.list(PODS, place.namespace)).objects:
        assert pod["status"]["phase"] in ("Failed", "Succeeded")


async def test_a_cancel_that_comes_first_leaves_nothing_to_start(place):
    await place.make_queue()
    async with place.controlled():
        place.order(OrderedCancel(execution=place.execution(), store="store-1"))
        await place.until(lambda: place.doors.out.facts)
        (message,) = place.order(place.start())
        await place.until(lambda: message.is_deleted)
    assert await place.job() is None
    sightings = [one.sighting for one in place.doors.out.facts if isinstance(one, ReportedSighting)]
    assert {one.standing for one in sightings} == {Standing.SEALED}


async def test_an_image_that_cannot_be_pulled_ends_it_with_the_reason_in_words(plane, place):
    template = {"metadata": {"annotations": {WAITS_FOR: "ImagePullBackOff"}}, **SPEC["template"]}
    await place.make_queue(template=template)
    async with place.controlled():
        place.order(place.start())

        async def hindered() -> Any:
            pods = (await place.cluster.list(PODS, place.namespace)).objects
            return pods and pods[0]["status"].get("containerStatuses")

        await place.until(hindered)
        place.clock.later = timedelta(minutes=3)
        await place.until(lambda: place.endings)

        def told() -> bool:
            described = plane.kubectl("describe", "deployqueue", "shop", "--namespace", place.namespace)
            return all(one in described for one in ("OrderReceived", "JobCreated", "NeverStarted"))

        await place.until(told)
    (ending,) = place.endings
    assert ending.by is EndedBy.NEVER_STARTED, ending
    assert "ImagePullBackOff" in str(ending.problem)


async def test_another_controller_goes_on_where_one_was_ended_and_every_line_is_told_once(place):
    await place.make_queue()
    place.order(place.start())
    expected, name = b"", ""
    for turn in range(4):
        async with place.controlled():
            name = (await place.pod())["metadata"]["name"]
            for number in range(3):
                line = f"{turn}.{number}\n"
                await place.node.write(place.namespace, name, line)
                expected += line.encode()
            await place.until(lambda expected=expected: place.log == expected)
        line = f"{turn}: nobody listens\n"
        await place.node.write(place.namespace, name, line)
        expected += line.encode()
    await place.node.finish(place.namespace, name, 0)
    async with place.controlled():
        await place.until(place.released)
        await place.until(lambda: place.endings)
    assert place.log == expected
    assert {one.rest["store"] for one in place.doors.out.facts} == {"store-1"}
    assert len(place.endings) == 1


async def test_a_deploy_queue_that_is_pruned_leaves_its_running_job_alone(place):
    await place.make_queue()
    async with place.controlled():
        place.order(place.start())
        pod = await place.pod()
        # As Argo CD prunes.
        await place.cluster.delete(DEPLOY_QUEUES, "shop", place.namespace, propagation="Foreground")
        leaving = await place.cluster.get(DEPLOY_QUEUES, "shop", place.namespace)
        assert leaving["metadata"]["deletionTimestamp"]
        assert (await place.cluster.get(JOBS, pod["metadata"]["labels"]["job-name"], place.namespace))[
            "metadata"
        ].get("deletionTimestamp") is None
        await place.node.finish(place.namespace, pod["metadata"]["name"], 0)
        await place.until(lambda: place.endings)

        async def gone() -> bool:
            try:
                await place.cluster.get(DEPLOY_QUEUES, "shop", place.namespace)
            except NotFound:
                return True
            return False

        await place.until(gone)
    (ending,) = place.endings
    assert ending.exit_code == 0
    guards = (await place.cluster.list(DEPLOY_GUARDS, place.namespace)).objects
    assert len(guards) == 1


async def test_a_deployment_costs_few_requests_and_its_job_is_there_after_two(plane, place):
    """Counted between us and the API server; what Kubernetes itself does there is not ours."""
    await place.make_queue()
    token = plane.new_token(place.namespace, "funade-controller")
    async with mischief(plane) as proxy:
        document = plane.behind(proxy.url)
        document["users"][0]["user"] = {"token": token}
        async with connect(plane.write_document(document)) as counted:
            place.rights = counted
            async with place.controlled():
                await place.until(lambda: len(proxy.streams) == WATCHES)

                def since(before: int) -> list[str]:
                    return [one for one in proxy.requests[before:] if not one.endswith("/events")]

                # The queue is held and shown first.
                await asyncio.sleep(1)
                before = len(proxy.requests)
                place.order(place.start())
                pod = await place.pod()
                await place.node.write(place.namespace, pod["metadata"]["name"], "one\ntwo\n")
                await place.until(lambda: b"two" in place.log)
                await place.node.finish(place.namespace, pod["metadata"]["name"], 0)
                await place.until(place.released)
                await place.until(lambda: place.endings)
                asked = since(before)
    jobs = f"/apis/batch/v1/namespaces/{place.namespace}/jobs"
    guards = f"/apis/funade.dev/v1/namespaces/{place.namespace}/deployguards"
    until_made = [one for one in asked[: asked.index(f"POST {jobs}") + 1] if "/deployqueues/" not in one]
    assert [one.split()[0] for one in until_made] == ["POST", "POST"], until_made
    assert len([one for one in asked if one.startswith(f"PUT {guards}")]) <= MOST_GUARD_WRITES, asked
    assert len(asked) <= MOST_REQUESTS, asked


async def test_a_guard_that_nobody_told_of_is_found_all_the_same(place):
    """Without its label no watch tells of it; it is made, and that it is there already is what tells."""
    await place.make_queue()
    first = place.start()
    newer = replace(first, execution=replace(first.execution, deployment=str(uuid4()), fence=9))
    async with place.controlled():
        place.order(newer)
        await place.until(place.job)
        await place.until(lambda: place.began)
    (guard,) = (await place.cluster.list(DEPLOY_GUARDS, place.namespace)).objects
    patch = {"metadata": {"labels": None}}
    await place.cluster.patch(DEPLOY_GUARDS, guard["metadata"]["name"], place.namespace, patch, manager="ada")
    async with place.controlled():
        (message,) = place.order(first)
        await place.until(lambda: message.is_deleted)
    never = [one for one in place.doors.out.facts if isinstance(one, ReportedSighting)]
    assert [one.sighting.standing for one in never] == [Standing.SEALED]
    assert await place.job(), "the only one"


async def test_while_no_pod_begins_nobody_asks_for_its_output(plane, place):
    template = deepcopy(SPEC["template"])
    template["metadata"] = {"annotations": {FITS_NOWHERE: "0/3 nodes are available: 3 Insufficient cpu."}}
    await place.make_queue(template=template)
    token = plane.new_token(place.namespace, "funade-controller")
    async with mischief(plane) as proxy:
        document = plane.behind(proxy.url)
        document["users"][0]["user"] = {"token": token}
        async with connect(plane.write_document(document)) as counted:
            place.rights = counted
            async with place.controlled():
                place.order(place.start())
                await place.until(lambda: place.began)
                before = len(proxy.requests)
                await asyncio.sleep(4)
                asked = proxy.requests[before:]
    assert not [one for one in asked if one.startswith("GET") and "/jobs/" in one], asked


async def test_two_controllers_at_once_make_one_job(place):
    await place.make_queue()
    async with place.controlled():
        other = Place(place.cluster, place.namespace, place.node, place.rights, deployment=place.deployment)
        async with other.controlled():
            for _ in range(3):
                place.order(place.start())
                other.order(other.start())
            pod = await place.pod()
            await place.node.finish(place.namespace, pod["metadata"]["name"], 0)
            await place.until(place.released)
            await place.until(lambda: place.endings or other.endings)
    assert len((await place.cluster.list(JOBS, place.namespace)).objects) == 1


async def test_a_message_of_another_program_becomes_one_job_whichever_controller_has_it(place):
    await place.make_queue(
        acceptForeign=True, factsQueue=None, arguments=["work", "{tag}"], variables={"ALL": "{body}"}
    )
    other = Place(place.cluster, place.namespace, place.node, place.rights)
    body = '{"tag": "v7"}'
    async with place.controlled(), other.controlled():
        for _ in range(2):
            place.message(body)
            other.message(body)
        pod = await place.pod()
        await place.node.finish(place.namespace, pod["metadata"]["name"], 0)
        await place.until(place.released)
        job = await place.job()
        await place.cluster.delete(JOBS, job["metadata"]["name"], place.namespace)
        again, refused = place.message(body), place.message("{}", id="m2")
        await place.until(lambda: again.is_deleted and refused.problem)
        assert await place.job() is None
    (container,) = pod["spec"]["containers"]
    assert container["args"] == ["work", "v7"]
    assert {"name": "ALL", "value": body} in container["env"]
    assert "`{tag}`" in refused.problem


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"factsQueue": None}, "`factsQueue` is missing"),
        ({"acceptForeign": "yes"}, "acceptForeign"),
        ({"acceptForeign": True, "foreignAtOnce": 0}, "foreignAtOnce"),
        ({"factsQueue": SPEC["queue"]}, "facts need a queue of their own"),
        ({"container": "other"}, "names none of the containers"),
        ({"timeLimit": "soon"}, "timeLimit"),
        ({"queue": None}, "queue: Required"),
    ],
)
async def test_a_wrong_deploy_queue_is_refused_when_it_is_applied(plane, namespace, changed, problem):
    install(plane, namespace)
    spec = {key: value for key, value in {**SPEC, **changed}.items() if value is not None}
    metadata = {"name": "shop", "namespace": namespace}
    document = {"apiVersion": "funade.dev/v1", "kind": "DeployQueue", "metadata": metadata, "spec": spec}
    with pytest.raises(AssertionError, match=problem):
        plane.kubectl("apply", "-f", "-", given=json.dumps(document))


@pytest.mark.parametrize("name", ["shop", "messages"])
async def test_applying_twice_changes_nothing_and_the_sample_is_taken(plane, cluster, namespace, name):
    install(plane, namespace)
    sample = yaml.safe_load((ROOT / f"deploy/kubernetes/samples/{name}.yaml").read_text())
    sample["metadata"]["namespace"] = namespace
    given, queue = json.dumps(sample), sample["metadata"]["name"]
    plane.kubectl("apply", "-f", "-", given=given)
    first = await cluster.get(DEPLOY_QUEUES, queue, namespace)
    assert "unchanged" in plane.kubectl("apply", "-f", "-", given=given)
    plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=given)
    again = await cluster.get(DEPLOY_QUEUES, queue, namespace)
    assert again["metadata"]["generation"] == first["metadata"]["generation"]
    shown = plane.kubectl("get", "deployqueues", "--namespace", namespace).splitlines()[0].split()
    assert shown == ["NAME", "READY", "REASON", "RUNNING", "WAITING", "AGE"]


async def test_the_base_is_whole(plane):
    rendered = plane.kubectl("kustomize", str(DEPLOY))
    kinds = [one["kind"] for one in yaml.safe_load_all(rendered)]
    assert sorted(kinds) == [
        "CustomResourceDefinition",
        "CustomResourceDefinition",
        "CustomResourceDefinition",
        "Deployment",
        "Namespace",
        "Role",
        "RoleBinding",
        "ServiceAccount",
    ]
    plane.kubectl("apply", "--dry-run=client", "-k", str(DEPLOY))
