"""What queues that live in the store ask of it; part of `ledger_ports`.

Two processes that share a store need no other queue between them. What a queue promises stands in `queue_ports`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from funade.usecases.queue_ports import Delivery, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """A wish for up to `limit` messages of a queue, each hidden from others `until` then.

    What was delivered `at_most` times already goes to the queue `dead` instead.
    """

    queue: str
    limit: int
    at: datetime
    until: datetime
    dead: str | None = None
    at_most: int = 0


class StoredQueueReading(Protocol):
    """What a look tells of queues."""

    def count_messages(self, queue: str, at: datetime) -> tuple[int, int]:
        """Return how many wait, and how many are in hand."""

    def next_messages(self) -> Mapping[str, datetime]:
        """Return when the next message of each queue that holds any can be taken."""


class StoredQueueTransaction(StoredQueueReading, Protocol):
    """What a change does with queues. A receipt is good until the message is delivered again."""

    def add_message(self, queue: str, id: str, message: Message, at: datetime) -> None:
        """Put a message behind all others."""

    def take_messages(self, taking: Taking) -> Sequence[Delivery]:
        """Hide and return the oldest that are hidden from nobody; one that cannot be read is set aside."""

    def hide_message(self, queue: str, receipt: str, until: datetime) -> bool:
        """Hide it until then; tell whether it was still ours."""

    def remove_message(self, queue: str, receipt: str) -> bool:
        """Remove it for good; tell whether it was still ours."""

    def forget_messages(self, before: datetime) -> None:
        """Forget what was sent before then, whatever queue it is in."""
