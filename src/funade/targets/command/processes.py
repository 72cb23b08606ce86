"""Processes of this machine that a supervisor looks after: whether they live, whose session they are of, and their end.

The supervisor stands on this module.
"""

import os
import signal
import time

from funade.clients import births
from funade.clients.births import birth, boot_id, namespace
from funade.failpoints import effect

__all__ = ["birth", "boot_id", "is_corpse", "kill_session", "lives", "members", "namespace", "steady"]


def steady() -> float:
    """Return seconds that never jump and go on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def lives(pid: int, born: str) -> bool:
    """Tell whether exactly this process is still there and more than a corpse."""
    return births.living_birth(pid) == born


def is_corpse(pid: int) -> bool:
    """Tell whether a child of ours is over and not yet collected; for systems without `waitid`."""
    with effect("command.ask_system"):
        return births.ask("ps", "-o", "stat=", "-p", str(pid)).startswith("Z")


def members(session: int) -> list[int]:
    """Return the living processes of a session."""
    found = []
    for name in os.listdir("/proc") if births.has_proc() else ():  # noqa: PTH208 -- pathlib costs 7 ms
        if name.isdecimal():
            fields = births.stat(int(name))
            if (
                fields
                and int(fields[births.SESSION]) == session
                and fields[births.STATE] not in births.CORPSES
            ):
                found.append(int(name))
    return found


def kill_session(session: int) -> bool:
    """Kill every process of a session and its first group; tell whether there was any.

    The number of a session is not given to a stranger while anybody is left in it.
    """
    with effect("command.kill_session"):
        found = _send(os.killpg, session)
        for pid in members(session):
            found = _send(os.kill, pid) or found
        return found


def _send(how: "Callable[[int, int], None]", number: int) -> bool:
    try:
        how(number, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # Who became somebody else (`sudo`) is not ours to end.
        return False
    return True


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
