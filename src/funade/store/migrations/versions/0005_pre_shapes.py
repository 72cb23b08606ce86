"""What each process can read: nothing newer is written as long as one lives that could not.

Phase: pre
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add a column; a release that does not fill it reads the first shapes."""
    op.add_column("processes", sa.Column("reads", sa.Integer(), nullable=True))
