"""The ledger on SQLite: WAL on a local disk, one writer thread, four readers, every commit on the disk."""

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from uuid import uuid4

from sqlalchemy import Connection, Engine, create_engine, event, exc, pool, select

from funade.domain.errors import StoreError
from funade.failpoints import effect
from funade.store import migrations, rows
from funade.store.reading import SqlReading
from funade.store.schema import store
from funade.store.transaction import SqlTransaction
from funade.usecases.ports import Reading, Transaction

T = TypeVar("T")
READERS = 4
#: How long a writer waits for another process's transaction.
BUSY_SECONDS = 10
#: How often another process's commits are looked for. `PRAGMA data_version` costs some microseconds.
GLANCE_SECONDS = 0.25

_REMEDIES = {
    "SQLITE_FULL": ("the disk is full", "free some space; nothing was changed"),
    "SQLITE_READONLY": ("the store cannot be written", "check the owner and mode of its folder"),
    "SQLITE_CANTOPEN": ("the store cannot be opened", "check that its folder exists and is yours"),
    "SQLITE_BUSY": ("another process keeps the store busy", "try again"),
    "SQLITE_CORRUPT": ("the store's file is damaged", "restore a backup beside it and compare"),
    "SQLITE_NOTADB": ("the store's file is no SQLite database", "is `data` the right folder?"),
    "SQLITE_IOERR": ("the disk does not answer as it should", "look at the machine's disks"),
}


class SqliteLedger:
    """The `Ledger` port on one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parser = rows.DeploymentRows()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ledger-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="ledger-reader")
        self._writing = _engine(path, "BEGIN IMMEDIATE")
        self._reading = _engine(path, "BEGIN")
        self._connections = threading.local()
        self._opened: list[Connection] = []
        self._generation = 0
        self._data_version: int | None = None
        self._glanced_at = 0.0
        self._waiters: set[asyncio.Future[None]] = set()
        self._id = self._open()

    @property
    def id(self) -> str:
        """Return the store's own id, given once when it was made."""
        return self._id

    async def read(self, work: Callable[[Reading], T]) -> T:
        """Return what `work` makes of one consistent look, or raise StoreError."""
        loop = asyncio.get_running_loop()
        result, unreadable = await loop.run_in_executor(self._readers, self._read, work)
        if unreadable:
            await loop.run_in_executor(
                self._writer, self._change, lambda change: change.set_aside(unreadable)
            )
        return result

    async def change(self, work: Callable[[Transaction], T]) -> T:
        """Return what `work` makes of its transaction, committed and on the disk, or raise StoreError."""
        loop = asyncio.get_running_loop()
        # Shielded: whoever stops waiting does not learn the outcome, but the transaction is whole either way.
        result = await asyncio.shield(loop.run_in_executor(self._writer, self._change, work))
        self._tell()
        return result

    async def wait_for_change(self, since: int, seconds: float) -> int:
        """Return the store's generation once it is another than `since`, or after `seconds`."""
        until = time.monotonic() + seconds
        while self._generation == since:
            left = until - time.monotonic()
            if left <= 0:
                break
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await asyncio.wait({waiter}, timeout=min(left, GLANCE_SECONDS))
            finally:
                self._waiters.discard(waiter)
            await self._glance()
        return self._generation

    def close(self) -> None:
        """Let go of the file; whatever is being written is finished first."""
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        for connection in self._opened:
            connection.close()
        self._writing.dispose()
        self._reading.dispose()

    def _tell(self) -> None:
        self._generation += 1
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _glance(self) -> None:
        """Notice what other processes have committed."""
        if time.monotonic() - self._glanced_at < GLANCE_SECONDS / 2:
            return
        self._glanced_at = time.monotonic()
        version = await asyncio.get_running_loop().run_in_executor(self._writer, self._version)
        if self._data_version not in (None, version):
            self._tell()
        self._data_version = version

    def _version(self) -> int:
        connection = self._connection(self._writing)
        return int(connection.connection.execute("PRAGMA data_version").fetchone()[0])

    def _open(self) -> str:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            return self._writer.submit(self._prepare).result()
        except exc.DatabaseError as error:
            _raise(error, self._path)

    def _prepare(self) -> str:
        if not self._path.exists():
            # Everything in it is for its owner only; SQLite gives its side files the same mode.
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = self._connection(self._writing)
        migrations.migrate(connection)
        with effect("store.make"), connection.begin():
            found = connection.execute(select(store.c.id)).scalar_one_or_none()
            if found is not None:
                return str(found)
            made = str(uuid4())
            connection.execute(store.insert(), {"id": made, "made_at": rows.moment(datetime.now(UTC))})
            return made

    def _connection(self, engine: Engine) -> Connection:
        """Return this thread's own connection, opened at its first use."""
        found: Connection | None = getattr(self._connections, "own", None)
        if found is None:
            found = self._connections.own = engine.connect()
            self._opened.append(found)
        return found

    def _read(self, work: Callable[[Reading], T]) -> tuple[T, list[tuple[str, str, str]]]:
        try:
            connection = self._connection(self._reading)
            with connection.begin():
                reading = SqlReading(connection, self._parser)
                return work(reading), reading.unreadable
        except exc.DatabaseError as error:
            _raise(error, self._path)

    def _change(self, work: Callable[[Any], T]) -> T:
        try:
            connection = self._connection(self._writing)
            with connection.begin():
                change = SqlTransaction(connection, self._parser)
                result = work(change)
                if change.unreadable:
                    change.set_aside(change.unreadable)
                return result
        except exc.DatabaseError as error:
            _raise(error, self._path)


def _engine(path: Path, begin: str) -> Engine:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode=WAL")
        # An accepted request survives a power cut: every commit waits for the disk.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=pool.NullPool)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _raise(error: exc.DatabaseError, path: Path) -> NoReturn:
    name = str(getattr(error.orig, "sqlite_errorname", ""))
    for known, (problem, remedy) in _REMEDIES.items():
        if name.startswith(known):
            message = f"{path}: {problem} — {remedy}"
            raise StoreError(message) from error
    message = f"{path}: {error.orig}"
    raise StoreError(message) from error
