"""Making a store in a database, or finding out what is there."""

from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import Connection, inspect, select, text

from funade.failpoints import effect
from funade.store import migrations, values
from funade.store.faults import complaint
from funade.store.postgres.connecting import LOCK_SECONDS
from funade.store.schema import quarantine, store

#: The oldest PostgreSQL whose words we use.
OLDEST_SERVER = 130_000
#: Held by whoever makes or changes tables; a number that nobody else uses ("FuNa"). Others wait for it however long a
#: large table takes; for a table that is in use nobody waits long, because everybody else would wait behind.
BEGIN = (
    "SET LOCAL lock_timeout = 0;"
    f" SELECT pg_advisory_xact_lock({0x46754E61});"
    f" SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"
)

_SERVER = text(
    "SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),"
    " current_setting('server_version')"
)


def make(connection: Connection, place: str) -> str:
    """Bring the tables to the shape of this release, and return the store's id; or raise StoreError."""
    with connection.begin():
        number, encoding, version = connection.execute(_SERVER).one()
        if number < OLDEST_SERVER:
            raise complaint(place, f"PostgreSQL {version} is too old", "use 13 or a newer one")
        if encoding != "UTF8":
            remedy = "make one with `createdb --encoding=UTF8 --template=template0`"
            raise complaint(place, f"this database keeps texts as {encoding}, not as UTF8", remedy)
        if _belongs_to_another(connection):
            remedy = "give Funade a database or a schema of its own"
            raise complaint(place, "this is another program's database", remedy)
    migrations.migrate(connection, place, BEGIN)
    with connection.begin():
        found = connection.execute(select(store.c.id)).scalar()
    return str(found) if found else _name(connection)


def has_quarantine(connection: Connection) -> bool:
    """Tell whether anything was set aside."""
    with connection.begin():
        return connection.execute(select(quarantine.c.key).limit(1)).first() is not None


def _belongs_to_another(connection: Connection) -> bool:
    """Tell whether another program's tables are where ours would be."""
    names = set(inspect(connection).get_table_names())
    return bool(names) and not {store.name, "alembic_version"} <= names


def _name(connection: Connection) -> str:
    with effect("postgres.make"), connection.begin():
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
