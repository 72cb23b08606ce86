"""The queues as a controller needs them; wiring makes them from the room `queue`."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from funade.controller.deploy_queue import DeployQueue
from funade.domain.messages import Fact, ForeignMessage, Order


class Held(Protocol):
    """One message that is ours until it is deleted or set aside."""

    @property
    def id(self) -> str: ...

    @property
    def order(self) -> Order | ForeignMessage: ...

    @property
    def is_lost(self) -> bool:
        """Tell whether somebody else may have it by now."""

    def let_go(self) -> None:
        """Keep it no longer: it comes again when its time is over."""

    async def delete(self) -> None:
        """Remove it for good, or raise a QueueError: then it comes again."""

    async def set_aside(self, problem: str) -> None:
        """Move it to the dead letters, or raise a FunadeError: then it comes again."""


class Taken(Protocol):
    """What came, and what was wrong with each message that was dealt with on the way."""

    @property
    def held(self) -> Sequence[Held]: ...

    @property
    def refused(self) -> Sequence[str]: ...


class Inlet(Protocol):
    """Where orders come in; what nobody can read does not come through."""

    async def take(self, at_most: int) -> Taken:
        """Return what came within some seconds, or raise a QueueError."""


class Outlet(Protocol):
    """Where facts go."""

    async def send(self, facts: Sequence[Fact]) -> None:
        """Return once the queue has all of them, or raise a QueueError: then it may have some."""


class Outlets(Protocol):
    """Every queue of facts by its address."""

    def outlet(self, url: str, region: str) -> Outlet:
        """Return the way to a queue of facts; or raise a QueueError."""


class Doors(Outlets, Protocol):
    """Every queue by its address."""

    def inlet(self, queue: DeployQueue) -> AbstractAsyncContextManager[Inlet]:
        """Open the queue of a DeployQueue; or raise a QueueError."""
