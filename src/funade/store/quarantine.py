"""What cannot be read is set aside: noted once, shown, out of everybody's way, and tried again later."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Table

from funade.store import door_rows, door_schema, fact_rows, queue_rows, rows, schema
from funade.store.values import Row, clean

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shape(Generic[T]):
    """One kind of row: where it lives, what tells it apart, how it is read."""

    table: Table
    keys: tuple[str, ...]
    read: Callable[[Row], T]

    def key(self, row: Row) -> str:
        """Return what tells this row apart, as it is shown."""
        return clean("/".join(str(row[name]) for name in self.keys))

    def parts(self, key: str) -> dict[str, Any]:
        """Return what `key` was made of."""
        return dict(zip(self.keys, key.split("/", len(self.keys) - 1), strict=False))


@dataclass(frozen=True, slots=True)
class Note:
    """One row that could not be read."""

    table: str
    key: str
    problem: str


DEPLOYMENTS = Shape(schema.deployments, ("id",), rows.read_deployment)
ENTRIES = Shape(schema.deployments, ("id",), rows.read_entry)
BERTHS = Shape(schema.berths, ("application", "environment"), rows.read_berth)
EVENTS = Shape(schema.events, ("sequence",), rows.read_event)
ENDINGS = Shape(schema.endings, ("deployment", "attempt"), rows.read_ending)
OBLIGATIONS = Shape(schema.obligations, ("id",), rows.read_obligation)
FACTS = Shape(schema.facts, ("deployment", "attempt", "name"), fact_rows.read_fact)
EARLY_OUTPUT = Shape(schema.early_output, ("deployment", "attempt", "offset"), fact_rows.read_early)
QUEUE_MESSAGES = Shape(schema.queue_messages, ("id",), queue_rows.read_delivery)
PROCESSES = Shape(schema.processes, ("id",), rows.read_process)
INBOX = Shape(door_schema.inbox, ("id",), door_rows.read_received)
POSTS = Shape(door_schema.posts, ("key",), door_rows.read_post)
CAPABILITIES = Shape(door_schema.capabilities, ("id",), door_rows.read_capability)
USES = Shape(door_schema.capability_uses, ("capability", "holder"), door_rows.read_use)
LINKS = Shape(door_schema.links, ("actor",), door_rows.read_link)
PREFERENCES = Shape(door_schema.preferences, ("person",), door_rows.read_preference)
NOTICES = Shape(door_schema.notices, ("key",), door_rows.read_notice)
ONLOOKERS = Shape(door_schema.onlookers, ("user",), door_rows.read_onlooker)

SHAPES: dict[str, Shape[Any]] = {
    shape.table.name: shape
    for shape in (
        *(DEPLOYMENTS, BERTHS, EVENTS, ENDINGS, OBLIGATIONS, PROCESSES, FACTS, EARLY_OUTPUT, QUEUE_MESSAGES),
        *(INBOX, POSTS, CAPABILITIES, USES, LINKS, PREFERENCES, NOTICES, ONLOOKERS),
    )
}
