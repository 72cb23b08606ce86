"""Replicas of the controller as real processes, which die, stand still and come back.

`main` is what each of them runs: `funade controller` as it is, but for the time that a message stays one's own, so that
what a dead one had in hand comes again while a test still looks, and how often old Jobs are looked for.
"""

import asyncio
import logging
import random
import signal
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path

from funade.cli.log import set_up_log
from funade.controller import leader, tidying
from funade.wiring import controller as wiring
from tests.architecture.source import ROOT
from tests.crash.nursery import Child, Nursery
from tests.kubernetes.shipped import VARIABLES

IMPORTED = (
    "aiobotocore.session",
    "funade.wiring.controller",
    "aiohttp",
    "lightkube.config.client_adapter",
    "tests.kubernetes.replicas",
)
#: A message is its taker's for so long, and so is the Lease.
HIDDEN, LEASE_SECONDS = timedelta(seconds=4), 4
#: Old Jobs go while a storm still looks.
TIDIED_EVERY_SECONDS = 5.0
LOOKED_AFTER_EVERY_SECONDS = 0.05
LEAVES_WITHIN_SECONDS = 60


def main() -> None:
    """Run one replica: kubeconfig, namespace, `leads` or `alone`."""
    kubeconfig, namespace, how = sys.argv[1:]
    wiring.HIDDEN = HIDDEN
    tidying.EVERY_SECONDS = TIDIED_EVERY_SECONDS
    leader.LEASE_SECONDS, leader.RENEWED_EVERY_SECONDS = LEASE_SECONDS, LEASE_SECONDS / 4
    set_up_log(level=logging.INFO)
    process = wiring.ControllerProcess(
        kubeconfig=Path(kubeconfig),
        context=None,
        namespace=namespace,
        find_config=Path,
        leads=how == "leads",
    )
    asyncio.run(process.run())
    sys.exit(0)


@cache
def nursery() -> Nursery:
    """Return the one of this test process."""
    return Nursery(IMPORTED)


@dataclass
class Replicas:
    """All replicas of one namespace."""

    kubeconfig: Path
    namespace: str
    folder: Path
    leads: bool = False
    living: list[Child] = field(default_factory=list)
    deaths: int = 0

    @property
    def log(self) -> Path:
        return self.folder / "controllers.log"

    def words(self) -> str:
        """Return the last of what they said."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def bear(self, traps: str = "") -> Child:
        """Return a new replica, which dies where `FUNADE_FAILPOINTS` says."""
        variables = {**VARIABLES, "HOME": str(self.folder), "FUNADE_FAILPOINTS": traps}
        arguments = [str(self.kubeconfig), self.namespace, "leads" if self.leads else "alone"]
        child = nursery().bear(arguments, variables, ROOT, self.log, main="tests.kubernetes.replicas")
        self.living.append(child)
        return child

    async def drain(self, child: Child) -> None:
        """Ask one to end, and wait until it has, with success."""
        child.send_signal(signal.SIGTERM)
        await asyncio.to_thread(child.wait, LEAVES_WITHIN_SECONDS)
        assert child.returncode == 0, f"it left with {child.returncode}: {self.words()}"
        self.living.remove(child)

    def bury(self) -> int:
        """Forget who is dead; return how many died since the last time."""
        dead = [one for one in self.living if one.poll() is not None]
        for one in dead:
            assert one.returncode == -signal.SIGKILL, f"it ended with {one.returncode}: {self.words()}"
            self.living.remove(one)
        self.deaths += len(dead)
        return len(dead)

    def kill(self) -> None:
        """End all of them."""
        for one in self.living:
            one.kill()
        for one in self.living:
            one.wait(LEAVES_WITHIN_SECONDS)
        self.living.clear()


@dataclass
class Weather:
    """What happens to replicas in a storm; decided by `choice`, but for what the machine's own timing decides."""

    replicas: Replicas
    choice: random.Random
    points: list[str]
    count: int = 2
    #: The latest hit of a point that is deadly.
    latest: int = 40
    freezes: int = 0

    async def rage(self) -> None:
        """Keep so many replicas, each of which dies at points of its own, until cancelled."""
        freezing = asyncio.create_task(self._freeze())
        try:
            while True:
                self.replicas.bury()
                while len(self.replicas.living) < self.count:
                    self.replicas.bear(self._traps())
                await asyncio.sleep(LOOKED_AFTER_EVERY_SECONDS)
        finally:
            freezing.cancel()
            await asyncio.gather(freezing, return_exceptions=True)

    async def roll(self, every_seconds: float) -> None:
        """Restart one replica after the other with SIGTERM, until cancelled."""
        while len(self.replicas.living) < self.count:
            self.replicas.bear()
        while True:
            await asyncio.sleep(every_seconds)
            await self.replicas.drain(self.replicas.living[0])
            self.replicas.deaths += 1
            self.replicas.bear()

    def _traps(self) -> str:
        points = self.choice.sample(self.points, 3)
        return ",".join(f"{one}=kill@{self.choice.randint(1, self.latest)}" for one in points)

    async def _freeze(self) -> None:
        """Let one stand still for longer than its messages are its own, now and then."""
        while True:
            await asyncio.sleep(self.choice.uniform(2, 8))
            child = self.choice.choice(self.replicas.living) if self.replicas.living else None
            if child is None:
                continue
            child.send_signal(signal.SIGSTOP)
            try:
                await asyncio.sleep(self.choice.uniform(1, HIDDEN.total_seconds() + 2))
            finally:
                child.send_signal(signal.SIGCONT)
            self.freezes += 1
