"""What the store takes: whole lives of deployments, the looks of a busy server, and being opened.

A life is what the verbs write: accept, take the turn, start, keep the end, finish; five transactions, each on the
disk (`synchronous=FULL`) before the next begins. 1,000 lives one after another, then 20 side by side. The looks are
the medians of 200 with 50 deployments waiting in 50 environments. Opened is the median of 15 processes that open a
store that is up to date, less those that only import SQLAlchemy. `fdatasync_p50_ms` is what one write costs here.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from benchmarks._ground import CLEAN, whole_process_ms
from funade.domain.application import Repository, TargetConfiguration
from funade.domain.deployment import Deployment, Phase, Preview, Purpose, State
from funade.domain.events import (
    DeploymentFinished,
    DeploymentRequested,
    DeploymentStarted,
    ExecutionEnded,
    about,
)
from funade.domain.orders import EndedBy, Ending, Execution
from funade.domain.plan import Plan, Step
from funade.domain.reason import Reason, because
from funade.domain.release import Release
from funade.domain.revision import Changes, Commit, Revision
from funade.store.sqlite import SqliteLedger
from funade.usecases.ledger_ports import Ledger, Transaction

LIVES, SIDE_BY_SIDE, OPEN, LOOKS = 1000, 20, 50, 200
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
REVISION = Revision("f5c0df1" + "0" * 33)
COMMIT = Commit(
    revision=REVISION, subject="Sell more", author="Ada", email="ada@acme.example", authored_at=NOW
)
CHANGES = Changes(base=None, head=REVISION, commits=(COMMIT,) * 10, total=10)


def run() -> dict[str, float]:
    """Return the figures."""
    with TemporaryDirectory(prefix="funade-bench-") as folder:
        path = Path(folder) / "store.sqlite"
        with closing(SqliteLedger(path)) as ledger:
            found = asyncio.run(_measure(ledger))
        opening = (
            f"from pathlib import Path; from funade.store.sqlite import SqliteLedger; "
            f"SqliteLedger(Path({str(path)!r})).close()"
        )
        opened = whole_process_ms([sys.executable, "-c", opening], CLEAN)
        imported = whole_process_ms([sys.executable, "-c", "import sqlalchemy"], CLEAN)
        return {
            **found,
            "opened_beyond_import_ms": opened - imported,
            "fdatasync_p50_ms": _sync(Path(folder)),
        }


async def _measure(ledger: Ledger) -> dict[str, float]:
    for _ in range(20):
        await _live(ledger, "warm")
    processor, start = time.process_time(), time.perf_counter()
    for _ in range(LIVES):
        await _live(ledger, "alone")
    alone, used = time.perf_counter() - start, time.process_time() - processor
    start = time.perf_counter()
    await asyncio.gather(*(_live_again_and_again(ledger, f"place{number}") for number in range(SIDE_BY_SIDE)))
    together = time.perf_counter() - start
    for number in range(OPEN):
        await ledger.change(lambda change, number=number: _accept(change, f"open{number}"))  # type: ignore[misc]  # bound early
    return {
        "lives_per_second": LIVES / alone,
        "lives_side_by_side_per_second": LIVES / together,
        "processor_ms_a_life": used / LIVES * 1000,
        "entries_and_berths_p50_ms": await _look(ledger, lambda look: (look.entries(), look.berths())),
        "deployments_at_no_end_p50_ms": await _look(ledger, lambda look: look.unended()),
        "one_deployment_p50_ms": await _look(ledger, lambda look: look.deployment(7)),
    }


async def _look(ledger: Ledger, work: Callable[[Any], object]) -> float:
    taken = []
    for _ in range(LOOKS):
        before = time.perf_counter()
        await ledger.read(work)
        taken.append((time.perf_counter() - before) * 1000)
    return median(taken)


async def _live_again_and_again(ledger: Ledger, environment: str) -> None:
    for _ in range(LIVES // SIDE_BY_SIDE):
        await _live(ledger, environment)


async def _live(ledger: Ledger, environment: str) -> None:
    made = await ledger.change(lambda change: _accept(change, environment))
    for step in (_take, _start, _end, _finish):
        await ledger.change(lambda change, step=step: step(change, made))  # type: ignore[misc]  # bound early


def _accept(change: Transaction, environment: str) -> Deployment:
    id = str(uuid4())
    change.answered(id)
    change.lock_berth("shop", environment)
    release = Release(
        application="shop",
        environment=environment,
        revision=REVISION,
        repository=Repository(url="/srv/git/shop.git"),
        target=TargetConfiguration(kind="command", settings={"run": ["cap", environment, "deploy"]}),
    )
    made = Deployment(
        id=id,
        number=change.next_number(),
        purpose=Purpose.DEPLOY,
        release=release,
        plan=Plan(steps=tuple(Step(name=name) for name in ("checkout", "run", "verify"))),
        digest="0" * 64,
        ref="main",
        asked_by="ada",
        asked_by_id="local:1000",
        door="terminal",
        asked_at=NOW,
        due_at=NOW + timedelta(days=1),
        preview=Preview(changes=CHANGES),
    )
    change.add_deployment(made, id)
    requested = DeploymentRequested(ref="main", revision=REVISION, digest=made.digest, purpose=made.purpose)
    change.record(about(made, requested, "ada", NOW))
    change.entries("shop", environment)
    return made


def _take(change: Transaction, made: Deployment) -> None:
    row = _row(change, made)
    change.processes()
    berth = change.lock_berth(made.application, made.environment)
    change.entries(made.application, made.environment)
    change.save_berth(replace(berth, turn=made.id))
    change.save_deployment(replace(change.claim(row, "me"), phase=Phase.PREPARING))


def _start(change: Transaction, made: Deployment) -> None:
    berth, row = change.lock_berth(made.application, made.environment), _row(change, made)
    fence = berth.fence + 1
    started = row.begin_attempt(fence, NOW, because(Reason.PROGRAM_RUNNING))
    change.save_berth(replace(berth, fence=fence))
    change.save_deployment(started)
    change.record(about(started, DeploymentStarted(attempt=1, fence=fence), "ada", NOW))
    execution = Execution(
        deployment=made.id,
        number=made.number,
        attempt=1,
        fence=fence,
        application=made.application,
        environment=made.environment,
    )
    change.add_order("start", execution, NOW)


def _end(change: Transaction, made: Deployment) -> None:
    row = _row(change, made)
    change.add_ending(made.id, 1, Ending(by=EndedBy.ITSELF, exit_code=0, at=NOW))
    change.record(about(row, ExecutionEnded(attempt=1, by="itself", exit_code=0), "ada", NOW))
    change.save_deployment(replace(row, phase=Phase.VERIFYING))


def _finish(change: Transaction, made: Deployment) -> None:
    berth, row = change.lock_berth(made.application, made.environment), _row(change, made)
    reason = because(Reason.COMPLETED, exit_code=0)
    change.save_deployment(row.advance(State.SUCCEEDED, reason, NOW, verified=True))
    finished = DeploymentFinished(state=State.SUCCEEDED, because=reason, verified=True)
    change.record(about(row, finished, "ada", NOW))
    change.save_berth(replace(berth, turn=None, live=made.revision, live_number=made.number))


def _row(change: Transaction, made: Deployment) -> Deployment:
    row = change.deployment_by_id(made.id)
    assert row is not None
    return row


def _sync(folder: Path) -> float:
    taken = []
    with (folder / "probe").open("wb", buffering=0) as file:
        for _ in range(LOOKS):
            file.write(b"x" * 4096)
            before = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - before) * 1000)
    return median(taken)
