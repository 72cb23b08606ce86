"""The orders for one environment that are in our hands, and what they do to its guard."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from funade.controller.absorb import Absorbed, absorb
from funade.controller.deploy_queue import DeployQueue
from funade.controller.doors import Held
from funade.controller.foreign import absorb_foreign, guard_of
from funade.controller.guard import Attempt, Guard
from funade.domain.messages import ForeignMessage, OrderedStart


@dataclass(slots=True)
class Inbox:
    """The orders for one environment that are in our hands."""

    held: list[Held] = field(default_factory=list)
    queues: dict[str, DeployQueue] = field(default_factory=dict)
    waited: set[str] = field(default_factory=set)  #: what it led to was told while it was in our hands

    def put(self, held: Held, queue: DeployQueue) -> None:
        """Add a message; of the same one an older delivery is nobody's any more."""
        for older in [one for one in self.held if one.id == held.id]:
            older.let_go()
        self.held = [one for one in self.held if one.id != held.id] + [held]
        self.queues[held.id] = queue

    def drop(self, held: Held) -> None:
        """Forget a message."""
        self.held = [one for one in self.held if one is not held]
        if not any(one.id == held.id for one in self.held):
            self.queues.pop(held.id, None)
            self.waited.discard(held.id)

    @property
    def has_start(self) -> bool:
        """Tell whether a deployment's start is among them."""
        return any(isinstance(one.order, OrderedStart) for one in self.held)

    def absorbed(self, guard: Guard, now: datetime) -> tuple[Guard, list[tuple[Held, Absorbed]]]:
        """Return the guard once it knows of all of them, and what comes of each."""
        results = []
        for held in self.held:
            queue = self.queues[held.id]
            if isinstance(held.order, ForeignMessage):
                absorbed = absorb_foreign(guard, held.id, held.order, queue, now)
            else:
                absorbed = absorb(guard, held.order, queue, now)
            guard = absorbed.guard
            results.append((held, absorbed))
        return guard, results

    def guard_beside(self, records: Sequence[Attempt]) -> Guard | None:
        """Return the guard of an environment that has none; `records` are what its Jobs remember. None: nobody asks."""
        executions = [one.execution for one in records]
        for held in self.held:
            if isinstance(held.order, ForeignMessage):
                return guard_of(held.id, self.queues[held.id])
            executions.append(held.order.execution)
        if not executions:
            return None
        return Guard(application=executions[0].application, environment=executions[0].environment)
