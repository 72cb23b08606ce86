"""Where what runs can be looked at; logs for other machines to read.

Phase: pre
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add columns and a table."""
    op.add_column("deployments", sa.Column("machine", sa.Text(), nullable=True))
    op.add_column("processes", sa.Column("machine", sa.Text(), nullable=True))
    op.create_table(
        "log_chunks",
        sa.Column("deployment", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("deployment", "attempt", "offset"),
    )
