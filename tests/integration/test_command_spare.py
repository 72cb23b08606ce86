"""The supervisor that waits ahead of its deployment."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

import psutil
import pytest

import funade
from funade.domain.errors import TemporaryTargetError
from funade.targets.command import starter
from funade.targets.command.spare import STAYS_AFTER, Spare
from tests.integration.programs import Machine, ending, execution, is_gone, until

pytestmark = pytest.mark.asyncio


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


async def test_one_that_was_not_needed_is_kept_for_the_next(machine):
    before = set(psutil.Process().children())
    place = machine.target(["true"])[0].place
    with place.expecting(execution(1)):
        [ready] = waiting(before)
    await machine.start(["sleep", "600"], execution(2))
    assert machine.supervisor(execution(2)).pid == ready
    await machine.place.cancel(execution(2))
    await machine.place.wait(execution(2))


async def test_there_is_never_more_than_one(machine):
    before = set(psutil.Process().children())
    first, second = (machine.target(["true"])[0].place for _ in range(2))
    with first.expecting(execution(1)), second.expecting(execution(2)):
        assert len(waiting(before)) == 2
    await until(lambda: len(waiting(before)) == 1)


async def test_an_upgrade_while_one_waits_is_nothing_to_it(machine, tmp_path, monkeypatch):
    shutil.copytree(
        Path(funade.__file__).parent, tmp_path / "funade", ignore=shutil.ignore_patterns("__pycache__")
    )
    monkeypatch.setattr(starter, "WHERE_FUNADE_LIES", tmp_path)
    before = set(psutil.Process().children())
    with machine.target(["true"])[0].place.expecting(execution(1)):
        [ready] = waiting(before)
        # The last thing that is loaded.
        await until(lambda: bool(list((tmp_path / "funade" / "domain").glob("__pycache__/masking.*.pyc"))))
    for module in (tmp_path / "funade").rglob("*.py*"):
        module.write_bytes(b"raise ImportError('of another release')")
    await machine.start(["sleep", "600"], execution(1))
    assert machine.supervisor(execution(1)).pid == ready
    await machine.place.cancel(execution(1))
    assert ending(await machine.place.wait(execution(1))).signal == signal.SIGTERM


async def test_one_that_is_killed_during_a_long_checkout_is_replaced(machine):
    before = set(psutil.Process().children())
    target, release = machine.target(["true"])
    with target.place.expecting(execution(1)):
        [ready] = waiting(before)
        os.kill(ready, signal.SIGKILL)
        await until(lambda: ready not in {one.pid for one in psutil.Process().children()})
        await target.place.start(machine.order(target, release, execution(1)))
    assert ending(await target.place.wait(execution(1))).exit_code == 0


async def test_a_process_that_may_have_no_more_threads_keeps_nothing_of_one_it_could_not_keep(
    machine, monkeypatch
):
    class Refused(Thread):
        def start(self) -> None:
            message = "can't start new thread"
            raise RuntimeError(message)

    spare = Spare()
    before = set(psutil.Process().children())
    files = psutil.Process().num_fds()
    with monkeypatch.context() as patched:
        patched.setattr(starter, "Thread", Refused)
        with pytest.raises(BlockingIOError):
            spare.take()
        for _ in range(STAYS_AFTER):
            spare.provide()
        with machine.target(["true"])[0].place.expecting(execution(1)):
            assert waiting(before) == []
        with pytest.raises(TemporaryTargetError, match="Resource temporarily unavailable"):
            await machine.start(["true"])
    assert set(psutil.Process().children()) <= before
    assert psutil.Process().num_fds() == files


async def test_one_that_died_meanwhile_is_not_used(machine):
    before = set(psutil.Process().children())
    with machine.target(["true"])[0].place.expecting(execution(1)):
        [ready] = waiting(before)
    os.kill(ready, signal.SIGKILL)
    await until(lambda: is_gone(ready))
    assert (await machine.run(["true"], execution(1))).exit_code == 0


async def test_it_ends_with_the_process_that_keeps_it():
    script = (
        "import os, signal, psutil; from funade.targets.command.spare import Spare;"
        " spare = Spare(); spare.provide(); spare.provide();"
        " print(psutil.Process().children()[0].pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    keeper = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=subprocess.PIPE)
    ready = int((await keeper.communicate())[0])
    assert keeper.returncode == -signal.SIGKILL
    await until(lambda: is_gone(ready))
