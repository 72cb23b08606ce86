# ruff: noqa: ASYNC110, ASYNC220, ASYNC221, ASYNC240 -- a test may block: nothing else runs in its loop
"""Who is let in, and whom we believe: keys, host keys, and what `funade check` says of a host."""

import asyncio
import re
import socket
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from funade.domain.errors import PermanentTargetError, SecretError, TemporaryTargetError
from funade.domain.orders import Standing
from tests.integration.programs import execution
from tests.integration.ssh_hosts import make_key

pytestmark = [pytest.mark.asyncio, pytest.mark.needs("sshd", "git"), pytest.mark.slow]

REVISION = "f" * 40


def place(shop, **settings):
    return shop.open(shop.release(REVISION, **settings)).place


async def look(shop, **settings):
    return (await place(shop, **settings).look(execution())).standing


def fingerprint(host) -> str:
    shown = subprocess.check_output(["ssh-keygen", "-lf", str(host.folder / "host_key.pub")], text=True)
    return shown.split()[1]


async def test_an_unknown_host_key_is_an_error_that_shows_it(shop, hosts, tmp_path):
    (tmp_path / "known").write_text("")
    with pytest.raises(PermanentTargetError, match="is not in") as said:
        await look(shop, known_hosts=str(tmp_path / "known"))
    for host in hosts.hosts:
        assert fingerprint(host) in str(said.value)
        assert f"[127.0.0.1]:{host.port}" in str(said.value)
    assert (tmp_path / "known").read_text() == ""


async def test_a_known_hosts_file_that_is_not_there_knows_nobody(shop, tmp_path):
    with pytest.raises(PermanentTargetError, match="is not in"):
        await look(shop, known_hosts=str(tmp_path / "nothing"))


async def test_a_changed_host_key_says_that_somebody_may_be_in_between(shop, hosts, tmp_path):
    other = Path(f"{make_key(tmp_path / 'other')}.pub").read_text()
    (tmp_path / "known").write_text("".join(f"[127.0.0.1]:{host.port} {other}" for host in hosts.hosts))
    with pytest.raises(PermanentTargetError, match=r"shows another key than .* somebody may be in between"):
        await look(shop, known_hosts=str(tmp_path / "known"))


async def test_a_host_is_believed_by_its_fingerprint(shop, hosts):
    known = [fingerprint(host) for host in hosts.hosts]
    section = {"known_hosts": None}
    assert await _with_fingerprints(shop, known, section) is Standing.UNSEEN
    with pytest.raises(PermanentTargetError, match="is not among `host_keys`"):
        await _with_fingerprints(shop, known[1:], section)


async def _with_fingerprints(shop, fingerprints, section):
    release = shop.release(REVISION)
    settings = {**release.target.settings, **section, "host_keys": fingerprints}
    target = shop.open(replace(release, target=replace(release.target, settings=settings)))
    return (await target.place.look(execution())).standing


async def test_a_host_that_does_not_know_our_key_says_what_to_look_at(shop, tmp_path):
    with pytest.raises(PermanentTargetError, match="does not let us in: is our public key"):
        await look(shop, key=f"file:{make_key(tmp_path / 'stranger')}")


async def test_a_key_that_is_none_is_not_repeated(shop, tmp_path):
    (tmp_path / "key").write_text("hunter22")
    with pytest.raises(PermanentTargetError, match="is no private key") as said:
        await look(shop, key=f"file:{tmp_path / 'key'}")
    assert "hunter22" not in str(said.value)
    with pytest.raises(SecretError, match="env:NOTHING"):
        await look(shop, key="env:NOTHING")


async def test_a_key_under_a_passphrase_asks_for_another_or_an_agent(shop, tmp_path):
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "hunter22", "-f", str(tmp_path / "key")]
    subprocess.run(command, check=True)
    with pytest.raises(PermanentTargetError, match="passphrase"):
        await look(shop, key=f"file:{tmp_path / 'key'}")


@pytest.mark.needs("ssh-agent", "ssh-add")
async def test_an_agent_opens_the_door(shop, hosts, tmp_path):
    path = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        while not path.exists():
            await asyncio.sleep(0.01)
        subprocess.run(
            ["ssh-add", "-q", str(hosts.key)],
            check=True,
            env={"SSH_AUTH_SOCK": str(path), "PATH": "/usr/bin"},
        )
        release = shop.release(REVISION, agent=str(path))
        settings = {**release.target.settings, "key": None}
        target = shop.open(replace(release, target=replace(release.target, settings=settings)))
        assert (await target.place.look(execution())).standing is Standing.UNSEEN
    finally:
        agent.terminate()
        agent.wait()


async def test_the_files_of_the_person_who_runs_funade_are_no_rule(shop, hosts, tmp_path, monkeypatch):
    (tmp_path / "home" / ".ssh").mkdir(parents=True)
    (tmp_path / "home" / ".ssh" / "config").write_text("Host *\n  Port 1\n  ProxyCommand touch /tmp/pwned\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert await look(shop) is Standing.UNSEEN


async def test_a_host_that_says_nothing_is_given_up_in_time(shop, hosts):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(TemporaryTargetError, match=f"{address} does not answer"):
            await look(shop, hosts=[address], connect_timeout="0.2s")


async def check(shop, **settings):
    return [
        f"{one.where}: {one.problem} — {one.remedy}"
        for one in await shop.open(shop.release(REVISION, **settings)).check()
    ]


async def test_hosts_on_which_all_is_well_have_no_problem_and_are_not_changed(shop, hosts):
    assert await check(shop, secrets={"TOKEN": "env:TOKEN"}) == []
    assert all(list(host.home.iterdir()) == [] for host in hosts.hosts)


async def test_a_check_names_each_host_with_what_is_wrong_there(shop, hosts, tmp_path):
    one, two, three = hosts.hosts
    (one.place / "current").mkdir(parents=True)
    two.place.write_text("a file")
    three.stop()
    said = await check(shop, secrets={"A": "env:NOTHING"})
    assert len(said) == 4, said
    assert re.match(r"secrets\.A: `env:NOTHING`", said[0]) or "env:NOTHING" in said[0]
    assert f"hosts ({one.address}): `{one.place}/current` is no link" in said[1]
    assert f"hosts ({two.address})" in said[2]
    assert "cannot be written" in said[2]
    assert f"hosts ({three.address}): {three.address} cannot be reached: Connection refused" in said[3]


async def test_a_check_misses_programs_by_name(shop, hosts, tmp_path):
    bare = tmp_path / "bin"
    bare.mkdir()
    for name in (
        "sh",
        "tr",
        "df",
        "date",
        "id",
        "grep",
        "readlink",
        "mv",
        "tail",
        "sed",
        "sync",
        "touch",
        "tar",
        "gzip",
    ):
        (bare / name).symlink_to(f"/bin/{name}")
    host = hosts.hosts[0]
    settings = host.folder / "sshd_config"
    before = settings.read_text()
    settings.write_text(before.replace("SetEnv ", f"SetEnv PATH={bare} "))
    host.stop()
    host.start()
    try:
        said = await check(shop)
    finally:
        settings.write_text(before)
        host.stop()
    assert [one for one in said if "flock" in one and "install util-linux" in one]
    assert [one for one in said if "setsid" in one]


async def test_a_check_tells_of_a_clock_that_is_off(shop, hosts, monkeypatch):
    ahead = datetime.now(UTC) + timedelta(minutes=10)
    monkeypatch.setattr(type(shop.surroundings.clock), "now", lambda self: ahead)
    assert len([one for one in await check(shop) if "its clock is off by" in one]) == 3


async def test_a_check_without_a_key_asks_nobody(shop):
    said = await check(shop, key="env:NOTHING")
    assert len(said) == 1
    assert said[0].startswith("key: ")


async def test_a_check_says_when_the_environment_belongs_to_another_store(shop, hosts):
    await shop.deploy(1, shop.source.commit({"a": "1"}))
    assert await check(shop) == []
    shop.surroundings.store = "store-2"
    assert (
        len([one for one in await check(shop) if "belongs to the store store-1, and this is store-2" in one])
        == 3
    )
    # `funade check` opens no store.
    shop.surroundings.store = ""
    assert await check(shop) == []
