"""Which processes are alive? Their counters tell, watched on our own clock, never by comparing wall clocks."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from funade.usecases.ledger_ports import Process
from funade.usecases.ports import Clock, Machine


@dataclass(slots=True, kw_only=True)
class Living:
    """Watches the counters of all processes; a lease is over when its counter stood still for its length."""

    clock: Clock
    machine: Machine
    lease: timedelta
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)
    # The store asks from its own threads.
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def among(self, processes: Sequence[Process]) -> frozenset[str]:
        """Return the ids of those that are not known to be dead; one never looked at before gets its full lease."""
        with self._lock:
            return self._among(processes)

    def _among(self, processes: Sequence[Process]) -> frozenset[str]:
        steady = self.clock.steady()
        alive = []
        for one in processes:
            if self.machine.is_gone(one):
                continue
            counter, since = self._seen.get(one.id, (-1, steady))
            if counter != one.counter:
                self._seen[one.id] = (one.counter, steady)
                alive.append(one.id)
            elif steady - since < self.lease.total_seconds():
                alive.append(one.id)
        for gone in self._seen.keys() - {one.id for one in processes}:
            del self._seen[gone]
        return frozenset(alive)
