# ruff: noqa: ASYNC221, ASYNC240 -- a test may block: nothing else runs in its loop
import os
import re
import subprocess
from pathlib import Path

import psutil
import pytest

from funade.domain.application import Repository
from funade.domain.errors import PermanentTargetError
from tests.integration.programs import ending, execution, until
from tests.integration.ssh_deployments import SECRET, Deployments, Source

pytestmark = [pytest.mark.asyncio, pytest.mark.needs("sshd", "git"), pytest.mark.slow]


def tree(folder: Path) -> dict[str, str]:
    """Return every file below `folder` with its kind, its right to be executed and its content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = f"{oct(path.stat().st_mode & 0o777)} {path.read_text()}"
    return found


async def test_a_release_is_exactly_the_revisions_tree_and_live_on_every_host(shop, hosts):
    first = shop.source.commit({"index.html": "one\n", "bin/run": "#!/bin/sh\n", "a b/ü\t.txt": "x\n"})
    (shop.source.folder / "link").symlink_to("bin/run")
    second = shop.source.commit()
    (shop.source.folder / "index.html").write_text("changed by nobody who commits\n")
    (shop.source.folder / "stray").write_text("not committed\n")
    assert ending(await shop.deploy(1, second)).exit_code == 0
    for host in hosts.hosts:
        assert tree(host.place / "current") == {
            "REVISION": f"0o644 {second}\n",
            "a b/ü\t.txt": "0o644 x\n",
            "bin/run": "0o755 #!/bin/sh\n",
            "index.html": "0o644 one\n",
            "link": "-> bin/run",
        }
        assert str((host.place / "current").readlink()) == f"releases/{host.releases[0]}"
    observed = await shop.observe(second)
    assert (observed.matches, observed.revision) == (True, second)
    assert (await shop.observe(first)).matches is False


async def test_what_other_repositories_and_large_files_add_is_sent_as_it_was_checked_out(hosts, tmp_path):
    repository = Repository(url="https://example.invalid/shop.git", submodules=True)
    shop = Deployments(hosts, Source(tmp_path / "source"), tmp_path / "data", repository=repository)
    revision = shop.source.commit({"index.html": "one\n", "bin/run": "#!/bin/sh\n"})
    (shop.source.folder / "link").symlink_to("bin/run")
    inner = shop.source.folder / "lib" / "inner"
    inner.mkdir(parents=True)
    (inner / ".git").write_text("gitdir: ../../.git/modules/inner\n")
    (inner / "more.txt").write_text("more\n")
    (inner / "more.txt").chmod(0o666)
    assert ending(await shop.deploy(1, revision)).exit_code == 0
    for host in hosts.hosts:
        assert tree(host.place / "current") == {
            "REVISION": f"0o644 {revision}\n",
            "bin/run": "0o755 #!/bin/sh\n",
            "index.html": "0o644 one\n",
            "lib/inner/more.txt": "0o644 more\n",
            "link": "-> bin/run",
        }


async def test_nothing_is_sent_that_is_there_and_a_rollback_switches_back(shop, hosts):
    first, second = shop.source.commit({"a": "1"}), shop.source.commit({"a": "2"})
    hooks = {"before": [["sh", "-c", "echo before; echo x >> made"]], "after": [["echo", "after"]]}
    for number, revision in enumerate((first, second), 1):
        await shop.deploy(number, revision, hooks=hooks)
    names = {host.name: host.releases for host in hosts.hosts}
    await shop.deploy(3, first, hooks=hooks)
    assert {host.name: host.releases for host in hosts.hosts} == names
    for host in hosts.hosts:
        assert host.live == first
        assert (host.place / "current" / "made").read_text() == "x\n"
        assert not [*(host.place / ".funade").glob("incoming/*")]
    assert "is here already" in shop.log(3)
    assert "| before" not in shop.log(3)
    assert shop.log(3).count("| after\n") == 3


async def test_a_release_that_is_not_whole_any_more_is_made_anew(shop, hosts):
    first, second = shop.source.commit({"a": "1"}), shop.source.commit({"a": "2"})
    await shop.deploy(1, first)
    await shop.deploy(2, second)
    for host in hosts.hosts:
        (host.place / "releases" / host.releases[0] / "REVISION").unlink()
    assert ending(await shop.deploy(3, first)).exit_code == 0
    assert [host.live for host in hosts.hosts] == [first] * 3


async def test_only_so_many_releases_are_kept_but_never_without_the_one_before(shop, hosts):
    for number in range(1, 5):
        await shop.deploy(number, shop.source.commit({"a": str(number)}), keep=2)
    (host, *_) = hosts.hosts
    assert len(host.releases) == 2
    good = host.live
    broken = [shop.source.commit({"a": f"broken {number}"}) for number in range(3)]
    for number, revision in enumerate(broken, 5):
        assert (
            ending(await shop.deploy(number, revision, keep=1, hooks={"after": [["false"]]})).exit_code == 1
        )
    kept = {(host.place / "releases" / one / "REVISION").read_text().strip() for one in host.releases}
    assert {good, broken[-1]} <= kept
    assert broken[0] not in kept


async def test_what_others_put_beside_the_releases_is_left_alone(shop, hosts):
    for host in hosts.hosts:
        (host.place / "releases" / "20200101000000").mkdir(parents=True)
    for number in (1, 2, 3):
        await shop.deploy(number, shop.source.commit({"a": str(number)}), keep=1)
    assert all("20200101000000" in host.releases for host in hosts.hosts)


async def test_shared_files_and_folders_are_linked_into_every_release(shop, hosts):
    revision = shop.source.commit({"log/.keep": "", "config/app.yml": "of the repository\n"})
    for host in hosts.hosts:
        (host.place / "shared" / "config").mkdir(parents=True)
        (host.place / "shared" / "config" / "app.yml").write_text("of the host\n")
    ended = ending(await shop.deploy(1, revision, shared=["log/", "tmp/pids/", "config/app.yml"]))
    assert ended.exit_code == 0
    for host in hosts.hosts:
        (host.place / "current" / "log" / "x").write_text("kept")
        assert (host.place / "shared" / "log" / "x").exists()
        assert (host.place / "current" / "config" / "app.yml").read_text() == "of the host\n"
        assert (host.place / "current" / "tmp" / "pids").resolve() == host.place / "shared" / "tmp" / "pids"


async def test_a_shared_file_that_is_not_there_says_what_to_do_and_changes_nothing(shop, hosts):
    first = shop.source.commit({"a": "1"})
    await shop.deploy(1, first)
    assert ending(await shop.deploy(2, shop.source.commit({"a": "2"}), shared=["config.yml"])).exit_code == 1
    assert "shared/config.yml` is not there: put it there, or write `config.yml/`" in shop.log(2)
    assert [host.live for host in hosts.hosts] == [first] * 3


async def test_a_shared_file_never_leads_out_of_the_release_through_a_link(shop, hosts, tmp_path):
    (tmp_path / "victim").mkdir()
    (shop.source.folder / "config").symlink_to(tmp_path / "victim")
    ended = ending(await shop.deploy(1, shop.source.commit(), shared=["config/app/"]))
    assert ended.exit_code == 1
    assert list((tmp_path / "victim").iterdir()) == []
    assert "would leave the release" in shop.log(1)


async def test_a_tree_with_names_that_lead_out_of_it_is_not_sent(shop, hosts):
    blob = shop.source.commit({"a": "1"}) and shop.source.git("hash-object", "-w", "a")
    inner = (
        subprocess.run(
            [
                "git",
                "-C",
                str(shop.source.folder),
                "hash-object",
                "-t",
                "tree",
                "-w",
                "--stdin",
                "--literally",
            ],
            input=b"100644 ..\0" + bytes.fromhex(blob),
            capture_output=True,
            check=True,
        )
        .stdout.decode()
        .strip()
    )
    commit = shop.source.git("commit-tree", inner, "-m", "evil")
    with pytest.raises(PermanentTargetError, match="lead out of the release"):
        await shop.start(execution(1, fence=1), commit)
    assert all(not (host.place / "releases").exists() for host in hosts.hosts)


async def test_arguments_and_variables_are_data_for_every_shell_on_the_way(shop, hosts):
    evil = [
        "$(touch /tmp/pwned)",
        "`id`",
        "a'b\"c",
        "two\nlines\n",
        "back\\slash \\n",
        "; exit 9",
        "é 日本",
        "-n",
        "",
    ]
    hook = ["printf", "<%s>", *evil]
    revision = shop.source.commit({"a": "1"})
    environment = {
        "HERE": "x'\n$(id)",
        "here": "lower",
        "key": "mine",
        "PATH": os.environ["PATH"] + ":/odd place",
    }
    show = ["sh", "-c", 'printf "%s|%s|%s|%s\\n" "$HERE" "$here" "$key" "$PATH"']
    ended = ending(await shop.deploy(1, revision, hooks={"before": [hook, show]}, environment=environment))
    assert ended.exit_code == 0
    told = (shop.data / "attempts" / execution(1).deployment / "1" / "output.log").read_text()
    mine = "".join(
        re.sub(r"^[^|]*\| ", "", line) + "\n" for line in told.splitlines() if hosts.hosts[0].address in line
    )
    assert "".join(f"<{one}>" for one in evil) in mine
    assert f"x'\n$(id)|lower|mine|{environment['PATH']}" in mine
    assert not Path("/tmp/pwned").exists()


async def test_hooks_are_told_what_is_deployed_and_start_in_the_release(shop, hosts):
    revision = shop.source.commit({"bin/hook": "#!/bin/sh\npwd\nenv\ncat\n"})
    await shop.deploy(1, revision, hooks={"before": [["bin/hook"]], "after": [["readlink", "../../current"]]})
    host = hosts.hosts[0]
    log = shop.log(1)
    assert f"{host.address} | {host.place}/releases/{host.releases[0]}\n" in log
    for name, value in {"REVISION": revision, "FENCE": "1", "ATTEMPT": "1", "HOST": host.address}.items():
        assert f"{host.address} | FUNADE_{name}={value}\n" in log
    assert "FUNADE_become" not in log
    assert f"{host.address} | releases/{host.releases[0]}\n" in log


async def test_a_hook_for_the_first_host_runs_there_only(shop, hosts):
    hooks = {"before": [{"run": ["echo", "migrated"], "on": "first"}]}
    await shop.deploy(1, shop.source.commit({"a": "1"}), hooks=hooks)
    assert re.findall(r"(\S+) \| migrated", shop.log(1)) == [hosts.hosts[0].address]


async def test_no_file_log_or_process_list_holds_a_secret(shop, hosts, tmp_path):
    revision = shop.source.commit({"a": "1"})
    hook = [
        "sh",
        "-c",
        (
            'echo "raw $TOKEN"; echo "$TOKEN" | base64; printf %s "$TOKEN" | od -An -tx1 | tr -d " \\n"; echo; '
            'touch ~/ready; while [ ! -e ~/go ]; do sleep 0.05; done; printf %s "$TOKEN"'
        ),
    ]
    it = execution(1, fence=1)
    target = await shop.start(it, revision, hooks={"before": [hook]}, secrets={"TOKEN": "env:TOKEN"})
    host = hosts.hosts[0]
    await until((host.home / "ready").exists)
    shown = [" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])]
    assert not [one for one in shown if SECRET in one]
    for one in hosts.hosts:
        (one.home / "go").touch()
    await target.place.wait(it)
    raw = SECRET.encode()
    for folder in (shop.data, hosts.folder):
        for path in folder.rglob("*"):
            if path.is_file():
                assert raw not in path.read_bytes(), path
                assert raw.hex().encode() not in path.read_bytes(), path
    assert "raw ***" in shop.log(1)
