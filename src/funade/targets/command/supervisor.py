"""The small process around one program: it needs no living owner, and a server that comes back adopts its files.

Started by `place.py` with its instructions on standard input; answers with one line on standard output as soon as
the program began. Standard library only, and little of it before the program runs: this is on the way of every
deployment.
"""

import contextlib
import errno
import json
import os
import select
import signal
import sys

from funade.failpoints import effect
from funade.targets.command import processes
from funade.targets.command.guard import Guard, Refused, Unreadable, write_durably
from funade.targets.command.program import CannotBegin, Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from funade.targets.command.watch import Output

#: A supervisor that is about to leave, or about to be refused, is waited for so long, in seconds.
PATIENCE = 2.0
#: What a full disk and the like are waited for, in seconds, when the end cannot be written down.
BETWEEN_TRIES = 0.5
#: Who waits longer than this for its instructions may wait for days, in milliseconds.
SOON = 200

STARTED = "started"
REFUSED = "refused"
BUSY = "busy"
FAILED = "failed"


def main() -> None:
    """Carry out the instructions on standard input; without whole instructions do nothing."""
    _stand_alone()
    _load_while_waiting()
    try:
        instructions = json.loads(sys.stdin.buffer.read())
    except ValueError:
        # Whoever started us died before it had said everything.
        return
    try:
        _carry_out(instructions)
    except Exception:  # noqa: BLE001 -- nobody is above us: the bug is kept where a person finds it
        import traceback  # noqa: PLC0415 -- only after a bug

        with effect("command.write_bug"):
            write_durably(instructions["folder"] + "/supervisor.log", traceback.format_exc().encode())


def _stand_alone() -> None:
    if os.getsid(0) != os.getpid():
        os.setsid()
    os.chdir("/")
    # Heard as soon as there is somebody to end the program in good order.
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGHUP, signal.SIGINT))
    # A parent's descriptors are none of ours, and would be kept open for hours.
    os.closerange(3, 65536)


def _load_while_waiting() -> None:
    """Load what is needed later, unless the instructions come at once: an upgrade may change the files meanwhile."""
    poll = select.poll()
    poll.register(0, select.POLLIN)
    if not poll.poll(SOON):
        import funade.targets.command.watch  # noqa: F401, PLC0415 -- only where there is time


def _carry_out(instructions: "dict[str, Any]") -> None:
    guard = Guard(instructions["guard"])
    try:
        # The lock is let go of when this process ends, and not before.
        if _hold(guard) is None:
            return _answer(BUSY, "another execution runs in this environment")
        control = _open_control(instructions["folder"] + "/control")
        program = Program(instructions)
        try:
            _begin(guard, instructions, program)
        except (Refused, Unreadable) as error:
            program.forget()
            return _answer(REFUSED, str(error))
        except OSError:
            program.forget()
            raise
    except OSError as error:
        return _answer(FAILED, f"{error.strerror or error}: {error.filename or instructions['guard']}")
    try:
        program.release()
    except CannotBegin as error:
        _record(guard, instructions, {"by": "never_started", "problem": str(error)})
        return _answer(STARTED, "")
    _answer(STARTED, "")
    from funade.targets.command.watch import Watch  # noqa: PLC0415 -- takes its time while the program runs

    watch = Watch(instructions, program, control)
    return _record(guard, instructions, watch.until_over(), watch.output)


def _hold(guard: Guard) -> int | None:
    import time  # noqa: PLC0415 -- built in

    until = time.monotonic() + PATIENCE
    while (held := guard.hold_execution()) is None and time.monotonic() < until:
        time.sleep(0.01)
    return held


def _open_control(path: str) -> int:
    with effect("command.open_control"):
        with contextlib.suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        # Opened for writing too, it never comes to an end of file; whoever can open it for writing knows that we live.
        return os.open(path, os.O_RDWR | os.O_NONBLOCK)


def _begin(guard: Guard, instructions: "dict[str, Any]", program: Program) -> None:
    """Make this attempt a started one, or raise Refused. The program waits until it is written down."""
    import time  # noqa: PLC0415 -- built in

    # Before its last look at the time, so that whatever stands still from here on is counted.
    instructions["began"] = processes.steady()
    key, fence = instructions["key"], instructions["fence"]
    with guard.locked():
        state = guard.read()
        if time.time() > instructions["not_after"]:
            state.seal(instructions["store"], key, fence)
            guard.write(state)
            raise Refused("its time to begin is over")  # noqa: EM101 -- nothing to name
        state.begin(
            key,
            fence,
            {
                "boot": processes.boot_id(),
                "namespace": processes.namespace(),
                "program": [program.pid, processes.birth(program.pid)],
                "supervisor": [os.getpid(), processes.birth(os.getpid())],
                "grace": instructions["kill_grace"],
                "folder": instructions["folder"],
            },
        )
        with effect("command.begin"):
            guard.write(state)


def _answer(word: str, text: str) -> None:
    with effect("command.answer"):
        with contextlib.suppress(BrokenPipeError):
            os.write(1, f"{word} {text}".encode())
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)


def _record(
    guard: Guard, instructions: "dict[str, Any]", ending: "dict[str, Any]", output: "Output | None" = None
) -> None:
    """Write down how it ended; a full disk is waited for, the environment held meanwhile."""
    import time  # noqa: PLC0415 -- built in

    now = time.time()
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    ending["at"] = f"{seconds}.{int(now % 1 * 1e6):06}Z"
    content = json.dumps(ending).encode()
    while True:
        if output is not None:
            output.settle()
        try:
            with effect("command.record_ending"):
                write_durably(instructions["folder"] + "/exit.json", content)
            break
        except OSError as error:
            if error.errno == errno.ENOENT:
                # Somebody removed the attempt's folder; there is nobody left to tell.
                break
            time.sleep(BETWEEN_TRIES)
    try:
        with guard.locked():
            state = guard.read()
            state.end(instructions["key"])
            with effect("command.end"):
                guard.write(state)
    except (OSError, Unreadable):
        # The exit record says it all; the guard learns it at its next raise.
        pass
