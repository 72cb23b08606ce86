"""Which process is which: by the start of the machine, the PID namespace and its birth, never by its number alone.

The supervisor stands on this module, and every command asks it: the standard library alone, and little of that.
"""

import os

#: `/proc/<pid>/stat` behind the name in parentheses (proc(5)): state, parent, group, session, …, start time
STATE, SESSION, BIRTH = 0, 3, 19
#: states of a process that is over and not yet collected
CORPSES = "ZX"


def boot_id() -> str:
    """Return what tells this run of the machine from every other."""
    try:
        return read("/proc/sys/kernel/random/boot_id").strip()
    except FileNotFoundError:
        return ask("sysctl", "-n", "kern.boottime")


def namespace() -> str:
    """Return the PID namespace in which our numbers mean something; empty where the system has none."""
    try:
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115 -- pathlib costs the supervisor 7 ms
    except FileNotFoundError:
        return ""


def has_proc() -> bool:
    """Tell whether the system tells of its processes in files; macOS is asked through `ps`."""
    return os.path.isdir("/proc/self")  # noqa: PTH112 -- as above


def birth(pid: int) -> str | None:
    """Return when the process of that number began, in the kernel's own words; None when there is none."""
    if has_proc():
        fields = stat(pid)
        return fields[BIRTH] if fields else None
    return ask("ps", "-o", "lstart=", "-p", str(pid)) or None


def living_birth(pid: int) -> str | None:
    """Return the same of a process that is more than a corpse."""
    fields = stat(pid)
    if fields is not None:
        return fields[BIRTH] if fields[STATE] not in CORPSES else None
    return birth(pid)


def stat(pid: int) -> list[str] | None:
    """Return what the kernel says of a process, from its state on; None when there is none of that number."""
    try:
        text = read(f"/proc/{pid}/stat")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # A program's name may hold spaces and parentheses: count from its end.
    return text[text.rindex(")") + 2 :].split()


def read(path: str) -> str:
    """Return a file of the kernel; a program's name in it may hold any bytes."""
    with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 -- as above
        return file.read()


def ask(*command: str) -> str:
    """Return what a program of the system says; only where there is no /proc."""
    import subprocess  # noqa: PLC0415 -- as above

    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=5).stdout.strip()
