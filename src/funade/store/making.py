"""Making a store, or finding out what the file is: its own id, its shape, its journal."""

import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Executable, select, text

from funade.failpoints import effect
from funade.store import migrations, values
from funade.store.faults import complaint
from funade.store.schema import quarantine, store

#: "FuNa", in the file's header: nobody else's tables are ever taken for ours, nor ours put between theirs.
APPLICATION_ID = 0x46754E61
PAUSE_SECONDS = 0.01
#: Begin with the right to write, or wait for it: reading first would mean to lose against whoever writes meanwhile.
BEGIN = "BEGIN IMMEDIATE"

_SIGNATURE = text("PRAGMA application_id")
_TABLES = text("SELECT count(*) FROM sqlite_master")


def make(connection: Connection, path: Path) -> str:
    """Bring the file to the shape of this release, and return the store's id; or raise StoreError."""
    if ask(connection, _SIGNATURE) != APPLICATION_ID:
        _sign(connection, path)
    migrations.migrate(connection, path, BEGIN)
    return ask(connection, select(store.c.id)) or _name(connection)


def has_quarantine(connection: Connection) -> bool:
    """Tell whether anything was set aside."""
    return ask(connection, select(quarantine.c.key).limit(1)) is not None


def ask(connection: Connection, query: Executable) -> Any:
    """Return the one value that `query` asks for, or None."""
    with connection.begin():
        return connection.execute(query).scalar()


def write_ahead(connection: sqlite3.Connection, path: Path, patience: timedelta) -> None:
    """Let readers and a writer go on side by side; the file remembers it."""
    until = time.monotonic() + patience.total_seconds()
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            # Two processes make a store at once. For this lock SQLite does not wait by itself.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(PAUSE_SECONDS)
            continue
        if mode != "wal":
            raise complaint(path, "SQLite cannot keep a log here", "let `data` be on a disk of this machine")


def _sign(connection: Connection, path: Path) -> None:
    with effect("store.sign"), connection.begin():
        connection.exec_driver_sql(BEGIN)
        # Looked at again now that nobody else can write.
        if connection.execute(_SIGNATURE).scalar() == APPLICATION_ID:
            return
        if connection.execute(_TABLES).scalar():
            raise complaint(
                path, "this is another program's database", "check that `data` is the right folder"
            )
        connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")


def _name(connection: Connection) -> str:
    with effect("store.make"), connection.begin():
        connection.exec_driver_sql(BEGIN)
        found = connection.execute(select(store.c.id)).scalar()
        if found:
            return str(found)
        made = str(uuid4())
        row = {
            "id": made,
            "made_at": values.moment(datetime.now(UTC)),
            "last_number": 0,
            "oldest_schema": migrations.OLDEST,
        }
        connection.execute(store.insert(), row)
        return made
