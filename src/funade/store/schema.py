"""The tables, in words of SQL; what they mean is in `usecases.ledger_ports` and the domain.

A text has no length here: what a person typed must never be the reason why something cannot be stored.
What changes here needs a new script in `migrations/versions/`; a test compares the two.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, Table, Text, text
from sqlalchemy.sql.elements import TextClause

metadata = MetaData()


def _part_of(table: str, name: str, *columns: str, where: TextClause, unique: bool = False) -> None:
    """Index those rows that `where` is true for; a query must have the same words to get it.

    The scripts say it for PostgreSQL too; here the mere word would import all of its dialect.
    """
    Index(name, *(metadata.tables[table].c[one] for one in columns), unique=unique, sqlite_where=where)


#: One row: this store's own id, the last number given, and the oldest schema whose release may still write here.
store = Table(
    "store",
    metadata,
    Column("id", Text, primary_key=True),
    Column("made_at", Text, nullable=False),
    Column("last_number", Integer, nullable=False),
    Column("oldest_schema", Text, nullable=False),
    # Everything stands still while there is one.
    Column("pause", Text),
)

berths = Table(
    "berths",
    metadata,
    Column("application", Text, primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("fence", BigInteger, nullable=False),
    Column("format", Integer, nullable=False),
    Column("document", Text, nullable=False),
)

# Moments are ISO 8601 in UTC with microseconds: they sort as text, and read the same from any tool.
deployments = Table(
    "deployments",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("request", Text, nullable=False, unique=True),
    Column("application", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("owner", Text),
    Column("epoch", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("due_at", Text, nullable=False),
    Column("started_at", Text),
    Column("ended_at", Text),
    Column("format", Integer, nullable=False),
    # What was asked, and never changes; what changes beside the columns.
    Column("asked", Text, nullable=False),
    Column("changing", Text, nullable=False),
    Column("wish", Text),
    Column("machine", Text),
)
UNENDED = text("state IN ('awaiting_approval', 'queued', 'running')")
ENDED = text("state IN ('succeeded', 'failed', 'cancelled')")
STARTED = text("started_at IS NOT NULL")
VERIFIED = text("state = 'succeeded' AND verified")
RUNNING = text("state = 'running'")
_PLACE = ("application", "environment")
_part_of("deployments", "ix_deployments_unended", "number", where=UNENDED)
_part_of("deployments", "ix_deployments_ended", "application", "number", where=ENDED)
_part_of("deployments", "ix_deployments_ended_at_place", *_PLACE, "number", where=ENDED)
_part_of("deployments", "ix_deployments_started", *_PLACE, "fence", where=STARTED)
_part_of("deployments", "ix_deployments_verified", *_PLACE, "fence", where=VERIFIED)
# At most one execution lives per environment: the last line of defence is the store itself.
_part_of("deployments", "uq_deployments_running", *_PLACE, where=RUNNING, unique=True)

events = Table(
    "events",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("at", Text, nullable=False),
    Column("application", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("deployment", Text),
    Column("number", Integer),
    Column("by", Text, nullable=False),
    Column("format", Integer, nullable=False),
    Column("happening", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_events_deployment", events.c.deployment, events.c.sequence)
Index("ix_events_application", events.c.application, events.c.sequence)
Index("ix_events_place", events.c.application, events.c.environment, events.c.sequence)

#: What must still be said; the row goes when it was said.
outbox = Table("outbox", metadata, Column("sequence", Integer, primary_key=True, autoincrement=False))

orders = Table(
    "orders",
    metadata,
    Column("deployment", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("order", Text, primary_key=True),
    Column("fence", BigInteger, nullable=False),
    Column("given_at", Text, nullable=False),
)

#: Facts are a set: the first word about an attempt's end stands.
endings = Table(
    "endings",
    metadata,
    Column("deployment", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("format", Integer, nullable=False),
    Column("document", Text, nullable=False),
)

obligations = Table(
    "obligations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("deployment", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("format", Integer, nullable=False),
    Column("data", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("problem", Text),
)

#: Output of executions, where processes on several machines want to read it; `offset` is that of the first byte.
log_chunks = Table(
    "log_chunks",
    metadata,
    Column("deployment", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("offset", BigInteger, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

#: What places behind queues tell, in the words in which it came; `fence` is what each proves its place to know.
facts = Table(
    "facts",
    metadata,
    Column("deployment", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("application", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("fence", BigInteger, nullable=False),
    # Of two under one name that with the higher one counts.
    Column("rank", BigInteger, nullable=False),
    Column("at", Text, nullable=False),
    Column("format", Integer, nullable=False),
    Column("document", Text, nullable=False),
)
Index("ix_facts_place", facts.c.application, facts.c.environment, facts.c.fence)

#: Output that came before what stands in front of it.
early_output = Table(
    "early_output",
    metadata,
    Column("deployment", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("offset", BigInteger, primary_key=True),
    Column("at", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
)
Index("ix_early_output_at", early_output.c.at)

#: What lies in queues between processes that share this store.
queue_messages = Table(
    "queue_messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("queue", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("sent_at", Text, nullable=False),
    Column("visible_at", Text, nullable=False),
    Column("times", Integer, nullable=False),
)
Index("ix_queue_messages_visible", queue_messages.c.queue, queue_messages.c.visible_at)
Index("ix_queue_messages_sent", queue_messages.c.sent_at)

#: Of which dead letters people were told: once, until they are gone.
letters_told = Table(
    "letters_told",
    metadata,
    Column("queue", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("at", Text, nullable=False),
)

processes = Table(
    "processes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("boot", Text, nullable=False),
    Column("birth", Text, nullable=False),
    Column("counter", Integer, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
    Column("machine", Text),
    # The newest shape that it reads; none is the first one.
    Column("reads", Integer),
)

roles = Table(
    "roles", metadata, Column("role", Text, primary_key=True), Column("process", Text, nullable=False)
)

#: What could not be read: it stays where it is, and blocks nobody.
quarantine = Table(
    "quarantine",
    metadata,
    Column("table", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("problem", Text, nullable=False),
    Column("at", Text, nullable=False),
)
