"""The ledger on SQLite: WAL on a local disk, one writer thread, four readers, every commit on the disk."""

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, create_engine, pool
from sqlalchemy.dialects import sqlite

from funade.domain.errors import StoreError
from funade.failpoints import effect
from funade.store import making
from funade.store.batch import Change, Line
from funade.store.disk import shared_file_system
from funade.store.faults import FAULTS, complaint, store_error
from funade.store.pulse import Pulse
from funade.store.quarantine import Note
from funade.store.queue_reading import SqlQueueReading
from funade.store.transaction import SqlTransaction
from funade.store.unbreakable import unbreakable
from funade.usecases.ledger_ports import Reading, Transaction

T = TypeVar("T")
READERS = 4
#: How long a writer waits for another process's transaction.
PATIENCE = timedelta(seconds=10)
#: How often another process's commits are looked for; a look costs some microseconds.
GLANCE_SECONDS = 0.25


class SqliteLedger:
    """The `Ledger` port on one file. After a fault it goes on as soon as the fault is gone."""

    def __init__(self, path: Path, *, patience: timedelta = PATIENCE) -> None:
        self._path = path
        self._patience = patience
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ledger-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="ledger-reader")
        self._writing = _engine(self._connect_for_writing)
        self._reading = _engine(self._connect_for_reading)
        self._own = threading.local()
        self._opened: set[Connection] = set()
        self._line = Line()
        self._pulse = Pulse()
        self._data_version = 0
        self._glanced_at = 0.0
        try:
            self._file, self._id = self._writer.submit(self._prepare).result()
        except StoreError:
            self.close()
            raise

    @property
    def id(self) -> str:
        """Return the store's own id, given once when it was made."""
        return self._id

    async def read(self, work: Callable[[Reading], T]) -> T:
        """Return what `work` makes of one consistent look, or raise StoreError."""
        notes: list[Note] = []
        try:
            return await self._run(self._readers, self._read, work, notes)
        finally:
            if notes:
                await self._run(self._writer, self._set_aside, notes)

    async def change(self, work: Callable[[Transaction], T]) -> T:
        """Return what `work` makes of its transaction, committed and on the disk, or raise StoreError."""
        change: Change[T] = Change(work)
        self._line.join(change)
        try:
            self._writer.submit(self._write_batch)
        except RuntimeError as error:
            self._line.leave(change)
            raise self._closed() from error
        return await unbreakable(asyncio.wrap_future(change.answer))

    async def wait_for_change(self, since: int, seconds: float) -> int:
        """Return the store's generation once it is another than `since`, or after `seconds`."""
        until = time.monotonic() + seconds
        while self._pulse.generation == since and (left := until - time.monotonic()) > 0:
            self._glance()
            await self._pulse.wait(since, min(left, GLANCE_SECONDS))
        return self._pulse.generation

    def close(self) -> None:
        """Let go of the file; whatever is being written is finished first."""
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        for connection in self._opened:
            connection.close()
        self._opened.clear()

    async def _run(self, executor: Executor, work: Callable[..., T], *arguments: object) -> T:
        """Return what `work` returns in one of our threads."""
        try:
            running = asyncio.get_running_loop().run_in_executor(executor, work, *arguments)
        except RuntimeError as error:
            raise self._closed() from error
        return await unbreakable(running)

    def _closed(self) -> StoreError:
        return complaint(self._path, "this store has been closed", "")

    # In our threads

    def _read(self, work: Callable[[Reading], T], notes: list[Note]) -> T:
        with self._faults(), self._connection(self._reading).begin() as transaction:
            _raw(transaction.connection).execute("BEGIN")
            return SqlQueueReading(transaction.connection, notes).tell(work)

    def _write_batch(self) -> None:
        """Write those whose turn it is, and answer. An earlier call may have taken them all."""
        batch = self._line.take()
        notes: list[Note] = []
        if not self._change(batch, notes):
            for one in batch:
                self._change([one], notes)
        self._set_aside(notes)
        for one in batch:
            one.tell()

    def _change(self, batch: Sequence[Change[Any]], notes: list[Note]) -> bool:
        """Write a batch; False when one of many met a fault: nothing was written, and each is to be tried alone."""
        at_work = False
        try:
            with self._faults():
                connection = self._connection(self._writing)
                raw = _raw(connection)
                with connection.begin() as transaction:
                    raw.execute(making.BEGIN)
                    before, at_work = raw.total_changes, True
                    for one in batch:
                        one.do(SqlTransaction(connection, notes, _keep_first), raw.execute)
                    at_work = False
                    with effect("store.commit"):
                        transaction.commit()
                if raw.total_changes != before:
                    self._pulse.beat()
        except StoreError as error:
            for one in batch:
                one.error = error
        return not at_work or len(batch) == 1

    def _set_aside(self, notes: list[Note]) -> None:
        if notes:
            self._change([Change(lambda change: change.set_aside(notes))], [])

    def _glance(self) -> None:
        """Let the writer's thread look for what other processes have committed, unless that was done just now."""
        now = time.monotonic()
        if now - self._glanced_at >= GLANCE_SECONDS / 2:
            self._glanced_at = now
            with suppress(RuntimeError):
                self._writer.submit(self._look_for_others)

    def _look_for_others(self) -> None:
        with suppress(StoreError), self._faults():
            version = self._version(self._connection(self._writing))
            if version != self._data_version:
                self._data_version = version
                self._pulse.beat()

    def _version(self, connection: Connection) -> int:
        return int(_raw(connection).execute("PRAGMA data_version").fetchone()[0])

    # Opening

    def _prepare(self) -> tuple[tuple[int, int], str]:
        """Make the store or bring it up to date, and return the file's identity and the store's."""
        with self._faults():
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if kind := shared_file_system(self._path):
                problem = f"SQLite cannot share a file over the network ({kind})"
                raise complaint(self._path, problem, "let `data` be a folder on a disk of this machine")
            if not self._path.exists():
                # Everything in it is for its owner only; SQLite gives its side files the same mode.
                os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = self._connection(self._writing)
            id = making.make(connection, self._path)
            self._data_version = self._version(connection)
            found = _identity(self._path)
        if making.has_quarantine(connection):
            self._change([Change(lambda change: change.try_again())], [])
        return found, id

    def _connection(self, engine: Engine) -> Connection:
        """Return this thread's own connection, opened at its first use and after a fault."""
        self._check_file()
        found: Connection | None = getattr(self._own, "connection", None)
        if found is None:
            found = self._own.connection = engine.connect()
            self._opened.add(found)
        return found

    def _check_file(self) -> None:
        """Raise StoreError when another file lies where ours was: what we write would be in a file without a name."""
        known = getattr(self, "_file", None)
        if known is not None and _identity(self._path) != known:
            problem = "another file has taken the store's place"
            raise complaint(self._path, problem, "stop Funade before files are moved, then start it again")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except FAULTS as fault:
            # Whatever state the connection is in, the next one starts clean.
            connection = getattr(self._own, "connection", None)
            self._own.connection = None
            if connection is not None:
                self._opened.discard(connection)
                with suppress(*FAULTS):
                    connection.close()
            raise store_error(fault, self._path) from fault

    def _connect_for_reading(self) -> sqlite3.Connection:
        connection = self._connect()
        connection.execute("PRAGMA query_only=ON")
        return connection

    def _connect(self) -> sqlite3.Connection:
        # Without `rw` a file that has vanished would be made again, empty.
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=self._patience.total_seconds(),
            isolation_level=None,
            check_same_thread=False,
        )
        connection.text_factory = read_text
        return connection

    def _connect_for_writing(self) -> sqlite3.Connection:
        connection = self._connect()
        making.write_ahead(connection, self._path, self._patience)
        # An accepted request survives a power cut: every commit waits for the disk, on macOS for its cache too.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA fullfsync=ON")
        return connection


def _engine(connect: Callable[[], sqlite3.Connection]) -> Engine:
    return create_engine("sqlite://", creator=connect, poolclass=pool.NullPool)


def _raw(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def read_text(raw: bytes) -> str | bytes:
    """Return a text; what is none stays bytes, so that only its own row is unreadable."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


@cache
def _keep_first(table: Table) -> sqlite.Insert:
    return sqlite.insert(table).on_conflict_do_nothing()
