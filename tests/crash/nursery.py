"""Forks Funade processes from one that has everything imported: real processes, without a second of imports each.

`python nursery.py MODULE...` reads births as JSON lines on standard input and answers with births and deaths.
"""

import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from funade import failpoints

PATIENCE_SECONDS = 60.0
#: whose `main` Funade is
FUNADE = "funade.cli"
ROOT = Path(__file__).resolve().parents[2]
IMPORTED = (
    "aiohttp",
    "funade.chat.slack.room",
    "funade.cli.ending",
    "funade.cli.log",
    "funade.cli.playground",
    "funade.cli.serve",
    "funade.playground.server",
    "funade.wiring.runner",
    "funade.wiring.server",
    "funade.store.postgres.ledger",
    "sqlalchemy.dialects.sqlite",
    "uvicorn.loops.asyncio",
)


class Child:
    """One process; the same few methods as those of `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.ended = threading.Event()

    def poll(self) -> int | None:
        """Return its exit code once it has ended."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code, or raise TimeoutExpired."""
        if not self.ended.wait(timeout) or self.returncode is None:
            raise subprocess.TimeoutExpired(FUNADE, timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it has not ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The tests' side."""

    def __init__(self, imported: Sequence[str] = IMPORTED) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, *imported],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._asking = threading.Lock()
        self._changed = threading.Condition()
        self._born: dict[int, Child] = {}
        self._births = 0
        self._newest = Child(0)
        threading.Thread(target=self._listen, daemon=True).start()

    def bear(
        self, arguments: list[str], environment: dict[str, str], folder: Path, log: Path, main: str = FUNADE
    ) -> Child:
        """Return a new process that runs `main()` of a module with these arguments, as Funade does."""
        wish = {"main": main, "arguments": arguments, "environment": environment}
        wish |= {"folder": str(folder), "log": str(log)}
        assert self._process.stdin is not None, "it was asked for"
        with self._asking, self._changed:
            before = self._births
            self._process.stdin.write(json.dumps(wish) + "\n")
            self._process.stdin.flush()
            self._changed.wait_for(lambda: self._births > before, PATIENCE_SECONDS)
            assert self._births > before, "the nursery is gone"
            return self._newest

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            said = json.loads(line)
            with self._changed:
                if "born" in said:
                    self._newest = self._born[said["born"]] = Child(said["born"])
                    self._births += 1
                    self._changed.notify_all()
                else:
                    child = self._born.pop(said["dead"])
                    child.returncode = said["code"]
                    child.ended.set()


@cache
def nursery() -> Nursery:
    """Return the one of this test run."""
    return Nursery()


def main() -> None:
    """Bear and bury until nobody asks any more."""
    sys.path.insert(0, str(ROOT))
    for name in sys.argv[1:]:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    poll = select.poll()
    poll.register(0, select.POLLIN)
    poll.register(heard, select.POLLIN)
    rest = b""
    while True:
        ready = dict(poll.poll())
        if heard in ready:
            os.read(heard, 4096)
            _bury()
        if 0 in ready:
            piece = os.read(0, 1 << 16)
            if not piece:
                return
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                _say({"born": _bear(json.loads(line))})


def _bear(wish: dict[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        _become(wish)
    return pid


def _become(wish: dict[str, Any]) -> NoReturn:
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.chdir(wish["folder"])
        os.environ.clear()
        os.environ.update(wish["environment"])
        nothing = os.open(os.devnull, os.O_RDONLY)
        log = os.open(wish["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for standard, descriptor in enumerate((nothing, log, log)):
            os.dup2(descriptor, standard)
        os.closerange(3, 64)
        armed, noted = os.environ.get(failpoints.ARMED_BY, ""), os.environ.get(failpoints.LOGGED_TO)
        failpoints._traps = failpoints.Traps(armed, noted)  # as its import does
        sys.argv[1:] = wish["arguments"]
        importlib.import_module(wish["main"]).main()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001 -- a process's end, as the interpreter shows it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _bury() -> None:
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            _say({"dead": pid, "code": os.waitstatus_to_exitcode(status)})


def _say(what: dict[str, int]) -> None:
    os.write(1, (json.dumps(what) + "\n").encode())


if __name__ == "__main__":
    main()
