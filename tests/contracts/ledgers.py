"""Every store that the contract of `Ledger` is proven on: a new one joins by one line in OPENERS."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import pytest

from funade.domain.deployment import Deployment
from funade.store.sqlite import SqliteLedger
from funade.usecases.ledger_ports import Ledger, Process, Reading, Transaction
from tests.unit.domain.examples import NOON, deployment

if TYPE_CHECKING:
    from funade.store.postgres.ledger import PostgresLedger

T = TypeVar("T")
Sql = Callable[..., list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Store:
    """A ledger, and the way around it that an administrator has."""

    ledger: Ledger
    sql: Sql
    kind: str = "sqlite"

    def read(self, work: Callable[[Reading], T]) -> T:
        """Read outside of any loop."""
        return run(self.ledger.read(work))

    def change(self, work: Callable[[Transaction], T]) -> T:
        """Change outside of any loop."""
        return run(self.ledger.change(work))

    def accept(
        self, *, request: str | None = None, environment: str = "production", **changes: Any
    ) -> Deployment:
        """Store a new deployment as the verbs do, and return it."""

        def work(change: Transaction) -> Deployment:
            change.lock_berth("shop", environment)
            made = deployment(change.next_number(), **{"id": str(uuid4()), **changes})
            made = replace(made, release=replace(made.release, environment=environment))
            change.add_deployment(made, request or made.id)
            return made

        return self.change(work)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a question to its answer; a ledger belongs to no loop."""
    return asyncio.run(coroutine)


def process(id: str, **changes: Any) -> Process:
    """Return a process as it registers itself."""
    one = Process(
        id=id,
        role="server",
        host="here",
        pid=7,
        boot="b",
        birth="1",
        counter=0,
        started_at=NOON,
        seen_at=NOON,
    )
    return replace(one, **changes)


@contextmanager
def open_sqlite(folder: Path) -> Iterator[Store]:
    """Open a ledger in a file."""
    path = folder / "data" / "store.sqlite"
    ledger = SqliteLedger(path)

    def sql(statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            connection.text_factory = lambda raw: raw.decode(errors="replace")
            return connection.execute(statement, values).fetchall()

    with closing(ledger):
        yield Store(ledger, sql, "sqlite")


# Whoever asks for a file only must not load another store's driver: a test measures that.
# ruff: noqa: PLC0415


@contextmanager
def open_postgres(folder: Path) -> Iterator[Store]:
    """Open a ledger in a database of its own; the same folder leads to the same one."""
    from tests import postgres

    server = postgres.shared()
    name = folder.name.lower()
    if not server.has_database(name):
        server.new_database(template(), name)
    ledger = open_address(server.local_url(name))
    around = server.connect(name)

    def sql(statement: str, *values: Any) -> list[tuple[Any, ...]]:
        cursor = around.execute(statement.replace("?", "%s"), values)
        return cursor.fetchall() if cursor.description else []

    with closing(around), closing(ledger):
        yield Store(ledger, sql, "postgres")


def template() -> str:
    """Return a database of this test process that holds an empty store."""
    from tests import postgres

    server = postgres.shared()
    if not server.has_database(postgres.TEMPLATE):
        server.new_database(name=postgres.TEMPLATE)
        open_address(server.local_url(postgres.TEMPLATE)).close()
    return postgres.TEMPLATE


def open_address(url: str) -> "PostgresLedger":
    """Open a ledger in the database at an address."""
    from funade.store.postgres.connecting import Address
    from funade.store.postgres.ledger import PostgresLedger

    return PostgresLedger(Address(url=url))


Opener = Callable[[Path], AbstractContextManager[Store]]
OPENERS: dict[str, Opener] = {"sqlite": open_sqlite, "postgres": open_postgres}
#: For `@pytest.mark.parametrize` and `@pytest.fixture(params=…)`.
STORES = ["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))]
