"""The store's shape, brought up to date when a newer Funade opens it.

Each script in `versions/` says its phase. `pre` only adds: the release before goes on beside us. `post` takes away
what that release needed, and comes one release later. Its number goes into the store, so that an older Funade knows
whether it may still write there.
"""

from pathlib import Path

from sqlalchemy import Connection, select, text, update

from funade.failpoints import effect
from funade.store.faults import complaint
from funade.store.schema import store

#: The newest script of this release.
HEAD = "0008"
#: The newest `post` script, or the first: a release whose HEAD is older than this cannot use the store any more.
OLDEST = "0001"


def migrate(connection: Connection, place: Path | str, begin: str) -> None:
    """Bring the store to HEAD; one of a newer release that we can still use is left as it is; or raise StoreError.

    `place` is for the error, `begin` takes the right to write.
    """
    with connection.begin():
        if _is_usable(connection, place):
            return
    # Alembic takes a fifth of a second to import: not on the way of every command.
    from alembic.migration import MigrationContext  # noqa: PLC0415 -- as said above
    from alembic.operations import Operations  # noqa: PLC0415 -- as said above
    from alembic.script import ScriptDirectory  # noqa: PLC0415 -- as said above

    scripts = ScriptDirectory(str(Path(__file__).parent))
    with effect("store.migrate"), connection.begin():
        connection.exec_driver_sql(begin)
        # Looked at again under the write lock: another process may have been faster.
        if _is_usable(connection, place):
            return
        steps = {"fn": lambda revision, _context: scripts._upgrade_revs(HEAD, revision)}
        context = MigrationContext.configure(connection, opts=steps)
        with Operations.context(context):
            context.run_migrations()
        connection.execute(update(store).values(oldest_schema=OLDEST))


def _is_usable(connection: Connection, place: Path | str) -> bool:
    """Tell whether there is nothing to do; raise StoreError when a newer release has left us behind."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return False
    current = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())
    # Numbers of four digits: they sort as text.
    if current > HEAD:
        oldest = str(connection.execute(select(store.c.oldest_schema)).scalar())
        if oldest > HEAD:
            problem = f"this store was changed by a newer Funade (schema {current})"
            raise complaint(place, problem, "start that release or a newer one")
    return current >= HEAD
