"""The client against a real API server: following what changes, across whatever happens to it."""

import asyncio
import logging
from contextlib import aclosing
from typing import Any

import pytest

from funade.clients.kubernetes import (
    CONFIG_MAPS,
    Change,
    Cluster,
    Gone,
    NeverSent,
    TooManyRequests,
    Unreachable,
    connect,
    watching,
    wire,
)
from tests.kubernetes import control_plane
from tests.kubernetes.control_plane import ADMIN, ControlPlane
from tests.kubernetes.mischief import Busy, Cut, mischief

pytestmark = [pytest.mark.needs("kubernetes"), pytest.mark.asyncio]

WITHIN_SECONDS = 60


def config_map(namespace: str, name: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace, "labels": {"name": name}}}


async def seen(changes: Any, count: int) -> list[Change]:
    """Return so many changes, bookmarks left out."""
    found = []
    async with asyncio.timeout(WITHIN_SECONDS):
        async for change in changes:
            if change.type != "BOOKMARK":
                found.append(change)
            if len(found) == count:
                break
    return found


def told(changes: list[Change]) -> list[str]:
    return [f"{change.type} {change.object['metadata']['name']}" for change in changes]


async def test_a_watch_goes_on_where_the_list_ended(cluster: Cluster, namespace: str):
    await cluster.create(CONFIG_MAPS, config_map(namespace, "before"), manager="ada")
    listing = await cluster.list(CONFIG_MAPS, namespace)
    await cluster.create(CONFIG_MAPS, config_map(namespace, "a"), manager="ada")
    await cluster.patch(CONFIG_MAPS, "a", namespace, {"data": {"k": "v"}}, manager="ada")
    await cluster.delete(CONFIG_MAPS, "a", namespace)
    async with aclosing(cluster.watch(CONFIG_MAPS, namespace, since=listing.version)) as changes:
        assert told(await seen(changes, 3)) == ["ADDED a", "MODIFIED a", "DELETED a"]


async def test_a_watch_that_ended_is_taken_up_without_a_gap(cluster: Cluster, namespace: str):
    since = (await cluster.list(CONFIG_MAPS, namespace)).version
    found = []
    for number in range(5):
        await cluster.create(CONFIG_MAPS, config_map(namespace, f"a{number}"), manager="ada")
        async with aclosing(cluster.watch(CONFIG_MAPS, namespace, since=since)) as changes:
            found += await seen(changes, 1)
        since = found[-1].version
    assert told(found) == [f"ADDED a{number}" for number in range(5)]


async def test_a_watch_without_a_beginning_brings_what_is_there(cluster: Cluster, namespace: str):
    await cluster.create(CONFIG_MAPS, config_map(namespace, "a"), manager="ada")
    await cluster.create(CONFIG_MAPS, config_map(namespace, "b"), manager="ada")
    async with aclosing(cluster.watch(CONFIG_MAPS, namespace, labels="name=b")) as changes:
        assert told(await seen(changes, 1)) == ["ADDED b"]


async def test_the_server_ends_a_watch_and_tells_before_how_far_it_came(
    cluster: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(watching, "SHORTEST_SECONDS", 3)
    monkeypatch.setattr(watching, "LONGEST_SECONDS", 3)
    since = (await cluster.list(CONFIG_MAPS, namespace)).version
    async with asyncio.timeout(WITHIN_SECONDS):
        changes = [change async for change in cluster.watch(CONFIG_MAPS, namespace, since=since)]
    assert {change.type for change in changes} <= {"BOOKMARK"}
    assert all(int(change.version) >= int(since) for change in changes)


async def test_a_restart_of_the_api_server_breaks_the_watch_and_another_list_loses_nothing():
    with control_plane.running() as plane:
        namespace = plane.new_namespace()
        async with connect(plane.kubeconfig) as cluster:
            since = (await cluster.list(CONFIG_MAPS, namespace)).version
            first = asyncio.create_task(seen(cluster.watch(CONFIG_MAPS, namespace, since=since), 2))
            await cluster.create(CONFIG_MAPS, config_map(namespace, "a"), manager="ada")
            await asyncio.to_thread(plane.stop_api)
            with pytest.raises(Unreachable):
                await first
            async with asyncio.timeout(WITHIN_SECONDS):
                while True:
                    with pytest.raises(Unreachable) as raised:
                        await cluster.create(CONFIG_MAPS, config_map(namespace, "b"), manager="ada")
                    # A connection that was kept may end only with the first request that takes it.
                    if isinstance(raised.value, NeverSent):
                        break
            assert not raised.value.maybe_done
            await asyncio.to_thread(plane.start_api)
            await cluster.create(CONFIG_MAPS, config_map(namespace, "b"), manager="ada")
            listing = await cluster.list(CONFIG_MAPS, namespace)
            assert [one["metadata"]["name"] for one in listing.objects] == ["a", "b"]
            # What was before its start is forgotten by a server that has just started.
            with pytest.raises(Gone):
                await seen(cluster.watch(CONFIG_MAPS, namespace, since="1"), 1)
            await cluster.delete(CONFIG_MAPS, "a", namespace)
            async with aclosing(cluster.watch(CONFIG_MAPS, namespace, since=listing.version)) as again:
                assert told(await seen(again, 1)) == ["DELETED a"]


async def test_a_read_waits_as_long_as_a_busy_server_says(
    plane: ControlPlane, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    pauses = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(wire, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr("funade.clients.kubernetes.wire.asyncio.sleep", sleep)
    async with mischief(plane) as proxy, connect(plane.write_document(plane.behind(proxy.url))) as cluster:
        proxy.next += [Busy(429, headers={"Retry-After": "7"}), Busy(503), Cut()]
        assert (await cluster.list(CONFIG_MAPS, namespace)).objects == []
        assert len(proxy.requests) == 4
        assert 7 <= pauses[0] < 9
        assert pauses[1] < 1


async def test_a_read_ends_after_a_few_tries(
    plane: ControlPlane, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(wire, "FIRST_PAUSE_SECONDS", 0.001)
    async with mischief(plane) as proxy, connect(plane.write_document(plane.behind(proxy.url))) as cluster:
        proxy.next += [Busy(429)] * 10
        with pytest.raises(TooManyRequests):
            await cluster.get(CONFIG_MAPS, "a", namespace)
        with pytest.raises(TooManyRequests):
            await seen(cluster.watch(CONFIG_MAPS, namespace), 1)
        assert len(proxy.requests) == 2 * wire.ATTEMPTS


@pytest.mark.parametrize(
    "trouble",
    [Busy(429, headers={"Retry-After": "3"}), Busy(503), Busy(500), Cut(), Cut(heard=True)],
    ids=["429", "503", "500", "cut", "done and cut"],
)
async def test_a_write_is_asked_for_once(plane: ControlPlane, namespace: str, trouble: Busy | Cut):
    async with mischief(plane) as proxy, connect(plane.write_document(plane.behind(proxy.url))) as cluster:
        proxy.next.append(trouble)
        with pytest.raises((Unreachable, TooManyRequests)) as raised:
            await cluster.create(CONFIG_MAPS, config_map(namespace, "a"), manager="ada")
        assert len(proxy.requests) == 1
        if isinstance(raised.value, TooManyRequests):
            assert raised.value.retry_after is not None
            assert raised.value.retry_after.seconds == 3
        else:
            assert raised.value.maybe_done
        assert ADMIN not in str(raised.value)
        there = [one["metadata"]["name"] for one in (await cluster.list(CONFIG_MAPS, namespace)).objects]
        assert there == (["a"] if trouble == Cut(heard=True) else [])


async def test_a_watch_that_breaks_says_so(plane: ControlPlane, namespace: str):
    async with mischief(plane) as proxy, connect(plane.write_document(plane.behind(proxy.url))) as cluster:
        since = (await cluster.list(CONFIG_MAPS, namespace)).version
        watch = cluster.watch(CONFIG_MAPS, namespace, since=since)
        await cluster.create(CONFIG_MAPS, config_map(namespace, "a"), manager="ada")
        assert told(await seen(watch, 1)) == ["ADDED a"]
        proxy.cut_streams()
        with pytest.raises(Unreachable):
            await seen(watch, 1)


async def test_a_watch_that_is_silent_for_too_long_is_taken_for_broken(
    cluster: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(watching, "SHORTEST_SECONDS", 60)
    monkeypatch.setattr(watching, "LONGEST_SECONDS", 60)
    monkeypatch.setattr(watching, "LATE_SECONDS", -59)
    since = (await cluster.list(CONFIG_MAPS, namespace)).version
    with pytest.raises(Unreachable, match="SocketTimeoutError"):
        await seen(cluster.watch(CONFIG_MAPS, namespace, since=since), 1)


async def test_no_request_is_written_into_a_log(
    plane: ControlPlane, namespace: str, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.DEBUG):
        async with connect(plane.kubeconfig) as cluster:
            await cluster.list(CONFIG_MAPS, namespace)
    assert [
        one.name for one in caplog.records if one.name.startswith(("aiohttp", "asyncio", "http", "lightkube"))
    ] == []
    assert ADMIN not in caplog.text


@pytest.mark.parametrize("page", ["<html>please log in</html>", "[]", '"yes"'])
async def test_what_is_no_api_server_is_not_believed(
    plane: ControlPlane, namespace: str, page: str, monkeypatch
):
    monkeypatch.setattr(wire, "FIRST_PAUSE_SECONDS", 0.001)
    async with mischief(plane) as proxy, connect(plane.write_document(plane.behind(proxy.url))) as cluster:
        proxy.next.append(Busy(200, body=page))
        with pytest.raises(Unreachable, match="no API server"):
            await cluster.create(CONFIG_MAPS, config_map(namespace, "a"), manager="ada")
        proxy.next += [Busy(200, body=page)]
        with pytest.raises(Unreachable, match="no API server"):
            await seen(cluster.watch(CONFIG_MAPS, namespace), 1)
