"""Programs for Node in the tests: their packages are installed once, as their lock file says, and kept."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REQUIRE_ALL

KEPT = Path(__file__).parent.parent / ".cache" / "node"
OLDEST = 20  #: Debian 12 has 18, which `@slack/bolt` does not start on


def installed(folder: Path) -> Path:
    """Return a folder with the packages and the programs of `folder`, or leave the test out, saying why."""
    _demand_version()
    wanted = hashlib.sha256()
    for name in ("package.json", "package-lock.json"):
        wanted.update((folder / name).read_bytes())
    made = KEPT / wanted.hexdigest()[:16]
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / "done").exists():
            _install(folder, made)
    for program in folder.glob("*.mjs"):
        shutil.copy(program, made)
    return made


def environment() -> dict[str, str]:
    """Return what a program needs; nothing of this machine's proxies, which know no loopback."""
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return {**kept, "NODE_NO_WARNINGS": "1"}


def _install(folder: Path, made: Path) -> None:
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(folder / name, made)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=made, capture_output=True, text=True, check=False)
    if done.returncode:
        _give_up(f"npm could not install what {folder.name} needs: {done.stderr[-500:]}")
    (made / "done").touch()


def _demand_version() -> None:
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(said.removeprefix("v").partition(".")[0]) < OLDEST:
        _give_up(f"Node {OLDEST} or newer is needed; here is {said.strip()}")


def _give_up(why: str) -> None:
    if REQUIRE_ALL:
        pytest.fail(why)
    pytest.skip(why)
