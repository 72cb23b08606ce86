"""A process of the flood: carries out deployments at a place behind an unreliable post, until it is ended."""

import asyncio
import logging
import os
import random
import sys
from dataclasses import replace
from pathlib import Path

from funade.cli.log import set_up_log
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
from tests.crash.mail_place import MailPlace

ENVIRONMENTS = 20
OWNER = "local:0"
MAIL = "mail.sqlite"


def world(folder: Path, url: str, choice: random.Random) -> tuple[Parts, Application, MailPlace]:
    """Return the parts of one process: the store is real, sources do nothing, the place is behind the post."""
    environments = {
        name: Environment(name=name, target=TargetConfiguration(kind="mail", settings={}))
        for name in (f"place{number}" for number in range(ENVIRONMENTS))
    }
    shop = Application(name="shop", repository=Repository(url="/nowhere"), environments=environments)
    configuration = Configuration(
        path=str(folder / "funade.yaml"),
        applications={"shop": shop},
        data=str(folder / "data"),
        database=Database(url=url) if url else None,
        people=People(owner=OWNER),
    )
    sources = FakeSources()
    sources.point("refs/heads/main", sources.commit("Begin", files={}))
    parts = connect(FakeConfigurations(configuration))
    place = MailPlace(folder / MAIL, choice, parts.ledger.id)
    return replace(parts, sources=sources, targets=FakeTargets(place=place)), shop, place  # type: ignore[arg-type]  # as strict as the fake


def main() -> None:
    """Carry out in the folder that the first argument names, in the store at the second."""
    set_up_log(level=logging.WARNING)
    folder, url, seed = sys.argv[1:]
    asyncio.run(_carry_out(Path(folder), url, random.Random(f"{seed}/{os.getpid()}")))


async def _carry_out(folder: Path, url: str, choice: random.Random) -> None:
    parts, *_ = world(folder, url, choice)
    await build_runner(parts, role="runner", tell=say_nothing).run()
