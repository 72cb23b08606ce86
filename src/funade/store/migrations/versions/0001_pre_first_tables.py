"""The first tables.

Phase: pre (only adds).
"""

from alembic import op

from funade.store.schema import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    metadata.create_all(op.get_bind())
