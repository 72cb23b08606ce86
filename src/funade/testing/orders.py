"""Messages and queues of facts of a controller, in memory; one that goes through a real queue is in `wiring`."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from funade.domain.errors import PermanentQueueError, TemporaryQueueError
from funade.domain.messages import Fact, ForeignMessage, Order


@dataclass(eq=False)
class FakeHeld:
    """One message in a controller's hands."""

    id: str
    order: Order | ForeignMessage
    is_lost: bool = False
    is_deleted: bool = False
    problem: str = ""

    def let_go(self) -> None:
        """Keep it no longer."""
        self.is_lost = True

    async def delete(self) -> None:
        """Remember that it was let go."""
        self.is_deleted = True

    async def set_aside(self, problem: str) -> None:
        """Remember why nobody could do it."""
        self.is_deleted, self.problem = True, problem


@dataclass
class FakeOutlet:
    """A queue of facts that remembers them."""

    facts: list[Fact] = field(default_factory=list)
    is_broken: bool = False

    async def send(self, facts: Sequence[Fact]) -> None:
        """Keep them."""
        if self.is_broken:
            message = "the queue cannot be reached"
            raise TemporaryQueueError(message, timedelta(seconds=1))
        self.facts += facts


@dataclass(frozen=True)
class FakeTaken:
    """What came at once."""

    held: Sequence[FakeHeld] = ()
    refused: Sequence[str] = ()


@dataclass
class FakeInlet:
    """A queue of orders that gives what was put into it."""

    waiting: list[FakeHeld] = field(default_factory=list)
    problem: str = ""

    async def take(self, at_most: int) -> "FakeTaken":
        """Return what is there."""
        await asyncio.sleep(0)
        if self.problem:
            raise PermanentQueueError(self.problem)
        taken, self.waiting = self.waiting[:at_most], self.waiting[at_most:]
        return FakeTaken(taken)


@dataclass
class FakeDoors:
    """The controller's Doors; every address leads to the same two queues."""

    into: FakeInlet = field(default_factory=FakeInlet)
    out: FakeOutlet = field(default_factory=FakeOutlet)

    @asynccontextmanager
    async def inlet(self, queue: object) -> AsyncIterator[FakeInlet]:  # noqa: ARG002 -- there is one
        """Open the queue of orders."""
        yield self.into

    def outlet(self, url: str, region: str) -> FakeOutlet:  # noqa: ARG002 -- there is one
        """Return the queue of facts."""
        return self.out
