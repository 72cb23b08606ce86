# ruff: noqa: ASYNC221 -- a test may block: nothing else runs in its loop
"""A host whose cable is slow or pulled, and one whose disk is full."""

import asyncio
import os
import random
import subprocess
from collections.abc import Iterator

import pytest
import pytest_socket

from funade.domain.errors import TemporaryTargetError
from funade.targets.ssh import client
from tests.integration.cable import Cable, cable
from tests.integration.programs import ending, execution, until
from tests.integration.ssh_deployments import Deployments, Source
from tests.integration.ssh_hosts import Fleet, fleet

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.needs("sshd", "git", "ip", "tc"),
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may make networks and disks"),
]


@pytest.fixture
def wire() -> Iterator[Cable]:
    with cable() as it:
        # The other end is on this machine, in a namespace of ours: still nothing leaves it.
        pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", it.theirs])
        yield it


@pytest.fixture
def hosts(tmp_path, wire) -> Iterator[Fleet]:
    with fleet(tmp_path / "fleet", 0) as them:
        them.add("far", wire)
        yield them


@pytest.fixture
def shop(hosts, tmp_path) -> Deployments:
    return Deployments(hosts, Source(tmp_path / "source"), tmp_path / "data")


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Fleet]:
    with fleet(tmp_path / "fleet", 2) as them:
        home = them.hosts[1].home
        mounted = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(home)]
        if subprocess.run(mounted, check=False, capture_output=True).returncode != 0:
            pytest.skip("only root with CAP_SYS_ADMIN can mount a small disk")
        try:
            yield them
        finally:
            subprocess.run(["umount", "-l", home], check=True)


def noise(bytes: int) -> str:
    return random.Random(7).randbytes(bytes // 2).hex()


async def test_a_slow_cable_takes_its_time_and_nothing_else(shop, hosts, wire):
    # What is sent waits longer in the buffers on the way than a dead host is waited for.
    wire.slow_down(400_000)
    revision = shop.source.commit({"big": noise(2_000_000)})
    assert ending(await shop.deploy(1, revision)).exit_code == 0
    assert hosts.hosts[0].live == revision


async def test_a_pulled_cable_is_no_success_and_no_second_start(shop, hosts, wire, monkeypatch):
    monkeypatch.setattr(client, "KEEPALIVE_SECONDS", 0.3)
    host = hosts.hosts[0]
    hook = ["sh", "-c", "echo begun >> ~/ready; while [ ! -e ~/go ]; do sleep 0.05; done"]
    it = execution(1, fence=1)
    revision = shop.source.commit({"a": "1"})
    target = await shop.start(it, revision, hooks={"before": [hook]})
    waiting = asyncio.create_task(target.place.wait(it))
    await until((host.home / "ready").exists)
    wire.pull()
    (host.home / "go").touch()
    with pytest.raises(TemporaryTargetError):
        await waiting
    wire.plug_in()
    assert ending(await until_it_answers(target.place.wait, it)).exit_code == 0
    assert host.live == revision
    assert (host.home / "ready").read_text() == "begun\n"


async def test_a_full_disk_leaves_the_old_release_and_says_which_host(small_disk, tmp_path):
    shop = Deployments(small_disk, Source(tmp_path / "source"), tmp_path / "data")
    full = small_disk.hosts[1]
    first = shop.source.commit({"a": "1"})
    assert ending(await shop.deploy(1, first)).exit_code == 0
    second = shop.source.commit({"big": noise(2_000_000)})
    with pytest.raises(TemporaryTargetError, match=f"(?s){full.address}.*is the disk full"):
        await shop.deploy(2, second)
    assert [host.live for host in small_disk.hosts] == [first, first]
    subprocess.run(["mount", "-o", "remount,size=20m", full.home], check=True)
    assert ending(await shop.deploy(3, second)).exit_code == 0
    assert [host.live for host in small_disk.hosts] == [second, second]
    assert (full.place / "current" / "big").stat().st_size == 2_000_000


async def until_it_answers(ask, it):
    while True:
        try:
            return await ask(it)
        except TemporaryTargetError:
            await asyncio.sleep(0.1)
