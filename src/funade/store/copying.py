"""Move a store from its file into a database: everything in one transaction, counted, or nothing at all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, create_engine, func, insert, pool, select, text, update

from funade.domain.errors import StoreError
from funade.failpoints import effect
from funade.store import schema
from funade.store.faults import FAULTS as FILE_FAULTS
from funade.store.faults import complaint
from funade.store.faults import store_error as file_error
from funade.store.postgres import making
from funade.store.postgres.connecting import Address
from funade.store.postgres.faults import FAULTS, store_error
from funade.store.sqlite import SqliteLedger, read_text

#: What the file is called afterwards: nobody goes on with it by mistake.
MOVED = ".moved"
ROWS_AT_ONCE = 1000

#: Living processes and their roles stay behind: there are none.
_LEFT = (schema.store, schema.processes, schema.roles)
COPIED: tuple[Table, ...] = tuple(one for one in schema.metadata.sorted_tables if one not in _LEFT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was copied: rows by table, and whether an earlier copy had done it already."""

    store: str
    rows: Mapping[str, int]
    was_there: bool = False


def copy(path: Path, address: Address, machine: str) -> Copied:
    """Copy the store at `path` into an empty database, and set the file aside; or raise StoreError.

    May be done again after anything: it is all there, or nothing. `machine` names where what runs now can be looked
    at. The caller has seen to it that no process of either store lives.
    """
    if not path.exists():
        raise complaint(path, "there is no store", "nothing to copy; was it copied before?")
    with _file(path) as source, _database(address) as target:
        copied = _copy(source, target, path, address, machine)
    with effect("copy.set_aside"):
        for suffix in ("", "-wal", "-shm"):
            old = path.with_name(path.name + suffix)
            if old.exists():
                old.replace(path.with_name(path.name + MOVED + suffix))
    return copied


def _copy(source: Connection, target: Connection, path: Path, address: Address, machine: str) -> Copied:
    ours = source.execute(select(schema.store)).mappings().one()
    counts = {one.name: _count(source, one) for one in COPIED}
    with effect("copy.commit"), target.begin():
        target.exec_driver_sql(making.BEGIN)
        there = {one.name: _count(target, one) for one in COPIED}
        theirs = target.execute(select(schema.store.c.id)).scalar()
        if theirs == ours["id"] and there == counts:
            return Copied(store=ours["id"], rows=counts, was_there=True)
        if any(there.values()) or _count(target, schema.processes):
            problem = "this database holds a store that is in use"
            raise complaint(address.shown, problem, "give the copy an empty database")
        for one in COPIED:
            _copy_table(source, target, one, path)
        target.execute(update(schema.store).values(**ours))
        # What runs now was begun here, by a release that did not write down where.
        is_nowhere = (schema.deployments.c.state == "running") & schema.deployments.c.machine.is_(None)
        target.execute(update(schema.deployments).where(is_nowhere).values(machine=machine))
        target.execute(_CONTINUE_SEQUENCE)
        arrived = {one.name: _count(target, one) for one in COPIED}
        if arrived != counts:
            wrong = ", ".join(name for name in counts if counts[name] != arrived[name])
            raise complaint(
                address.shown, f"not everything arrived in {wrong}", "nothing was copied; try again"
            )
    return Copied(store=ours["id"], rows=counts)


_CONTINUE_SEQUENCE = text(
    "SELECT setval(pg_get_serial_sequence('events', 'sequence'), max(sequence)) FROM events HAVING count(*) > 0"
)


def _copy_table(source: Connection, target: Connection, table: Table, path: Path) -> None:
    found = source.execute(select(table).execution_options(yield_per=ROWS_AT_ONCE)).mappings()
    for part in found.partitions():
        rows = [dict(row) for row in part]
        for row in rows:
            _check(row, table, path)
        target.execute(insert(table), rows)


def _check(row: Mapping[str, Any], table: Table, path: Path) -> None:
    """Raise StoreError for a damaged row that PostgreSQL would not keep: whoever repairs it must know which."""
    for name, value in row.items():
        if isinstance(value, bytes) and name != "data":
            problem = f"{name} is no text"
        elif isinstance(value, str) and "\0" in value:
            problem = f"{name} holds a NUL"
        else:
            continue
        key = "/".join(str(row[one.name]) for one in table.primary_key)
        remedy = "repair or delete that row with `sqlite3`, then try again; nothing was copied"
        raise complaint(path, f"`{table.name}` {key} cannot be kept by PostgreSQL: {problem}", remedy)


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


@contextmanager
def _file(path: Path) -> Iterator[Connection]:
    """Give the file, into which nobody else can write meanwhile."""
    # It is brought up to date first.
    SqliteLedger(path).close()
    engine = create_engine(f"sqlite:///{path}", poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            raw.text_factory = read_text
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.rollback()
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    except FAULTS as fault:
        if isinstance(fault, FILE_FAULTS) and _is_sqlite(fault):
            raise file_error(fault, path) from fault
        raise


def _is_sqlite(fault: BaseException) -> bool:
    return type(getattr(fault, "orig", fault)).__module__ == "sqlite3"


@contextmanager
def _database(address: Address) -> Iterator[Connection]:
    """Give the database with this release's tables in it."""
    engine = create_engine("postgresql+psycopg://", creator=address.connect, poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            making.make(connection, address.shown)
            yield connection
    except FAULTS as fault:
        if isinstance(fault, StoreError) or _is_sqlite(fault):
            raise
        raise store_error(fault, address.shown) from fault
