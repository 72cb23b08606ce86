# ruff: noqa: ASYNC220, ASYNC221 -- a test may block: nothing else runs in its loop
import asyncio
import base64
import filecmp
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import psutil
import pytest

from funade.domain.errors import GuardRefused, PermanentTargetError, SecretError, TemporaryTargetError
from funade.domain.orders import EndedBy, Standing
from tests.integration.programs import HERE, REVISION, Machine, ending, execution, is_gone, read_number, until

pytestmark = [pytest.mark.asyncio, pytest.mark.needs("sh")]

TOKEN = "s3cr3t/+token value"


@pytest.fixture
def machine(tmp_path) -> Machine:
    (tmp_path / "workspace").mkdir()
    return Machine(tmp_path / "data", tmp_path / "workspace", {"env:TOKEN": TOKEN, "env:SHORT": "abc"})


def script(machine: Machine, text: str, name: str = "deploy") -> list[str]:
    path = machine.workspace / name
    path.write_text(text)
    path.chmod(0o755)
    return [f"./{name}"]


async def test_the_program_gets_its_variables_and_nothing_else(machine, monkeypatch):
    monkeypatch.setenv("DATABASE_PASSWORD", "of the server")
    ended = await machine.run(
        ["env", "-0"], environment={"NUMBER": 80, "WHAT": "{application}@{short_revision}"}
    )
    assert ended.exit_code == 0
    given = dict(line.split("=", 1) for line in machine.log(execution()).decode().split("\0") if line)
    assert given == {
        "FUNADE_APPLICATION": "shop",
        "FUNADE_ATTEMPT": "1",
        "FUNADE_CACHE": str(machine.data / "cache" / "shop" / "staging"),
        "FUNADE_DEPLOYMENT": execution().deployment,
        "FUNADE_ENVIRONMENT": "staging",
        "FUNADE_FENCE": "7",
        "FUNADE_REVISION": REVISION,
        "HOME": os.environ["HOME"],
        "LANG": "C.UTF-8",
        "NUMBER": "80",
        "PATH": os.environ["PATH"],
        "WHAT": "shop@f5c0df1",
    }
    assert (machine.data / "cache" / "shop" / "staging").is_dir()


async def test_a_placeholder_stays_inside_its_argument_and_no_shell_reads_it(machine):
    await machine.run(["printf", "%s|", "{revision}; echo $HOME", "{{}}", "a  b"])
    assert machine.log(execution()).decode() == f"{REVISION}; echo $HOME|{{}}|a  b|"


async def test_the_program_starts_in_the_checkout_with_nothing_to_read_and_no_foreign_files_open(machine):
    (machine.workspace / "app").mkdir()
    await machine.run(["sh", "-c", "pwd; cat; ls /proc/self/fd | tr '\\n' ' '"], folder="app")
    assert machine.log(execution()).decode().split("\n") == [str(machine.workspace / "app"), "0 1 2 3 "]


async def test_the_program_has_the_ordinary_signals_and_a_session_of_its_own(machine):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        await machine.run(["cat", "/proc/self/status", "/proc/self/stat"])
    finally:
        signal.signal(signal.SIGHUP, before)
    seen = machine.log(execution()).decode()
    assert "SigBlk:\t0000000000000000\n" in seen
    ignored = int(seen.split("SigIgn:")[1].split()[0], 16)
    # The two highest of the ordinary 33 are the C library's own.
    assert ignored & 0x7FFFFFFF == 0
    pid, group, session = (seen.splitlines()[-1].replace("(cat)", "").split()[at] for at in (0, 3, 4))
    assert pid == group == session


async def test_a_link_out_of_the_checkout_is_refused_before_anything_begins(machine):
    (machine.workspace / "app").symlink_to("/tmp")
    with pytest.raises(PermanentTargetError, match="folder: app"):
        await machine.start(["true"], folder="app")
    assert (await machine.place.look(execution())).standing is Standing.UNSEEN


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "there is no program `./deploy` in"),
        (
            "#!/no/such/interpreter\n",
            "the interpreter that `./deploy` names in its `#!` line is not on this machine",
        ),
        ("echo hello\n", "`./deploy` is no program of this machine and has no `#!` line: add one"),
    ],
)
async def test_a_program_that_cannot_be_executed_says_why(machine, text, problem):
    run = ["./deploy"] if text is None else script(machine, text)
    ended = await machine.run(run)
    assert ended.by is EndedBy.NEVER_STARTED
    assert problem in (ended.problem or "")
    assert "Traceback" not in (ended.problem or "")


async def test_a_program_without_the_right_to_be_executed_says_what_to_do(machine):
    script(machine, "#!/bin/sh\n")[0]
    (machine.workspace / "deploy").chmod(0o644)
    assert "chmod +x" in ((await machine.run(["./deploy"])).problem or "")


async def test_a_program_that_is_not_on_path_names_the_path(machine):
    ended = await machine.run(["no-such-program"], environment={"PATH": "/nowhere:/usr/bin"})
    assert ended.problem == "there is no program `no-such-program` in PATH (/nowhere:/usr/bin)"


async def test_a_workspace_that_vanished_says_so(machine):
    machine.workspace.rmdir()
    ended = await machine.run(["true"])
    assert ended.by is EndedBy.NEVER_STARTED
    assert str(machine.workspace) in (ended.problem or "")


async def test_no_file_of_ours_and_no_process_list_holds_a_secret(machine):
    raw = TOKEN.encode()
    program = (
        "import os,sys,base64,time;t=os.environ['TOKEN'].encode();w=sys.stdout.buffer;"
        "w.write(b'raw '+t+b'\\nhex '+t.hex().encode()+b'\\n64 '+base64.b64encode(b'user:'+t)+b'\\nend\\n');"
        "w.flush();sys.stderr.write(repr(t));open('ready','w').close();"
        "[time.sleep(.01) for _ in range(2000) if not os.path.exists('go')]"
    )
    it = await machine.start([sys.executable, "-c", program], secrets={"TOKEN": "env:TOKEN"})
    await until((machine.workspace / "ready").exists)
    supervisor = machine.supervisor(it)
    assert TOKEN not in " ".join([*supervisor.cmdline(), *supervisor.environ().values()])
    (machine.workspace / "go").touch()
    await machine.place.wait(it)
    shown = machine.log(it)
    assert shown.startswith(b"raw ***\nhex ***\n64 dXNlcjp***\nend\n")
    for path in machine.data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for leak in (raw, raw.hex().encode(), base64.b64encode(raw)[:-3]):
                assert leak not in content, path


async def test_a_secret_too_short_to_be_masked_is_refused_and_checked(machine):
    with pytest.raises(SecretError, match="env:SHORT"):
        await machine.start(["true"], secrets={"TOKEN": "env:SHORT"})
    [problem] = await machine.target(["true"], secrets={"TOKEN": "env:SHORT"})[0].check()
    assert problem.where == "secrets.TOKEN"


@pytest.mark.slow
async def test_a_log_of_200_megabytes_is_whole_and_the_supervisor_stays_small(machine):
    it = await machine.start(
        ["sh", "-c", "head -c 200000000 /dev/urandom | tee copy"], secrets={"TOKEN": "env:TOKEN"}
    )
    supervisor = machine.supervisor(it)
    waiting = asyncio.create_task(machine.place.wait(it))
    peak = 0
    while not waiting.done():
        with suppress(psutil.NoSuchProcess):
            peak = max(peak, supervisor.memory_info().rss)
        await asyncio.sleep(0.01)
    assert ending(await waiting).exit_code == 0
    assert 0 < peak < 40e6
    assert filecmp.cmp(machine.workspace / "copy", machine.folder(it) / "output.log", shallow=False)


async def test_both_outputs_are_one_log_in_their_order(machine):
    await machine.run(["sh", "-c", "echo one; echo two >&2; echo three; printf four"])
    assert machine.log(execution()) == b"one\ntwo\nthree\nfour"


async def test_a_program_that_closes_its_output_runs_on(machine):
    ended = await machine.run(["sh", "-c", "echo bye; exec >&- 2>&-; sleep 0.1; exit 4"])
    assert ended.exit_code == 4
    assert machine.log(execution()) == b"bye\n"


@pytest.mark.needs("setsid")
async def test_a_daemon_left_behind_lives_on_and_is_not_waited_for(machine):
    ended = await machine.run(["sh", "-c", "setsid sleep 600 & echo $! >daemon; echo done"])
    assert ended.exit_code == 0
    assert machine.log(execution()) == b"done\n"
    daemon = read_number(machine.workspace / "daemon")
    assert not is_gone(daemon)
    psutil.Process(daemon).kill()


STUBBORN = (
    "trap '' TERM; (trap '' TERM; echo $$; sleep 600) & echo $! >child; echo up >ready; wait; sleep 600"
)


async def test_who_ignores_the_request_to_end_is_killed_with_all_its_session(machine):
    it = await machine.start(["sh", "-c", STUBBORN], kill_grace=0.2)
    await until((machine.workspace / "ready").exists)
    program, child = machine.program(it).pid, read_number(machine.workspace / "child")
    await machine.place.cancel(it)
    ended = ending(await machine.place.wait(it))
    assert (ended.by, ended.signal) == (EndedBy.CANCEL, signal.SIGKILL)
    assert is_gone(program)
    assert is_gone(child)


async def test_a_program_may_use_its_grace_to_tidy_up(machine):
    it = await machine.start(
        ["sh", "-c", "trap 'echo tidied; exit 5' TERM; echo up >ready; while :; do sleep 0.05; done"],
        kill_grace=10,
    )
    await until((machine.workspace / "ready").exists)
    await machine.place.cancel(it)
    ended = ending(await machine.place.wait(it))
    assert (ended.by, ended.exit_code) == (EndedBy.CANCEL, 5)
    assert machine.log(it).endswith(b"tidied\n")


async def test_children_of_who_obeyed_are_ended_too(machine):
    it = await machine.start(
        ["sh", "-c", "(trap '' TERM; sleep 600; :) & echo $! >child; echo up >ready; sleep 600"]
    )
    await until((machine.workspace / "ready").exists)
    await machine.place.cancel(it)
    assert ending(await machine.place.wait(it)).by is EndedBy.CANCEL
    assert is_gone(read_number(machine.workspace / "child"))


async def test_a_program_that_runs_too_long_is_ended(machine):
    ended = await machine.run(["sleep", "600"], time_limit=0.3)
    assert (ended.by, ended.signal) == (EndedBy.TIME_LIMIT, signal.SIGTERM)


async def test_a_program_that_nobody_looks_after_stops_where_that_was_asked_for(machine):
    machine.lease = timedelta(seconds=2)
    it = await machine.start(["sleep", "600"], abandoned="stop")
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while loop.time() < begun + 3:
        await machine.place.keep_alive(it)
        await asyncio.sleep(0.05)
    assert (await machine.place.look(it)).standing is Standing.RUNNING
    assert ending(await machine.place.wait(it)).by is EndedBy.ABANDONED


async def test_a_sign_of_life_that_comes_too_late_is_none(machine):
    # All of the machine stood still: another one counts on the end of what ran here.
    machine.lease = timedelta(seconds=1)
    it = await machine.start(["sleep", "600"], abandoned="stop")
    supervisor = machine.supervisor(it)
    supervisor.suspend()
    await asyncio.sleep(machine.lease.total_seconds() + 0.2)
    await machine.place.keep_alive(it)
    supervisor.resume()
    over = asyncio.create_task(machine.place.wait(it))
    async with asyncio.timeout(20):
        while not over.done():
            await machine.place.keep_alive(it)
            await asyncio.sleep(0.05)
    assert ending(over.result()).by is EndedBy.ABANDONED


async def test_a_supervisor_asked_to_end_ends_its_program_and_says_so(machine):
    it = await machine.start(["sleep", "600"])
    machine.supervisor(it).terminate()
    ended = ending(await machine.place.wait(it))
    assert ended.by is EndedBy.CANCEL
    assert "SIGTERM" in (ended.problem or "")


STARTER = """
import asyncio, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.integration.programs import Machine
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs these tests may have ignored it
machine = Machine(Path(sys.argv[2]), Path(sys.argv[3]))
async def main():
    await machine.start(["sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.2; done"])
    print("started", flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
async def test_a_program_outlives_its_server_and_is_adopted_with_its_whole_log(machine, how):
    server = subprocess.Popen(
        [sys.executable, "-c", STARTER, HERE, machine.data, machine.workspace],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert server.stdout is not None
    with server.stdout:
        assert server.stdout.readline() == b"started\n"
        os.killpg(server.pid, how)
        server.wait()
    assert (await machine.place.look(execution())).standing is Standing.RUNNING
    assert ending(await machine.place.wait(execution())).exit_code == 0
    assert machine.log(execution()) == b"1\n2\n3\n"


async def test_what_its_killed_supervisor_left_is_ended_and_called_lost(machine):
    it = await machine.start(["sh", "-c", "sleep 600 & echo $! >child; sleep 600"])
    await until(lambda: read_number(machine.workspace / "child") > 0)
    program, child = machine.program(it).pid, read_number(machine.workspace / "child")
    machine.supervisor(it).kill()
    lost = await machine.place.wait(it)
    assert (lost.standing, lost.problem) == (Standing.LOST, "its supervisor was killed")
    assert is_gone(program)
    assert is_gone(child)
    assert (
        ending(await machine.place.wait(await machine.start(["true"], execution(2, fence=8)))).exit_code == 0
    )


async def test_a_frozen_supervisor_does_not_keep_a_newer_execution_out(machine, monkeypatch):
    monkeypatch.setattr("funade.targets.command.place.PATIENCE_SECONDS", 0.2)
    it = await machine.start(["sleep", "600"])
    program, supervisor = machine.program(it).pid, machine.supervisor(it)
    supervisor.suspend()
    new = await machine.start(["sleep", "600"], execution(2, fence=8))
    assert is_gone(program)
    assert is_gone(supervisor.pid)
    assert (await machine.place.look(it)).standing is Standing.LOST
    await machine.place.cancel(new)
    await machine.place.wait(new)


@pytest.mark.parametrize("key", ["boot", "namespace"])
async def test_after_a_restart_numbers_of_before_mean_nothing(machine, key):
    it = await machine.start(["sleep", "600"])
    machine.supervisor(it).kill()
    await until(lambda: is_gone(machine.process(it)["supervisor"][0]))
    known = json.loads(machine.guard().read_text())
    [entry] = known["attempts"].values()
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    program, entry["process"]["program"][0] = entry["process"]["program"][0], stranger.pid
    entry["process"][key] = "before"
    machine.guard().write_text(json.dumps(known))
    assert (await machine.place.look(it)).standing is Standing.LOST
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()
    os.killpg(program, signal.SIGKILL)


async def test_a_stranger_with_the_number_of_a_program_is_left_alone(machine):
    it = await machine.start(["sleep", "600"])
    machine.supervisor(it).kill()
    known = json.loads(machine.guard().read_text())
    [entry] = known["attempts"].values()
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    program, entry["process"]["program"] = entry["process"]["program"][0], [stranger.pid, "12345"]
    machine.guard().write_text(json.dumps(known))
    assert (await machine.place.wait(it)).standing is Standing.LOST
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()
    os.killpg(program, signal.SIGKILL)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"version": 1}', '{"version": "1", "store": "s", "highest": 1, "attempts": {}}']
    + [
        f'{{"version": 1, "store": "s", "highest": 1, "attempts": {one}}}'
        for one in ("[]", '{"a": 1}', '{"a": {}}')
    ],
)
async def test_a_guard_that_cannot_be_read_lets_nothing_begin_and_says_what_to_do(machine, content):
    machine.guard().parent.mkdir(parents=True)
    machine.guard().write_text(content)
    with pytest.raises(GuardRefused, match="remove"):
        await machine.start(["touch", "began"])
    with pytest.raises(TemporaryTargetError, match=r"guard\.json"):
        await machine.place.look(execution())
    with pytest.raises(TemporaryTargetError):
        await machine.place.cancel(execution())
    assert [one.where for one in await machine.target(["true"])[0].check()] == ["guard"]
    assert not (machine.workspace / "began").exists()
    assert machine.guard().read_text() == content


async def test_a_guard_of_a_newer_release_is_left_alone(machine):
    machine.guard().parent.mkdir(parents=True)
    machine.guard().write_text('{"version": 2}')
    with pytest.raises(GuardRefused, match="newer Funade"):
        await machine.start(["true"])


async def test_how_it_ended_is_known_even_when_the_guard_is_not_readable(machine):
    await machine.run(["true"])
    machine.guard().write_text("")
    assert ending(await machine.place.look(execution())).exit_code == 0


async def test_what_a_full_disk_did_not_take_is_marked_in_the_log(machine):
    it = await machine.start(
        [
            "sh",
            "-c",
            (
                "while [ ! -e go ]; do sleep 0.01; done; head -c 1500000 /dev/zero; touch full;"
                " while [ ! -e room ]; do sleep 0.01; done; echo on"
            ),
        ]
    )
    limit = resource.prlimit(machine.supervisor(it).pid, resource.RLIMIT_FSIZE, (1_000_000, -1))
    (machine.workspace / "go").touch()
    await until((machine.workspace / "full").exists)
    log = machine.folder(it) / "output.log"
    await until(lambda: log.exists() and log.stat().st_size >= 1_000_000)
    resource.prlimit(machine.supervisor(it).pid, resource.RLIMIT_FSIZE, limit)
    (machine.workspace / "room").touch()
    assert ending(await machine.place.wait(it)).exit_code == 0
    kept = machine.log(it)
    found = re.search(rb"\n\[funade: (\d+) bytes of output are missing here: File too large\]\n", kept)
    assert found
    # What was still in the pipe when there was room again was kept.
    late = 500_000 - int(found[1])
    assert late < 500_000
    assert kept == bytes(1_000_000) + found[0] + bytes(late) + b"on\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
@pytest.mark.needs("mount")
async def test_the_end_is_written_as_soon_as_a_full_disk_has_room(machine, tmp_path):
    machine.data.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", machine.data], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        it = await machine.start(["sh", "-c", "head -c 3000000 /dev/zero; touch over"])
        await until((machine.workspace / "over").exists)
        await until(lambda: is_gone(machine.process(it)["program"][0]))
        assert shutil.disk_usage(machine.data).free == 0
        assert (await machine.place.look(it)).standing is Standing.RUNNING
        with pytest.raises(TemporaryTargetError, match="No space left"):
            await machine.start(["true"], execution(2, fence=8))
        subprocess.run(["mount", "-o", "remount,size=2m", machine.data], check=True)
        assert ending(await machine.place.wait(it)).exit_code == 0
        assert b"bytes of output are missing here: No space left on device]" in machine.log(it)
        assert (await machine.run(["true"], execution(3, fence=9))).exit_code == 0
    finally:
        subprocess.run(["umount", "-l", machine.data], check=True)


async def test_a_start_that_is_given_up_leaves_no_supervisor_waiting(machine):
    before = set(psutil.Process().children())  # servers of other tests

    def waiting() -> bool:
        return any(not is_gone(one.pid) for one in set(psutil.Process().children()) - before)

    opened = psutil.Process().num_fds()
    for moment in (0, 0.001, 0.003, 0.006, 0.012):
        starting = asyncio.create_task(machine.start(["true"], execution(fence=7)))
        await asyncio.sleep(moment)
        starting.cancel()
        with suppress(asyncio.CancelledError, GuardRefused, TemporaryTargetError):
            await starting
    await until(lambda: not waiting())
    await until(lambda: psutil.Process().num_fds() <= opened)
    sighting = await machine.place.wait(execution())
    assert sighting.standing in (Standing.UNSEEN, Standing.INTENDED, Standing.ENDED)


class FullAfter(ThreadPoolExecutor):
    """Has threads for so many pieces of work; what comes later waits for one that never gets free."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left
        self.refused = asyncio.Event()

    def submit(self, *work, **with_what):
        self.left -= 1
        if self.left >= 0:
            return super().submit(*work, **with_what)
        self.refused.set()
        return Future()


async def test_a_start_that_is_given_up_before_its_instructions_leave_lets_its_supervisor_end(machine):
    before = set(psutil.Process().children())
    pool = FullAfter(2)  # for what is prepared, and for the guard
    asyncio.get_running_loop().set_default_executor(pool)
    starting = asyncio.create_task(machine.start(["touch", "never"], execution(fence=7)))
    await pool.refused.wait()
    [supervisor] = set(psutil.Process().children()) - before
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await until(lambda: is_gone(supervisor.pid))
    assert not (machine.workspace / "never").exists()


async def test_check_finds_a_program_that_is_missing_and_a_place_that_cannot_be_written(machine):
    assert not await machine.target(["./in-the-checkout"])[0].check()
    [missing] = await machine.target(["no-such-program"])[0].check()
    assert missing.where == "run[0]"
    [absolute] = await machine.target(["/no/such/program"])[0].check()
    assert "not there" in absolute.problem
    if os.geteuid() != 0:
        machine.data.mkdir(mode=0o500)
        assert [one.where for one in await machine.target(["true"])[0].check()] == ["guard", "data"]


async def test_check_changes_nothing(machine):
    await machine.target(["true"], secrets={"TOKEN": "env:TOKEN"})[0].check()
    assert not machine.data.exists()


async def test_little_is_imported_before_the_program_runs():
    code = "import sys; sys.path.insert(0, sys.argv[1]); import funade.targets.command.supervisor; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, f"{HERE}/src"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    heavy = {"asyncio", "dataclasses", "datetime", "inspect", "pathlib", "subprocess", "threading", "typing"}
    assert not heavy & set(loaded)
    assert [one for one in loaded if one.startswith("funade")] == [
        "funade",
        "funade.targets",
        "funade.targets.command",
        "funade.failpoints",
        "funade.clients",
        "funade.clients.births",
        "funade.targets.command.processes",
        "funade.targets.command.guard",
        "funade.targets.command.program",
        "funade.targets.command.supervisor",
    ]
