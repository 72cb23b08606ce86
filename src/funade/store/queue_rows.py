"""Messages of the store's own queues as rows, and back."""

from datetime import datetime
from typing import Any

from funade.store import values
from funade.usecases.queue_ports import Delivery, Message


def message_row(queue: str, id: str, message: Message, at: datetime) -> dict[str, Any]:
    """Return the row of a message that nobody has taken yet."""
    now = values.moment(at)
    return {
        "id": id,
        "queue": queue,
        "body": message.body,
        "notes": values.dump(dict(message.notes)),
        "sent_at": now,
        "visible_at": now,
        "times": 0,
    }


def read_delivery(row: values.Row) -> Delivery:
    """Return the next delivery of a row, or raise Unreadable."""
    id, times = values.text(row, "id"), values.number(row, "times") + 1
    notes = values.load(row["notes"])
    if not isinstance(notes, dict):
        values.refuse("`notes` are no names with texts")
    return Delivery(
        id=id,
        body=values.text(row, "body"),
        receipt=f"{id}/{times}",
        times=times,
        sent_at=values.read_moment(row, "sent_at"),
        notes={str(name): str(text) for name, text in notes.items()},
    )


def this_delivery(queue: str, receipt: str) -> dict[str, Any]:
    """Return what the row must hold while that receipt is good."""
    id, _, times = receipt.rpartition("/")
    counted = int(times) if times.isascii() and times.isdigit() and len(times) < 10 else -1
    return {"here_queue": queue, "here_id": id, "here_times": counted}
