"""What measurements stand on: a repository, a configuration, a server, whole processes timed from outside."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

FUNADE = str(Path(sys.executable).with_name("funade"))
CLEAN = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
# An installed Funade is compiled; a run that may not keep what it compiled would measure the compiler.
CLEAN.pop("PYTHONDONTWRITEBYTECODE", None)
PATIENCE_SECONDS = 20


class Ground:
    """A folder with a repository `shop`, and funade.yaml beside it."""

    def __init__(self, folder: Path, *, files: int, run: list[str], environments: int = 1) -> None:
        self.folder = folder
        self.environment = {**CLEAN, "FUNADE_CONFIG": str(folder / "funade.yaml")}
        shop = folder / "shop"
        for number in range(files):
            file = shop / f"folder{number % 10}" / f"file{number}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{number}\n" * 200)
        author = ["-c", "user.name=Ada", "-c", "user.email=ada@acme.example"]
        for words in (["init", "-q", "-b", "main"], ["add", "-A"], [*author, "commit", "-q", "-m", "Begin"]):
            subprocess.run(["git", *words], cwd=shop, env=CLEAN, check=True)
        target = {"kind": "command", "run": run}
        named = {f"place{number}": {"target": target} for number in range(environments)}
        written = {
            "applications": {"shop": {"repository": "shop", "default_ref": "main", "environments": named}}
        }
        (folder / "funade.yaml").write_text(json.dumps(written))

    def funade(self, *words: str) -> str:
        """Return what a command prints."""
        return subprocess.run(
            [FUNADE, *words], env=self.environment, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    @contextmanager
    def server(self) -> Iterator[int]:
        """Keep a server running meanwhile; gives its process number."""
        with (self.folder / "serve.log").open("wb") as log:
            process = subprocess.Popen([FUNADE, "serve"], env=self.environment, stdout=log, stderr=log)
            try:
                until = time.monotonic() + PATIENCE_SECONDS
                while not (self.folder / ".funade" / "server.json").exists():
                    if process.poll() is not None or time.monotonic() > until:
                        raise RuntimeError((self.folder / "serve.log").read_text())
                    time.sleep(0.02)
                yield process.pid
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait()


@contextmanager
def ground(*, files: int, run: list[str], environments: int = 1) -> Iterator[Ground]:
    """Give a fresh ground."""
    with TemporaryDirectory(prefix="funade-bench-") as folder:
        yield Ground(Path(folder), files=files, run=run, environments=environments)


def whole_process_ms(command: list[str], environment: dict[str, str], runs: int = 15) -> float:
    """Return the median wall time of a process from its start to its end, after one run that is not counted."""
    taken = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        taken.append((time.perf_counter() - start) * 1000)
    return median(taken[1:])


def percentile(values: list[float], percent: float) -> float:
    """Return the value below which `percent` of them lie."""
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


def processor_seconds(pid: int) -> float:
    """Return what all threads of a process have used, to the nanosecond where the kernel counts so."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(one.read_text().split()[0]) for one in threads) / 1e9


def resident_mb(pid: int, which: str = "VmRSS") -> float:
    """Return the memory that a process holds; `VmHWM`: that it held at most."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(one for one in status.splitlines() if one.startswith(which))
    return int(line.split()[1]) * 1024 / 1e6
