"""The queues that DeployQueues name: in SQS, in the store of a server, or in the controller's own cluster."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from funade.clients.kubernetes import Cluster
from funade.domain.errors import ConfigError, PermanentQueueError, StoreError, TemporaryQueueError
from funade.domain.near_queues import ClusterAddress, StoreAddress
from funade.queue.address import parse_address, parse_near
from funade.queue.in_cluster import ClusterQueue
from funade.queue.sqs import Sqs
from funade.queue.stored import StoredQueues
from funade.secrets import OpenSecrets
from funade.settings import load
from funade.targets import KINDS
from funade.usecases.ports import Clock, Ids
from funade.usecases.queue_ports import Queue
from funade.wiring.stores import OpenLedger, open_store

_LATER = timedelta(seconds=10)


@dataclass
class ControllerQueues:
    """Opens queues; the store with the first queue in it, and `find_config` says where the store is."""

    cluster: Cluster
    namespace: str
    sqs: Sqs
    clock: Clock
    ids: Ids
    find_config: Callable[[], Path]
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    _stored: StoredQueues | None = None
    _ledger: OpenLedger | None = None

    async def open(self, url: str, region: str) -> Queue:
        """Return the queue at that address, or raise a QueueError; nothing is asked of it yet."""
        match parse_near(url):
            case StoreAddress() as address:
                return (await self._open_store(url)).queue(address)
            case ClusterAddress(namespace=namespace) as address:
                if namespace != self.namespace:
                    message = (
                        f"`{url}` is in another namespace than this controller — write "
                        f"`cluster:{self.namespace}/{address.name}`, or let a controller run there"
                    )
                    raise PermanentQueueError(message)
                return ClusterQueue(self.cluster, address, self.clock, self.ids)
            case _:
                return self.sqs.queue(parse_address(url, region or None))

    def close(self) -> None:
        """Let go of the store."""
        if self._ledger is not None:
            self._ledger.close()

    async def _open_store(self, url: str) -> StoredQueues:
        async with self._opening:
            if self._stored is None:
                try:
                    self._ledger = await asyncio.to_thread(self._connect)
                except ConfigError as error:
                    message = (
                        f"`{url}` is in a store, and nothing says where that is — give the controller the "
                        f"configuration of the server with `--config`: {error}"
                    )
                    raise PermanentQueueError(message) from error
                except StoreError as error:
                    message = f"the store of `{url}` cannot be opened: {error}"
                    raise TemporaryQueueError(message, _LATER) from error
                self._stored = StoredQueues(self._ledger, self.clock, self.ids)
            return self._stored

    def _connect(self) -> OpenLedger:
        return open_store(load(self.find_config(), KINDS), OpenSecrets()).ledger
