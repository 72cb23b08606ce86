"""Debian's docker-registry: one that takes what is built, and one that asks each node for a password."""

import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.kubernetes.authority import Authority
from tests.kubernetes.control_plane import free_port

UP_WITHIN_SECONDS = 60
PORT = 443
#: whose password changes, and who is always let in
USER, NODE, NODE_PASSWORD = "AWS", "node", "the-node's-own-password"


def has(stored: Path, name: str, tag: str) -> bool:
    """Say whether that image lies in the folder."""
    return (stored / f"docker/registry/v2/repositories/{name}/_manifests/tags/{tag}/current/link").exists()


@contextmanager
def open_to_us(stored: Path) -> Iterator[str]:
    """Give a registry on loopback that takes images for that folder; yield its address."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, _running(Path(folder), stored, "127.0.0.1", port, {}):
        yield f"127.0.0.1:{port}"


@dataclass(frozen=True)
class Registry:
    """A registry that gives nothing to whoever has not its password, and takes nothing at all."""

    name: str
    accounts: Path

    def let_in(self, password: str) -> None:
        """Let AWS's user in with that password from now on, and with no other."""
        lines = [_account(USER, password), _account(NODE, NODE_PASSWORD)]
        half = self.accounts.with_suffix(".half")
        half.write_text("\n".join(lines) + "\n")
        half.rename(self.accounts)


def _account(user: str, password: str) -> str:
    told = ["htpasswd", "-n", "-i", "-B", "-C", "4", user]
    return subprocess.run(told, input=password, check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def private(
    stored: Path, folder: Path, authority: Authority, *, name: str, address: str
) -> Iterator[Registry]:
    """Serve the folder's images under that name at this machine's address, by TLS."""
    certificate, key = authority.certify_server(name)
    (folder / "certificate.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(key)
    accounts = folder / "accounts"
    registry = Registry(name, accounts)
    registry.let_in("nobody was told")
    settings = {
        "tls": {"certificate": str(folder / "certificate.pem"), "key": str(folder / "key.pem")},
        "auth": {"htpasswd": {"realm": "private", "path": str(accounts)}},
    }
    with _running(folder, stored, address, PORT, settings):
        yield registry


@contextmanager
def _running(folder: Path, stored: Path, address: str, port: int, settings: dict[str, Any]) -> Iterator[None]:
    http = {"addr": f"{address}:{port}", **({"tls": settings["tls"]} if "tls" in settings else {})}
    maintenance = {"readonly": {"enabled": "auth" in settings}, "uploadpurging": {"enabled": False}}
    whole = {
        "version": "0.1",
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(stored)}, "maintenance": maintenance},
        "http": http,
        **({"auth": settings["auth"]} if "auth" in settings else {}),
    }
    (folder / "registry.yaml").write_text(json.dumps(whole))
    with (folder / "registry.log").open("wb") as log:
        running = subprocess.Popen(
            # It ends with us, however we end.
            [*("setpriv", "--pdeathsig", "KILL"), "docker-registry", "serve", str(folder / "registry.yaml")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        _wait_for(address, port, running, folder / "registry.log")
        yield
    finally:
        running.kill()
        running.wait()


def _wait_for(address: str, port: int, running: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + UP_WITHIN_SECONDS
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            assert running.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.02)
        else:
            return
