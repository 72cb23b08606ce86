"""The supervisor that waits ahead of its deployment."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from funade.targets.command.spare import Spare
from tests.integration.programs import Machine, ending, execution, is_gone, until


@pytest.fixture
def machine(tmp_path):
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    kept: dict[str, Spare] = {}
    yield Machine(tmp_path / "data", workspace, kept=kept)
    for spare in kept.values():
        spare.take().close()


def waiting(before: set[psutil.Process]) -> list[int]:
    """Return the supervisors that run nothing."""
    return [one.pid for one in set(psutil.Process().children()) - before if not is_gone(one.pid)]


@pytest.mark.asyncio
async def test_a_process_that_stays_has_one_ready(machine):
    before = set(psutil.Process().children())
    assert (await machine.run(["true"], execution(1))).exit_code == 0
    await until(lambda: not waiting(before))  # a command ends with its only deployment: it needs no second
    assert (await machine.run(["true"], execution(2, fence=8))).exit_code == 0
    await until(lambda: len(waiting(before)) == 1)
    [ready] = waiting(before)
    await machine.start(["sleep", "600"], execution(3, fence=9))
    assert machine.supervisor(execution(3)).pid == ready
    await until(lambda: len(waiting(before)) == 2)
    await machine.place.cancel(execution(3))
    assert ending(await machine.place.wait(execution(3))).signal == signal.SIGTERM


@pytest.mark.asyncio
async def test_one_that_was_not_needed_is_kept_for_the_next(machine):
    before = set(psutil.Process().children())
    place = machine.target(["true"])[0].place
    with place.expecting(execution(1)):
        [ready] = waiting(before)
    await machine.start(["sleep", "600"], execution(2))
    assert machine.supervisor(execution(2)).pid == ready
    await machine.place.cancel(execution(2))
    await machine.place.wait(execution(2))


@pytest.mark.asyncio
async def test_there_is_never_more_than_one(machine):
    before = set(psutil.Process().children())
    first, second = (machine.target(["true"])[0].place for _ in range(2))
    with first.expecting(execution(1)), second.expecting(execution(2)):
        assert len(waiting(before)) == 2
    await until(lambda: len(waiting(before)) == 1)


@pytest.mark.asyncio
async def test_one_that_died_meanwhile_is_not_used(machine):
    before = set(psutil.Process().children())
    with machine.target(["true"])[0].place.expecting(execution(1)):
        [ready] = waiting(before)
    os.kill(ready, signal.SIGKILL)
    await until(lambda: is_gone(ready))
    assert (await machine.run(["true"], execution(1))).exit_code == 0


def test_it_ends_with_the_process_that_keeps_it(tmp_path):
    script = (
        "import os, signal; from funade.targets.command.spare import Spare;"
        " spare = Spare(); spare.provide(); spare.provide(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    log = tmp_path / "points"
    subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "FUNADE_FAILPOINTS_LOG": str(log)}, check=False
    )
    assert "command.spawn:after" in log.read_text()

    def left() -> list[int]:
        environment = f"FUNADE_FAILPOINTS_LOG={log}".encode()
        return [one for one in psutil.pids() if environment in _environment_of(one)]

    deadline = time.monotonic() + 60
    while left():
        assert time.monotonic() < deadline, "it lives on"


def _environment_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
