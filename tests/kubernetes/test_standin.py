"""The real Job controller believes the stand-in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from funade.clients.kubernetes import JOBS, PODS, Cluster, NotFound
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.standin import ENDS_WITH, FITS_NOWHERE, WAITS_FOR, Standin, standin

pytestmark = [pytest.mark.needs("kube-controller-manager"), pytest.mark.asyncio]

WITHIN_SECONDS = 120


@pytest_asyncio.fixture
async def node(plane: ControlPlane) -> AsyncIterator[Standin]:
    plane.start_controllers()
    async with standin(plane) as one:
        yield one


def job(namespace: str, **notes: str) -> dict[str, Any]:
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "x"}]}
    template = {"metadata": {"annotations": notes}, "spec": pod}
    spec = {"backoffLimit": 0, "template": template}
    return {"metadata": {"name": "j", "namespace": namespace}, "spec": spec}


async def until(
    cluster: Cluster, namespace: str, seen: Callable[[dict[str, Any], dict[str, Any]], Any]
) -> Any:
    """Return the first true thing that is seen of the Job and of its pod."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            pods = (await cluster.list(PODS, namespace, labels="job-name=j")).objects
            found = seen(await cluster.get(JOBS, "j", namespace), pods[0] if pods else {})
            if found:
                return found
            await asyncio.sleep(0.05)


def condition(one: dict[str, Any], kind: str) -> Any:
    return next((each for each in one.get("status", {}).get("conditions", ()) if each["type"] == kind), None)


async def test_a_job_comes_to_its_end(cluster: Cluster, namespace: str, node: Standin):
    await cluster.create(JOBS, job(namespace, **{ENDS_WITH: "0"}), manager="ada")
    await until(cluster, namespace, lambda one, pod: condition(one, "Complete"))


async def test_a_job_fails_with_its_exit_code(cluster: Cluster, namespace: str, node: Standin):
    await cluster.create(JOBS, job(namespace), manager="ada")
    name = await until(
        cluster,
        namespace,
        lambda one, pod: pod and pod["status"]["phase"] == "Running" and pod["metadata"]["name"],
    )
    await node.finish(namespace, name, 3)
    await until(cluster, namespace, lambda one, pod: condition(one, "Failed"))
    pod = await cluster.get(PODS, name, namespace)
    assert pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 3


async def test_pods_that_can_never_start_say_why(
    cluster: Cluster, plane: ControlPlane, namespace: str, node: Standin
):
    await cluster.create(JOBS, job(namespace, **{WAITS_FOR: "ImagePullBackOff"}), manager="ada")
    waits = await until(
        cluster,
        namespace,
        lambda one, pod: (
            pod and (pod["status"].get("containerStatuses") or [{}])[0].get("state", {}).get("waiting")
        ),
    )
    assert waits["reason"] == "ImagePullBackOff"
    other = plane.new_namespace()
    await cluster.create(JOBS, job(other, **{FITS_NOWHERE: "0/1 nodes are available"}), manager="ada")
    scheduled = await until(cluster, other, lambda one, pod: pod and condition(pod, "PodScheduled"))
    assert (scheduled["reason"], scheduled["message"]) == ("Unschedulable", "0/1 nodes are available")


async def test_a_deleted_job_takes_its_pod_with_it(cluster: Cluster, namespace: str, node: Standin):
    await cluster.create(JOBS, job(namespace), manager="ada")
    name = await until(
        cluster,
        namespace,
        lambda one, pod: pod and pod["status"]["phase"] == "Running" and pod["metadata"]["name"],
    )
    await cluster.delete(JOBS, "j", namespace)
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            try:
                await cluster.get(PODS, name, namespace)
            except NotFound:
                break
            await asyncio.sleep(0.05)


async def test_a_log_is_followed_to_its_end_and_taken_up_at_a_second(
    cluster: Cluster, namespace: str, node: Standin
):
    await cluster.create(JOBS, job(namespace), manager="ada")
    name = await until(
        cluster,
        namespace,
        lambda one, pod: pod and pod["status"]["phase"] == "Running" and pod["metadata"]["name"],
    )
    await node.write(namespace, name, "one\nzwei: ü\n")
    got = b""
    async with (
        asyncio.timeout(WITHIN_SECONDS),
        aclosing(cluster.log(name, namespace, container="main")) as pieces,
    ):
        async for piece in pieces:
            got += piece
            if got.endswith("zwei: ü\n".encode()):
                await node.write(namespace, name, "three\n")
            if got.endswith(b"three\n"):
                await node.finish(namespace, name, 0)
    stamps, _, texts = zip(*(line.partition(b" ") for line in got.splitlines()), strict=True)
    assert [text.decode() for text in texts] == ["one", "zwei: ü", "three"]
    since = datetime.fromisoformat(stamps[0].decode())
    again = cluster.log(name, namespace, container="main", timestamps=False, since_time=since, follow=False)
    assert b"".join([piece async for piece in again]) == "one\nzwei: ü\nthree\n".encode()
    later = datetime(2100, 1, 1, tzinfo=UTC)
    none = cluster.log(name, namespace, container="main", since_time=later, follow=False)
    assert b"".join([piece async for piece in none]) == b""
    with pytest.raises(NotFound):
        await anext(cluster.log("absent", namespace, container="main"))
