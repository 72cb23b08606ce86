"""Real OpenSSH servers on this machine, each with a host key and a home of its own, for one key of ours."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from funade.domain.wire import Plain
from tests.integration.cable import Cable

PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])


@dataclass
class SshHost:
    """One server; `home` is what its user calls `~`."""

    name: str
    port: int
    home: Path
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    cable: Cable | None = None

    @property
    def ip(self) -> str:
        return self.cable.theirs if self.cable else "127.0.0.1"

    @property
    def address(self) -> str:
        return f"{self.ip}:{self.port}"

    @property
    def place(self) -> Path:
        """Return where `path: ~/shop` is."""
        return self.home / "shop"

    @property
    def live(self) -> str:
        """Return the revision that is live here."""
        return (self.place / "current" / "REVISION").read_text().strip()

    @property
    def releases(self) -> list[str]:
        return sorted(one.name for one in (self.place / "releases").iterdir())

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        command = [
            *(self.cable.inside if self.cable else ()),
            shutil.which("sshd", path=PLACES) or "sshd",
            "-D",
            "-e",
            "-f",
            str(self.folder / "sshd_config"),
        ]
        self.process = subprocess.Popen(command, stderr=log)
        log.close()
        wait_for(self.ip, self.port)

    def sessions(self) -> list[psutil.Process]:
        """Return the server's own processes for connections that are open now."""
        assert self.process is not None
        return [one for one in _children(self.process.pid) if _is_alive(one)]

    def below(self) -> list[psutil.Process]:
        """Return everything that its connections run now, their own processes included."""
        return [
            one for session in self.sessions() for one in (session, *_children(session.pid, recursive=True))
        ]

    def named(self, name: str) -> list[psutil.Process]:
        """Return those of them in whose name this is."""
        found = []
        for one in self.below():
            with suppress(psutil.NoSuchProcess):
                if name in one.name():
                    found.append(one)
        return found

    def cut(self) -> int:
        """Cut every open connection, as a cable that is pulled; return how many there were."""
        found = self.named("sshd")
        for one in found:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        # Only what has ended has closed its connections, and only then can the other side hear of it.
        deadline = time.monotonic() + 10
        while any(_is_alive(one) for one in found) and time.monotonic() < deadline:
            time.sleep(0.002)
        return len(found)

    def stop(self) -> None:
        """Take the host away: nobody listens any more, and no connection stays."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.cut()
        self.process.kill()
        self.process.wait()
        self.process = None


def _children(pid: int, *, recursive: bool = False) -> list[psutil.Process]:
    """Return the processes below one; one that ends meanwhile has none."""
    try:
        return psutil.Process(pid).children(recursive=recursive)
    except psutil.NoSuchProcess:
        return []


def _is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


@dataclass
class Fleet:
    """Several hosts and the key that opens them."""

    folder: Path
    key: Path
    known_hosts: Path
    hosts: list[SshHost] = field(default_factory=list)

    def section(self, **more: Plain) -> dict[str, Plain]:
        """Return a target's section for these hosts."""
        return {
            "kind": "ssh",
            "hosts": [one.address for one in self.hosts],
            "path": "~/shop",
            "key": f"file:{self.key}",
            "known_hosts": str(self.known_hosts),
            **more,
        }

    def add(self, name: str, cable: Cable | None = None) -> SshHost:
        folder = self.folder / name
        home = folder / "home"
        home.mkdir(parents=True)
        key = make_key(folder / "host_key")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        host = SshHost(name=name, port=port, home=home, folder=folder, cable=cable)
        with self.known_hosts.open("a") as known:
            known.write(f"[{host.ip}]:{port} {Path(f'{key}.pub').read_text()}")
        (folder / "sshd_config").write_text(
            f"ListenAddress {host.address}\nHostKey {key}\nAuthorizedKeysFile {self.key}.pub\nPidFile none\n"
            "StrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\nMaxStartups 100\n"
            f"SetEnv HOME={home}\nSubsystem sftp internal-sftp\n"
        )
        self.hosts.append(host)
        host.start()
        return host


@contextmanager
def fleet(folder: Path, count: int) -> Iterator[Fleet]:
    """Give so many running hosts; afterwards none of them is left, nor anything they ran for us."""
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    them = Fleet(folder=folder, key=make_key(folder / "key"), known_hosts=folder / "known_hosts")
    try:
        for number in range(1, count + 1):
            them.add(f"web{number}")
        yield them
    finally:
        for one in them.hosts:
            one.stop()
        end_what_is_left(folder)


def end_what_is_left(folder: Path) -> None:
    """Kill what hosts in `folder` still run: known by their working folder or their guard's records."""
    for process in psutil.process_iter(["pid"]):
        try:
            if str(folder) in (process.environ().get("HOME") or ""):
                process.kill()
        except psutil.Error:
            continue


def make_key(path: Path) -> Path:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)]
    subprocess.run(command, check=True)
    return path


def wait_for(ip: str, port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection((ip, port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "sshd does not listen"
            time.sleep(0.01)
        else:
            return
