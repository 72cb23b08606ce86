"""What the controller counts on in an API server: the one in memory, and Kubernetes' own."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from funade.clients.kubernetes import CONFIG_MAPS, JOBS, AlreadyExists, Conflict, NotFound, connect
from funade.clients.kubernetes import cluster as client
from funade.controller.cluster import Cluster
from funade.testing.cluster import FakeCluster
from tests.kubernetes import control_plane

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(240)]

ME = "contract"
FINALIZER = "funade.dev/contract"
#: Kubernetes' own controller, which another test may have started, leaves a Job alone that somebody else manages.
NOBODY = "funade.dev/nobody"


class Place:
    """One namespace of one of them."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace

    def thing(self, name: str = "thing", **metadata: Any) -> dict[str, Any]:
        return {"metadata": {"name": name, "namespace": self.namespace, **metadata}, "data": {"a": "1"}}

    async def made(self, name: str = "thing", **metadata: Any) -> dict[str, Any]:
        return await self.cluster.create(CONFIG_MAPS, self.thing(name, **metadata), manager=ME)

    async def names(self, labels: str | None = None) -> list[str]:
        listing = await self.cluster.list(CONFIG_MAPS, self.namespace, labels=labels)
        return [
            one["metadata"]["name"] for one in listing.objects if one["metadata"]["name"].startswith("thing")
        ]


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.needs("kubernetes"))])
def kind(request):
    return request.param


@pytest_asyncio.fixture
async def place(kind: str) -> AsyncIterator[Place]:
    if kind == "fake":
        yield Place(FakeCluster(), f"n-{uuid4().hex[:8]}")
        return
    plane = control_plane.shared()
    async with connect(plane.kubeconfig) as cluster:
        yield Place(cluster, plane.new_namespace())


async def test_what_was_made_is_found_and_a_second_one_is_refused(place):
    made = await place.made()
    assert made["metadata"]["uid"]
    found = await place.cluster.get(CONFIG_MAPS, "thing", place.namespace)
    assert found["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    with pytest.raises(AlreadyExists):
        await place.made()


async def test_what_is_not_there_is_not_found(place):
    with pytest.raises(NotFound):
        await place.cluster.get(CONFIG_MAPS, "thing", place.namespace)
    with pytest.raises(NotFound):
        await place.cluster.delete(CONFIG_MAPS, "thing", place.namespace)
    with pytest.raises(NotFound):
        await place.cluster.patch(CONFIG_MAPS, "thing", place.namespace, {"data": {}}, manager=ME)


async def test_only_one_of_two_who_read_the_same_version_may_replace_it(place):
    made = await place.made()
    await place.cluster.replace(CONFIG_MAPS, {**made, "data": {"a": "2"}}, manager=ME)
    with pytest.raises(Conflict):
        await place.cluster.replace(CONFIG_MAPS, {**made, "data": {"a": "3"}}, manager=ME)
    found = await place.cluster.get(CONFIG_MAPS, "thing", place.namespace)
    assert found["data"] == {"a": "2"}


async def test_a_patch_is_merged_whatever_the_version(place):
    await place.made()
    patch = {"metadata": {"annotations": {"x/y": "1"}}}
    patched = await place.cluster.patch(CONFIG_MAPS, "thing", place.namespace, patch, manager=ME)
    assert (patched["data"], patched["metadata"]["annotations"]) == ({"a": "1"}, {"x/y": "1"})


async def test_labels_choose(place):
    await place.made("thing-1", labels={"a": "x"})
    await place.made("thing-2", labels={"a": "y"})
    await place.made("thing-3")
    assert await place.names("a=x") == ["thing-1"]
    assert await place.names("a") == ["thing-1", "thing-2"]
    assert await place.names() == ["thing-1", "thing-2", "thing-3"]


async def test_pages_hold_all_that_a_list_holds_and_are_of_one_moment(place, monkeypatch):
    monkeypatch.setattr(client, "SMALL_PAGE", 2)
    assert [page async for page in place.cluster.pages(CONFIG_MAPS, place.namespace, labels="a")] != []
    for number in range(5):
        await place.made(f"thing-{number}", labels={"a": "x"})
    await place.made("thing-6")
    versions, found = [], []
    async with aclosing(place.cluster.pages(CONFIG_MAPS, place.namespace, labels="a")) as pages:
        async for page in pages:
            assert len(page.objects) <= 2
            versions.append(page.version)
            found += [one["metadata"]["name"] for one in page.objects]
            # What comes meanwhile is for a watch.
            await place.made(f"thing-a{len(versions)}", labels={"a": "x"})
    assert found == [f"thing-{number}" for number in range(5)]
    (version,) = set(versions)
    async with aclosing(place.cluster.watch(CONFIG_MAPS, place.namespace, labels="a", since=version)) as told:
        assert (await anext(told)).object["metadata"]["name"] == "thing-a1"


async def test_a_delete_is_for_that_one_in_that_version(place):
    made = await place.made()
    metadata = made["metadata"]
    await place.cluster.replace(CONFIG_MAPS, {**made, "data": {"a": "2"}}, manager=ME)
    with pytest.raises(Conflict):
        await place.cluster.delete(
            CONFIG_MAPS, "thing", place.namespace, uid=metadata["uid"], version=metadata["resourceVersion"]
        )
    with pytest.raises(Conflict):
        await place.cluster.delete(CONFIG_MAPS, "thing", place.namespace, uid=str(uuid4()))
    await place.cluster.delete(CONFIG_MAPS, "thing", place.namespace, uid=metadata["uid"])
    assert await place.names() == []


async def test_a_finalizer_keeps_it_and_its_deletion_is_another_version(place):
    made = await place.made(finalizers=[FINALIZER])
    await place.cluster.delete(CONFIG_MAPS, "thing", place.namespace)
    leaving = await place.cluster.get(CONFIG_MAPS, "thing", place.namespace)
    assert leaving["metadata"]["deletionTimestamp"]
    with pytest.raises(Conflict):
        await place.cluster.replace(CONFIG_MAPS, made, manager=ME)
    leaving["metadata"]["finalizers"] = []
    await place.cluster.replace(CONFIG_MAPS, leaving, manager=ME)
    with pytest.raises(NotFound):
        await place.cluster.get(CONFIG_MAPS, "thing", place.namespace)


async def test_a_status_is_changed_by_its_own_address_alone(place):
    containers = [{"name": "main", "image": "x"}]
    template = {"spec": {"restartPolicy": "Never", "containers": containers}}
    spec = {"suspend": True, "managedBy": NOBODY, "template": template}
    job = {"metadata": {"name": "j", "namespace": place.namespace}, "spec": spec}
    made = await place.cluster.create(JOBS, job, manager=ME)
    changed = await place.cluster.replace(JOBS, {**made, "status": {"active": 7}}, manager=ME)
    assert (changed.get("status") or {}).get("active") is None
    changed["spec"]["suspend"], changed["status"] = False, {"ready": 0, "terminating": 0}
    shown = await place.cluster.replace_status(JOBS, changed, manager=ME)
    assert shown["spec"]["suspend"] is True


async def test_a_suspended_job_may_be_let_run_and_be_cut_short(place):
    containers = [{"name": "main", "image": "x"}]
    spec = {
        "suspend": True,
        "activeDeadlineSeconds": 3600,
        "managedBy": NOBODY,
        "template": {"spec": {"restartPolicy": "Never", "containers": containers}},
    }
    job = {"metadata": {"name": "j", "namespace": place.namespace}, "spec": spec}
    made = await place.cluster.create(JOBS, job, manager=ME)
    made["spec"]["suspend"] = False
    resumed = await place.cluster.replace(JOBS, made, manager=ME)
    resumed["spec"]["activeDeadlineSeconds"] = 1
    cut = await place.cluster.replace(JOBS, resumed, manager=ME)
    assert (cut["spec"]["suspend"], cut["spec"]["activeDeadlineSeconds"]) == (False, 1)


async def test_a_watch_goes_on_from_a_list(place):
    await place.made("thing-1", labels={"a": "x"})
    listing = await place.cluster.list(CONFIG_MAPS, place.namespace, labels="a")
    await place.made("thing-2", labels={"a": "x"})
    await place.made("thing-3")
    await place.cluster.delete(CONFIG_MAPS, "thing-1", place.namespace)
    seen = []
    watched = place.cluster.watch(CONFIG_MAPS, place.namespace, labels="a", since=listing.version)
    async with aclosing(watched) as changes:
        async for change in changes:
            if change.type != "BOOKMARK":
                seen.append((change.type, change.object["metadata"]["name"]))
            if len(seen) >= 2 and seen[-1][0] == "DELETED":
                break
    assert [one for one in seen if one[0] != "MODIFIED"] == [("ADDED", "thing-2"), ("DELETED", "thing-1")]
