"""What executions leave behind whose supervisor was killed: found for certain, and ended."""

import os
import signal
import time
from contextlib import suppress

from funade.failpoints import effect
from funade.targets.command import processes
from funade.targets.command.guard import Entry

PATIENCE_SECONDS = 5.0
BETWEEN_LOOKS_SECONDS = 0.02


class StillThere(OSError):
    """A process cannot be ended by us."""


def end(process: Entry) -> str:
    """Kill what is left of an execution's session and return, for people, what became of it; or raise StillThere.

    `process` is what the guard keeps of an execution that began.
    """
    if process["boot"] != processes.boot_id():
        return "the machine was restarted while it ran"
    if process["namespace"] != processes.namespace():
        # The environment's lock and the control are seen across containers: its supervisor is gone.
        return "the container in which it ran is gone"
    session, born = process["program"]
    until = time.monotonic() + PATIENCE_SECONDS
    while processes.birth(session) in (None, born) and processes.members(session):
        if time.monotonic() > until:
            message = (
                f"process {session} is left of an execution whose supervisor was killed, and cannot be ended"
            )
            raise StillThere(message)
        processes.kill_session(session)
        time.sleep(BETWEEN_LOOKS_SECONDS)
    return "its supervisor was killed"


def kill_supervisor(process: Entry) -> None:
    """Kill a supervisor that does not answer."""
    here = (processes.boot_id(), processes.namespace())
    pid, born = process["supervisor"]
    if (process["boot"], process["namespace"]) == here and processes.lives(pid, born):
        with suppress(ProcessLookupError), effect("command.kill_supervisor"):
            os.kill(pid, signal.SIGKILL)
