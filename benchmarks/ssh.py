"""The same release of 2,000 files to 1 and to 10 hosts over SSH: Funade's `ssh` target beside Capistrano 3.

Every host is a real sshd on this machine in a mount namespace of its own, so that all have the same path. Each round
commits once and lets both deploy that revision, warm: mirrors, caches and earlier releases are there. Times are from
the command to its end, as a person waits, with the start of `funade` and of Ruby; the trees are compared afterwards,
`REVISION` included. Funade keeps its connections for a minute, and finds them there; `rested` is without them.
No host's login shell reads start files: what stands in them (rbenv, pyenv) is paid for each command that is sent,
and Capistrano, which sends many, would be measured by what this machine's owner keeps there.
What nobody can undercut here is measured too: the same tree unpacked by so many `tar` at once, with no network, no
program of ours and nothing else; how many times faster than Capistrano that is bounds every tool that writes all files.
Needs root, sshd and Capistrano (Debian: `capistrano`).
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks._ground import CLEAN, ground

FILES = 2000
ROUNDS = 3
HOSTS = (1, 10)
SSHD = "/usr/sbin/sshd"
CAPISTRANO = Path(__file__).resolve().parent.parent / "examples" / "capistrano"


def run() -> dict[str, Any]:
    """Return the medians, and how many times faster; or why it was left out."""
    if os.geteuid() != 0 or not shutil.which("cap") or not Path(SSHD).exists():
        return {"left_out": "it needs root, sshd and Capistrano"}
    measured: dict[str, Any] = {}
    for count in HOSTS:
        ours, rested, theirs, unpacking = _compare(count)
        measured |= {
            f"funade_to_{count}_ms": ours,
            f"funade_rested_to_{count}_ms": rested,
            f"capistrano_to_{count}_ms": theirs,
            f"unpacking_alone_{count}_ms": unpacking,
            f"times_faster_to_{count}": theirs / ours,
            f"times_faster_rested_to_{count}": theirs / rested,
            f"times_faster_at_most_to_{count}": theirs / unpacking,
        }
    return measured


def _compare(count: int) -> tuple[float, float, float, float]:
    with TemporaryDirectory(prefix="funade-hosts-") as temporary, ground(files=FILES, run=["true"]) as there:
        folder = Path(temporary)
        with _hosts(folder, count) as (addresses, servers):
            _configure(there.folder / "funade.yaml", folder, addresses)
            with there.server():
                ours: list[float] = []
                rested: list[float] = []
                theirs: list[float] = []
                unpacking: list[float] = []
                for number in range(2 * ROUNDS + 2):
                    revision = _commit(there.folder / "shop", number)
                    if number % 2:
                        _cut(servers)
                    began = time.perf_counter()
                    _capistrano(there.folder / "shop", folder, addresses, revision)
                    theirs.append(_since(began))
                    began = time.perf_counter()
                    there.funade("deploy", "shop", "place0", "--yes")
                    (rested if number % 2 else ours).append(_since(began))
                    _look_the_same(folder, count, revision)
                    unpacking.append(_unpack(there.folder / "shop", folder, count, revision))
        return median(ours[1:]), median(rested[1:]), median(theirs[2:]), median(unpacking[2:])


def _unpack(repository: Path, folder: Path, count: int, revision: str) -> float:
    """Return in how many milliseconds so many `tar` unpack the revision at once, each for itself."""
    packed = folder / "release.tar"
    command = ["git", "archive", "--format=tar", f"--output={packed}", revision]
    subprocess.run(command, cwd=repository, env=CLEAN, check=True)
    places = [folder / f"unpacked{number}" for number in range(count)]
    for place in places:
        place.mkdir()
    began = time.perf_counter()
    for one in [subprocess.Popen(["tar", "-xf", packed, "-C", place]) for place in places]:
        one.wait()
    took = _since(began)
    for place in places:
        shutil.rmtree(place)
    return took


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _commit(repository: Path, number: int) -> str:
    for file in list(repository.glob("folder*/*.txt"))[: 10 * number]:
        file.write_text(f"{number} {file.name}\n" * 100)
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@acme.example"]
    for words in (["add", "-A"], [*author, "commit", "-q", "--allow-empty", "-m", f"Change {number}"]):
        subprocess.run(["git", *words], cwd=repository, env=CLEAN, check=True)
    return subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=repository, text=True).strip()


def _configure(file: Path, folder: Path, addresses: list[str]) -> None:
    written = json.loads(file.read_text())
    written["applications"]["shop"]["environments"]["place0"]["target"] = {
        "kind": "ssh",
        "hosts": addresses,
        "path": str(folder / "place" / "funade"),
        "key": f"file:{folder / 'key'}",
        "known_hosts": str(folder / "known_hosts"),
    }
    file.write_text(json.dumps(written))


def _capistrano(repository: Path, folder: Path, addresses: list[str], revision: str) -> None:
    environment = {
        **CLEAN,
        "REVISION": revision,
        "SHOP_REPOSITORY": str(repository),
        "SHOP_PATH": str(folder / "place" / "capistrano"),
        "SHOP_HOSTS": " ".join(addresses),
        "SHOP_KEY": str(folder / "key"),
        "SHOP_KNOWN_HOSTS": str(folder / "known_hosts"),
    }
    done = subprocess.run(
        ["cap", "staging", "deploy"],
        cwd=CAPISTRANO,
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stdout[-3000:])


def _look_the_same(folder: Path, count: int, revision: str) -> None:
    for number in range(count):
        place = folder / f"host{number}" / "place"
        ours, theirs = (_tree(place / one / "current") for one in ("funade", "capistrano"))
        if ours != theirs or ours["REVISION"][1].strip() != revision.encode():
            raise RuntimeError(
                f"host {number} has other files: {set(ours.items()) ^ set(theirs.items())}"[:500]
            )


def _tree(current: Path) -> dict[str, tuple[int, bytes]]:
    root = current.parent / "releases" / current.readlink().name
    return {
        str(file.relative_to(root)): (file.stat().st_mode & 0o111, file.read_bytes())
        for file in root.rglob("*")
        if file.is_file()
    }


@contextmanager
def _hosts(folder: Path, count: int) -> Iterator[tuple[list[str], list[subprocess.Popen[bytes]]]]:
    """Give the addresses and the servers of so many running hosts, each with its own folder at `place`."""
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    (folder / "place").mkdir()
    _make_key(folder / "key")
    known = folder / "known_hosts"
    servers, addresses = [], []
    try:
        for number in range(count):
            own = folder / f"host{number}"
            (own / "place").mkdir(parents=True)
            _make_key(own / "host_key")
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            with known.open("a") as file:
                file.write(f"[127.0.0.1]:{port} {(own / 'host_key.pub').read_text()}")
            (own / "sshd_config").write_text(
                f"ListenAddress 127.0.0.1:{port}\nHostKey {own}/host_key\nAuthorizedKeysFile {folder}/key.pub\n"
                f"SetEnv HOME={own}\nPidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nMaxStartups 100\n"
            )
            script = (
                f'mount --bind "{own}/place" "{folder}/place" && exec {SSHD} -D -e -f "{own}/sshd_config"'
            )
            with (own / "log").open("wb") as log:
                servers.append(subprocess.Popen(["unshare", "-m", "sh", "-c", script], stderr=log))
            addresses.append(f"127.0.0.1:{port}")
        for address in addresses:
            _wait_for(int(address.partition(":")[2]))
        yield addresses, servers
    finally:
        for server in servers:
            server.send_signal(signal.SIGTERM)
            server.wait()


def _cut(servers: list[subprocess.Popen[bytes]]) -> None:
    """End all connections that are open, and let whoever has the other end hear of it."""
    for server in servers:
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        for one in children:
            os.kill(int(one), signal.SIGKILL)
    time.sleep(0.1)


def _make_key(path: Path) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "bench", "-f", str(path)], check=True
    )


def _wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return
