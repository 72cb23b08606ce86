# ruff: noqa: ASYNC240 -- a test may block: nothing else runs in its loop
"""Connections that wait for the next deployment: when they are used again, and when they must not be."""

import asyncio
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from funade.domain.errors import PermanentTargetError
from funade.targets.ssh.connections import Connections
from tests.integration.programs import ending, execution
from tests.integration.ssh_hosts import make_key

pytestmark = [pytest.mark.asyncio, pytest.mark.needs("sshd", "git"), pytest.mark.slow]


@pytest.fixture
def made(hosts):
    """Count the connections that were made since."""

    def count() -> list[int]:
        return [(host.folder / "log").read_text().count("Accepted publickey") for host in hosts.hosts]

    before = count()
    return lambda: [now - then for then, now in zip(before, count(), strict=True)]


@pytest.fixture
def own_key(hosts, tmp_path) -> Path:
    return Path(shutil.copy(hosts.key, tmp_path / "own_key"))


async def until_nobody_is_connected(hosts) -> None:
    deadline = time.monotonic() + 60
    while any(host.sessions() for host in hosts.hosts):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_the_next_deployment_connects_no_more(shop, made):
    for number in (1, 2):
        revision = shop.source.commit({"a": str(number)})
        assert ending(await shop.deploy(number, revision)).exit_code == 0
        assert (await shop.observe(revision)).matches
    assert made() == [1, 1, 1]


async def test_after_a_while_they_are_closed(shop, hosts, made):
    shop.surroundings.kept["ssh"] = Connections(shop.surroundings.secrets, kept_seconds=0.05)
    await shop.deploy(1, shop.source.commit({"a": "1"}))
    await until_nobody_is_connected(hosts)
    assert ending(await shop.deploy(2, shop.source.commit({"a": "2"}))).exit_code == 0
    assert made()[0] > 1


async def test_a_connection_that_broke_meanwhile_is_made_again(shop, hosts, made):
    await shop.deploy(1, shop.source.commit({"a": "1"}))
    hosts.hosts[0].cut()
    await until_broken(hosts.hosts[0])
    assert ending(await shop.deploy(2, shop.source.commit({"a": "2"}))).exit_code == 0
    assert made() == [2, 1, 1]


async def until_broken(host) -> None:
    deadline = time.monotonic() + 60
    while host.sessions():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    # Our end hears of it when the loop next looks.
    await asyncio.sleep(0.1)


async def test_what_answers_on_a_host_may_be_gone_while_the_connection_lives(shop, hosts, made):
    await shop.deploy(1, shop.source.commit({"a": "1"}))
    for host in hosts.hosts:
        for one in host.named("sh"):
            if one.name() != "sshd":
                one.kill()
    await asyncio.sleep(0.1)
    assert ending(await shop.deploy(2, shop.source.commit({"a": "2"}))).exit_code == 0
    assert made() == [1, 1, 1]


async def test_after_a_failure_everything_begins_anew(shop, hosts, made):
    failing = {"after": [["false"]]}
    assert ending(await shop.deploy(1, shop.source.commit({"a": "1"}), hooks=failing)).exit_code == 1
    await until_nobody_is_connected(hosts)
    assert ending(await shop.deploy(2, shop.source.commit({"a": "2"}))).exit_code == 0
    assert made()[0] > 1


async def test_after_a_cancel_everything_begins_anew(shop, hosts):
    it = execution(1, fence=1)
    slow = {"before": [["sleep", "600"]]}
    target = await shop.start(it, shop.source.commit({"a": "1"}), hooks=slow)
    await target.place.cancel(it)
    await target.place.wait(it)
    await until_nobody_is_connected(hosts)


async def test_a_host_that_is_not_known_any_more_is_not_used(shop, hosts, tmp_path):
    known = Path(shutil.copy(hosts.known_hosts, tmp_path / "known"))
    await shop.deploy(1, shop.source.commit({"a": "1"}), known_hosts=str(known))
    known.write_text("")
    with pytest.raises(PermanentTargetError, match="is not in"):
        await shop.deploy(2, shop.source.commit({"a": "2"}), known_hosts=str(known))


async def test_a_key_that_was_replaced_opens_no_door_that_is_still_open(shop, own_key, tmp_path):
    await shop.deploy(1, shop.source.commit({"a": "1"}), key=f"file:{own_key}")
    own_key.write_text(make_key(tmp_path / "stranger").read_text())
    with pytest.raises(PermanentTargetError, match="does not let us in"):
        await shop.deploy(2, shop.source.commit({"a": "2"}), key=f"file:{own_key}")


async def test_another_way_to_a_host_is_another_connection(shop, hosts, made):
    jump, other, _ = hosts.hosts
    revision = shop.source.commit({"a": "1"})
    assert ending(await shop.deploy(1, revision, hosts=[other.address])).exit_code == 0
    through = {"hosts": [other.address], "jump": [jump.address]}
    assert ending(await shop.deploy(2, revision, **through)).exit_code == 0
    assert ending(await shop.deploy(3, revision, **through)).exit_code == 0
    assert made() == [1, 2, 0]


async def test_what_an_agent_opened_is_not_kept(shop, hosts, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    for one in (hosts.key, Path(f"{hosts.key}.pub")):
        shutil.copy(one, tmp_path / ".ssh" / one.name.replace("key", "id_ed25519"))
    release = shop.release(shop.source.commit({"a": "1"}))
    settings = {**release.target.settings, "key": None}
    target = shop.open(replace(release, target=replace(release.target, settings=settings)))
    await target.place.look(execution(1))
    await until_nobody_is_connected(hosts)
