"""Reads what comes out of a queue: good messages go on, unreadable ones are set aside, newer ones are left alone.

One bad message holds up nobody, ends nothing, and does not come back in a circle.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Generic, TypeVar

from funade.domain.errors import FunadeError, QueueError
from funade.domain.messages import BrokenMessage, NewerMessage
from funade.usecases.queue_ports import Delivery, Quarantine, Queue, Taken

T = TypeVar("T")

#: Until then a newer release may have taken it, or the quarantine be reached; it is not looked at before.
LEFT_ALONE_FOR = timedelta(minutes=5)


class Intake(Generic[T]):
    """The receiving end of one queue; `read` is `queue_text.read_order` or `read_fact`."""

    def __init__(
        self, queue: Queue, read: Callable[[str], T | NewerMessage | BrokenMessage], quarantine: Quarantine
    ) -> None:
        self._queue, self._read, self._quarantine = queue, read, quarantine

    async def take(self, limit: int, wait: timedelta, hidden: timedelta) -> Taken[T]:
        """Return what came within `wait`, or raise a QueueError. What cannot be read is dealt with already."""
        messages: list[tuple[Delivery, T]] = []
        aside: list[tuple[Delivery, str]] = []
        left: list[tuple[Delivery, str]] = []
        for delivery in await self._queue.receive(limit, wait, hidden):
            read = self._read(delivery.body)
            if isinstance(read, NewerMessage):
                left.append((delivery, f"a newer release wrote it (version {read.version})"))
            elif isinstance(read, BrokenMessage):
                problem = await self._set_aside(delivery, read.problem)
                (aside if problem is None else left).append((delivery, problem or read.problem))
            else:
                messages.append((delivery, read))
        await self._leave([one for one, _ in left])
        return Taken(messages, aside, left)

    async def refuse(self, delivery: Delivery, problem: str) -> str | None:
        """Set aside what could be read and is not for us; return why that failed: then it is left alone."""
        failed = await self._set_aside(delivery, problem)
        if failed is not None:
            await self._leave([delivery])
        return failed

    async def _set_aside(self, delivery: Delivery, problem: str) -> str | None:
        """Move it to the quarantine; return why it could not be moved."""
        try:
            await self._quarantine.set_aside(delivery, problem)
            # Only now: there are two of it rather than none.
            await self._queue.delete([delivery])
        except FunadeError as error:
            return f"{problem}; it could not be set aside: {error}"
        return None

    async def _leave(self, deliveries: Sequence[Delivery]) -> None:
        if not deliveries:
            return
        try:
            await self._queue.extend(deliveries, LEFT_ALONE_FOR)
        except QueueError:
            # Then it comes again when its time is over, which is soon enough and not at once.
            return
