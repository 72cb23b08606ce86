"""Ask the queues between networks now and then how they are, so that whoever wants to know need not wait for them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from funade.domain.answers import QueueShown
from funade.domain.errors import QueueError
from funade.usecases.ports import Clock, Configurations, Targets
from funade.usecases.queue_ports import Exchange, QueuePlace

EVERY = timedelta(minutes=1)
#: One queue that does not answer keeps nobody from hearing of the others.
WITHIN = timedelta(seconds=20)
ORDERS, FACTS = "orders", "facts"


@dataclass(slots=True, kw_only=True)
class WatchQueues:
    """The queues of today's configuration, as this process saw them last; each process looks for itself."""

    targets: Targets
    configurations: Configurations
    exchange: Exchange
    clock: Clock
    #: Called when dead letters are seen in a queue that had none when it was seen before.
    report: Callable[[QueueShown], None] = field(default=lambda _: None)
    _seen: tuple[QueueShown, ...] = ()
    _due: float | None = None

    def seen(self) -> Sequence[QueueShown]:
        """Return what was seen last; nothing where no queue is configured, or nobody has looked yet."""
        return self._seen

    def look_soon(self) -> None:
        """Look again at the next call: something has happened there."""
        self._due = None

    async def __call__(self) -> None:
        """Look again, if it is time to."""
        steady = self.clock.steady()
        if self._due is not None and steady < self._due:
            return
        wanted: dict[tuple[str | None, ...], tuple[QueuePlace, str]] = {}
        for application in self.configurations.current().applications.values():
            for environment in application.environments.values():
                for place, holds in (
                    (self.targets.orders_to(environment.target), ORDERS),
                    (self.targets.facts_from(environment.target), FACTS),
                ):
                    if place is not None:
                        wanted.setdefault(place.address, (place, holds))
        had = {(one.name, one.holds) for one in self._seen if one.dead_letters}
        self._seen = tuple(
            await asyncio.gather(*(self._look(place, holds) for place, holds in wanted.values()))
        )
        for one in self._seen:
            if one.dead_letters and (one.name, one.holds) not in had:
                self.report(one)
        self._due = self.clock.steady() + EVERY.total_seconds()

    async def _look(self, place: QueuePlace, holds: str) -> QueueShown:
        now = self.clock.now()
        try:
            async with asyncio.timeout(WITHIN.total_seconds()):
                state = await self.exchange.state(place)
                dead = await self.exchange.count_dead_letters(place)
        except QueueError as error:
            return QueueShown(name=place.name, holds=holds, seen_at=now, problem=str(error))
        except TimeoutError:
            problem = "it does not answer"
            return QueueShown(name=place.name, holds=holds, seen_at=now, problem=problem)
        return QueueShown(
            name=place.name,
            holds=holds,
            seen_at=now,
            waiting=state.waiting,
            in_hand=state.in_hand,
            dead_letters=dead,
        )
