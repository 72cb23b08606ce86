"""A real OpenSSH server on this machine that serves git repositories to one key."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PLACES = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])


@dataclass(frozen=True)
class Sshd:
    """A running server; `key` is the private key that it lets in."""

    port: int
    key: Path
    known_hosts: Path
    user: str
    address: str

    def url(self, path: Path) -> str:
        return f"ssh://{self.user}@{self.address}:{self.port}{path}"


def make_key(path: Path) -> Path:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)]
    subprocess.run(command, check=True)
    return path


@contextmanager
def sshd(folder: Path, address: str = "127.0.0.1") -> Iterator[Sshd]:
    host, key = make_key(folder / "host"), make_key(folder / "key")
    with socket.socket() as free:
        free.bind((address, 0))
        port = free.getsockname()[1]
    known_hosts = folder / "known hosts"
    known_hosts.write_text(f"[{address}]:{port} {Path(f'{host}.pub').read_text()}")
    allowed = folder / "authorized_keys"
    allowed.write_text(Path(f"{key}.pub").read_text())
    settings = folder / "sshd_config"
    settings.write_text(
        f"ListenAddress {address}:{port}\nHostKey {host}\nAuthorizedKeysFile {allowed}\nPidFile none\n"
        "StrictModes no\nUsePAM no\nPasswordAuthentication no\nAcceptEnv GIT_PROTOCOL\nPermitRootLogin yes\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    command = [shutil.which("sshd", path=PLACES) or "sshd", "-D", "-e", "-f", str(settings)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stderr=log)
    try:
        wait_for(address, port)
        user = subprocess.check_output(["id", "-un"], text=True).strip()
        yield Sshd(port, key, known_hosts, user, address)
    finally:
        process.terminate()
        process.wait()


def wait_for(address: str, port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "sshd does not listen"
            time.sleep(0.01)
        else:
            return
