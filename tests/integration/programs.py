"""Real programs of a `command` target, for tests that start, watch and kill them."""

import asyncio
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from funade.domain.application import Repository, TargetConfiguration
from funade.domain.orders import Ending, Execution, Sighting, Standing, StartOrder
from funade.domain.plan import digest
from funade.domain.release import Release
from funade.domain.revision import Revision
from funade.domain.wire import Plain
from funade.store.attempt_logs import AttemptLogs
from funade.targets import KINDS, OpenTargets, Surroundings
from funade.testing.secrets import FakeSecrets
from funade.testing.time import FakeClock
from funade.usecases.ports import Place, Target

REVISION = Revision("f5c0df1" + "0" * 33)


@dataclass
class Machine:
    """One data folder with the programs that ran under it."""

    data: Path
    workspace: Path
    secrets: Mapping[str, str] = field(default_factory=dict)
    lease: timedelta = timedelta(seconds=15)
    #: what a process that stays keeps from one target to the next; without it each is opened by a process of its own
    kept: dict[str, Any] | None = None

    def target(self, run: list[str], **settings: Any) -> tuple[Target, Release]:
        section: dict[str, Plain] = {"kill_grace": 1, "run": [*run], **settings}
        parsed, problems = KINDS["command"].parse(section, "target")
        assert not problems
        release = Release(
            application="shop",
            environment="staging",
            revision=REVISION,
            repository=Repository(url="https://example.invalid/shop.git"),
            target=TargetConfiguration(kind="command", settings=parsed),
        )
        surroundings = Surroundings(
            data=self.data,
            store="store-1",
            secrets=FakeSecrets(self.secrets),
            lease=self.lease,
            clock=FakeClock(),
        )
        if self.kept is not None:
            surroundings.kept = self.kept
        return OpenTargets(surroundings).open(release), release

    @property
    def place(self) -> Place:
        return self.target(["true"])[0].place

    async def start(self, run: list[str], it: Execution | None = None, **settings: Any) -> Execution:
        it = it or execution()
        target, release = self.target(run, **settings)
        await target.place.start(self.order(target, release, it))
        return it

    def order(self, target: Target, release: Release, it: Execution) -> StartOrder:
        plan = target.plan(release)
        return StartOrder(
            execution=it,
            release=release,
            plan=plan,
            digest=digest(release, plan),
            not_after=datetime.now(UTC) + timedelta(minutes=5),
            workspace=str(self.workspace),
        )

    async def run(self, run: list[str], it: Execution | None = None, **settings: Any) -> Ending:
        started = await self.start(run, it, **settings)
        return ending(await self.place.wait(started))

    def log(self, it: Execution) -> bytes:
        return AttemptLogs(self.data).read(it.deployment, it.attempt, 0, 1 << 30)

    def folder(self, it: Execution) -> Path:
        return self.data / "attempts" / it.deployment / str(it.attempt)

    def guard(self) -> Path:
        return self.data / "guards" / "shop" / "staging" / "guard.json"

    def process(self, it: Execution) -> dict[str, Any]:
        """Return what the guard knows of a program that runs."""
        known = json.loads(self.guard().read_text())
        process: dict[str, Any] = known["attempts"][f"{it.deployment}/{it.attempt}"]["process"]
        return process

    def supervisor(self, it: Execution) -> psutil.Process:
        return psutil.Process(self.process(it)["supervisor"][0])

    def program(self, it: Execution) -> psutil.Process:
        return psutil.Process(self.process(it)["program"][0])


def execution(number: int = 1, *, attempt: int = 1, fence: int = 7) -> Execution:
    return Execution(
        deployment=f"00000000-0000-4000-8000-{number:012}",
        number=number,
        attempt=attempt,
        fence=fence,
        application="shop",
        environment="staging",
    )


def ending(sighting: Sighting) -> Ending:
    assert sighting.standing is Standing.ENDED, sighting
    assert sighting.ending is not None
    return sighting.ending


async def until(claim: Callable[[], bool], seconds: float = 60) -> None:
    """Return once `claim` holds; real processes need real time."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it never came to be"
        await asyncio.sleep(0.01)


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def read_number(path: Path) -> int:
    """Return what a program wrote of itself, 0 while it has not."""
    text = path.read_text() if path.exists() else ""
    return int(text) if text.endswith("\n") else 0


HERE = os.fspath(Path(__file__).parents[2])
