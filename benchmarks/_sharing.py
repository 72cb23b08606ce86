"""A process that carries out deployments that do nothing, and the world it shares.

It says `ready` on its standard output, begins with the first line on its standard input, and ends when that ends.
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from funade.domain.application import (
    Application,
    Configuration,
    Database,
    Environment,
    Repository,
    TargetConfiguration,
)
from funade.domain.people import People
from funade.testing.configurations import FakeConfigurations
from funade.testing.sources import FakeSources
from funade.testing.targets import FakeTargets
from funade.wiring.parts import Parts, connect
from funade.wiring.runner import build_runner, say_nothing

ENVIRONMENTS = 20
OWNER = "local:0"


def world(url: str, folder: Path) -> tuple[Parts, FakeSources, FakeTargets, Application]:
    """Return the parts of one process, with sources and places that do nothing."""
    environments = {
        f"place{number}": Environment(
            name=f"place{number}", target=TargetConfiguration(kind="nothing", settings={})
        )
        for number in range(ENVIRONMENTS)
    }
    shop = Application(name="shop", repository=Repository(url="/nowhere"), environments=environments)
    configuration = Configuration(
        path=str(folder / "funade.yaml"),
        applications={"shop": shop},
        data=str(folder),
        database=Database(url=url),
        people=People(owner=OWNER),
    )
    sources, targets = FakeSources(), FakeTargets()
    sources.point("refs/heads/main", sources.commit("Begin", files={}))
    parts = connect(FakeConfigurations(configuration))
    targets.place.store = parts.ledger.id
    return replace(parts, sources=sources, targets=targets), sources, targets, shop


async def carry_out(url: str, folder: Path) -> None:
    """Carry out until nobody wants it any more."""
    parts, *_ = world(url, folder)
    runner = build_runner(parts, role="runner", tell=say_nothing)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    running = asyncio.create_task(runner.run())
    await asyncio.to_thread(sys.stdin.read)
    runner.stop()
    await running
    parts.ledger.close()


if __name__ == "__main__":
    asyncio.run(carry_out(sys.argv[1], Path(sys.argv[2])))
