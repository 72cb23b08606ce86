"""Ask the queues between networks now and then how they are, so that whoever wants to know need not wait for them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from funade.domain.answers import QueueShown
from funade.domain.errors import QueueError
from funade.usecases.ports import Clock, Configurations, Targets
from funade.usecases.queue_ports import Exchange, QueuePlace
from funade.usecases.tell_dead_letters import Found, TellDeadLetters, name_of

Address = tuple[str | None, ...]

EVERY = timedelta(minutes=1)
#: One queue that does not answer keeps nobody from hearing of the others.
WITHIN = timedelta(seconds=20)
#: A message that cannot be set aside comes back after minutes: what was refused before that is not news.
REMEMBERED = timedelta(minutes=15)
MOST_REFUSED = 100
ORDERS, FACTS = "orders", "facts"


@dataclass(slots=True, kw_only=True)
class WatchQueues:
    """The queues of today's configuration, as this process saw them last; each process looks for itself."""

    targets: Targets
    configurations: Configurations
    exchange: Exchange
    clock: Clock
    #: Tells people of what nobody could deal with.
    tell: TellDeadLetters | None = None
    #: Called when dead letters are seen in a queue that had none when it was seen before.
    report: Callable[[QueueShown], None] = field(default=lambda _: None)
    _seen: tuple[QueueShown, ...] = ()
    _due: float | None = None
    #: what was refused lately, by queue and message
    _refused: dict[Address, dict[str, tuple[float, str]]] = field(default_factory=dict)
    #: queues in which there was nothing dead when they were seen last
    _empty: frozenset[str] = frozenset()

    def seen(self) -> Sequence[QueueShown]:
        """Return what was seen last; nothing where no queue is configured, or nobody has looked yet."""
        return self._seen

    def refused(self, place: QueuePlace, message: str, problem: str) -> None:
        """Hear that a message of that id could not be taken; the queues are looked at again at the next call."""
        refused = self._refused.setdefault(place.address, {})
        if message in refused or len(refused) < MOST_REFUSED:
            refused[message] = (self.clock.steady(), problem)
        self._due = None

    async def __call__(self) -> None:
        """Look again, if it is time to."""
        steady = self.clock.steady()
        if self._due is not None and steady < self._due:
            return
        wanted = self._wanted()
        had = {(one.name, one.holds) for one in self._seen if one.dead_letters}
        looked = await asyncio.gather(*(self._look(one.place, one.holds) for one in wanted))
        self._seen = tuple(shown for shown, _ in looked)
        for shown in self._seen:
            if shown.dead_letters and (shown.name, shown.holds) not in had:
                self.report(shown)
        await self._tell([(one, *seen) for one, seen in zip(wanted, looked, strict=True)])
        self._due = self.clock.steady() + EVERY.total_seconds()

    def _wanted(self) -> list["_Wanted"]:
        wanted: dict[Address, _Wanted] = {}
        for application in self.configurations.current().applications.values():
            for environment in application.environments.values():
                for place, holds in (
                    (self.targets.orders_to(environment.target), ORDERS),
                    (self.targets.facts_from(environment.target), FACTS),
                ):
                    if place is not None:
                        one = wanted.setdefault(place.address, _Wanted(place, holds))
                        one.used_by.append(f"{application.name}/{environment.name}")
        return list(wanted.values())

    async def _tell(self, looked: Sequence[tuple["_Wanted", QueueShown, str | None]]) -> None:
        """Tell people what is new; numbers are about right, so that only what is seen twice is gone."""
        if self.tell is None:
            return
        found: dict[str, Found] = {}
        for wanted, shown, dead in looked:
            if shown.problem is not None and shown.dead_letters is None:
                continue
            refused = self._refused_lately(wanted.place.address)
            one = Found(place=wanted.place, shown=shown, used_by=tuple(wanted.used_by), refused=refused)
            # Several queues may share one for their dead letters: what lies there is told once.
            place = dead or name_of(wanted.place)
            found[place] = found[place].and_of(one) if place in found else one
        before, self._empty = self._empty, frozenset(one for one, it in found.items() if it.is_empty)
        for place, one in found.items():
            await self.tell(place, one, is_gone=place in before and place in self._empty)

    def _refused_lately(self, address: Address) -> tuple[str, ...]:
        since = self.clock.steady() - REMEMBERED.total_seconds()
        kept = {id: one for id, one in self._refused.get(address, {}).items() if one[0] >= since}
        self._refused[address] = kept
        return tuple(problem for _, problem in kept.values())

    async def _look(self, place: QueuePlace, holds: str) -> tuple[QueueShown, str | None]:
        """Return a queue as it is now, and where its dead letters lie."""
        shown, dead = QueueShown(name=place.name, holds=holds, seen_at=self.clock.now()), None
        try:
            async with asyncio.timeout(WITHIN.total_seconds()):
                state = await self.exchange.state(place)
                # What is known already is shown, also where its dead letters cannot be counted.
                shown, dead = replace(shown, waiting=state.waiting, in_hand=state.in_hand), state.dead_letters
                shown = replace(shown, dead_letters=await self.exchange.count_dead_letters(place))
        except QueueError as error:
            shown = replace(shown, problem=str(error))
        except TimeoutError:
            shown = replace(shown, problem="it does not answer")
        return shown, dead


@dataclass(frozen=True, slots=True)
class _Wanted:
    place: QueuePlace
    holds: str
    used_by: list[str] = field(default_factory=list)
