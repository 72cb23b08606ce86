"""`funade queue`: the dead letters of the configuration's queues, with the keys of whoever asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from funade.domain.application import Configuration
from funade.domain.near_queues import StoreAddress, parse_near
from funade.queue.exchange import QueueExchange
from funade.queue.stored import StoredQueues
from funade.runner.machine import RandomIds, SystemClock
from funade.secrets import OpenSecrets
from funade.targets import KINDS
from funade.usecases.queue_ports import QueuePlace
from funade.usecases.sort_dead_letters import SortDeadLetters
from funade.wiring.stores import open_store


@asynccontextmanager
async def open_letters(configuration: Configuration) -> AsyncIterator[SortDeadLetters]:
    """Give what sorts the dead letters of every queue that the configuration names."""
    places: dict[str, QueuePlace] = {}
    for application in configuration.applications.values():
        for environment in application.environments.values():
            kind = KINDS.get(environment.target.kind)
            for place in (kind.queues(environment.target.settings) if kind else None) or ():
                places.setdefault(place.name, place)
    clock, ids, secrets = SystemClock(), RandomIds(), OpenSecrets()
    # The store is opened only for those who keep queues in it.
    ledger = None
    if any(isinstance(parse_near(one.url), StoreAddress) for one in places.values()):
        ledger = open_store(configuration, secrets).ledger
    stored = None if ledger is None else StoredQueues(ledger, clock, ids)
    try:
        async with QueueExchange(secrets, clock, ids, stored=stored) as exchange:
            yield SortDeadLetters(exchange=exchange, places=places)
    finally:
        if ledger is not None:
            ledger.close()
