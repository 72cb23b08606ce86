"""Changes of the store's own queues; part of `SqlTransaction`, which every change of the ledger is."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, RowMapping, bindparam, delete, insert, select, update

from funade.domain.wire import Unreadable
from funade.store import values
from funade.store.fact_changes import SqlFactTransaction
from funade.store.quarantine import QUEUE_MESSAGES
from funade.store.queue_reading import SqlQueueReading
from funade.store.queue_rows import message_row, read_delivery, this_delivery
from funade.store.schema import queue_messages as messages
from funade.usecases.queue_ports import Delivery, Message
from funade.usecases.stored_queue_ports import Taking

#: A message that nobody can read is not looked at again before.
ASIDE_FOR = timedelta(days=1)

_ADD = insert(messages)
_FREE = (
    select(messages)
    .where(messages.c.queue == bindparam("queue"), messages.c.visible_at <= bindparam("now"))
    .order_by(messages.c.sent_at, messages.c.id)
    .limit(bindparam("limit", 0, BigInteger))
)
#: whoever was faster has counted one more
_THIS = (
    messages.c.queue == bindparam("here_queue"),
    messages.c.id == bindparam("here_id"),
    messages.c.times == bindparam("here_times"),
)
_TAKE = update(messages).where(*_THIS).values({name: bindparam(name) for name in ("times", "visible_at")})
_HIDE = update(messages).where(*_THIS).values(visible_at=bindparam("visible_at"))
_MOVE = update(messages).where(*_THIS).values(queue=bindparam("queue"), times=0)
_ASIDE = (
    update(messages).where(messages.c.id == bindparam("here_id")).values(visible_at=bindparam("visible_at"))
)
_REMOVE = delete(messages).where(*_THIS)
_FORGET = delete(messages).where(messages.c.sent_at < bindparam("before"))


class SqlQueueTransaction(SqlFactTransaction, SqlQueueReading):
    """The `StoredQueueTransaction` part of a change."""

    def add_message(self, queue: str, id: str, message: Message, at: datetime) -> None:
        """Put a message behind all others."""
        self._connection.execute(_ADD, message_row(queue, id, message, at))

    def take_messages(self, taking: Taking) -> Sequence[Delivery]:
        """Hide and return the oldest that are hidden from nobody; one that cannot be read is set aside."""
        wish = {"queue": taking.queue, "now": values.moment(taking.at), "limit": taking.limit}
        taken = []
        for row in self._connection.execute(_FREE, wish).mappings().all():
            delivery = self._take(row, taking)
            if delivery is not None:
                taken.append(delivery)
        return taken

    def hide_message(self, queue: str, receipt: str, until: datetime) -> bool:
        """Hide it until then; tell whether it was still ours."""
        bound = {**this_delivery(queue, receipt), "visible_at": values.moment(until)}
        return self._connection.execute(_HIDE, bound).rowcount == 1

    def remove_message(self, queue: str, receipt: str) -> bool:
        """Remove it for good; tell whether it was still ours."""
        return self._connection.execute(_REMOVE, this_delivery(queue, receipt)).rowcount == 1

    def forget_messages(self, before: datetime) -> None:
        """Forget what was sent before then, whatever queue it is in."""
        self._connection.execute(_FORGET, {"before": values.moment(before)})

    def _take(self, row: RowMapping, taking: Taking) -> Delivery | None:
        try:
            delivery = read_delivery(row)
        except Unreadable as error:
            self._note(QUEUE_MESSAGES, row, error)
            aside = {"here_id": row["id"], "visible_at": values.moment(taking.at + ASIDE_FOR)}
            self._connection.execute(_ASIDE, aside)
            return None
        here = {**this_delivery(taking.queue, delivery.receipt), "here_times": delivery.times - 1}
        if taking.dead is not None and delivery.times > taking.at_most:
            self._connection.execute(_MOVE, {**here, "queue": taking.dead})
            return None
        ours = {"times": delivery.times, "visible_at": values.moment(taking.until)}
        return delivery if self._connection.execute(_TAKE, {**here, **ours}).rowcount == 1 else None
