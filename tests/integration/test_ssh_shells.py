"""The hosts' program under other shells, and with BusyBox's tools."""

import gzip
import io
import shutil
import subprocess
import tarfile
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from funade.targets.ssh.request import REMOTE_COMMAND, Program, Request, hook_fields, line_of, list_of

pytestmark = [pytest.mark.slow]

PROGRAMS = {"send": Program.SEND, "follow": Program.FOLLOW}
SHELLS = [
    pytest.param(["dash"], marks=pytest.mark.needs("dash")),
    pytest.param(["bash", "--posix"], marks=pytest.mark.needs("bash")),
    pytest.param(["busybox", "sh"], marks=pytest.mark.needs("busybox")),
]


def ask(
    shell: list[str], base: Path, path: str | None, operation: str, *fields: str, data: bytes = b""
) -> str:
    request = Request(
        operation=operation, fields=(str(base), "shop/staging", "store", "d-1", "1", "7", "digest", *fields)
    )
    command = REMOTE_COMMAND.removeprefix("exec /bin/sh -c '").removesuffix("'")
    process = subprocess.Popen(
        [shutil.which(shell[0]) or shell[0], *shell[1:], "-c", command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={"HOME": str(base.parent), "PATH": path or "/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    # A stage lives on after its answer, as it does when a connection is closed.
    Thread(target=process.wait, daemon=True).start()
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        with suppress(BrokenPipeError):
            process.stdin.write(line_of(PROGRAMS.get(operation, Program.ANSWERS)) + request.encoded() + data)
            process.stdin.flush()
        with suppress(BrokenPipeError):
            process.stdin.close()
        return process.stdout.read().decode().removesuffix(".\n")


def archive() -> bytes:
    found = io.BytesIO()
    with tarfile.open(fileobj=found, mode="w") as tar:
        member = tarfile.TarInfo("bin/run")
        member.size, member.mode = 3, 0o755
        tar.addfile(member, io.BytesIO(b"hi\n"))
    return gzip.compress(found.getvalue())


@pytest.fixture
def path(request, tmp_path):
    """Give BusyBox's shell its own tools and nothing else."""
    if "busybox" not in request.getfixturevalue("shell"):
        return None
    folder = tmp_path / "applets"
    folder.mkdir()
    for name in subprocess.check_output(["busybox", "--list"], text=True).split():
        (folder / name).symlink_to("/bin/busybox")
    if not (folder / "flock").exists():
        # Alpine's has it, Debian's has not.
        (folder / "flock").symlink_to("/usr/bin/flock")
    return str(folder)


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_every_shell_brings_a_release_live_and_tells_how_it_ended(shell, path, tmp_path):
    base = tmp_path / "shop"
    base.mkdir()

    def tell(operation: str, *fields: str, data: bytes = b"") -> list[str]:
        return ask(shell, base, path, operation, *fields, data=data).splitlines()

    def until_not(phase: str) -> str:
        deadline = time.monotonic() + 60
        while (seen := tell("look", "0", "0")[0]).startswith(f"phase {phase}"):
            assert time.monotonic() < deadline, seen
        return seen

    assert tell("check")[-1] == "ok"
    assert not [line for line in tell("check") if line.startswith("missing") and "mv" not in line]
    assert tell("look", "0", "0")[0] == "phase unseen"
    assert tell("intend", "60", "made")[-1] == "ok"
    coming, word = tell("send", data=archive())
    assert word == "ok"
    assert tell("sent", coming.removeprefix("coming ")) == ["ok"]
    hook = hook_fields("echo", [("A", "x'\n\\y")], ["sh", "-c", 'printf "%s secret\\n" "$A"'])
    stage = ("1", "60", "s/secret/***/g")
    assert tell("prepare", *stage, "no", "made", "f" * 40, "r1", *list_of(["log/"]), "1", *hook) == ["began"]
    assert until_not("preparing") == "phase prepared "
    assert tell("follow", "0", "now")[-2:] == ["x'", "\\y ***"]
    failing = hook_fields("exit", [], ["sh", "-c", "exit 3"])
    assert tell("publish", *stage, "5", "1", *failing) == ["began"]
    assert until_not("publishing").startswith("phase ended itself 3 ")
    assert (base / "current" / "bin" / "run").read_text() == "hi\n"
    assert (base / "current" / "REVISION").read_text() == "f" * 40 + "\n"
    assert tell("look", "0", "0")[3:5] == ["current r1", f"revision {'f' * 40}"]


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_every_shell_ends_what_it_is_asked_to_end(shell, path, tmp_path):
    base = tmp_path / "shop"
    base.mkdir()
    ask(shell, base, path, "intend", "60", "made")
    coming = ask(shell, base, path, "send", data=archive()).splitlines()[0].removeprefix("coming ")
    ask(shell, base, path, "sent", coming)
    hook = hook_fields("sleep", [], ["sh", "-c", "trap '' TERM; sleep 600 & sleep 600"])
    ask(shell, base, path, "prepare", "1", "60", "", "no", "made", "f" * 40, "r1", "0", "1", *hook)
    ask(shell, base, path, "cancel", "by ada")
    deadline = time.monotonic() + 60
    while "phase preparing" in (seen := ask(shell, base, path, "look", "0", "0")):
        assert time.monotonic() < deadline, seen
    assert "phase ended cancel - " in seen


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_a_request_that_was_cut_short_does_nothing(shell, path, tmp_path):
    asked = Request(operation="intend", fields=("/x", "a/b", "s", "d", "1", "7", "e", "60", "m"))
    whole = line_of(Program.ANSWERS) + asked.encoded()
    command = REMOTE_COMMAND.removeprefix("exec /bin/sh -c '").removesuffix("'")
    for length in (10, len(whole) - 40, len(whole) - 1):
        done = subprocess.run([*shell, "-c", command], input=whole[:length], capture_output=True, check=False)
        assert done.stdout == b""


def test_an_archive_that_was_cut_short_is_not_taken(tmp_path):
    ask(["sh"], tmp_path, None, "intend", "60", "made")
    assert "came incomplete" in ask(["sh"], tmp_path, None, "send", data=archive()[:-20])
    assert "came incomplete" in ask(["sh"], tmp_path, None, "send", data=b"")
