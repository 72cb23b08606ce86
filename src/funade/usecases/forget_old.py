"""Forget the output and the events of what ended long ago; each environment's latest lose nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from funade.failpoints import effect
from funade.usecases.ledger_ports import Ledger, OldDeployment, Transaction
from funade.usecases.ports import Clock, Configurations

#: Nobody waits long for one of these steps.
AT_ONCE = 200
#: How often one process looks for what has become old.
EVERY = timedelta(hours=6)


class ForgetfulLogs(Protocol):
    """Logs of which old ones can be forgotten."""

    def forget(self, deployment: str) -> None:
        """Forget the output of every attempt; gone already is fine."""


@dataclass(slots=True, kw_only=True)
class ForgetOld:
    """Behind `keep`. What was forgotten once is not looked at again until the process is started again."""

    ledger: Ledger
    logs: ForgetfulLogs
    clock: Clock
    configurations: Configurations
    _due: float | None = None
    _logs_until: int = 0
    _events_until: int = 0

    async def __call__(self) -> None:
        """Forget what is old by now, if it is time to look again."""
        steady = self.clock.steady()
        if self._due is not None and steady < self._due:
            return
        keep, now = self.configurations.current().keep, self.clock.now()
        if keep.logs is not None:
            await self._forget_logs(now - keep.logs, keep.at_least)
        if keep.events is not None:
            await self._forget_events(now - keep.events, keep.at_least)
        self._due = steady + EVERY.total_seconds()

    async def _forget_logs(self, before: datetime, at_least: int) -> None:
        while found := await self._old(before, at_least, self._logs_until):
            for one in found:
                await asyncio.to_thread(self.logs.forget, one.id)
                self._logs_until = one.number

    async def _forget_events(self, before: datetime, at_least: int) -> None:
        while found := await self._old(before, at_least, self._events_until):
            ids = [one.id for one in found]
            with effect("store.forget_events"):
                await self.ledger.change(lambda change, ids=ids: _forget(change, ids))  # type: ignore[misc]  # bound early on purpose
            self._events_until = found[-1].number
        with effect("store.forget_other_events"):
            while await self.ledger.change(lambda change: change.forget_other_events(before, AT_ONCE)):
                pass

    async def _old(self, before: datetime, at_least: int, after: int) -> Sequence[OldDeployment]:
        return await self.ledger.read(lambda look: look.old(before, at_least, after=after, limit=AT_ONCE))


def _forget(change: Transaction, deployments: Sequence[str]) -> None:
    change.forget_events(deployments)
    change.forget_facts(deployments)
