"""The store's shape, brought up to date when a newer Funade opens it; two-phase, so that the release before goes on."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from funade.domain.errors import StoreError
from funade.failpoints import effect

#: The newest migration of this release; `versions/` holds them all.
HEAD = "0001"


def migrate(connection: Connection) -> None:
    """Bring the store to HEAD; one of a newer release that still reads like ours is left as it is."""
    with connection.begin():
        if _current(connection) == HEAD:
            return
    # Alembic takes a fifth of a second to import: not on the way of every command.
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(Path(__file__).parent))
    known = {one.revision for one in scripts.walk_revisions()}
    with effect("store.migrate"), connection.begin():
        # Read again under the write lock: another process may have been faster.
        current = _current(connection)
        if current is not None and current not in known:
            problem = (
                f"this store was made by a newer Funade (`{current}`) — start that release or a newer one"
            )
            raise StoreError(problem)

        def upgrade(revision, context):  # type: ignore[no-untyped-def]  # noqa: ARG001 - Alembic's callback
            return scripts._upgrade_revs("head", revision)

        context = MigrationContext.configure(connection, opts={"fn": upgrade, "as_sql": False})
        with Operations.context(context):
            context.run_migrations()


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
