"""What a supervisor does while its program runs: keeps the output, hears its control, minds the time."""

import contextlib
import fcntl
import os
import select
import signal
import struct
import termios
import time

from funade.domain.masking import Masker
from funade.failpoints import effect
from funade.targets.command import processes
from funade.targets.command.processes import steady
from funade.targets.command.program import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: One byte each, written to the control.
CANCEL = b"c"
KEEP_ALIVE = b"k"

CHUNK = 256 * 1024
#: Between looks at a session whose leader is gone, in seconds.
BETWEEN_LOOKS = 0.05


class Output:
    """The log file; what a full disk does not take is counted, and the gap marked as soon as it takes bytes again."""

    def __init__(self, path: str) -> None:
        with effect("command.open_output"):
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lost = 0
        self._why = ""

    def write(self, data: bytes) -> None:
        """Keep `data`, or count it as lost."""
        if not data:
            return
        if self._lost:
            mark = f"\n[funade: {self._lost} bytes of output are missing here: {self._why}]\n".encode()
            if self._put(mark) < len(mark):
                self._lost += len(data)
                return
            self._lost = 0
        self._lost += len(data) - self._put(data)

    def settle(self) -> None:
        """Mark a last gap and keep all of it for good, as far as the disk lets us."""
        if self._lost:
            self.write(b"\n")
        with contextlib.suppress(OSError), effect("command.sync_output"):
            os.fsync(self._file)

    def _put(self, data: bytes) -> int:
        done = 0
        try:
            with effect("command.write_output"):
                while done < len(data):
                    done += os.write(self._file, memoryview(data)[done:])
        except OSError as error:
            self._why = error.strerror or str(error)
        return done


class Watch:
    """One program's life from its beginning to its end."""

    def __init__(self, instructions: "dict[str, Any]", program: Program, control: int) -> None:
        self._program, self._control = program, control
        self._grace = float(instructions["kill_grace"])
        self._lease = instructions["lease"]
        self._time_limit = float(instructions["time_limit"])
        now = instructions["began"]
        self._ends_at = now + self._time_limit
        self._abandoned_at = now + self._lease if self._lease else None
        self._kills_at: float | None = None
        self._by = "itself"
        self._collected = False
        self._problem: str | None = None
        self._wake = self._hear_signals()
        self._silent = False  # the program, and whoever has its output from it, closed it
        self._masker = Masker(one.encode("latin-1") for one in instructions["masks"])
        self.output = Output(instructions["folder"] + "/output.log")
        self._poll = select.poll()
        for one in (program.output, control, self._wake):
            os.set_blocking(one, False)
            self._poll.register(one, select.POLLIN)

    def until_over(self) -> "dict[str, Any]":
        """Return how the program ended, once it and (when it was ended) its whole session are gone."""
        while not self._is_over():
            for descriptor, _ in self._poll.poll(self._milliseconds()):
                if descriptor == self._program.output:
                    self._keep(CHUNK)
                elif descriptor == self._control:
                    self._listen()
                else:
                    self._wake_up()
            self._mind_the_time()
        if self._by != "itself":
            self._end_the_rest()
        # From here on the number may be somebody else's.
        self._collected = True
        status = os.waitpid(self._program.pid, 0)[1]
        self._drain()
        self.output.write(self._masker.flush())
        code = os.waitstatus_to_exitcode(status)
        return {
            "by": self._by,
            "exit_code": code if code >= 0 else None,
            "signal": -code if code < 0 else None,
            "problem": self._problem,
        }

    def stop(self, by: str, problem: str | None = None) -> None:
        """Ask the program to end, and make it after the grace."""
        if self._kills_at is None and not self._collected:
            self._by, self._problem = by, problem
            self._kills_at = steady() + self._grace
            with effect("command.terminate"), contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._program.pid, signal.SIGTERM)

    def _hear_signals(self) -> int:
        heard, self._signalled = os.pipe()
        os.set_blocking(self._signalled, False)
        signal.set_wakeup_fd(self._signalled, warn_on_full_buffer=False)
        for one in (signal.SIGHUP, signal.SIGINT):
            signal.signal(one, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(
            signal.SIGTERM,
            lambda *_: self.stop("cancel", "the supervisor was asked to end (SIGTERM), as at a shutdown"),
        )
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        # What happened before we listened.
        os.write(self._signalled, b"\0")
        return heard

    def _is_over(self) -> bool:
        """Tell whether the program is over; it stays a corpse, so that nobody is given its number."""
        if not hasattr(os, "waitid"):
            return processes.is_corpse(self._program.pid)
        return os.waitid(os.P_PID, self._program.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _milliseconds(self) -> float:
        due = [self._ends_at if self._kills_at is None else self._kills_at]
        if self._abandoned_at is not None and self._kills_at is None:
            due.append(self._abandoned_at)
        return max(0.0, min(due) - steady()) * 1000 + 1

    def _mind_the_time(self) -> None:
        now = steady()
        if self._kills_at is not None:
            if now >= self._kills_at:
                processes.kill_session(self._program.pid)
                self._kills_at = now + max(self._grace, 1)
        elif now >= self._ends_at:
            self.stop("time_limit", f"it ran longer than {self._time_limit:g} s")
        elif self._abandoned_at is not None and now >= self._abandoned_at:
            self.stop("abandoned", f"nobody looked after it for {self._lease:g} s")

    def _listen(self) -> None:
        heard = os.read(self._control, 4096)
        if CANCEL in heard:
            self.stop("cancel")
        now = steady()
        # Late is never: everything here may have stood still, and another machine counts on the end.
        if KEEP_ALIVE in heard and self._abandoned_at is not None and now < self._abandoned_at:
            self._abandoned_at = now + self._lease

    def _wake_up(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 4096)

    def _keep(self, limit: int) -> int:
        """Move output to the log; return how many bytes came, 0 at the end of it."""
        try:
            chunk = os.read(self._program.output, limit)
        except BlockingIOError:
            return 0
        if not chunk and not self._silent:
            self._silent = True
            self._poll.unregister(self._program.output)
        self.output.write(self._masker.feed(chunk))
        return len(chunk)

    def _end_the_rest(self) -> None:
        """Give what is left of the session the rest of the grace, then kill it."""
        while processes.members(self._program.pid):
            if self._kills_at is None or steady() >= self._kills_at:
                processes.kill_session(self._program.pid)
                self._kills_at = steady() + 1
            self._keep(CHUNK)
            time.sleep(BETWEEN_LOOKS)

    def _drain(self) -> None:
        """Take what the program had written; whoever keeps the pipe open after it is not waited for."""
        buffer = fcntl.ioctl(self._program.output, termios.FIONREAD, struct.pack("i", 0))
        left = struct.unpack("i", buffer)[0]
        while left > 0:
            taken = self._keep(left)
            if not taken:
                break
            left -= taken
