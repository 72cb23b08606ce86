"""Listens to every queue from which facts come, side by side, for as long as the process runs.

Any number of processes may do this: facts are a set. One queue that cannot be used keeps no other from being heard.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from funade.domain.answers import QueueShown
from funade.domain.errors import QueueError, StoreError, TargetError, TemporaryQueueError
from funade.usecases.ledger_ports import Ledger
from funade.usecases.ports import Clock, Configurations, Targets
from funade.usecases.queue_ports import Delivery, Exchange, QueuePlace
from funade.usecases.receive_facts import ReceiveFacts
from funade.usecases.watch_queues import WatchQueues

log = structlog.get_logger()

#: How often it is looked which queues there are, and whether output waits.
LOOK_SECONDS = 5.0
PAUSE = timedelta(seconds=2)
#: A queue that only a person can set right is tried again after so long.
LONG_PAUSE = timedelta(seconds=30)


@dataclass(slots=True, kw_only=True)
class Hearing:
    """What this process hears from places in other networks."""

    ledger: Ledger
    targets: Targets
    configurations: Configurations
    exchange: Exchange
    receive: ReceiveFacts
    watch: WatchQueues
    clock: Clock
    _listening: dict[QueuePlace, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self) -> None:
        """Listen until cancelled."""
        # Apart from the rest: a queue that does not answer is waited for.
        watching = asyncio.create_task(self._again_and_again(self.watch.__call__), name="queues")
        try:
            await self._again_and_again(self._look)
        finally:
            tasks = [watching, *self._listening.values()]
            self._listening.clear()
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _again_and_again(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                await work()
            except (StoreError, TargetError, QueueError, OSError) as error:
                log.error("queues cannot be looked after now", problem=str(error))
            except Exception:
                # The process's loop: whatever is wrong with queues ends nothing else of this process.
                log.exception("our mistake; will be tried again")
            await self.clock.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        """Listen to the queues of today's configuration, and to those that deployments under way were told of."""
        running = await self.ledger.read(lambda look: look.unended())
        today = [
            environment.target
            for application in self.configurations.current().applications.values()
            for environment in application.environments.values()
        ]
        wanted: dict[tuple[str | None, ...], QueuePlace] = {}
        for target in (*today, *(one.release.target for one in running)):
            place = self.targets.facts_from(target)
            if place is not None:
                wanted.setdefault(place.address, place)
        places = set(wanted.values())
        for place in [one for one in self._listening if one not in places]:
            # Also where only its keys are other ones by now.
            self._listening.pop(place).cancel()
        for place in places:
            if place not in self._listening or self._listening[place].done():
                listening = asyncio.create_task(self._listen(place), name=f"facts from {place.name}")
                self._listening[place] = listening
        await self.receive.mend()

    async def _listen(self, place: QueuePlace) -> None:
        problem = ""
        while True:
            try:
                await self.receive(self.exchange.facts(place), place)
                pause, said = timedelta(0), ""
            except TemporaryQueueError as error:
                pause, said = error.retry_after, str(error)
            except QueueError as error:
                pause, said = LONG_PAUSE, str(error)
            except (StoreError, TargetError, OSError) as error:
                pause, said = PAUSE, str(error)
            except Exception:
                # The process's loop: one message that we stumble over comes again, and in the end is a dead letter.
                log.exception("our mistake; will be tried again", queue=place.name)
                pause, said = PAUSE, problem
            if said != problem:
                problem = said
                if said:
                    log.error("facts cannot be received", queue=place.name, problem=said)
                else:
                    log.info("facts are received again", queue=place.name)
            if pause:
                await self.clock.sleep(pause.total_seconds())


def report_dead(queue: QueueShown) -> None:
    """Tell the log of dead letters, once as long as there are any."""
    log.error(
        "there are dead letters: look at them, then send them again or throw them away",
        queue=queue.name,
        holds=queue.holds,
        dead_letters=queue.dead_letters,
    )


def reporting_to(watch: WatchQueues) -> Callable[[QueuePlace, Delivery, str], None]:
    """Return what tells the log of a message that was not taken, and has its queue looked at."""

    def report(place: QueuePlace, delivery: Delivery, problem: str) -> None:
        log.error("a message was set aside", queue=place.name, message=delivery.id, problem=problem[:300])
        watch.refused(place, delivery.id, problem)

    return report
