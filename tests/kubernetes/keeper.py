"""Gives a node of the tests namespaces of its own, and leaves nothing of it behind, however the tests end.

`keeper.py FOLDER` prints one line of JSON (its number, and the process in whose namespaces the node lives), and waits
until nobody holds its standard input. All that runs on the node is below one process of a namespace of processes: with
that one the kernel ends them all, and their mounts and networks go with the last of them. Cgroups and the folder stay,
and are removed here; what a keeper that was killed left behind is removed by the next of the same number.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

#: so many nodes at most on one machine
NUMBERS = range(64)
CGROUPS = Path("/sys/fs/cgroup")
GONE_WITHIN_SECONDS = 60
ROOM = 8 << 30

#: What containers' programs write to /run and /var/log is nobody's business; `hosts` lets the node know the registry.
SETUP = """
set -e
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mount --bind "$1/hosts" /etc/hosts
mkdir "$1/containerd"
test "$3" = no || mount -t tmpfs tmpfs "$1/containerd"
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
echo ready
exec "$2" -c 'import os, time
while True:
    try:
        os.wait()
    except ChildProcessError:
        time.sleep(0.2)'
"""
NAMESPACES = [
    *("setpriv", "--pdeathsig", "KILL"),
    *("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
]
#: what a container begins with: another root, which nobody gets who lives in a `chroot` himself
TURN = "mount -t tmpfs tmpfs /run && mkdir /run/old && exec pivot_root /run /run/old"

#: what has to be there for a node; bin/test knows the packages
PROGRAMS = ("containerd", "runc", "host-local", "iptables", "ip", "unshare", "nsenter", "setpriv")
PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/lib/cni"])


def has_overlays() -> bool:
    """Say whether the kernel lays one folder over another, so that an image need not be copied."""
    return "\toverlay\n" in Path("/proc/filesystems").read_text()


def lacks() -> str:
    """Say what has to be installed before a node can be had; nothing when all is there."""
    for program in PROGRAMS:
        if shutil.which(program, path=PLACES) is None:
            return f"a node needs {program}, which is not on this machine"
    return ""


def forbids() -> str:
    """Say why no node may be had on this machine, whatever is installed; nothing when one may."""
    if os.geteuid() != 0:
        return "a node needs root"
    tried = subprocess.run([*NAMESPACES, "sh", "-c", TURN], check=False, capture_output=True, text=True)
    return f"no containers can be run here: {tried.stderr.strip()}" if tried.returncode else ""


def host_of(number: int) -> str:
    """Return the address at which a node's pods find this machine."""
    return f"10.88.{number}.1"


def address_of(number: int) -> str:
    return f"10.88.{number}.2"


def pods_of(number: int) -> str:
    return f"10.89.{number}.0/24"


def link_of(number: int) -> str:
    return f"funade-node{number}"


def cgroup_of(number: int) -> str:
    return f"funade-node-{number}"


def main(folder: Path) -> None:
    lock, number = take_number()
    with lock:
        sweep(number)
        make_cgroups(number)
        (folder / "hosts").write_text("127.0.0.1 localhost\n")
        try:
            keep(folder, number)
        finally:
            sweep(number)
            shutil.rmtree(folder, ignore_errors=True)


def keep(folder: Path, number: int) -> None:
    """Hold the namespaces until somebody lets go of our standard input."""
    # Images are unpacked several times as fast where there is room for them.
    in_memory = "yes" if psutil.virtual_memory().available > ROOM else "no"
    made = subprocess.Popen(
        [*NAMESPACES, "sh", "-c", SETUP, "sh", str(folder), sys.executable, in_memory],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert made.stdout is not None
        assert made.stdout.readline() == "ready\n", "a namespace could not be made ready"
        (first,) = psutil.Process(made.pid).children()
        connect(number, first.pid)
        print(json.dumps({"number": number, "pid": first.pid}), flush=True)  # noqa: T201 -- it is read by whoever started us
        sys.stdin.read()
    finally:
        made.kill()
        made.wait()


def take_number() -> tuple[IO[bytes], int]:
    """Return a number that nobody else has for as long as its file is open."""
    for number in NUMBERS:
        file = (Path(tempfile.gettempdir()) / f"funade-node-{number}.lock").open("wb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
        else:
            return file, number
    sys.exit("there are nodes enough on this machine")


def connect(number: int, pid: int) -> None:
    """Lay a cable between this machine and the node."""
    ours, inside = link_of(number), ["nsenter", "--target", str(pid), "--net"]
    run("ip", "link", "add", ours, "type", "veth", "peer", "name", "eth0", "netns", str(pid))
    run("ip", "address", "add", f"{host_of(number)}/24", "dev", ours)
    run("ip", "link", "set", ours, "up")
    run(*inside, "ip", "address", "add", f"{address_of(number)}/24", "dev", "eth0")
    run(*inside, "ip", "link", "set", "eth0", "up")
    run(*inside, "ip", "route", "add", "default", "via", host_of(number))
    run("ip", "route", "replace", pods_of(number), "via", address_of(number))


def run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)


def hierarchies() -> list[Path]:
    """Return where cgroups are made here: one place, or one for each controller."""
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return [path for path in CGROUPS.iterdir() if path.is_dir() and not path.is_symlink()]


def make_cgroups(number: int) -> None:
    """Make the cgroup below which the kubelet makes its own."""
    for hierarchy in hierarchies():
        made = hierarchy / cgroup_of(number)
        made.mkdir(exist_ok=True)
        for name in ("cpuset.cpus", "cpuset.mems"):
            # Of old cgroups, nothing runs in one that has no processor.
            if (hierarchy / "tasks").exists() and (made / name).exists():
                (made / name).write_text((hierarchy / name).read_text())


def sweep(number: int) -> None:
    """Remove what a node of that number has left."""
    subprocess.run(["ip", "link", "delete", link_of(number)], check=False, capture_output=True)
    until = time.monotonic() + GONE_WITHIN_SECONDS
    while left := [path for one in hierarchies() if (path := one / cgroup_of(number)).exists()]:
        for path in left:
            for folder, _, _ in os.walk(path, topdown=False):
                remove(Path(folder))
        # What was killed takes its time to be gone.
        if time.monotonic() > until:
            sys.exit(f"{left} cannot be removed")
        time.sleep(0.02)


def remove(cgroup: Path) -> None:
    """Remove a cgroup in which nothing runs, or end what runs there."""
    with suppress(FileNotFoundError, psutil.NoSuchProcess):
        try:
            cgroup.rmdir()
        except OSError:
            for pid in (cgroup / "cgroup.procs").read_text().split():
                psutil.Process(int(pid)).kill()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
