"""The tables, in words of SQL; what they mean is in `usecases.ports` and the domain."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Moments are ISO 8601 in UTC with microseconds: they sort as text, and read the same from any tool.
_MOMENT = String(32)
_NAME = String(64)
_ID = String(64)

#: One row: this store's own id.
store = Table(
    "store", metadata, Column("id", _ID, primary_key=True), Column("made_at", _MOMENT, nullable=False)
)

berths = Table(
    "berths",
    metadata,
    Column("application", _NAME, primary_key=True),
    Column("environment", _NAME, primary_key=True),
    Column("turn", _ID),
    Column("fence", BigInteger, nullable=False),
    Column("closed", Boolean, nullable=False),
    Column("format", Integer, nullable=False),
    Column("document", Text, nullable=False),
)

deployments = Table(
    "deployments",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", _ID, nullable=False, unique=True),
    Column("request", String(128), nullable=False, unique=True),
    Column("application", _NAME, nullable=False),
    Column("environment", _NAME, nullable=False),
    Column("state", String(20), nullable=False),
    Column("phase", String(20), nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("owner", _ID),
    Column("epoch", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("due_at", _MOMENT, nullable=False),
    Column("started_at", _MOMENT),
    Column("ended_at", _MOMENT),
    Column("format", Integer, nullable=False),
    # What was asked, and never changes; what changes beside the columns.
    Column("asked", Text, nullable=False),
    Column("changing", Text, nullable=False),
    Column("wish", Text),
)
_UNENDED = text("state IN ('awaiting_approval', 'queued', 'running')")
Index("ix_deployments_unended", deployments.c.number, sqlite_where=_UNENDED, postgresql_where=_UNENDED)
# At most one execution lives per environment: the last line of defence is the store itself.
_RUNNING = text("state = 'running'")
Index(
    "uq_deployments_running",
    deployments.c.application,
    deployments.c.environment,
    unique=True,
    sqlite_where=_RUNNING,
    postgresql_where=_RUNNING,
)
Index(
    "ix_deployments_environment_ended",
    deployments.c.application,
    deployments.c.environment,
    deployments.c.state,
    deployments.c.verified,
    deployments.c.ended_at,
)
Index(
    "ix_deployments_environment_started",
    deployments.c.application,
    deployments.c.environment,
    deployments.c.started_at,
)

events = Table(
    "events",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("at", _MOMENT, nullable=False),
    Column("application", String(256), nullable=False),
    Column("environment", String(256), nullable=False),
    Column("deployment", _ID),
    Column("number", Integer),
    Column("by", String(256), nullable=False),
    Column("format", Integer, nullable=False),
    Column("happening", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_events_deployment", events.c.deployment, events.c.sequence)
Index("ix_events_environment", events.c.application, events.c.environment, events.c.sequence)

#: What must still be said; the row goes when it was said.
outbox = Table("outbox", metadata, Column("sequence", Integer, primary_key=True, autoincrement=False))

orders = Table(
    "orders",
    metadata,
    Column("deployment", _ID, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("order", String(20), primary_key=True),
    Column("fence", BigInteger, nullable=False),
    Column("given_at", _MOMENT, nullable=False),
)

#: Facts are a set: the first word about an attempt's end stands.
endings = Table(
    "endings",
    metadata,
    Column("deployment", _ID, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("document", Text, nullable=False),
)

obligations = Table(
    "obligations",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("deployment", _ID, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("data", Text, nullable=False),
    Column("since", _MOMENT, nullable=False),
    Column("problem", Text),
)

processes = Table(
    "processes",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("role", String(20), nullable=False),
    Column("host", String(256), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("boot", String(128), nullable=False),
    Column("birth", String(64), nullable=False),
    Column("counter", Integer, nullable=False),
    Column("started_at", _MOMENT, nullable=False),
    Column("seen_at", _MOMENT, nullable=False),
)

roles = Table(
    "roles", metadata, Column("role", String(40), primary_key=True), Column("process", _ID, nullable=False)
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("table", String(40), nullable=False),
    Column("key", String(200), nullable=False),
    Column("problem", Text, nullable=False),
    Column("at", _MOMENT, nullable=False),
    UniqueConstraint("table", "key"),
)
