"""A host behind a cable of its own: a network namespace that can be slowed down, cut off and connected again."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


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
    """Give a cable to an empty namespace; needs root."""
    number = os.getpid() % 65_536
    prefix = f"10.213.{number >> 8}.{number & 252}"[: -len(str(number & 252))]
    ours, theirs = f"{prefix}{(number & 252) + 1}", f"{prefix}{(number & 252) + 2}"
    it = Cable(name=f"funade{number}", ours=ours, theirs=theirs)
    _run("ip", "netns", "add", it.name)
    try:
        _run("ip", "link", "add", it.name, "type", "veth", "peer", "name", "far", "netns", it.name)
        _run("ip", "address", "add", f"{ours}/30", "dev", it.name)
        _run(*it.inside, "ip", "address", "add", f"{theirs}/30", "dev", "far")
        _run(*it.inside, "ip", "link", "set", "lo", "up")
        _run(*it.inside, "ip", "link", "set", "far", "up")
        it.plug_in()
        yield it
    finally:
        # Both interfaces go here and now: a namespace is cleared some time after it was deleted.
        subprocess.run(("ip", "link", "delete", it.name), check=False, capture_output=True)
        _run("ip", "netns", "delete", it.name)


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
