"""What people ask of a store that has seen years, beside the same questions to an empty one.

The big store has 50,000 ended deployments in 20 environments and 1,000,000 events, made inside of the database from one
real row each; the empty one as many as one answer shows, 20 of each environment, so that both have as much to say.
Both have 20 deployments that wait. `status`, `history`, `why` and one look of a runner through the use cases
themselves, on SQLite and on PostgreSQL; p50 of 40, milliseconds, and the ratio of the medians.
FUNADE_BIG_STORE=20 makes it twenty times as big: 1,000,000 deployments and 20,000,000 events.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.store import NOW, _accept
from funade.domain.application import Application, Configuration, Environment, Repository, TargetConfiguration
from funade.domain.commands import ShowHistory, ShowStatus
from funade.domain.deployment import State
from funade.domain.events import DeploymentStarted, about
from funade.domain.people import People
from funade.domain.reason import Reason, because
from funade.runner.lease import Heart
from funade.runner.machine import RandomIds
from funade.store.postgres.connecting import Address
from funade.store.postgres.ledger import PostgresLedger
from funade.store.sqlite import SqliteLedger
from funade.testing.configurations import FakeConfigurations
from funade.usecases.explain_waiting import ExplainWaiting
from funade.usecases.ledger_ports import Ledger, Transaction
from funade.usecases.reconcile_deployments import ReconcileDeployments
from funade.usecases.rules import GatherRules
from funade.usecases.shares import Shares
from funade.usecases.show_history import ShowPast
from funade.wiring.parts import Parts, connect
from tests import postgres

PLACES, SHOWN, ASKED, WARM_UP = 20, 20, 40, 5
SCALE = float(os.environ.get("FUNADE_BIG_STORE", "1"))
FEW, DEPLOYMENTS, EVENTS_EACH = PLACES * SHOWN, int(50_000 * SCALE), 20

Execute = Callable[[str], Any]


def run() -> dict[str, Any]:
    """Return milliseconds of both stores, empty and big."""
    with TemporaryDirectory(prefix="funade-bench-") as folder:
        on_sqlite = asyncio.run(_on_sqlite(Path(folder)))
    with TemporaryDirectory(prefix="funade-bench-") as folder, postgres.running(*postgres.FAST) as server:
        on_postgres = asyncio.run(_on_postgres(Path(folder), server))
    return {
        "deployments": DEPLOYMENTS,
        "events": DEPLOYMENTS * EVENTS_EACH,
        "sqlite": on_sqlite,
        "postgresql": on_postgres,
    }


async def _on_sqlite(folder: Path) -> dict[str, Any]:
    path = folder / "store.sqlite"

    async def fill(numbers: range) -> None:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=60)) as around:
            around.execute("PRAGMA synchronous=OFF")
            series = "WITH RECURSIVE n(i) AS (SELECT {low} UNION ALL SELECT i + 1 FROM n WHERE i < {high})"
            _fill(
                around.execute,
                numbers,
                series,
                lambda table: [row[1] for row in around.execute(f"PRAGMA table_info({table})")],
            )

    with closing(SqliteLedger(path)) as ledger:
        return await _compare(folder, ledger, fill)


async def _on_postgres(folder: Path, server: postgres.Server) -> dict[str, Any]:
    name = server.new_database()

    async def fill(numbers: range) -> None:
        def execute(statement: str) -> object:
            return around.execute(statement.encode())

        with server.connect(name) as around:
            series = "WITH n AS (SELECT generate_series({low}, {high}) AS i)"
            columns = "SELECT column_name::text FROM information_schema.columns WHERE table_name = %s"
            _fill(
                execute,
                numbers,
                series,
                lambda table: [row[0] for row in around.execute(columns, [table]).fetchall()],
            )
            around.execute("ANALYZE")

    with closing(PostgresLedger(Address(url=server.local_url(name)))) as ledger:
        return await _compare(folder, ledger, fill)


async def _compare(folder: Path, ledger: Ledger, fill: Callable[[range], Awaitable[None]]) -> dict[str, Any]:
    """Measure with what waits alone, then with everything that ended before it, too."""
    parts = _parts(folder)
    parts.ledger.close()
    await ledger.change(_one_that_ended)
    for place in range(PLACES):
        await ledger.change(lambda change, place=place: _accept(change, f"place{place}"))  # type: ignore[misc]  # bound early
    await fill(range(FEW))
    empty = await _measure(ledger, parts)
    start = time.perf_counter()
    await fill(range(FEW, DEPLOYMENTS))
    took = time.perf_counter() - start
    big = await _measure(ledger, parts)
    return {
        "filled_in_seconds": took,
        **{f"{name}_empty_p50_ms": value for name, value in empty.items()},
        **{f"{name}_big_p50_ms": value for name, value in big.items()},
        **{f"{name}_ratio": big[name] / empty[name] for name in empty},
    }


def _parts(folder: Path) -> Parts:
    """Return what a process is made of; its own store is not used."""
    places = {
        f"place{number}": Environment(
            name=f"place{number}", target=TargetConfiguration(kind="command", settings={})
        )
        for number in range(PLACES)
    }
    shop = Application(name="shop", repository=Repository(url="/nowhere"), environments=places)
    configuration = Configuration(
        path=str(folder / "funade.yaml"),
        applications={"shop": shop},
        data=str(folder / "data"),
        people=People(owner="local:1000"),
    )
    return connect(FakeConfigurations(configuration))


async def _measure(ledger: Ledger, parts: Parts) -> dict[str, float]:
    rules: GatherRules = parts.rules
    explain = ExplainWaiting(rules=rules, living=parts.living, clock=parts.clock)
    heart = Heart(ledger, parts.machine, parts.clock, RandomIds(), role="runner", length=parts.lease)
    await heart.start()
    reconcile = ReconcileDeployments(
        ledger=ledger,
        living=parts.living,
        reach=parts.reach,
        lease=heart,
        clock=parts.clock,
        rules=rules,
        shares=Shares(clock=parts.clock),
    )
    status, past = parts.desk.verbs.status, ShowPast(ledger=ledger)
    configuration = parts.configurations.current()
    waiting = (await ledger.read(lambda look: look.entries()))[-1].number

    def why(look: Any) -> object:
        found = look.deployment(waiting)
        return explain(found, look), look.events(deployment=found.id)

    asked: dict[str, Callable[[], Awaitable[object]]] = {
        "status": lambda: ledger.read(lambda look: status.look(look, ShowStatus(), configuration)),
        "history": lambda: past(ShowHistory(limit=20)),
        "history_of_a_place": lambda: past(ShowHistory(application="shop", environment="place7", limit=20)),
        "why": lambda: ledger.read(why),
        "reconcile": lambda: reconcile(frozenset()),
    }
    found = {}
    for name, ask in asked.items():
        # The first answers make statements and fill caches.
        for _ in range(WARM_UP):
            await ask()
        taken = []
        for _ in range(ASKED):
            before = time.perf_counter()
            await ask()
            taken.append((time.perf_counter() - before) * 1000)
        found[name] = median(taken)
    await heart.stop()
    return found


def _one_that_ended(change: Transaction) -> None:
    made = _accept(change, "place0")
    running = made.begin_attempt(1, NOW, because(Reason.PROGRAM_RUNNING))
    change.save_deployment(running)
    change.record(about(running, DeploymentStarted(attempt=1, fence=1), "ada", NOW))
    change.save_deployment(running.advance(State.SUCCEEDED, because(Reason.COMPLETED), NOW, verified=True))


def _fill(execute: Execute, numbers: range, series: str, columns: Callable[[str], list[str]]) -> None:
    """Copy the first deployment and its last event; their documents say the same as their columns."""
    place = "('place' || (i % 20))"
    asked = (
        "replace(replace(replace(asked, '\"id\":\"' || id || '\"', '\"id\":\"d' || i || '\"'),"
        " '\"number\":' || number || ',', '\"number\":' || (i + 1000) || ','), '\"place0\"', '\"' || "
        + place
        + " || '\"')"
    )
    changed = {
        "deployments": {
            "number": "i + 1000",
            "id": "'d' || i",
            "request": "'r' || i",
            "environment": place,
            "fence": "i + 1000",
            "asked": asked,
        },
        "events": {
            "sequence": "i + 1000",
            "deployment": "'d' || (i / 20)",
            "number": "i / 20 + 1000",
            "environment": "('place' || (i / 20 % 20))",
        },
    }
    for table, each in (("deployments", 1), ("events", EVENTS_EACH)):
        names = columns(table)
        listed = ", ".join(f'"{one}"' for one in names)
        chosen = ", ".join(changed[table].get(one, f'"{one}"') for one in names)
        first = "number = 1" if table == "deployments" else "sequence = 2"
        until = numbers.stop * each
        for low in range(numbers.start * each, until, 1_000_000):
            made = series.format(low=low, high=min(low + 1_000_000, until) - 1)
            execute(f"{made} INSERT INTO {table} ({listed}) SELECT {chosen} FROM n, {table} WHERE {first}")
    execute("DELETE FROM outbox WHERE sequence < 3")
