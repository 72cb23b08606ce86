# ruff: noqa: ASYNC220 -- a test may block: nothing else runs in its loop
import asyncio
import os
import re
import stat
import subprocess
from dataclasses import replace

import psutil
import pytest

from funade.domain.errors import GuardRefused, TemporaryTargetError
from funade.domain.orders import EndedBy, Standing
from funade.targets.ssh import client
from tests.integration.programs import ending, execution, is_gone, read_number, until
from tests.integration.ssh_deployments import Deployments

pytestmark = [pytest.mark.asyncio, pytest.mark.needs("sshd", "git"), pytest.mark.slow]


async def test_all_hosts_stay_as_they_are_when_one_cannot_be_prepared(shop, hosts):
    first = shop.source.commit({"a": "1"})
    await shop.deploy(1, first)
    second = shop.source.commit({"a": "2"})
    address = hosts.hosts[1].address
    hook = ["sh", "-c", f'echo "on $FUNADE_HOST"; test "$FUNADE_HOST" != {address}']
    ended = ending(await shop.deploy(2, second, hooks={"before": [hook], "after": [["echo", "after"]]}))
    assert (ended.by, ended.exit_code) == (EndedBy.ITSELF, 1)
    assert [host.live for host in hosts.hosts] == [first] * 3
    assert "| after" not in shop.log(2)


async def test_after_a_failure_no_further_host_is_switched_and_it_is_said_who_has_what(shop, hosts):
    first, second = shop.source.commit({"a": "1"}), shop.source.commit({"a": "2"})
    await shop.deploy(1, first)
    address = hosts.hosts[1].address
    hook = ["sh", "-c", f'test "$FUNADE_HOST" != {address}']
    ended = ending(await shop.deploy(2, second, hooks={"after": [hook]}, at_once=1))
    assert ended.exit_code == 1
    assert [host.live for host in hosts.hosts] == [second, second, first]
    observed = await shop.observe(second)
    assert (observed.matches, observed.revision) == (False, None)
    one, two, three = (host.address for host in hosts.hosts)
    assert observed.differing == observed.shown == f"{second[:7]}: {one}, {two}; {first[:7]}: {three}"


async def test_a_retry_after_a_partial_failure_brings_all_hosts_there(shop, hosts):
    first, second = shop.source.commit({"a": "1"}), shop.source.commit({"a": "2"})
    await shop.deploy(1, first)
    await shop.deploy(2, second, hooks={"after": [["sh", "-c", "test ! -e ~/bad"]]}, at_once=1)
    (hosts.hosts[1].home / "bad").touch()
    third = shop.source.commit({"a": "3"})
    hooks = {"after": [["sh", "-c", "test ! -e ~/bad"]]}
    assert ending(await shop.deploy(3, third, hooks=hooks, at_once=1)).exit_code == 1
    assert [host.live for host in hosts.hosts] == [third, third, second]
    (hosts.hosts[1].home / "bad").unlink()
    assert ending(await shop.deploy(4, third, hooks=hooks, at_once=1)).exit_code == 0
    assert [host.live for host in hosts.hosts] == [third] * 3


async def test_a_cancel_ends_the_hooks_with_all_their_children_and_leaves_the_old_release(shop, hosts):
    first = shop.source.commit({"a": "1"})
    await shop.deploy(1, first)
    it = execution(2, fence=2)
    hook = ["sh", "-c", "trap '' TERM; sleep 600 & echo $! > ~/child; wait; sleep 600"]
    target = await shop.start(it, shop.source.commit({"a": "2"}), hooks={"before": [hook]})
    waiting = asyncio.create_task(target.place.wait(it))
    await until(lambda: all(read_number(host.home / "child") for host in hosts.hosts))
    await target.place.cancel(it)
    ended = ending(await waiting)
    assert ended.by is EndedBy.CANCEL
    for host in hosts.hosts:
        await until(lambda host=host: not psutil.pid_exists(read_number(host.home / "child")))  # type: ignore[misc]
        assert host.live == first


async def test_the_time_limit_ends_hooks(shop, hosts):
    ended = ending(
        await shop.deploy(1, shop.source.commit(), hooks={"before": [["sleep", "600"]]}, time_limit=1)
    )
    assert ended.by is EndedBy.TIME_LIMIT


async def test_a_daemon_that_a_hook_starts_is_left_alone_and_not_waited_for(shop, hosts):
    hook = ["sh", "-c", "(sleep 60 & echo $! > ~/daemon)"]
    ended = ending(await shop.deploy(1, shop.source.commit({"a": "1"}), hooks={"after": [hook]}))
    assert ended.exit_code == 0
    assert all(psutil.pid_exists(read_number(host.home / "daemon")) for host in hosts.hosts)
    ended = ending(await shop.deploy(2, shop.source.commit({"a": "2"}), hooks={}))
    assert ended.exit_code == 0
    for host in hosts.hosts:
        daemon = psutil.Process(read_number(host.home / "daemon"))
        daemon.kill()


async def test_what_runs_on_a_host_goes_on_when_the_connection_is_cut_and_is_found_again(shop, hosts):
    hook = ["sh", "-c", "echo one; touch ~/ready; while [ ! -e ~/go ]; do sleep 0.05; done; echo two"]
    it = execution(1, fence=1)
    revision = shop.source.commit({"a": "1"})
    target = await shop.start(it, revision, hooks={"before": [hook]})
    waiting = asyncio.create_task(target.place.wait(it))
    await until(lambda: all((host.home / "ready").exists() for host in hosts.hosts))
    for host in hosts.hosts:
        assert host.cut()
    with pytest.raises(TemporaryTargetError, match=r"broke|did not finish|gave no answer|cannot be reached"):
        await waiting
    assert (await target.place.look(it)).standing is Standing.RUNNING
    for host in hosts.hosts:
        (host.home / "go").touch()
    assert ending(await target.place.wait(it)).exit_code == 0
    for host in hosts.hosts:
        mine = [line for line in shop.log(1).splitlines() if line.startswith(host.address)]
        assert [line for line in mine if line.endswith(("| one", "| two"))] == [
            f"{host.address} | one",
            f"{host.address} | two",
        ]


async def test_another_process_goes_on_from_where_the_hosts_are(shop, hosts, tmp_path):
    first = shop.source.commit({"a": "1"})
    it = execution(1, fence=1)
    await shop.start(it, first, hooks={"before": [["true"]], "after": [["echo", "after"]]})
    other = Deployments(hosts, shop.source, tmp_path / "other data")
    place = other.open(other.release(first, hooks={"before": [["true"]], "after": [["echo", "after"]]})).place
    assert ending(await place.wait(it)).exit_code == 0
    assert [host.live for host in hosts.hosts] == [first] * 3


async def test_a_fenced_out_deployment_can_switch_nothing_any_more(shop, hosts):
    first, second = shop.source.commit({"a": "1"}), shop.source.commit({"a": "2"})
    old, new = execution(1, fence=1), execution(2, fence=2)
    target = await shop.start(old, first)
    request = target.place._instructions(old)  # what a process that was frozen here would still send
    await until(lambda: all((host.place / ".funade" / "ready").exists() for host in hosts.hosts))
    await asyncio.sleep(0)
    assert ending(await shop.deploy(2, second)).exit_code == 0
    for host in target.place._settings.hosts:
        with pytest.raises(GuardRefused, match="may not go on"):
            await _ask(target.place, host, request.publish(host, {}))
    assert [host.live for host in hosts.hosts] == [second] * 3
    assert ending(await target.place.wait(old)).by is EndedBy.CANCEL
    assert (await target.place.look(new)).standing is Standing.ENDED


async def _ask(place, host, request):
    with place._held():
        return await place.ask(host, request)


async def test_a_killed_wrapper_is_found_out_and_its_hook_ended(shop, hosts):
    it = execution(1, fence=1)
    hook = ["sh", "-c", "echo $$ > ~/hook; exec sleep 600"]
    target = await shop.start(it, shop.source.commit({"a": "1"}), hooks={"before": [hook]})
    await until(lambda: all(read_number(host.home / "hook") for host in hosts.hosts))
    for host in hosts.hosts:
        process = next((host.place / ".funade" / "attempts").iterdir()) / "process"
        killed = int(process.read_text().split()[2])
        os.kill(killed, 9)
        await until(lambda killed=killed: is_gone(killed))  # type: ignore[misc]
    seen = await target.place.look(it)
    assert seen.standing is Standing.LOST
    assert f"{hosts.hosts[0].address}: it was killed from outside" in (seen.problem or "")
    for host in hosts.hosts:
        await until(lambda host=host: not psutil.pid_exists(read_number(host.home / "hook")))  # type: ignore[misc]


async def test_a_process_with_the_same_number_from_another_boot_is_not_touched(shop, hosts):
    it = execution(1, fence=1)
    target = await shop.start(it, shop.source.commit({"a": "1"}), hooks={"before": [["sleep", "600"]]})
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        for host in hosts.hosts:
            folder = next((host.place / ".funade" / "attempts").iterdir())
            _, namespace, pid, birth, grace = (folder / "process").read_text().split()
            os.kill(int(pid), 9)
            await until(lambda pid=pid: is_gone(int(pid)))  # type: ignore[misc]
            (folder / "process").write_text(f"another-boot {namespace} {stranger.pid} {birth} {grace}\n")
        seen = await target.place.look(it)
        assert seen.standing is Standing.LOST
        assert "the machine was restarted while it ran" in (seen.problem or "")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
        for process in psutil.process_iter(["cmdline"]):
            if process.info["cmdline"] == ["sleep", "600"]:
                process.kill()


async def test_a_host_that_cannot_be_reached_is_named_and_nothing_begins(shop, hosts):
    revision = shop.source.commit({"a": "1"})
    dead = hosts.hosts[2]
    dead.stop()
    place = shop.open(shop.release(revision)).place
    with pytest.raises(TemporaryTargetError, match=re.escape(dead.address)):
        await place.look(execution(1, fence=1))
    with pytest.raises(TemporaryTargetError, match=re.escape(dead.address)):
        await shop.start(execution(1, fence=1), revision)
    dead.start()
    assert (await place.look(execution(1, fence=1))).standing is Standing.INTENDED
    assert (await place.cancel(execution(1, fence=1))).standing is Standing.SEALED


async def test_what_is_live_is_told_of_the_hosts_that_answer(shop, hosts):
    revision = shop.source.commit({"a": "1"})
    await shop.deploy(1, revision)
    hosts.hosts[1].stop()
    with pytest.raises(TemporaryTargetError) as said:
        await shop.observe(revision)
    assert f"{revision[:7]}: {hosts.hosts[0].address}, {hosts.hosts[2].address}" in str(said.value)
    assert f"{hosts.hosts[1].address} cannot be reached: Connection refused" in str(said.value)


async def test_a_frozen_host_is_no_success(shop, hosts, monkeypatch):
    monkeypatch.setattr(client, "KEEPALIVE_SECONDS", 0.3)
    it = execution(1, fence=1)
    target = await shop.start(it, shop.source.commit({"a": "1"}), hooks={"before": [["sleep", "600"]]})
    waiting = asyncio.create_task(target.place.wait(it))
    frozen = hosts.hosts[0]
    await until(lambda: bool(frozen.named("tail")))
    them = frozen.named("sshd")
    for one in them:
        one.suspend()
    try:
        with pytest.raises(TemporaryTargetError):
            await waiting
    finally:
        for one in them:
            one.resume()
    await target.place.cancel(it)
    assert ending(await target.place.wait(it)).by is EndedBy.CANCEL


async def test_one_connection_to_each_host_serves_a_whole_deployment(shop, hosts):
    revision = shop.source.commit({"a": "1"})
    release = shop.release(revision)
    place = shop.open(release).place
    it = execution(1, fence=1)
    before = [(host.folder / "log").read_text().count("Accepted publickey") for host in hosts.hosts]
    with place.expecting(it):
        await place.look(it)
        target = await shop.start(it, revision)
        await target.place.wait(it)
        assert (await target.observe(release)).matches
    after = [(host.folder / "log").read_text().count("Accepted publickey") for host in hosts.hosts]
    assert [now - then for then, now in zip(before, after, strict=True)] == [1, 1, 1]


async def test_hosts_are_reached_through_a_jump_host(shop, hosts):
    jump, *others = hosts.hosts
    revision = shop.source.commit({"a": "1"})
    settings = {"hosts": [one.address for one in others], "jump": [jump.address]}
    assert ending(await shop.deploy(1, revision, **settings)).exit_code == 0
    assert [one.live for one in others] == [revision] * 2
    assert not jump.place.exists()


async def test_the_guard_keeps_other_environments_out_of_the_folder(shop, hosts):
    revision = shop.source.commit({"a": "1"})
    await shop.deploy(1, revision)
    foreign = replace(execution(2, fence=2), application="blog")
    with pytest.raises(GuardRefused, match="belongs to shop/staging, and this is blog/staging"):
        await shop.start(foreign, revision)


async def test_a_guard_that_cannot_be_read_lets_nothing_begin(shop, hosts):
    revision = shop.source.commit({"a": "1"})
    await shop.deploy(1, revision)
    (hosts.hosts[1].place / ".funade" / "guard").write_text("")
    with pytest.raises(GuardRefused, match="cannot be read"):
        await shop.start(execution(2, fence=2), revision)


async def test_the_guard_is_for_its_user_alone(shop, hosts):
    await shop.deploy(1, shop.source.commit({"a": "1"}))
    mode = (hosts.hosts[0].place / ".funade").stat().st_mode
    assert stat.S_IMODE(mode) == 0o700


async def test_current_that_is_no_link_is_not_replaced(shop, hosts):
    (hosts.hosts[0].place / "current").mkdir(parents=True)
    assert ending(await shop.deploy(1, shop.source.commit({"a": "1"}))).exit_code == 1
    assert (hosts.hosts[0].place / "current").is_dir()
    assert "must be a link" in shop.log(1)
