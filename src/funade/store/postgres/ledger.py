"""The ledger on PostgreSQL: one writer thread, four readers, and a thread that hears what other processes write."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
from sqlalchemy import Connection, Engine, Table, create_engine, event, pool
from sqlalchemy.dialects import postgresql

from funade.domain.errors import StoreError, StoreUnreachable
from funade.failpoints import effect
from funade.store.batch import Change, Line
from funade.store.faults import complaint
from funade.store.postgres import making
from funade.store.postgres.chunks import ChunkLogs
from funade.store.postgres.connecting import Address
from funade.store.postgres.faults import FAULTS, is_busy, is_conflict, store_error
from funade.store.postgres.listening import CHANNEL, Listener
from funade.store.postgres.patience import Patience
from funade.store.pulse import Pulse
from funade.store.quarantine import Note
from funade.store.queue_reading import SqlQueueReading
from funade.store.transaction import SqlTransaction
from funade.store.unbreakable import unbreakable
from funade.usecases.ledger_ports import Reading, Transaction

T = TypeVar("T")
READERS = 4
#: How often a change is done again when others were faster.
TRIES = 6
#: Others hear of changes once for all that wait for the writer together, but at least so often.
TELL_SECONDS = 0.05
#: How long a whole conversation may take before its line is cut.
CHANGE_SECONDS = 10.0
READ_SECONDS = 30.0
#: Tables of years may be rewritten, by us or by another process that we wait for.
MAKE_SECONDS = 3600.0

# Of several changes in one transaction only the first may wait for somebody's lock: whoever holds one and waits for
# the next may be waited for in turn.
_NO_WAITING = "SET LOCAL lock_timeout = '1ms'"
_TELL = f"SELECT pg_notify('{CHANNEL}', %s)"


class _Lost(Exception):
    """A connection that was opened earlier turned out to be dead, before anything was committed on it."""


class PostgresLedger:
    """The `Ledger` port on a database that any number of processes share. After a fault it goes on by itself."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._token = str(uuid4())
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ledger-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="ledger-reader")
        self._writing = _engine(address.connect)
        self._reading = _engine(self._connect_for_reading)
        self._own = threading.local()
        self._opened: set[Connection] = set()
        self._line = Line()
        self._pulse = Pulse()
        self._patience = Patience()
        self._listener = Listener(address, self._patience, self._token, self._pulse.beat)
        self._written = 0
        self._untold_since: float | None = None
        #: Output of executions, in the same database.
        self.logs = ChunkLogs(address)
        event.listen(self._writing, "after_cursor_execute", self._count)
        try:
            self._id = self._writer.submit(self._prepare).result()
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
                await self._run(self._writer, self._set_aside_alone, notes)

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
        if not self._listener.has_started:
            await asyncio.to_thread(self._listener.start)
        await self._pulse.wait(since, seconds)
        return self._pulse.generation

    def close(self) -> None:
        """Let go of the database; whatever is being written is finished first."""
        self._listener.close()
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        self._patience.close()
        self.logs.close()
        for connection in self._opened:
            with suppress(*FAULTS):
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
        return complaint(self._address.shown, "this store has been closed", "")

    # In our threads

    def _read(self, work: Callable[[Reading], T], notes: list[Note]) -> T:
        try:
            return self._look(work, notes)
        except _Lost:
            notes.clear()
            return self._look(work, notes)

    def _look(self, work: Callable[[Reading], T], notes: list[Note]) -> T:
        with self._conversation(self._reading, READ_SECONDS) as connection, connection.begin():
            return SqlQueueReading(connection, notes).tell(work)

    def _write_batch(self) -> None:
        """Write those whose turn it is, and answer. An earlier call may have taken them all."""
        batch = self._line.take()
        notes: list[Note] = []
        left: Sequence[Change[Any]] = () if self._write_at_once(batch, notes) else batch
        while len(left) > 1:
            rest = self._write_together(left, notes)
            if len(rest) == len(left):
                break
            left = rest
        for one in left:
            self._write_alone(one, notes)
        self._set_aside(notes)
        for one in batch:
            one.tell()
        self._tell_others()

    def _write_at_once(self, batch: Sequence[Change[Any]], notes: list[Note]) -> bool:
        """Write a whole batch in the fewest words, as nearly always can be done; False when nothing was written."""
        if len(batch) <= 1:
            return not batch
        try:
            return self._transact(batch, notes)
        except StoreUnreachable as error:
            _fail(batch, error)
            return True
        except (_Lost, StoreError):
            return False

    def _write_together(self, batch: Sequence[Change[Any]], notes: list[Note]) -> Sequence[Change[Any]]:
        """Write the first ones of a batch in one transaction, and return the rest: all when nothing was written."""
        try:
            return self._transact_each(batch, notes)
        except _Lost:
            return batch
        except StoreUnreachable as error:
            _fail(batch, error)
            return ()
        except StoreError:
            return batch

    def _write_alone(self, one: Change[Any], notes: list[Note]) -> None:
        for left in reversed(range(TRIES)):
            try:
                self._transact([one], notes)
            except _Lost:
                continue
            except StoreError as error:
                one.error = error
                if left and is_conflict(error.__cause__):
                    continue
            return

    def _transact(self, batch: Sequence[Change[Any]], notes: list[Note]) -> bool:
        """Write these in one transaction; False when one of them raised or would have to wait: none is written then."""
        with self._transaction() as (connection, transaction):
            for number, one in enumerate(batch):
                if number == 1:
                    connection.exec_driver_sql(_NO_WAITING)
                try:
                    is_done = one.do_alone(self._change_on(connection, notes))
                except FAULTS as fault:
                    if number == 0 or not is_busy(fault):
                        raise
                    is_done = False
                if not is_done:
                    transaction.rollback()
                    return False
            self._commit(transaction)
        return True

    def _transact_each(self, batch: Sequence[Change[Any]], notes: list[Note]) -> Sequence[Change[Any]]:
        """Write these in one transaction, up to the first whose lock somebody else has; return it and the rest.

        Whoever holds locks must not linger: the rest comes in a transaction in which it is first, and may wait.
        """
        rest: Sequence[Change[Any]] = ()
        with self._transaction() as (connection, transaction):
            for number, one in enumerate(batch):
                if number == 1:
                    connection.exec_driver_sql(_NO_WAITING)
                try:
                    one.do(self._change_on(connection, notes), connection.exec_driver_sql)
                except FAULTS as fault:
                    if number == 0 or not is_busy(fault):
                        raise
                    connection.exec_driver_sql("ROLLBACK TO SAVEPOINT change")
                    rest = batch[number:]
                    break
            self._commit(transaction)
        return rest

    @contextmanager
    def _transaction(self) -> Iterator[tuple[Connection, Any]]:
        """Give a transaction; once it has changed anything, whoever waits for a change is woken."""
        before = self._written
        with (
            self._conversation(self._writing, CHANGE_SECONDS) as connection,
            connection.begin() as transaction,
        ):
            yield connection, transaction
        if self._written != before:
            self._pulse.beat()
            self._untold_since = self._untold_since or time.monotonic()

    def _change_on(self, connection: Connection, notes: list[Note]) -> SqlTransaction:
        return SqlTransaction(connection, notes, _keep_first)

    def _commit(self, transaction: Any) -> None:
        try:
            with effect("postgres.commit"):
                transaction.commit()
        except FAULTS as fault:
            # Whether it was committed nobody knows: only whoever asked can look, and ask again.
            self._drop()
            raise self._fault(fault) from fault

    def _tell_others(self) -> None:
        """Wake those who listen, unless more is about to be written.

        After the commit: with a note in it, it would wait for all others of the database.
        """
        since = self._untold_since
        if since is None or (self._line.is_waited_in and time.monotonic() - since < TELL_SECONDS):
            return
        self._untold_since = None
        with suppress(StoreError, _Lost), self._conversation(self._writing, CHANGE_SECONDS) as connection:
            raw: Any = connection.connection.driver_connection
            raw.autocommit = True
            try:
                raw.execute(_TELL, [self._token])
            finally:
                if not raw.closed:
                    raw.autocommit = False

    def _set_aside(self, notes: list[Note]) -> None:
        if notes:
            self._write_alone(Change(lambda change: change.set_aside(notes)), [])

    def _set_aside_alone(self, notes: list[Note]) -> None:
        self._set_aside(notes)
        self._tell_others()

    def _count(
        self, _connection: Any, cursor: Any, _statement: Any, _values: Any, context: Any, _many: Any
    ) -> None:
        if context is not None and (context.isinsert or context.isupdate or context.isdelete):
            self._written += max(0, cursor.rowcount)

    # Opening

    def _prepare(self) -> str:
        """Make the store or bring it up to date, and return its id."""
        with self._conversation(self._writing, MAKE_SECONDS) as connection:
            id = making.make(connection, self._address.shown)
            aside = making.has_quarantine(connection)
        if aside:
            self._write_alone(Change(lambda change: change.try_again()), [])
            self._tell_others()
        return id

    @contextmanager
    def _conversation(self, engine: Engine, seconds: float) -> Iterator[Connection]:
        """Give this thread's own connection, opened at first use and after a fault; or raise StoreError or _Lost."""
        connection: Connection | None = getattr(self._own, "connection", None)
        is_fresh = connection is None
        try:
            if connection is None:
                connection = self._own.connection = engine.connect()
                self._opened.add(connection)
            with self._patience.over(connection.connection.driver_connection, seconds):
                yield connection
        except StoreError:
            raise
        except FAULTS as fault:
            self._drop()
            error = self._fault(fault)
            if isinstance(error, StoreUnreachable) and not is_fresh:
                raise _Lost from fault
            raise error from fault

    def _fault(self, fault: Exception) -> StoreError:
        return store_error(fault, self._address.shown)

    def _drop(self) -> None:
        """Whatever state the connection is in, the next one starts clean."""
        connection: Connection | None = getattr(self._own, "connection", None)
        self._own.connection = None
        if connection is not None:
            self._opened.discard(connection)
            with suppress(*FAULTS):
                connection.invalidate()
            with suppress(*FAULTS):
                connection.close()

    def _connect_for_reading(self) -> "psycopg.Connection[Any]":
        connection = self._address.connect()
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        return connection


def _engine(connect: Callable[[], "psycopg.Connection[Any]"]) -> Engine:
    return create_engine(
        "postgresql+psycopg://", creator=connect, poolclass=pool.NullPool, use_native_hstore=False
    )


def _fail(batch: Sequence[Change[Any]], error: StoreError) -> None:
    """Answer all with the same silence: each would wait for it, one after the other."""
    for one in batch:
        one.error = error


@cache
def _keep_first(table: Table) -> postgresql.Insert:
    return postgresql.insert(table).on_conflict_do_nothing()
