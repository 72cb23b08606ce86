"""Every store that the contract of `Ledger` is proven on: a new one joins by one line in OPENERS."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from funade.domain.deployment import Deployment
from funade.store.sqlite import SqliteLedger
from funade.usecases.ports import Ledger, Process, Reading, Transaction
from tests.unit.domain.examples import NOON, deployment

T = TypeVar("T")
Sql = Callable[..., list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Store:
    """A ledger, and the way around it that an administrator has."""

    ledger: Ledger
    sql: Sql

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
        yield Store(ledger, sql)


OPENERS = {"sqlite": open_sqlite}
