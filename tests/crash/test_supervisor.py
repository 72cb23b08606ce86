"""Kill and freeze who starts a program, and its supervisor, at every point; nothing begins twice or side by side."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from funade.domain.errors import GuardRefused, TemporaryTargetError
from funade.domain.orders import EndedBy, Execution, Standing
from tests.architecture import source
from tests.crash.supervised import STORIES, program
from tests.integration.programs import HERE, Machine, ending, execution, is_gone, until

pytestmark = [pytest.mark.asyncio, pytest.mark.needs("flock")]

#: Effects of systems without /proc, and of bugs.
UNREACHABLE = {"command.ask_system", "command.write_bug"}
#: Reached by one who ends a frozen supervisor; `test_command_target` has that story, it takes its patience.
ELSEWHERE = {"command.kill_supervisor"}

POINTS = sorted(
    {
        point.name
        for module in source.modules()
        if module.name.startswith("funade.targets.command")
        for point in source.points(module)
    }
    - UNREACHABLE
    - ELSEWHERE
)

#: What one server does in each story, armed with a trap; its supervisors are armed like it.
SERVER = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from funade.domain.errors import TargetError
from tests.crash.supervised import STORIES
from tests.crash.supervised import STORIES, program
from tests.integration.programs import Machine
async def main():
    try:
        await STORIES[sys.argv[4]](Machine(Path(sys.argv[2]), Path(sys.argv[3])))
    except (TargetError, AssertionError) as error:
        print(type(error).__name__, error)
asyncio.run(main())
"""


@pytest.fixture
def machine(tmp_path) -> Machine:
    (tmp_path / "workspace").mkdir()
    return Machine(tmp_path / "data", tmp_path / "workspace")


async def serve(machine: Machine, story: str, trap: str = "", log: Path | None = None) -> int:
    """Let a server live the story, perhaps into its trap; return how it ended."""
    environment = {**os.environ, "FUNADE_FAILPOINTS": trap}
    if log:
        environment["FUNADE_FAILPOINTS_LOG"] = str(log)
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", SERVER, HERE, machine.data, machine.workspace, story),
        env=environment,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    return await server.wait()


async def come_back(machine: Machine, it: Execution) -> Execution:
    """Do what a server does that finds `it` after a crash; return the execution that came to an end."""
    sighting = await machine.place.look(it)
    if sighting.standing in (Standing.UNSEEN, Standing.INTENDED):
        # Refused when a supervisor that was told everything has begun it since that look.
        with suppress(GuardRefused):
            await machine.start(program(0.05), it)
        sighting = await machine.place.look(it)
    if sighting.standing is Standing.RUNNING:
        await machine.place.cancel(it)
        sighting = await machine.place.wait(it)
    if sighting.standing is Standing.ENDED:
        return it
    assert sighting.standing in (Standing.LOST, Standing.SEALED)
    assert await machine.place.look(it) == sighting
    further = execution(attempt=it.attempt + 1, fence=sighting.highest_fence + 1)
    assert (await machine.run(program(0.05), further)).exit_code == 0
    return further


async def assert_all_is_well(machine: Machine) -> None:
    path = machine.workspace / "journal"
    journal = path.read_text().splitlines() if path.exists() else []
    assert "beside another one" not in journal
    assert max(Counter(journal).values(), default=0) <= 1
    for pid in (machine.workspace / "pids").read_text().split() if path.exists() else []:
        assert is_gone(int(pid))
    await until(lambda: not supervisors(machine))


def supervisors(machine: Machine) -> list[psutil.Process]:
    """Return the supervisors that hold something of this machine open."""
    found = []
    for process in psutil.process_iter():
        try:
            if any(one.path.startswith(str(machine.data)) for one in process.open_files()):
                found.append(process)
        except psutil.Error:
            continue
    return found


async def test_the_stories_pass_every_point(machine, tmp_path):
    log = tmp_path / "points"
    for number, story in enumerate(STORIES):
        folder = tmp_path / str(number)
        (folder / "workspace").mkdir(parents=True)
        assert await serve(Machine(folder / "data", folder / "workspace"), story, log=log) == 0
    passed = set(re.findall(r"^\d+ (command\.\w+):before$", log.read_text(), re.MULTILINE))
    assert passed - ELSEWHERE == set(POINTS)


#: the stories that a point is first passed in; the others say nothing new
FIRST_PASSED_IN = {
    "command.seal": ["is sealed"],
    "command.tell": ["is cancelled"],
    "command.terminate": ["is cancelled"],
    "command.kill_session": ["is cancelled", "loses its supervisor"],
    "command.write_guard": ["runs to its end", "is sealed"],
}

PASSED_TWICE = {"command.lock_guard", "command.write_guard", "command.reach_supervisor"}


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("point", "story"),
    [(point, story) for point in POINTS for story in FIRST_PASSED_IN.get(point, ["runs to its end"])],
)
async def test_a_kill_at_any_point_starts_nothing_twice_and_leaves_nothing(machine, point, story, when):
    # A point's second pass in a process is another moment.
    hit = "@2" if story == "runs to its end" and point in PASSED_TWICE else ""
    await serve(machine, story, f"{point}:{when}=kill{hit}")
    ended = await come_back(machine, execution())
    assert (await machine.place.look(ended)).standing is Standing.ENDED
    for it in (execution(), ended):
        with pytest.raises(GuardRefused):
            await machine.start(program(0.05), it)
    new = execution(2, fence=100)
    assert (await machine.run(program(0.05), new)).exit_code == 0
    await assert_all_is_well(machine)


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
async def test_an_error_at_any_point_leaves_a_place_that_goes_on(machine, point):
    story = FIRST_PASSED_IN.get(point, ["runs to its end"])[0]
    await serve(machine, story, f"{point}:before=error@1")
    ended = await come_back(machine, execution())
    assert (await machine.place.look(ended)).standing is Standing.ENDED
    assert (await machine.run(program(0.05), execution(2, fence=100))).exit_code == 0
    await assert_all_is_well(machine)


async def test_who_was_frozen_before_the_beginning_begins_nothing_after_it_was_sealed(machine, tmp_path):
    gate = tmp_path / "gate"
    serving = asyncio.create_task(serve(machine, "runs to its end", f"command.hand_over:before=pause:{gate}"))
    await until(Path(f"{gate}.hit").exists)
    old, new = execution(), execution(2, fence=8)
    assert (await machine.place.cancel(old)).standing is Standing.SEALED
    assert (await machine.run(program(0.05), new)).exit_code == 0
    gate.touch()
    await serving
    assert (await machine.place.look(old)).standing is Standing.SEALED
    assert (machine.workspace / "journal").read_text() == f"begin {new.deployment}/1\n"
    await assert_all_is_well(machine)


async def test_who_is_frozen_with_the_guard_locked_keeps_everybody_out_and_is_named_as_the_problem(
    machine, tmp_path, monkeypatch
):
    monkeypatch.setattr("funade.targets.command.guard.PATIENCE", 0.1)
    gate = tmp_path / "gate"
    serving = asyncio.create_task(serve(machine, "runs to its end", f"command.begin:before=pause:{gate}"))
    await until(Path(f"{gate}.hit").exists)
    with pytest.raises(TemporaryTargetError, match="keeps the guard locked"):
        await machine.place.cancel(execution())
    with pytest.raises(TemporaryTargetError, match="keeps the guard locked"):
        await machine.start(program(0.05), execution(2, fence=8))
    gate.touch()
    await serving
    assert ending(await machine.place.look(execution())).exit_code == 0
    await assert_all_is_well(machine)


async def test_who_was_frozen_before_the_beginning_is_passed_by_a_higher_fence(machine, tmp_path):
    gate = tmp_path / "gate"
    serving = asyncio.create_task(serve(machine, "runs to its end", f"command.hand_over:before=pause:{gate}"))
    await until(Path(f"{gate}.hit").exists)
    new = await machine.start(program(600), execution(2, fence=8))
    assert (await machine.place.look(execution())).standing is Standing.SEALED
    gate.touch()
    await serving
    assert (await machine.place.look(new)).standing is Standing.RUNNING
    await machine.place.cancel(new)
    await machine.place.wait(new)
    assert (machine.workspace / "journal").read_text() == f"begin {new.deployment}/1\n"
    await assert_all_is_well(machine)


async def test_a_cancel_between_the_beginning_and_the_program_is_heard(machine, tmp_path):
    gate = tmp_path / "gate"
    serving = asyncio.create_task(serve(machine, "is cancelled", f"command.release:before=pause:{gate}"))
    await until(Path(f"{gate}.hit").exists)
    assert (await machine.place.cancel(execution())).standing is Standing.RUNNING
    gate.touch()
    assert ending(await machine.place.wait(execution())).by is EndedBy.CANCEL
    await serving
    await assert_all_is_well(machine)


async def test_of_many_servers_that_start_one_attempt_one_does(machine):
    await asyncio.gather(*(serve(machine, "runs to its end") for _ in range(4)))
    assert ending(await machine.place.look(execution())).exit_code == 0
    assert (machine.workspace / "journal").read_text() == f"begin {execution().deployment}/1\n"
    await assert_all_is_well(machine)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_a_shutdown_of_everything_at_once_leaves_nothing(machine, how):
    it = await machine.start(program(600))
    for process in (machine.supervisor(it), machine.program(it)):
        process.send_signal(how)
    assert (await machine.place.wait(it)).standing in (Standing.LOST, Standing.ENDED)
    assert (await machine.run(program(0.05), execution(2, fence=8))).exit_code == 0
    await assert_all_is_well(machine)
