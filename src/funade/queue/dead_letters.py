"""The dead letters of a queue: looked at, sent again, thrown away; and the quarantine that adds to them.

A queue cannot be looked into, only received from: while somebody looks, others do not see the dead letters.
"""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from datetime import timedelta

from funade.domain.errors import QueueError, TemporaryQueueError
from funade.queue.batches import MOST
from funade.usecases.queue_ports import DeadLetter, Delivery, Message, Moved, Queue, Undone

#: The note that says what was wrong with a message.
PROBLEM = "funade-problem"
LONGEST_PROBLEM = 1000
#: In a standard queue order and groups are nothing; a FIFO queue wants one.
ANY_GROUP = "funade"

_LOOK = timedelta(seconds=30)
_WAIT = timedelta(seconds=1)
_SOON = timedelta(seconds=2)


class QueuedDeadLetters:
    """The DeadLetters port over two queues: where dead letters lie, and where they came from."""

    def __init__(self, dead: Queue, home: Queue) -> None:
        self._dead, self._home = dead, home

    async def list(self, limit: int) -> Sequence[DeadLetter]:
        """Return up to `limit` of them, the oldest first."""
        seen: dict[str, Delivery] = {}
        try:
            async for delivery in self._deliveries():
                seen.setdefault(delivery.id, delivery)
                if len(seen) >= limit:
                    break
        finally:
            await self._give_back(seen.values())
        return [_letter(one) for one in sorted(seen.values(), key=lambda one: one.sent_at)]

    async def redrive(self, ids: Collection[str]) -> Moved:
        """Send these again, then remove them here."""
        return await self._with_each(ids, self._send_again)

    async def discard(self, ids: Collection[str]) -> Moved:
        """Remove these for good."""
        return await self._with_each(ids, None)

    async def _with_each(
        self, ids: Collection[str], first: Callable[[Delivery], Awaitable[Sequence[Undone]]] | None
    ) -> Moved:
        missing, others = set(ids), dict[str, Delivery]()
        done: list[str] = []
        undone: list[Undone] = []
        try:
            async for delivery in self._deliveries():
                if delivery.id not in missing:
                    others.setdefault(delivery.id, delivery)
                    continue
                others[delivery.id] = delivery
                missing.discard(delivery.id)
                no = await first(delivery) if first is not None else ()
                no = no or await self._dead.delete([delivery])
                undone += [
                    Undone(which=delivery.id, problem=one.problem, is_final=one.is_final) for one in no
                ]
                if not no:
                    done.append(delivery.id)
                    del others[delivery.id]
                if not missing:
                    break
        finally:
            await self._give_back(others.values())
        undone += [
            Undone(which=id, problem="it was not found among the dead letters", is_final=False)
            for id in sorted(missing)
        ]
        return Moved(done=tuple(done), undone=tuple(undone))

    async def _send_again(self, delivery: Delivery) -> Sequence[Undone]:
        notes = {name: text for name, text in delivery.notes.items() if name != PROBLEM}
        group = delivery.group or ANY_GROUP
        key = key_from("redrive", delivery.id)
        return await self._home.send([Message(body=delivery.body, key=key, group=group, notes=notes)])

    async def _deliveries(self) -> AsyncIterator[Delivery]:
        """Yield each dead letter once, as far as the queue shows them."""
        seen: set[str] = set()
        while True:
            new = [one for one in await self._dead.receive(MOST, _WAIT, _LOOK) if one.id not in seen]
            if not new:
                return
            seen.update(one.id for one in new)
            for one in new:
                yield one

    async def _give_back(self, deliveries: Collection[Delivery]) -> None:
        # Otherwise they are back by themselves, a little later.
        with suppress(QueueError):
            if deliveries:
                await self._dead.extend(list(deliveries), timedelta(0))


class DeadLetterQuarantine:
    """The Quarantine port: adds what nobody can read to the dead letters, with what is wrong as a note."""

    def __init__(self, dead: Queue) -> None:
        self._dead = dead

    async def set_aside(self, delivery: Delivery, problem: str) -> None:
        """Keep a copy, or raise a QueueError."""
        notes = {**dict(list(delivery.notes.items())[: MOST - 1]), PROBLEM: _noted(problem)}
        message = Message(
            body=delivery.body,
            key=key_from("aside", delivery.id),
            group=delivery.group or ANY_GROUP,
            notes=notes,
        )
        undone = await self._dead.send([message])
        if undone:
            # As large as can be, and the note is one too many: the message itself is worth more.
            undone = await self._dead.send(
                [Message(body=delivery.body, key=message.key, group=message.group)]
            )
        if undone:
            problem = f"the queue for dead letters does not take it: {undone[0].problem}"
            raise TemporaryQueueError(problem, _SOON)


def key_from(why: str, id: str) -> str:
    """Return the key under which a message travels again: another than before, and the same each time."""
    return hashlib.sha256(f"{why} {id}".encode()).hexdigest()


def _noted(problem: str) -> str:
    clean = "".join(character if character.isprintable() else " " for character in problem)
    return clean[:LONGEST_PROBLEM] or "?"


def _letter(delivery: Delivery) -> DeadLetter:
    return DeadLetter(
        id=delivery.id,
        body=delivery.body,
        times=delivery.times,
        sent_at=delivery.sent_at,
        group=delivery.group,
        problem=delivery.notes.get(PROBLEM),
    )
