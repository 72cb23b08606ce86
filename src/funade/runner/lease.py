"""This process's lease: a counter that it raises; whoever cannot raise it in time stops by itself."""

import asyncio
from datetime import timedelta

from funade.domain.errors import FencedOut, StoreError
from funade.failpoints import effect
from funade.usecases.ledger_ports import Ledger, Transaction
from funade.usecases.ports import Clock, Ids, Machine

#: A lease is renewed three times in its length.
RENEWALS = 3


class Heart:
    """The `Lease` port. Its end is counted from before the renewal began, time asleep included."""

    def __init__(  # noqa: PLR0913 - four ports and two facts
        self, ledger: Ledger, machine: Machine, clock: Clock, ids: Ids, *, role: str, length: timedelta
    ) -> None:
        self._ledger, self._machine, self._clock, self._ids = ledger, machine, clock, ids
        self._role, self._length = role, length.total_seconds()
        self._id = ""
        self._until = 0.0

    @property
    def process(self) -> str:
        """Return the id under which this process is registered now."""
        return self._id

    @property
    def machine(self) -> str:
        """Return the name of the machine that this process runs on."""
        return self._machine.name

    def check(self) -> None:
        """Return while the lease holds, or raise FencedOut."""
        if self._clock.steady() >= self._until:
            problem = "the lease of this process has run out"
            raise FencedOut(problem)

    async def start(self) -> None:
        """Register under a new id; what the old one looked after is anybody's."""
        before = self._clock.steady()
        id = self._ids.new()
        described = self._machine.describe(self._role, id, self._clock.now())
        old = self._id

        def work(change: Transaction) -> None:
            if old:
                change.forget_process(old)
            change.register_process(described)

        with effect("store.register"):
            await self._ledger.change(work)
        self._id, self._until = id, before + self._length

    async def beat(self) -> None:
        """Renew, or raise FencedOut when this process has been declared dead or comes too late."""
        before = self._clock.steady()
        self.check()
        id, at = self._id, self._clock.now()
        with effect("store.beat"):
            lives = await self._ledger.change(lambda change: change.beat(id, at))
        if not lives:
            self._until = 0.0
            problem = "this process has been declared dead"
            raise FencedOut(problem)
        self._until = before + self._length

    async def keep_beating(self) -> None:
        """Renew until it fails for good, then raise FencedOut. A store that is silent for a moment is asked again."""
        while True:
            await self._clock.sleep(self._length / RENEWALS)
            try:
                await self.beat()
            except StoreError:
                await asyncio.sleep(0)

    async def stop(self) -> None:
        """Give the lease back: whoever comes next need not wait for its end."""
        id, self._until = self._id, 0.0
        with effect("store.forget"):
            await self._ledger.change(lambda change: change.forget_process(id))
