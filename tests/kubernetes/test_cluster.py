"""The client against a real API server: reading and writing."""

import asyncio
import base64
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest

from funade.clients.kubernetes import (
    CONFIG_MAPS,
    LEASES,
    NAMESPACES,
    PODS,
    SECRETS,
    AlreadyExists,
    Cluster,
    ClusterError,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    Kind,
    NotFound,
    Unauthorized,
    connect,
)
from funade.clients.kubernetes import (
    cluster as client,
)
from tests.kubernetes.control_plane import ADMIN, ControlPlane
from tests.kubernetes.mischief import Busy, mischief

pytestmark = [pytest.mark.needs("kubernetes"), pytest.mark.asyncio]

DEPLOY_QUEUES = Kind("funade.test", "v1", "deployqueues", "DeployQueue")


def config_map(namespace: str, name: str = "a", **data: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace}, "data": data}


async def test_what_was_created_is_found(cluster: Cluster, namespace: str):
    made = await cluster.create(CONFIG_MAPS, config_map(namespace, k="v"), manager="ada")
    assert made["metadata"]["managedFields"][0]["manager"] == "ada"
    assert await cluster.get(CONFIG_MAPS, "a", namespace) == made
    with pytest.raises(NotFound, match="get ConfigMap `b` in `t-"):
        await cluster.get(CONFIG_MAPS, "b", namespace)


async def test_a_name_is_given_once(cluster: Cluster, namespace: str):
    await cluster.create(CONFIG_MAPS, config_map(namespace), manager="ada")
    with pytest.raises(AlreadyExists) as raised:
        await cluster.create(CONFIG_MAPS, config_map(namespace), manager="ada")
    assert raised.value.status == 409


async def test_only_one_of_two_that_saw_the_same_replaces_it(cluster: Cluster, namespace: str):
    seen = await cluster.create(CONFIG_MAPS, config_map(namespace), manager="ada")
    tries = [
        cluster.replace(CONFIG_MAPS, {**seen, "data": {"by": str(number)}}, manager=str(number))
        for number in range(10)
    ]
    ends = await asyncio.gather(*tries, return_exceptions=True)
    won = [end for end in ends if isinstance(end, dict)]
    assert len(won) == 1
    assert all(isinstance(end, Conflict) for end in ends if end is not won[0])
    assert (await cluster.get(CONFIG_MAPS, "a", namespace))["data"] == won[0]["data"]


async def test_a_patch_merges_and_can_ask_for_a_version(cluster: Cluster, namespace: str):
    seen = await cluster.create(CONFIG_MAPS, config_map(namespace, keep="1", drop="2"), manager="ada")
    patched = await cluster.patch(
        CONFIG_MAPS, "a", namespace, {"data": {"drop": None, "new": "3"}}, manager="bob"
    )
    assert patched["data"] == {"keep": "1", "new": "3"}
    old = {"metadata": {"resourceVersion": seen["metadata"]["resourceVersion"]}, "data": {"keep": "9"}}
    with pytest.raises(Conflict):
        await cluster.patch(CONFIG_MAPS, "a", namespace, old, manager="bob")


async def test_applying_says_whose_field_it_is_and_takes_it_only_by_force(cluster: Cluster, namespace: str):
    await cluster.apply(CONFIG_MAPS, config_map(namespace, k="ada's"), manager="ada")
    with pytest.raises(Conflict, match='"ada"') as raised:
        await cluster.apply(CONFIG_MAPS, config_map(namespace, k="bob's"), manager="bob")
    assert [cause.field for cause in raised.value.causes] == [".data.k"]
    forced = await cluster.apply(CONFIG_MAPS, config_map(namespace, k="bob's"), manager="bob", force=True)
    assert forced["data"] == {"k": "bob's"}


async def test_applying_twice_changes_nothing(cluster: Cluster, namespace: str):
    first = await cluster.apply(CONFIG_MAPS, config_map(namespace, k="v"), manager="ada")
    second = await cluster.apply(CONFIG_MAPS, config_map(namespace, k="v"), manager="ada")
    assert first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"]


async def test_a_dry_run_checks_everything_and_does_nothing(cluster: Cluster, namespace: str):
    shown = await cluster.apply(CONFIG_MAPS, config_map(namespace, k="v"), manager="ada", dry_run=True)
    assert shown["data"] == {"k": "v"}
    with pytest.raises(NotFound):
        await cluster.get(CONFIG_MAPS, "a", namespace)
    with pytest.raises(Invalid):
        await cluster.apply(
            CONFIG_MAPS, config_map(namespace, **{"no/key": "v"}), manager="ada", dry_run=True
        )


async def test_only_the_object_that_was_meant_is_deleted(cluster: Cluster, namespace: str):
    seen = await cluster.create(CONFIG_MAPS, config_map(namespace), manager="ada")
    metadata = seen["metadata"]
    await cluster.patch(CONFIG_MAPS, "a", namespace, {"data": {"k": "v"}}, manager="bob")
    with pytest.raises(Conflict):
        await cluster.delete(CONFIG_MAPS, "a", namespace, version=metadata["resourceVersion"])
    with pytest.raises(Conflict):
        await cluster.delete(CONFIG_MAPS, "a", namespace, uid="another")
    await cluster.delete(CONFIG_MAPS, "a", namespace, uid=metadata["uid"], grace=timedelta(0))
    with pytest.raises(NotFound):
        await cluster.delete(CONFIG_MAPS, "a", namespace)


async def test_a_status_is_written_without_the_rest(cluster: Cluster, namespace: str):
    # No controller touches a pod that belongs to nobody.
    pod = await cluster.create(PODS, a_pod(namespace), manager="ada")
    pod["status"] = {"phase": "Pending", "message": "waits"}
    pod["spec"]["containers"][0]["image"] = "y"
    written = await cluster.replace_status(PODS, pod, manager="ada")
    assert written["status"]["message"] == "waits"
    assert written["spec"]["containers"][0]["image"] == "x"


async def test_all_pages_of_a_list_are_read(
    cluster: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(client, "PAGE", 7)
    made = [cluster.create(LEASES, a_lease(namespace, f"l{number}"), manager="ada") for number in range(30)]
    await asyncio.gather(*made)
    listing = await cluster.list(LEASES, namespace)
    assert {one["metadata"]["name"] for one in listing.objects} == {f"l{number}" for number in range(30)}
    assert {(one["apiVersion"], one["kind"]) for one in listing.objects} == {
        ("coordination.k8s.io/v1", "Lease")
    }
    assert [
        len((await cluster.list(LEASES, namespace, labels=label)).objects) for label in ("odd=1", "odd")
    ] == [15, 30]


async def test_a_list_whose_rest_was_forgotten_is_read_at_once(
    plane: ControlPlane, cluster: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(client, "PAGE", 2)
    for number in range(5):
        await cluster.create(LEASES, a_lease(namespace, f"l{number}"), manager="ada")
    async with mischief(plane) as proxy, connect(plane.write_document(plane.behind(proxy.url))) as slow:
        # As the server says it when `continue` is older than what etcd remembers.
        proxy.next += [
            None,
            Busy(410, {"kind": "Status", "reason": "Expired", "code": 410, "message": "too old"}),
        ]
        assert len((await slow.list(LEASES, namespace)).objects) == 5
        assert len(proxy.requests) == 3


async def test_pages_whose_rest_was_forgotten_say_so(
    plane: ControlPlane, cluster: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(client, "SMALL_PAGE", 2)
    for number in range(3):
        await cluster.create(LEASES, a_lease(namespace, f"l{number}"), manager="ada")
    async with mischief(plane) as proxy, connect(plane.write_document(plane.behind(proxy.url))) as slow:
        expired = {"kind": "Status", "reason": "Expired", "code": 410, "message": "too old"}
        proxy.next += [None, Busy(410, expired)]
        async with aclosing(slow.pages(LEASES, namespace)) as pages:
            assert len((await anext(pages)).objects) == 2
            with pytest.raises(Gone):
                await anext(pages)


async def test_who_may_not_is_told_so_and_who_may_may(plane: ControlPlane, namespace: str):
    token = plane.new_account(namespace, "bob")
    plane.allow(namespace, "bob", "get", "configmaps")
    async with connect(plane.write_kubeconfig("bob", token)) as bob:
        with pytest.raises(Forbidden, match="cannot list"):
            await bob.list(CONFIG_MAPS, namespace)
        assert await bob.can("get", CONFIG_MAPS, namespace)
        assert not await bob.can("get", SECRETS, namespace)
        assert not await bob.can("get", CONFIG_MAPS)


async def test_a_stranger_is_refused_without_showing_the_token(plane: ControlPlane, namespace: str):
    async with connect(plane.write_kubeconfig("eve", "eves-own-token")) as eve:
        with pytest.raises(Unauthorized) as raised:
            await eve.get(CONFIG_MAPS, "a", namespace)
    assert "eves-own-token" not in repr(raised.value) + str(raised.value)


async def test_an_error_about_a_secret_does_not_hold_it(cluster: Cluster, namespace: str):
    wrong = {"metadata": {"name": "s", "namespace": namespace}, "type": "kubernetes.io/dockerconfigjson"}
    for data in (
        {".dockerconfigjson": base64.b64encode(b"hunter2").decode()},
        {".dockerconfigjson": "hunter2!"},
    ):
        with pytest.raises(ClusterError) as raised:
            await cluster.apply(SECRETS, {**wrong, "data": data}, manager="ada")
        assert "hunter2" not in str(raised.value)


async def test_an_absent_namespace_and_an_unknown_kind_are_not_found(cluster: Cluster):
    with pytest.raises(NotFound, match="nowhere"):
        await cluster.apply(CONFIG_MAPS, config_map("nowhere"), manager="ada")
    with pytest.raises(NotFound):
        await cluster.list(DEPLOY_QUEUES, "default")


@pytest.mark.parametrize("name", ["..", ".", "", "../../../api/v1/namespaces"])
async def test_a_name_is_never_a_way_to_another_object(cluster: Cluster, namespace: str, name: str):
    with pytest.raises((Invalid, NotFound)):
        await cluster.get(CONFIG_MAPS, name, namespace)
    with pytest.raises((Invalid, NotFound)):
        await cluster.delete(CONFIG_MAPS, name, namespace)


async def test_an_object_without_its_namespace_is_our_mistake(cluster: Cluster):
    with pytest.raises(ValueError, match="in which namespace"):
        await cluster.create(CONFIG_MAPS, {"metadata": {"name": "a"}}, manager="ada")
    assert (await cluster.get(NAMESPACES, "default"))["metadata"]["name"] == "default"


async def test_nobody_hears_the_token(cluster: Cluster):
    assert ADMIN not in repr(cluster) + repr(vars(cluster))


def a_pod(namespace: str) -> dict[str, Any]:
    spec = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "x"}]}
    return {"metadata": {"name": "p", "namespace": namespace}, "spec": spec}


def a_lease(namespace: str, name: str) -> dict[str, Any]:
    odd = str(int(name[-1]) % 2) if name[-1].isdigit() else "no"
    return {"metadata": {"name": name, "namespace": namespace, "labels": {"odd": odd}}, "spec": {}}
