"""Deployments a second on PostgreSQL, carried out by one process and by two that share the work.

Sources and places are in memory and do nothing; everything else is real, PostgreSQL waits for its disk. 400 deployments
over 20 environments are accepted by another process and carried out by one runner, then by two, all ends written.
`ratio` is what the second one brings on this machine, whose cores they share with the database and the asker.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from benchmarks._sharing import ENVIRONMENTS, OWNER, world
from funade.domain.commands import Deploy
from funade.domain.deployment import Preview, State
from funade.domain.people import Actor, Door, Person
from funade.domain.plan import digest
from funade.domain.release import Release
from funade.usecases.accept_deployment import Asked
from funade.usecases.assemble_release import Assembled
from funade.wiring.parts import Parts
from tests import postgres

DEPLOYMENTS, WARM_UP, AT_ONCE = 400, 40, 60


def run() -> dict[str, float]:
    """Return deployments a second."""
    with postgres.running(*postgres.SAFE) as server:
        one, two = (_measure(server, runners) for runners in (1, 2))
    return {"one_process_per_second": one, "two_processes_per_second": two, "ratio": two / one}


def _measure(server: postgres.Server, runners: int) -> float:
    url = server.local_url(server.new_database())
    with TemporaryDirectory(prefix="funade-bench-") as folder:
        parts, *_ = world(url, Path(folder) / "asker")
        with _runners(url, Path(folder), runners):
            took = asyncio.run(_ask_for_all(url, Path(folder) / "asker"))
        parts.ledger.close()
    return DEPLOYMENTS / took


@contextmanager
def _runners(url: str, folder: Path, count: int) -> Iterator[None]:
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks._sharing", url, str(folder / f"runner{number}")],
            stdin=subprocess.PIPE,
        )
        for number in range(count)
    ]
    try:
        yield
    finally:
        for one in started:
            if one.stdin is not None:
                one.stdin.close()
        for one in started:
            one.wait(30)


async def _ask_for_all(url: str, folder: Path) -> float:
    """Ask for some to warm up, then for all; return how long it took until those had ended."""
    parts, *_ = world(url, folder)
    for number in range(WARM_UP):
        await _ask(parts, number)
    await _let_some_end(parts, 0)
    start = time.perf_counter()
    for number in range(DEPLOYMENTS):
        await _ask(parts, number)
        await _let_some_end(parts, AT_ONCE)
    await _let_some_end(parts, 0)
    took = time.perf_counter() - start
    ended = await parts.ledger.read(lambda look: look.ended(None, None, limit=DEPLOYMENTS))
    parts.ledger.close()
    if any(one.state is not State.SUCCEEDED for one in ended):
        message = "not all ended well"
        raise RuntimeError(message)
    return took


async def _ask(parts: Parts, number: int) -> None:
    shop = parts.configurations.current().applications["shop"]
    environment = shop.environments[f"place{number % ENVIRONMENTS}"]
    revision = await parts.sources.resolve(shop.repository, "main")
    release = Release(
        application="shop",
        environment=environment.name,
        revision=revision,
        repository=shop.repository,
        target=environment.target,
    )
    plan = parts.targets.open(release).plan(release)
    assembled = Assembled(
        ref="main", release=release, plan=plan, digest=digest(release, plan), preview=Preview()
    )
    ada = Actor(door=Door.TERMINAL, id=OWNER, name="ada", owns_store=True)
    await parts.desk.verbs.deploy.accept(
        assembled,
        environment,
        Asked(
            actor=ada,
            person=Person(name="ada"),
            command=Deploy(application="shop", environment=environment.name, ref="main"),
            request=str(uuid4()),
        ),
    )


async def _let_some_end(parts: Parts, most: int) -> None:
    """Wait until at most so many are on their way."""
    generation = -1
    while len(await parts.ledger.read(lambda look: look.entries())) > most:
        generation = await parts.ledger.wait_for_change(generation, 1.0)
