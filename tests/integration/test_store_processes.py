"""Several processes on one store, and processes that are killed."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from funade.store import migrations
from funade.store.sqlite import SqliteLedger
from tests.contracts.ledgers import open_sqlite

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 3


def start(verb: str, path: Path, *words: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.store_worker", verb, str(path), *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str], status: int = 0) -> list[str]:
    output, errors = process.communicate(timeout=60)
    assert process.returncode == status, errors
    return output.split("\n")[:-1]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "store.sqlite"


def test_a_store_opened_by_many_at_once_is_made_once(path):
    starting = [start("open_it", path) for _ in range(PROCESSES)]
    ids = {line for process in starting for line in said(process)}
    assert len(ids) == 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM store").fetchone() == (1,)
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [
            (migrations.HEAD,)
        ]


def test_processes_that_write_at_once_lose_nothing_and_find_nothing_locked(path):
    times = 100
    counting = [start("count", path, str(times)) for _ in range(PROCESSES)]
    numbers = sorted(int(line) for process in counting for line in said(process))
    assert numbers == list(range(1, PROCESSES * times // 5 + 1))
    with open_sqlite(path.parents[1]) as store:
        assert store.read(lambda look: look.berth("shop", "production")).fence == PROCESSES * times
        assert len(store.read(lambda look: look.events(limit=1000))) == PROCESSES * times
        assert len(store.read(lambda look: look.unended())) == len(numbers)


def test_another_processs_commit_is_noticed_within_half_a_second(path):
    with open_sqlite(path.parents[1]) as store:
        watching = start("notice", path)
        assert watching.stdout
        assert watching.stdout.readline() == "ready\n"
        delays = []
        for _ in range(5):
            store.accept()
            committed = time.monotonic()
            delays.append(float(watching.stdout.readline()) - committed)
        watching.kill()
        watching.communicate()
    assert sorted(delays)[len(delays) // 2] < 0.5


@pytest.mark.parametrize("point", ["store.commit:before", "store.commit:after"])
def test_a_process_killed_around_a_commit_loses_nothing_that_it_acknowledged(path, point):
    # The store is made by another one, so that every commit is of a deployment.
    said(start("open_it", path))
    killed = start("accept", path, FUNADE_FAILPOINTS=f"{point}=kill@4")
    acknowledged = [int(line) for line in said(killed, -signal.SIGKILL)]
    assert acknowledged == [1, 2, 3]
    with open_sqlite(path.parents[1]) as store:
        there = [one.number for one in store.read(lambda look: look.unended())]
        assert there == ([1, 2, 3] if point.endswith("before") else [1, 2, 3, 4])
        assert store.accept().number == len(there) + 1


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("point", ["store.sign", "store.migrate", "store.make"])
def test_a_store_whose_making_was_cut_short_is_made_by_the_next(path, point, side):
    said(start("open_it", path, FUNADE_FAILPOINTS=f"{point}:{side}=kill"), -signal.SIGKILL)
    (id,) = said(start("open_it", path))
    with closing(SqliteLedger(path)) as ledger:
        assert ledger.id == id


def test_whoever_comes_while_a_store_is_being_made_waits_for_it(path, tmp_path):
    sign = tmp_path / "go on"
    making = start("open_it", path, FUNADE_FAILPOINTS=f"store.migrate:after=pause:{sign}")
    until = time.monotonic() + 60
    while not sign.with_name("go on.hit").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    second = start("open_it", path)
    first_id = said(second)
    sign.touch()
    assert said(making) == first_id


def test_alembic_is_not_imported_for_a_store_that_is_up_to_date(path):
    (first,) = said(start("modules", path))
    (second,) = said(start("modules", path))
    assert "alembic" in first.split()
    assert [one for one in second.split() if one.startswith("alembic")] == []
    assert [one for one in second.split() if one.startswith("sqlalchemy.dialects.postgresql")] == []


@pytest.mark.storm
def test_killed_again_and_again_nothing_acknowledged_is_lost(path):
    said(start("open_it", path))
    acknowledged: list[int] = []
    for round in range(30):
        running = [start("accept", path) for _ in range(PROCESSES)]
        time.sleep(0.3 + round / 50)
        for process in running:
            process.kill()
        for process in running:
            output, _ = process.communicate()
            acknowledged += [int(line) for line in output.split("\n")[:-1]]
    assert len(set(acknowledged)) == len(acknowledged)
    with open_sqlite(path.parents[1]) as store:
        assert set(acknowledged) <= {one.number for one in store.read(lambda look: look.unended())}
