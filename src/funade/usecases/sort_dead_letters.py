"""Look at what a queue could not get rid of, and send it again or throw it away."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from funade.domain.errors import PermanentQueueError
from funade.usecases.queue_ports import DeadLetter, DeadLetters, Exchange, Moved, QueuePlace

#: So many are looked at in one go; whoever has more goes on.
AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SortDeadLetters:
    """The verbs behind `funade queue`; `places` are the queues of the configuration by their names."""

    exchange: Exchange
    places: Mapping[str, QueuePlace]

    async def list(self, queue: str) -> Sequence[DeadLetter]:
        """Return dead letters of a queue, the oldest first; or raise a QueueError."""
        return await (await self._letters(queue)).list(AT_ONCE)

    async def redrive(self, queue: str, ids: Collection[str]) -> Moved:
        """Send these, or all, to their queue again; or raise a QueueError."""
        letters = await self._letters(queue)
        return await self._move(letters, ids, letters.redrive)

    async def discard(self, queue: str, ids: Collection[str]) -> Moved:
        """Throw these, or all, away for good; or raise a QueueError."""
        letters = await self._letters(queue)
        return await self._move(letters, ids, letters.discard)

    async def _move(
        self, letters: DeadLetters, ids: Collection[str], move: Callable[[Collection[str]], Awaitable[Moved]]
    ) -> Moved:
        wanted = ids or [one.id for one in await letters.list(AT_ONCE)]
        return await move(wanted) if wanted else Moved()

    async def _letters(self, queue: str) -> DeadLetters:
        place = self.places.get(queue)
        if place is None:
            near = get_close_matches(queue, self.places, n=1)
            known = ", ".join(f"`{one}`" for one in self.places) or "none"
            remedy = f"did you mean `{near[0]}`?" if near else f"known are {known}"
            message = f"the configuration names no queue `{queue}` — {remedy}"
            raise PermanentQueueError(message)
        found = await self.exchange.dead_letters(place)
        if found is None:
            message = f"the queue `{place.name}` has no queue for dead letters — give it one"
            raise PermanentQueueError(message)
        return found
