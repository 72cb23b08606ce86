"""Deployments a second when nothing has to be done: what Funade itself costs, from acceptance to a recorded end.

One process with the real store on the disk, the real desk's acceptance, runner, lease, outbox and journal; sources and
place are in memory and do nothing. 600 deployments over 20 environments, at most one a time in each, all ends written.
The alternative that a user would pick for the same record: one SQLite transaction for each change of state, by hand.
"""

import asyncio
import sqlite3
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from funade.domain.application import Application, Configuration, Environment, Repository, TargetConfiguration
from funade.domain.commands import Deploy
from funade.domain.deployment import Preview, State
from funade.domain.people import Actor, Door, People, Person
from funade.domain.plan import digest
from funade.domain.release import Release
from funade.testing.configurations import FakeConfigurations
from funade.testing.sources import FakeSources
from funade.testing.targets import FakeTargets
from funade.usecases.accept_deployment import Asked
from funade.usecases.assemble_release import Assembled
from funade.wiring.parts import Parts, connect
from funade.wiring.runner import build_runner, say_nothing

ENVIRONMENTS, DEPLOYMENTS, AT_ONCE = 20, 600, 40
OWNER = "local:0"


def run() -> dict[str, float]:
    """Return deployments a second."""
    with TemporaryDirectory(prefix="funade-bench-") as folder:
        ours = asyncio.run(_ours(Path(folder) / "ours"))
        by_hand = _by_hand(Path(folder) / "by-hand.sqlite")
    return {"deployments_per_second": ours, "by_hand_per_second": by_hand, "ratio_to_by_hand": ours / by_hand}


async def _ours(folder: Path) -> float:
    environments = {
        f"place{number}": Environment(
            name=f"place{number}", target=TargetConfiguration(kind="command", settings={})
        )
        for number in range(ENVIRONMENTS)
    }
    shop = Application(name="shop", repository=Repository(url="/nowhere"), environments=environments)
    configuration = Configuration(
        path=str(folder / "funade.yaml"),
        applications={"shop": shop},
        data=str(folder),
        people=People(owner=OWNER),
    )
    sources = FakeSources()
    revision = sources.commit("Begin", files={})
    targets = FakeTargets()
    parts = connect(FakeConfigurations(configuration))
    targets.place.store = parts.ledger.id
    runner = build_runner(replace(parts, sources=sources, targets=targets), role="server", tell=say_nothing)
    running = asyncio.create_task(runner.run())
    accept = parts.desk.verbs.deploy.accept
    ada = Actor(door=Door.TERMINAL, id=OWNER, name="ada", owns_store=True)
    start = time.perf_counter()
    for number in range(DEPLOYMENTS):
        environment = environments[f"place{number % ENVIRONMENTS}"]
        release = Release(
            application="shop",
            environment=environment.name,
            revision=revision,
            repository=shop.repository,
            target=environment.target,
        )
        plan = targets.open(release).plan(release)
        assembled = Assembled(
            ref="main",
            release=release,
            plan=plan,
            digest=digest(release, plan),
            preview=Preview(),
        )
        person = Person(name="ada")
        command = Deploy(application="shop", environment=environment.name, ref="main")
        asked = Asked(actor=ada, person=person, command=command, request=str(uuid4()))
        await accept(assembled, environment, asked)
        await _let_some_end(parts, AT_ONCE)
    await _let_some_end(parts, 0)
    took = time.perf_counter() - start
    ended = await parts.ledger.read(lambda look: look.ended(None, None, limit=DEPLOYMENTS))
    runner.stop()
    await running
    parts.ledger.close()
    if len(ended) != DEPLOYMENTS or any(one.state is not State.SUCCEEDED for one in ended):
        message = f"{len(ended)} of {DEPLOYMENTS} ended, not all well"
        raise RuntimeError(message)
    return DEPLOYMENTS / took


async def _let_some_end(parts: Parts, most: int) -> None:
    """Wait until at most so many are on their way."""
    generation = -1
    while len(await parts.ledger.read(lambda look: look.entries())) > most:
        generation = await parts.ledger.wait_for_change(generation, 1.0)


def _by_hand(path: Path) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE deployments (number INTEGER PRIMARY KEY, state TEXT, document TEXT)")
    start = time.perf_counter()
    for number in range(DEPLOYMENTS):
        connection.execute("INSERT INTO deployments VALUES (?, 'queued', ?)", (number, "x" * 2000))
        for state in ("preparing", "running", "verifying", "succeeded"):
            connection.execute("UPDATE deployments SET state = ? WHERE number = ?", (state, number))
    took = time.perf_counter() - start
    connection.close()
    return DEPLOYMENTS / took
