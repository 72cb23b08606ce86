"""Starts a supervisor and hands it its instructions, which hold secrets: never in arguments, never in a file."""

import errno
import json
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread

import funade
from funade.failpoints import ARMED_BY, LOGGED_TO, effect

#: `-I -S`: nothing of the server's environment or of installed packages reaches the supervisor.
BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); from funade.targets.command.supervisor import main; main()"
)
TITLE = "funade supervisor"  #: what `ps` shows of it
WHERE_FUNADE_LIES = Path(funade.__file__).parent.parent

ORDINARY_SIGNALS = [
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGCHLD,
    signal.SIGALRM,
    signal.SIGUSR1,
    signal.SIGUSR2,
]

#: A machine too busy to answer within this is asked again later what became of it.
ANSWERS_WITHIN_SECONDS = 30.0


class Starter:
    """One supervisor that waits for its instructions; without any it ends by itself."""

    def __init__(self) -> None:
        """Start it, or raise OSError."""
        self._spent = Lock()  # by whichever comes first: its instructions, or being let go
        orders, self._orders = os.pipe()
        try:
            self._answer, answer = os.pipe()
        except OSError:
            os.close(orders)
            os.close(self._orders)
            raise
        command = [sys.executable, "-I", "-S", "-c", BOOT, str(WHERE_FUNADE_LIES), TITLE]
        environment = {name: os.environ[name] for name in (ARMED_BY, LOGGED_TO) if name in os.environ}
        try:
            with effect("command.spawn"):
                pid = os.posix_spawn(
                    sys.executable,
                    command,
                    {"LANG": "C.UTF-8", **environment},
                    file_actions=[
                        (os.POSIX_SPAWN_DUP2, orders, 0),
                        (os.POSIX_SPAWN_DUP2, answer, 1),
                        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                    ],
                    setsid=True,
                    # What the server ignores or blocks is no rule for programs.
                    setsigdef=ORDINARY_SIGNALS,
                    setsigmask=[],
                )
        except OSError:
            self.close()
            raise
        finally:
            os.close(orders)
            os.close(answer)
        # It outlives most of what is here, and must not stay a corpse until this process ends.
        self._life = Thread(target=os.waitpid, args=(pid, 0), name=f"supervisor {pid}", daemon=True)
        try:
            self._life.start()
        except RuntimeError as error:
            # Too many threads: nobody would collect it later.
            self.close()
            os.waitpid(pid, 0)
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from error

    def lives(self) -> bool:
        """Tell whether it is still there to be told anything."""
        return self._life.is_alive()

    def hand_over(self, instructions: dict[str, object]) -> tuple[str, str]:
        """Give the instructions; return the supervisor's answer, empty when it ended or fell silent without one."""
        if not self._spent.acquire(blocking=False):
            return "", ""
        try:
            try:
                with suppress(BrokenPipeError), effect("command.hand_over"):
                    rest = memoryview(json.dumps(instructions).encode())
                    while rest:
                        rest = rest[os.write(self._orders, rest) :]
            finally:
                os.close(self._orders)
            word, _, text = self._read_answer().decode(errors="replace").partition(" ")
        finally:
            os.close(self._answer)
        return word, text

    def close(self) -> None:
        """Let it end without instructions; nothing happens once it is being handed any."""
        if self._spent.acquire(blocking=False):
            os.close(self._orders)
            os.close(self._answer)

    def _read_answer(self) -> bytes:
        answer = b""
        until = time.monotonic() + ANSWERS_WITHIN_SECONDS
        poll = select.poll()
        poll.register(self._answer, select.POLLIN)
        while poll.poll(max(0.0, until - time.monotonic()) * 1000):
            piece = os.read(self._answer, 4096)
            if not piece:
                return answer
            answer += piece
        return b""
