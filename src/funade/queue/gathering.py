"""A queue that is asked by many at once: what comes while a call is under way goes together in the next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Generic, TypeVar

from funade.usecases.queue_ports import Delivery, Message, Queue, QueueState, Undone

T = TypeVar("T")


class Gathering:
    """The Queue port over another queue of one process; nobody waits longer for it than for one call of another's."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._sending = _Calls(queue.send, lambda message: message.key)
        self._deleting = _Calls(queue.delete, lambda delivery: delivery.receipt)

    def __repr__(self) -> str:
        return repr(self._queue)

    async def send(self, messages: Sequence[Message]) -> Sequence[Undone]:
        """Send them with those of others; what another one's message is refused for is not ours."""
        return await self._sending.join(messages)

    async def receive(self, limit: int, wait: timedelta, hidden: timedelta) -> Sequence[Delivery]:
        """Return what came within `wait`."""
        return await self._queue.receive(limit, wait, hidden)

    async def extend(self, deliveries: Sequence[Delivery], hidden: timedelta) -> Sequence[Undone]:
        """Keep them ours for `hidden` from now on, or give them back."""
        return await self._queue.extend(deliveries, hidden)

    async def delete(self, deliveries: Sequence[Delivery]) -> Sequence[Undone]:
        """Remove the messages for good, with those of others."""
        return await self._deleting.join(deliveries)

    async def state(self) -> QueueState:
        """Return what the queue says of itself."""
        return await self._queue.state()


class _Calls(Generic[T]):
    """Those of one kind: one is under way at a time."""

    def __init__(
        self, call: Callable[[Sequence[T]], Awaitable[Sequence[Undone]]], key_of: Callable[[T], str]
    ) -> None:
        self._call, self._key_of = call, key_of
        self._waiting: list[tuple[Sequence[T], asyncio.Future[Sequence[Undone]]]] = []
        self._calling: asyncio.Task[None] | None = None

    async def join(self, things: Sequence[T]) -> Sequence[Undone]:
        """Return what was not done of these, or raise what the call raised."""
        answer: asyncio.Future[Sequence[Undone]] = asyncio.get_running_loop().create_future()
        self._waiting.append((things, answer))
        if self._calling is None or self._calling.done():
            # Its own task: that one of those who wait is cancelled is nothing to the others.
            self._calling = asyncio.create_task(
                self._call_for_all(), name=f"queue: {self._call.__qualname__}"
            )
        return await answer

    async def _call_for_all(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            try:
                undone = await self._call([one for things, _ in waiting for one in things])
            except BaseException as error:
                # Whatever it is, it is told to whoever asked.
                for _, answer in waiting:
                    _raise_in(answer, error)
                if not isinstance(error, Exception):
                    self._give_up(error)
                    raise
                continue
            for things, answer in waiting:
                keys = {self._key_of(one) for one in things}
                if not answer.done():
                    answer.set_result([one for one in undone if one.which in keys])

    def _give_up(self, error: BaseException) -> None:
        waiting, self._waiting = self._waiting, []
        for _, answer in waiting:
            _raise_in(answer, error)


def _raise_in(answer: "asyncio.Future[Sequence[Undone]]", error: BaseException) -> None:
    if answer.done():
        return
    if isinstance(error, Exception):
        answer.set_exception(error)
    else:
        answer.cancel()
