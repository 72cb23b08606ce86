"""Processes of this machine, known for certain: by boot, PID namespace and start time, never by number alone.

The supervisor stands on this module.
"""

import os
import signal

from funade.failpoints import effect

#: `/proc/<pid>/stat` behind the name in parentheses: state, parent, group, session, …, start time
_SESSION = 3
_BIRTH = 19


def boot_id() -> str:
    """Return what tells this run of the machine from every other."""
    try:
        return _read("/proc/sys/kernel/random/boot_id").strip()
    except FileNotFoundError:
        return _ask("sysctl", "-n", "kern.boottime")


def namespace() -> str:
    """Return the PID namespace in which our numbers mean something; empty where the system has none."""
    try:
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115 -- pathlib costs the supervisor 7 ms
    except FileNotFoundError:
        return ""


def birth(pid: int) -> str | None:
    """Return the start time of the process, in the kernel's own words; None when there is none of that number."""
    if os.path.isdir("/proc/self"):  # noqa: PTH112 -- as above
        fields = _stat(pid)
        return fields[_BIRTH] if fields else None
    return _ask("ps", "-o", "lstart=", "-p", str(pid)) or None


def lives(pid: int, born: str) -> bool:
    """Tell whether exactly this process is still there and more than a corpse."""
    fields = _stat(pid)
    if fields is not None:
        return fields[_BIRTH] == born and fields[0] not in "ZX"
    return birth(pid) == born


def is_corpse(pid: int) -> bool:
    """Tell whether a child of ours is over and not yet collected; for systems without `waitid`."""
    return _ask("ps", "-o", "stat=", "-p", str(pid)).startswith("Z")


def members(session: int) -> list[int]:
    """Return the living processes of a session."""
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else ():  # noqa: PTH112, PTH208 -- as above
        if name.isdecimal():
            fields = _stat(int(name))
            if fields and int(fields[_SESSION]) == session and fields[0] not in "ZX":
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


def _stat(pid: int) -> list[str] | None:
    try:
        text = _read(f"/proc/{pid}/stat")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text[text.rindex(")") + 2 :].split()


def _read(path: str) -> str:
    # A program's name may hold any bytes.
    with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 -- as above
        return file.read()


def _ask(*command: str) -> str:
    import subprocess  # noqa: PLC0415 -- only where there is no /proc

    with effect("command.ask_system"):
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
