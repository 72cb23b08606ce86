"""A host behind a cable of its own: a network namespace that can be slowed down, cut off and connected again."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NoReturn

import pytest

NETWORKS = 1 << 14  #: of four addresses each, in 10.213.0.0/16
_numbers = count()


@dataclass(frozen=True)
class Cable:
    """Two interfaces, one of them in the namespace `name`."""

    name: str
    ours: str
    theirs: str

    @property
    def inside(self) -> tuple[str, ...]:
        """Return what a command begins with to run at the other end."""
        return ("ip", "netns", "exec", self.name)

    def slow_down(self, bits_a_second: int) -> None:
        """Let no more than this through, either way."""
        shape = ("root", "tbf", "rate", f"{bits_a_second}bit", "burst", "16kb", "latency", "400ms")
        _run("tc", "qdisc", "add", "dev", self.name, *shape)
        _run(*self.inside, "tc", "qdisc", "add", "dev", "far", *shape)

    def pull(self) -> None:
        """Cut it: nobody is told, and nothing arrives any more."""
        _run("ip", "link", "set", self.name, "down")

    def plug_in(self) -> None:
        """Connect it again."""
        _run("ip", "link", "set", self.name, "up")


@contextmanager
def cable() -> Iterator[Cable]:
    """Give a cable to an empty namespace, or skip where nobody may make one."""
    number = _claim()
    network = f"10.213.{number >> 6}"
    first = number % 64 * 4
    it = Cable(name=_name(number), ours=f"{network}.{first + 1}", theirs=f"{network}.{first + 2}")
    ours, theirs = it.ours, it.theirs
    try:
        pair = ("type", "veth", "peer", "name", "far", "netns", it.name)
        made = _try("ip", "link", "add", it.name, *pair)
        if made.returncode != 0:
            _skip(made)
        _run("ip", "address", "add", f"{ours}/30", "dev", it.name)
        _run(*it.inside, "ip", "address", "add", f"{theirs}/30", "dev", "far")
        _run(*it.inside, "ip", "link", "set", "lo", "up")
        _run(*it.inside, "ip", "link", "set", "far", "up")
        it.plug_in()
        yield it
    finally:
        # Both interfaces go here and now: a namespace is cleared some time after it was deleted.
        _try("ip", "link", "delete", it.name)
        _run("ip", "netns", "delete", it.name)


def _run(*command: str) -> None:
    done = _try(*command)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


def _try(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, check=False, capture_output=True, text=True)


def _skip(refused: "subprocess.CompletedProcess[str]") -> NoReturn:
    assert "not permitted" in refused.stderr, refused.stderr
    pytest.skip(f"only root with CAP_NET_ADMIN can lay a cable: {refused.stderr.strip()}")


def _claim() -> int:
    """Make a namespace that nobody else of this machine has, and return its number; each has a network of its own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for _ in range(NETWORKS):
        number = (worker * 1024 + next(_numbers)) % NETWORKS
        made = _try("ip", "netns", "add", _name(number))
        if made.returncode == 0:
            return number
        if not Path("/run/netns", _name(number)).exists():
            _skip(made)
    message = "every network is taken"
    raise AssertionError(message)


def _name(number: int) -> str:
    return f"funade{number}"
