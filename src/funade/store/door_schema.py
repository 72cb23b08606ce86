"""The tables behind the doors of chat: what came in, what was posted, what buttons mean, who is who."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, UniqueConstraint, text

from funade.store.schema import metadata

#: What came in through a door. The body goes when it was dealt with; the keys stay for a day and an hour.
inbox = Table(
    "inbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("door", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("format", Integer, nullable=False),
    Column("document", Text, nullable=False),
)
inbox_keys = Table(
    "inbox_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("item", Text, nullable=False),
    Column("at", Text, nullable=False),
)
Index("ix_inbox_keys_at", inbox_keys.c.at)

posts = Table(
    "posts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("deployment", Text),
    Column("event", Integer),
    Column("channel", Text),
    Column("message", Text),
    Column("shown", Text),
    Column("tried_at", Text),
    Column("round", Integer, nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
)
WANTED = text("wanted > 0")
Index("ix_posts_wanted", posts.c.since, sqlite_where=WANTED)
Index("ix_posts_deployment", posts.c.deployment)
Index("ix_posts_message", posts.c.channel, posts.c.message)

capabilities = Table(
    "capabilities",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("deployment", Text),
    Column("single", Boolean, nullable=False),
    Column("format", Integer, nullable=False),
    Column("document", Text, nullable=False),
    UniqueConstraint("subject"),
)
Index("ix_capabilities_deployment", capabilities.c.deployment)

#: `holder` is empty for a use that uses the capability up for everybody.
capability_uses = Table(
    "capability_uses",
    metadata,
    Column("capability", Text, primary_key=True),
    Column("holder", Text, primary_key=True),
    Column("by", Text, nullable=False),
    Column("received", Text, nullable=False),
    Column("at", Text, nullable=False),
)

preferences = Table(
    "preferences",
    metadata,
    Column("person", Text, primary_key=True),
    Column("format", Integer, nullable=False),
    Column("document", Text, nullable=False),
)

#: What authors are owed to hear. Without `due_at` nobody knows yet when, nor by which post.
notices = Table(
    "notices",
    metadata,
    Column("key", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("deployment", Text, nullable=False),
    Column("event", Integer, nullable=False),
    Column("about", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("due_at", Text),
    Column("post", Text),
    Column("settled", Boolean, nullable=False),
)
OWED = text("NOT settled")
Index("ix_notices_owed", notices.c.due_at, sqlite_where=OWED)
Index("ix_notices_post", notices.c.post)

#: Who has opened our home, and when last.
onlookers = Table(
    "onlookers",
    metadata,
    Column("user", Text, primary_key=True),
    Column("opened_at", Text, nullable=False),
)

links = Table(
    "links",
    metadata,
    Column("actor", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("at", Text, nullable=False),
)
