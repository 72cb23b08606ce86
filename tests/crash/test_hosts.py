"""A server dies at every effect on hosts, before and after it; the next one brings the deployment to its end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from funade.domain.revision import Revision
from funade.domain.wire import Plain
from tests.conftest import LONG
from tests.crash.matrix import EFFECTS, MOMENTS
from tests.integration.ssh_deployments import SECRET, Source
from tests.integration.ssh_hosts import Fleet, fleet

pytestmark = [pytest.mark.needs("sshd", "git"), pytest.mark.slow, pytest.mark.timeout(240)]

FUNADE = str(Path(sys.executable).with_name("funade"))
PATIENCE_SECONDS = 100

#: Effects that a deployment that goes well does not pass, or not always, and who tries them.
OTHERS = {
    "ssh.cancel": "a cancel",
    "ssh.follow": "a slow hook",
    "ssh.give_up": "a failure",
    "ssh.mend_index": "tests/unit/targets/ssh/test_output.py",
    "ssh.mend_log": "tests/unit/targets/ssh/test_output.py",
    "ssh.pack": "tests/integration/test_ssh_releases.py: in place of ssh.archive, with submodules",
    "ssh.output": "tests/integration/test_ssh_releases.py: only for much output that comes late",
}
STORIES = ("all goes well", "a cancel", "a slow hook", "a failure")
CASES = [
    (story, f"{effect}:{moment}")
    for effect in EFFECTS
    if effect.startswith("ssh.")
    for story in [OTHERS.get(effect, "all goes well")]
    for moment in MOMENTS
    # Before an effect is after the one before it, nearly always: the long mode tries all.
    if story in STORIES and (LONG or moment == "after" or effect == "ssh.publish")
]

WITNESS = 'echo "{moment} $FUNADE_DEPLOYMENT $FUNADE_ATTEMPT" >> ~/witness; echo "{moment} $TOKEN"; '


def hook(moment: str, more: str = "") -> list[Plain]:
    return ["sh", "-c", WITNESS.replace("{moment}", moment) + more]


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("fleet"), 2) as them:
        yield them


class Yard:
    """One configuration, its servers, its hosts."""

    def __init__(self, folder: Path, hosts: Fleet, story: str) -> None:
        self.folder, self.hosts = folder, hosts
        self.source = Source(folder / "source")
        self.first = self.source.commit({"a": "1"})
        after = hook("after", '[ "$FUNADE_HOST" != "BAD" ]'.replace("BAD", hosts.hosts[0].address))
        section = hosts.section(
            kill_grace=1,
            at_once=1 if story == "a failure" else 10,
            secrets={"TOKEN": "env:TOKEN"},
            hooks={
                "before": [
                    hook("before", {"a cancel": "sleep 600", "a slow hook": "sleep 2"}.get(story, ""))
                ],
                "after": [after if story == "a failure" else hook("after")],
            },
        )
        environment = {"default_ref": "main", "target": section}
        application = {"repository": str(self.source.folder), "environments": {"staging": environment}}
        (folder / "funade.yaml").write_text(json.dumps({"applications": {"shop": application}}))
        self.servers: list[subprocess.Popen[bytes]] = []

    def environment(self, **more: str) -> dict[str, str]:
        ours = {
            "FUNADE_CONFIG": str(self.folder / "funade.yaml"),
            "FUNADE_LEASE_SECONDS": "1",
            "TOKEN": SECRET,
        }
        return {**os.environ, **ours, **more}

    def serve(self, traps: str = "") -> subprocess.Popen[bytes]:
        log = (self.folder / "log").open("ab")
        told = self.environment(FUNADE_FAILPOINTS=traps) if traps else self.environment()
        server = subprocess.Popen([FUNADE, "serve"], env=told, stdout=log, stderr=log)
        log.close()
        self.servers.append(server)
        until(lambda: self._is_served_by(server) or server.poll() is not None)
        return server

    def _is_served_by(self, server: subprocess.Popen[bytes]) -> bool:
        said = self.folder / ".funade" / "server.json"
        return said.exists() and str(server.pid) in said.read_text()

    def funade(self, *words: str) -> str:
        done = subprocess.run(
            [FUNADE, *words], env=self.environment(), capture_output=True, text=True, check=False, timeout=60
        )
        return done.stdout + done.stderr

    def ends(self) -> list[dict[str, Any]]:
        said = self.folder / ".funade" / "announcements.jsonl"
        lines = [json.loads(one) for one in said.read_text().splitlines()] if said.exists() else []
        return [one for one in lines if one["event"]["happening"]["kind"] == "deployment_finished"]

    def log(self, attempt: int) -> str:
        [deployment] = (self.folder / ".funade" / "attempts").iterdir()
        log = deployment / str(attempt) / "output.log"
        return log.read_text() if log.exists() else ""

    def close(self) -> None:
        for server in self.servers:
            if server.poll() is None:
                server.send_signal(signal.SIGKILL)
            server.wait()


@pytest.fixture
def yard(request, pair, tmp_path):
    for host in pair.hosts:
        subprocess.run(["rm", "-rf", str(host.home)], check=True)
        host.home.mkdir()
    made: list[Yard] = []

    def make(story: str) -> Yard:
        made.append(Yard(tmp_path, pair, story))
        return made[-1]

    yield make
    for one in made:
        one.close()


def until(claim: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)


@pytest.mark.parametrize(("story", "point"), CASES, ids=str)
def test_a_death_at_any_effect_on_hosts_loses_nothing_and_starts_nothing_twice(yard, pair, story, point):
    it = yard(story)
    server = it.serve(f"{point}=kill")
    it.funade("deploy", "shop", "staging", "--yes", "--no-wait")
    if story == "a cancel":
        until(lambda: all((host.home / "witness").exists() for host in pair.hosts))
        it.funade("cancel", "1")
    until(lambda: server.poll() is not None or bool(it.ends()))
    assert server.poll() == -signal.SIGKILL, f"nobody came to {point}"
    it.serve()
    until(lambda: bool(it.ends()))
    [end] = it.ends()
    look_at(it, pair, story, end["event"]["happening"]["state"])
    assert SECRET.encode() not in b"".join(one.read_bytes() for one in everything(it.folder, pair))


def look_at(it: Yard, pair: Fleet, story: str, state: str) -> None:
    """Each attempt's hooks ran once on a host, each of their lines is in the log once, and the end is true."""
    witnesses = {host.name: lines_of(host.home / "witness") for host in pair.hosts}
    for lines in witnesses.values():
        assert max(Counter(lines).values(), default=1) == 1, lines
    wanted = Revision(it.first)
    lived = [host for host in pair.hosts if (host.place / "current").is_symlink()]
    match story:
        case "a cancel":
            assert (state, lived) == ("cancelled", []) or (state, lived) == ("failed", [])
        case "a failure":
            assert state == "failed"
            assert [host.live for host in lived] == [wanted]
        case _:
            assert state == "succeeded"
            assert [host.live for host in pair.hosts] == [wanted] * 2
            last = max(int(line.split()[2]) for lines in witnesses.values() for line in lines)
            for host in pair.hosts:
                for moment in ("before", "after"):
                    assert it.log(last).count(f"{host.address} | {moment} ***\n") == 1, it.log(last)


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def everything(folder: Path, pair: Fleet) -> Iterator[Path]:
    for top in (folder, *(host.home for host in pair.hosts)):
        yield from (path for path in top.rglob("*") if path.is_file())


def test_whoever_is_named_for_an_effect_is_there():
    assert not [one for one in OTHERS if one not in EFFECTS]
    root = Path(__file__).parents[2]
    for who in OTHERS.values():
        assert who in STORIES or (root / who.partition(":")[0]).exists()
