import codecs
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from funade.cli.exit_codes import Exit
from funade.domain.commands import Deploy
from funade.domain.deployment import State
from funade.domain.reason import Reason

#: makes the terminal the process's own, so that Ctrl-C reaches it
LOG_IN = "import os, sys; os.login_tty(0); os.execv(sys.executable, [sys.executable, '-m', 'funade', *sys.argv[1:]])"


class Terminal:
    """A person at a terminal."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    def wait_for(self, text: str, times: int = 1) -> None:
        deadline = time.monotonic() + 60
        while self.seen.count(text) < times:
            assert time.monotonic() < deadline, f"waited in vain for {text!r}; there is {self.seen[-500:]!r}"
            assert self.read(), f"ended without {text!r}: {self.seen!r}"

    def type_until(self, typed: str, text: str, times: int = 1) -> None:
        """Type it, and again: readline hears of a signal that comes between two characters with the next one."""
        deadline = time.monotonic() + 60
        while self.seen.count(text) < times:
            assert time.monotonic() < deadline, f"nobody heard {typed!r}; there is {self.seen[-500:]!r}"
            self.type(typed)
            self.read()
            self.read()

    def hang_up(self) -> None:
        """Say that nothing more comes, until nobody listens: what is said between two questions is lost."""
        deadline = time.monotonic() + 60
        while self.read():
            assert time.monotonic() < deadline, f"nobody heard the end; there is {self.seen[-500:]!r}"
            with suppress(OSError):
                self.type("\x04")

    def read(self) -> bool:
        """Read what there is; tell whether more may come."""
        if not select.select([self._descriptor], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self._descriptor, 65_536)
        except OSError:  # Linux says EIO when the program has closed its end
            return False
        self.seen += self._decoder.decode(data)
        return bool(data)


@contextmanager
def at_terminal(socket: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], Terminal]]:
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", LOG_IN, "--socket", str(socket), *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
    )
    os.close(theirs)
    terminal = Terminal(ours)
    try:
        yield child, terminal
        while terminal.read():
            pass
        child.wait(60)
    finally:
        child.kill()
        child.wait()
        os.close(ours)


def test_a_person_sees_the_plan_and_what_was_seen_is_what_runs(desk, socket):
    desk.when_accepted = lambda desk, deployment: desk.start(1)
    with at_terminal(socket, "deploy", "shop", "staging", "v1") as (child, terminal):
        terminal.wait_for("[y/N]")
        assert "f5c0df1" in terminal.seen
        terminal.type("y\n")
        terminal.wait_for("running")
        desk.write(1, b"first line\nsecond ")
        terminal.wait_for("first line")
        desk.write(1, b"line\n\x1b]0;owned\x07\x1b[2Jno new line at the end")
        desk.end(1, State.SUCCEEDED, Reason.COMPLETED)
        terminal.wait_for("no new line at the end")
    assert child.returncode == Exit.SUCCEEDED
    assert "second line" in terminal.seen
    assert "owned" not in terminal.seen
    sent = next(command for command, _, _ in desk.asked if isinstance(command, Deploy))
    assert sent.digest == desk.deployments[1].digest


def test_a_person_may_say_no(desk, socket):
    with at_terminal(socket, "deploy", "shop", "staging") as (child, terminal):
        terminal.wait_for("[y/N]")
        terminal.type("\n")
    assert child.returncode == Exit.CANCELLED
    assert desk.deployments == {}


def test_ctrl_c_leaves_a_clean_terminal_and_the_deployment_alone(desk, socket):
    desk.when_accepted = lambda desk, deployment: desk.start(1)
    with at_terminal(socket, "deploy", "shop", "staging", "--yes") as (child, terminal):
        terminal.wait_for("\x1b[?25l")
        terminal.type("\x03")
        terminal.wait_for("funade cancel 1")
    assert child.returncode == Exit.INTERRUPTED
    assert terminal.seen.rindex("\x1b[?25h") > terminal.seen.rindex("\x1b[?25l")  # the cursor is back
    assert desk.deployments[1].state is State.RUNNING


@pytest.mark.parametrize(("option", "colored"), [("--color", True), ("--no-color", False)])
def test_colors_are_decoration(desk, socket, option, colored):
    desk.when_accepted = lambda desk, deployment: desk.start(1)
    with at_terminal(socket, "deploy", "shop", "staging", "--yes", option) as (_, terminal):
        terminal.wait_for("running")
        desk.end(1, State.SUCCEEDED, Reason.COMPLETED)
    assert ("\x1b[32m" in terminal.seen) is colored


def test_people_talk_at_the_prompt(desk, socket):
    desk.when_accepted = lambda desk, deployment: desk.end(1, State.FAILED, Reason.PROGRAM_FAILED)
    with at_terminal(socket, "prompt") as (child, terminal):
        terminal.wait_for("> ")
        terminal.type("deploy shop to staging\n")
        terminal.wait_for("[y/N]")
        terminal.type("y\n")
        terminal.wait_for("failed")
        terminal.wait_for("> ", times=2)
        terminal.type("deplyo shop to staging\n")
        terminal.wait_for("deploy shop to staging`")
        terminal.wait_for("> ", times=3)
        terminal.type("half a sent")
        terminal.wait_for("half a sent")
        terminal.type("\x03" * 20)  # an impatient person
        terminal.type_until("\x03", "> ", times=4)
        # Whatever readline has not heard of yet is over once it has heard a whole sentence.
        terminal.type_until("deplyo shop to staging\n", "deploy shop to staging`", times=2)
        terminal.hang_up()
    assert child.returncode == Exit.SUCCEEDED
    assert list(desk.deployments) == [1]


def test_lines_of_a_pipe_are_a_conversation_too(desk, socket):
    desk.when_accepted = lambda desk, deployment: desk.end(1, State.SUCCEEDED, Reason.COMPLETED)
    ran = subprocess.run(
        [sys.executable, "-m", "funade", "--socket", str(socket), "prompt"],
        input="status\n\ndeploy shop to staging\nhistory\nbye\nnever read\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "> deploy shop to staging" in ran.stdout
    assert "never read" not in ran.stdout
    assert list(desk.deployments) == [1]


def test_a_sentence_that_is_not_understood_is_a_usage_error(desk, socket):
    ran = subprocess.run(
        [sys.executable, "-m", "funade", "--socket", str(socket), "say", "deploy", "shp", "to", "staging"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == Exit.USAGE
    assert "deploy shop to staging" in ran.stdout


def test_a_terminal_without_japanese_is_no_reason_to_fail(desk, socket):
    ran = subprocess.run(
        [sys.executable, "-m", "funade", "--socket", str(socket), "--language", "ja", "status"],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert b"shop" in ran.stdout
