"""Whoever deploys on a host need not be root there."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.programs import ending

pytestmark = [pytest.mark.asyncio, pytest.mark.needs("sshd", "git", "useradd"), pytest.mark.slow]


@pytest.fixture
def somebody() -> Iterator[pwd.struct_passwd]:
    """Give a user who may log in and is not root."""
    if os.geteuid() != 0:
        pytest.skip("only root may make another user; here nobody is root anyway")
    name = f"funade-{os.getpid()}"
    # With `*` no password opens it, and it is not locked, or sshd would let nobody in.
    making = ["useradd", "--no-create-home", "--no-user-group", "--shell", "/bin/sh", "--password", "*", name]
    subprocess.run(making, check=True)
    try:
        yield pwd.getpwnam(name)
    finally:
        subprocess.run(["userdel", "--force", name], check=True, capture_output=True)


@pytest.fixture
def theirs(somebody, hosts):
    """Give a folder that is theirs, and let them into the first host."""
    folder = Path(tempfile.mkdtemp(prefix="funade-theirs-"))
    shutil.copy(f"{hosts.key}.pub", folder / "keys")
    os.chown(folder, somebody.pw_uid, somebody.pw_gid)
    host = hosts.hosts[0]
    configuration = host.folder / "sshd_config"
    before = configuration.read_text()
    configuration.write_text(f"{before}Match User {somebody.pw_name}\n  AuthorizedKeysFile {folder}/keys\n")
    host.stop()
    host.start()
    yield folder
    configuration.write_text(before)
    host.stop()
    shutil.rmtree(folder)


async def test_a_user_without_rights_deploys_where_they_may_write(shop, hosts, somebody, theirs):
    settings = {
        "hosts": [f"{somebody.pw_name}@{hosts.hosts[0].address}"],
        "path": str(theirs / "shop"),
        "shared": ["log/"],
        "hooks": {"before": [["sh", "-c", "id -u > who"]], "after": [["sh", "-c", "touch log/after"]]},
    }
    assert await shop.open(shop.release("f" * 40, **settings)).check() == []
    first, second = shop.source.commit({"a": "1"}), shop.source.commit({"a": "2"})
    for number, revision in enumerate((first, second, first), 1):
        assert ending(await shop.deploy(number, revision, **settings)).exit_code == 0, shop.log(number)
        assert (await shop.observe(revision, **settings)).matches
    live = theirs / "shop" / "current"
    assert (live / "who").read_text() == f"{somebody.pw_uid}\n"
    assert {one.lstat().st_uid for one in (theirs / "shop").rglob("*")} == {somebody.pw_uid}
    assert (theirs / "shop" / "shared" / "log" / "after").exists()


@pytest.mark.usefixtures("theirs")
async def test_a_user_who_may_not_write_is_told_so(shop, hosts, somebody):
    settings = {"hosts": [f"{somebody.pw_name}@{hosts.hosts[0].address}"], "path": "/usr/local/shop"}
    target = shop.open(shop.release(shop.source.commit({"a": "1"}), **settings))
    problems = [str(one.problem) for one in await target.check()]
    assert problems == ["`/usr/local/shop` cannot be written: `/usr/local` does not let us"]
