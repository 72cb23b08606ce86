"""The whole machine dies: server, supervisor and program at one moment, and the next boot has another name."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from funade.domain.deployment import Deployment, State
from funade.domain.reason import Reason
from tests.crash import witness
from tests.crash.voyage import Voyage, lives, until
from tests.crash.world import World, repository

#: A fresh /proc with a boot of its own: what a restarted machine looks like from inside.
BOOT = 'mount --bind "$1" /proc/sys/kernel/random/boot_id && shift && exec "$@"'
NEXT_BOOT = "00000000-1111-2222-3333-444444444444\n"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs("git", "unshare", "mount"),
    pytest.mark.timeout(180),
    pytest.mark.skipif(os.geteuid() != 0, reason="another boot needs root"),
]


@pytest.mark.parametrize(
    "moment", ["while it runs", "store.start:after", "command.hand_over:after", "store.ending:after"]
)
def test_after_a_crash_of_the_machine_everything_comes_to_an_end(tmp_path: Path, moment: str):
    voyage = Voyage(World(tmp_path / "world", repository()))
    died_by_itself = ":" in moment
    voyage.servers.start(f"{moment}=kill" if died_by_itself else "", again=False)
    try:
        deployment = voyage.deploy("first" if moment == "store.ending:after" else "wait")
        if died_by_itself:
            until("its death", lambda: voyage.servers.deaths)
        else:
            voyage.begun(deployment)
        pids = processes_of(voyage, deployment)
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
        voyage.servers.kill()
        until("silence", lambda: not any(lives(pid) for pid in pids))
        voyage.world.let_go()
        with next_boot(voyage), voyage.at_the_store():
            (row,) = voyage.end_of(deployment)
            after = voyage.deploy("second")
            assert voyage.end_of(after)[0].verified, voyage.log_text()
            assert not (wrong := witness.findings(voyage)), (wrong, voyage.log_text(), voyage.world.lines())
        assert row.because is not None, voyage.log_text()
        if moment == "while it runs":
            assert (row.state, row.because.code) == (State.FAILED, Reason.EXECUTION_LOST), voyage.log_text()
        if moment in ("store.start:after", "store.ending:after"):
            assert row.state is State.SUCCEEDED, voyage.log_text()
    finally:
        voyage.servers.kill()


def processes_of(voyage: Voyage, deployment: Deployment) -> list[int]:
    """Return the numbers of server, supervisor and program, as far as they exist."""
    pids = list(voyage.servers.pids)
    for path in voyage.world.data.glob("guards/*/*/guard.json"):
        attempts = json.loads(path.read_text())["attempts"]
        for key, entry in attempts.items():
            if key.startswith(deployment.id) and "process" in entry:
                pids += [entry["process"]["supervisor"][0], entry["process"]["program"][0]]
    return pids


@contextmanager
def next_boot(voyage: Voyage) -> Iterator[None]:
    """Serve as after a restart of the machine."""
    world = voyage.world
    name = world.folder / "boot_id"
    name.write_text(NEXT_BOOT)
    unshare = [shutil.which("unshare") or "", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
    serve = [sys.executable, "-m", "funade", "-c", str(world.configuration), "serve"]
    with voyage.servers.log.open("ab") as log:
        process = subprocess.Popen(
            [*unshare, "sh", "-c", BOOT, "sh", str(name), *serve],
            cwd=world.folder,
            env=world.environment(),
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()
