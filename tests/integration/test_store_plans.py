"""How SQLite answers: by an index, however much there is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from funade.domain.deployment import State
from funade.domain.events import DeploymentStarted, about
from funade.domain.reason import Reason, because
from funade.store.sqlite import SqliteLedger
from tests.contracts.ledgers import Store, open_postgres, open_sqlite
from tests.unit.domain.examples import NOON

ROWS = 100_000
COPIES = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})"

ENVIRONMENT = "CASE WHEN i % 2 THEN 'production' ELSE 'staging' END"
#: Its document says the same as its columns.
ASKED = (
    """replace(replace(replace(asked, '"d0"', '"d' || i || '"'), '"number":1,', '"number":' || (i + 1) || ','),"""
    f"""'"environment":"production"', '"environment":"' || {ENVIRONMENT} || '"')"""
)

QUESTIONS = {
    "status: what waits and runs here": lambda look: look.unended("shop", "production"),
    "status: what ended last here": lambda look: look.ended("shop", "production", limit=1),
    "status: the environment": lambda look: look.berth("shop", "production"),
    "status: what is set aside": lambda look: look.quarantined(),
    "reconcile: what is not at its end": lambda look: look.entries(),
    "reconcile: what is not at its end here": lambda look: look.entries("shop", "production"),
    "sweep: what may live": lambda look: look.unended_ids(),
    "why: the newest of all": lambda look: look.ended(None, None, limit=1),
    "why: the newest of an application": lambda look: look.ended("shop", None, limit=1),
    "why: the newest of an application that rests": lambda look: look.ended("blog", None, limit=1),
    "show: by its number": lambda look: look.deployment(ROWS // 2),
    "show: by its id": lambda look: look.deployment_by_id("d7"),
    "show: its events": lambda look: look.events(deployment="d7"),
    "show: its end": lambda look: look.ending("d7", 1),
    "history: of everything": lambda look: look.events(newest_first=True, limit=20),
    "history: of an application": lambda look: look.events(application="shop", newest_first=True, limit=20),
    "history: of an application that rests": lambda look: look.events(
        application="blog", newest_first=True, limit=20
    ),
    "history: of an environment": lambda look: look.events(
        application="shop", environment="production", newest_first=True, limit=20
    ),
    "history: a later page": lambda look: look.events(
        application="shop", environment="production", newest_first=True, limit=20, before=ROWS // 2
    ),
    "rollback: what was seen healthy": lambda look: look.last_verified("shop", "production"),
    "rollback: what started last": lambda look: look.last_started("shop", "production"),
    "accept: a request again": lambda look: look.answered("r7"),
    "announce: what must be said": lambda look: look.announcements(50),
}
#: One row a process, an environment or a problem: these are read whole.
SMALL = {"berths", "processes", "roles", "obligations", "quarantine", "store", "outbox"}


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[Store]:
    with open_sqlite(tmp_path_factory.mktemp("plans")) as opened:
        fill(opened)
        yield opened


def fill(store) -> None:
    """Put a hundred thousand ended deployments and their events beside one that waits."""
    made = store.accept(id="d0", request="r0")
    running = made.begin_attempt(1, NOON, because(Reason.PROGRAM_RUNNING))
    ended = running.advance(State.SUCCEEDED, because(Reason.COMPLETED), NOON, verified=True)
    store.change(lambda change: change.save_deployment(ended))
    store.change(
        lambda change: change.record(about(made, DeploymentStarted(attempt=1, fence=1), "ada", NOON))
    )
    for table, changed in (
        (
            "deployments",
            {
                "number": "i + 1",
                "id": "'d' || i",
                "request": "'r' || i",
                "environment": ENVIRONMENT,
                "fence": "i + 1",
                "verified": "i % 7 = 0",
                "asked": ASKED,
            },
        ),
        ("events", {"sequence": "i + 1", "deployment": "'d' || i"}),
        ("endings", {"deployment": "'d' || i", "attempt": "1", "format": "1", "document": "'{}'"}),
    ):
        columns = [row[1] for row in store.sql(f"PRAGMA table_info({table})")]
        chosen = ", ".join(changed.get(one, one) for one in columns)
        source = "n" if table == "endings" else f"n, {table} WHERE {columns[0]} = 1"
        names = ", ".join(columns)
        store.sql(f"{COPIES} INSERT INTO {table} ({names}) SELECT {chosen} FROM {source}")
    store.sql(f"UPDATE store SET last_number = {ROWS + 1}")
    store.accept(id="waiting", request="waiting")


@contextmanager
def asked(ledger: SqliteLedger) -> Iterator[list[tuple[str, tuple[object, ...]]]]:
    """Give what is asked of SQLite meanwhile."""
    found: list[tuple[str, tuple[object, ...]]] = []

    def note(_connection, _cursor, statement, values, *_rest):
        found.append((statement, values))

    event.listen(ledger._reading, "before_cursor_execute", note)
    yield found
    event.remove(ledger._reading, "before_cursor_execute", note)


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered_by_an_index(store, question):
    assert isinstance(store.ledger, SqliteLedger)
    with asked(store.ledger) as statements:
        store.read(QUESTIONS[question])
    with closing(sqlite3.connect(store.ledger._path)) as connection:
        for statement, values in statements:
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
            scanned = [step for step in plan if step.startswith("SCAN") and "INDEX" not in step]
            names = {step.split()[1] for step in scanned}
            # Newest first and nothing else asked: the table itself is in that order.
            asked_for_all = statement.replace("WHERE state IN ('succeeded', 'failed', 'cancelled')", "")
            if "WHERE" not in asked_for_all and "JOIN" not in asked_for_all:
                names -= {"events", "deployments"}
            assert names <= SMALL, plan
            assert [step for step in plan if "TEMP B-TREE" in step and names == set()] == [], plan


@pytest.mark.slow
def test_what_was_put_in_can_be_read(store):
    assert store.read(lambda look: look.deployment_by_id("d7")).number == 8
    assert "deployments" not in {one.table for one in store.read(lambda look: look.quarantined())}
    assert len(store.read(lambda look: look.last_verified("shop", "production"))) == 10
    assert len(store.read(lambda look: look.entries())) == 1


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_postgres(tmp_path_factory.mktemp("postgres-plans")) as opened:
        fill_database(opened)
        yield opened


def fill_database(store: Store) -> None:
    """Put as much into a database."""
    made = store.accept(id="d0", request="r0")
    running = made.begin_attempt(1, NOON, because(Reason.PROGRAM_RUNNING))
    ended = running.advance(State.SUCCEEDED, because(Reason.COMPLETED), NOON, verified=True)
    store.change(lambda change: change.save_deployment(running))
    store.change(lambda change: change.save_deployment(ended))
    store.change(
        lambda change: change.record(about(made, DeploymentStarted(attempt=1, fence=1), "ada", NOON))
    )
    copies = f"generate_series(1, {ROWS}) AS n(i)"
    environment = "CASE WHEN i % 2 = 1 THEN 'production' ELSE 'staging' END"
    for table, changed in {
        "deployments": {
            "number": "i + 1",
            "id": "'d' || i",
            "request": "'r' || i",
            "environment": environment,
            "fence": "i + 1",
            "verified": "i % 7 = 0",
            "asked": ASKED.replace("CASE WHEN i % 2 THEN", "CASE WHEN i % 2 = 1 THEN"),
        },
        "events": {"sequence": "i + 1", "deployment": "'d' || i"},
        "endings": {"deployment": "'d' || i", "attempt": "1", "format": "1", "document": "'{}'"},
    }.items():
        found = store.sql(
            "SELECT column_name::text FROM information_schema.columns WHERE table_name = ? ORDER BY ordinal_position",
            table,
        )
        names = [row[0] for row in found]
        chosen = ", ".join(changed.get(one, f'"{one}"') for one in names)
        source = copies if table == "endings" else f"{copies}, {table} WHERE {names[0]} = 1"
        listed = ", ".join(f'"{one}"' for one in names)
        store.sql(f"INSERT INTO {table} ({listed}) SELECT {chosen} FROM {source}".replace("%", "%%"))
    store.sql("DELETE FROM outbox")
    store.sql(f"UPDATE store SET last_number = {ROWS + 1}")
    store.accept(id="waiting", request="waiting")
    store.sql("ANALYZE")


@pytest.mark.slow
@pytest.mark.needs("postgres")
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_to_a_database_reads_few_rows(database, question):
    from funade.store.postgres.ledger import PostgresLedger  # noqa: PLC0415 -- only here

    assert isinstance(database.ledger, PostgresLedger)
    found: list[tuple[str, Any]] = []

    def note(_connection, _cursor, statement, values, *_rest):
        found.append((statement, values))

    event.listen(database.ledger._reading, "before_cursor_execute", note)
    database.read(QUESTIONS[question])
    event.remove(database.ledger._reading, "before_cursor_execute", note)
    assert found
    for statement, values in found:
        with database.ledger._reading.connect() as connection:
            plan = connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values
            ).scalar_one()
        assert rows_read(plan[0]["Plan"]) < 500, plan


def rows_read(plan: dict[str, Any]) -> int:
    """Return how many rows a plan has touched, those that it threw away among them."""
    own = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    return int(own * plan["Actual Loops"]) + sum(rows_read(one) for one in plan.get("Plans", ()))
