"""`funade queue`: the dead letters of the configuration's queues, with the keys of whoever asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from funade.domain.application import Configuration
from funade.queue.exchange import SqsExchange
from funade.secrets import OpenSecrets
from funade.targets import KINDS
from funade.usecases.queue_ports import QueuePlace
from funade.usecases.sort_dead_letters import SortDeadLetters


@asynccontextmanager
async def open_letters(configuration: Configuration) -> AsyncIterator[SortDeadLetters]:
    """Give what sorts the dead letters of every queue that the configuration names."""
    places: dict[str, QueuePlace] = {}
    for application in configuration.applications.values():
        for environment in application.environments.values():
            kind = KINDS.get(environment.target.kind)
            for place in (kind.queues(environment.target.settings) if kind else None) or ():
                places.setdefault(place.name, place)
    async with SqsExchange(OpenSecrets()) as exchange:
        yield SortDeadLetters(exchange=exchange, places=places)
