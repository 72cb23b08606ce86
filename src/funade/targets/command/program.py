"""The supervised program: made early, let go only when its beginning is written down."""

import contextlib
import errno
import fcntl
import os
import signal

from funade.failpoints import effect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

#: A larger pipe lets a talkative program run ahead.
PIPE_SIZE = 256 * 1024

#: Python ignores these; a program must not inherit that.
SIGNALS_OF_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)


class CannotBegin(Exception):
    """The program cannot be executed at all; the text says why and what to do."""


class Program:
    """One program in its own session; its output, both kinds in one, comes from `output`."""

    def __init__(self, instructions: "dict[str, Any]") -> None:
        self._instructions = instructions
        self.output, output = os.pipe()
        gate, self._gate = os.pipe()
        self._failure, failure = os.pipe()
        with effect("command.fork"):
            self.pid = os.fork()
        if self.pid == 0:
            os.close(self._gate)
            self._become(gate, output, failure)
        for one in (gate, output, failure):
            os.close(one)
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            # Refused where the user's share of pipes is used up; the usual size does.
            with contextlib.suppress(OSError):
                fcntl.fcntl(self.output, fcntl.F_SETPIPE_SZ, PIPE_SIZE)

    def forget(self) -> None:
        """Give the program up before it began."""
        os.close(self._gate)
        os.waitpid(self.pid, 0)

    def release(self) -> None:
        """Let the program begin, or raise CannotBegin."""
        with effect("command.release"):
            os.write(self._gate, b"!")
        os.close(self._gate)
        failure = b""
        while piece := os.read(self._failure, 64):
            failure += piece
        os.close(self._failure)
        if failure:
            os.waitpid(self.pid, 0)
            what, _, number = failure.decode().partition(" ")
            raise CannotBegin(self._why(what, int(number)))

    def _become(self, gate: int, output: int, failure: int) -> "NoReturn":
        """Wait for the gate, then be the program. Runs in the child; never returns."""
        what = "folder"
        try:
            os.setsid()
            # The environment is held and the control is heard by the supervisor alone.
            for one in range(3, 64):
                if one not in (gate, output, failure):
                    _close(one)
            if not os.read(gate, 1):
                os._exit(0)
            nothing = os.open(os.devnull, os.O_RDONLY)
            for standard, descriptor in enumerate((nothing, output, output)):
                os.dup2(descriptor, standard)
            for one in SIGNALS_OF_PYTHON:
                signal.signal(one, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            os.chdir(self._instructions["cwd"])
            what = "program"
            self._execute()
        except OSError as error:
            os.write(failure, f"{what} {error.errno or errno.EIO}".encode())
        finally:
            os._exit(127)

    def _execute(self) -> None:
        argv, environment = self._instructions["argv"], self._instructions["environment"]
        refused: OSError | None = None
        for path in self._places():
            try:
                os.execve(path, argv, environment)  # noqa: S606 -- no shell, on purpose
            except (FileNotFoundError, NotADirectoryError):
                continue
            except PermissionError as error:
                refused = error
        raise refused or FileNotFoundError(errno.ENOENT, "")

    def _places(self) -> "list[str]":
        name = self._instructions["argv"][0]
        if "/" in name:
            return [name]
        return [f"{one or '.'}/{name}" for one in self._instructions["environment"]["PATH"].split(":")]

    def _why(self, what: str, number: int) -> str:
        """Word an error of `_become` for people."""
        cwd, name = self._instructions["cwd"], self._instructions["argv"][0]
        if what == "folder":
            return f"the working folder `{cwd}` cannot be entered: {os.strerror(number)}"
        if number == errno.ENOEXEC:
            return f"`{name}` is no program of this machine and has no `#!` line: add one"
        if number == errno.EACCES:
            return f"`{name}` is not executable: `chmod +x` it, and commit that"
        if number != errno.ENOENT:
            return f"`{name}` cannot be executed: {os.strerror(number)}"
        if "/" in name and os.path.exists(os.path.join(cwd, name)):  # noqa: PTH110, PTH118 -- pathlib costs 7 ms
            return f"the interpreter that `{name}` names in its `#!` line is not on this machine"
        where = f"in `{cwd}`" if "/" in name else f"in PATH ({self._instructions['environment']['PATH']})"
        return f"there is no program `{name}` {where}"


def _close(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        os.close(descriptor)
