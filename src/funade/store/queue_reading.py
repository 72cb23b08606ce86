"""Questions about the store's own queues; part of the looks of both stores."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, case, func, select

from funade.domain.wire import Unreadable
from funade.store import values
from funade.store.fact_reading import SqlFactReading
from funade.store.schema import queue_messages as messages

_COUNT = select(
    func.count().label("all"),
    func.sum(case((messages.c.visible_at > bindparam("now"), 1), else_=0)).label("in_hand"),
).where(messages.c.queue == bindparam("queue"))
_NEXT = select(messages.c.queue, func.min(messages.c.visible_at).label("visible_at")).group_by(
    messages.c.queue
)


class SqlQueueReading(SqlFactReading):
    """The `StoredQueueReading` part of a look."""

    def count_messages(self, queue: str, at: datetime) -> tuple[int, int]:
        """Return how many wait, and how many are in hand."""
        bound = {"queue": queue, "now": values.moment(at)}
        row = self._connection.execute(_COUNT, bound).mappings().one()
        in_hand = int(row["in_hand"] or 0)
        return int(row["all"]) - in_hand, in_hand

    def next_messages(self) -> Mapping[str, datetime]:
        """Return when the next message of each queue that holds any can be taken."""
        found = {}
        for row in self._connection.execute(_NEXT).mappings():
            try:
                found[str(row["queue"])] = values.read_moment(row, "visible_at")
            except Unreadable:
                # Nobody can be told when; whoever looks from time to time finds what lies behind it.
                continue
        return found
