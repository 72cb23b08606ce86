"""Who takes on what first, where several processes could: without shares each would try all, and most in vain."""

import threading
from collections.abc import Collection
from dataclasses import dataclass, field

from funade.usecases.ports import Clock

#: So long an environment is left to the process in whose share it is; then it is anybody's.
LEFT_SECONDS = 0.5

Place = tuple[str, str]


def share_of(process: str, processes: Collection[str], places: Collection[Place]) -> frozenset[Place]:
    """Return which places `process` serves first: whoever knows the same sees the same shares, of equal size."""
    order = sorted({*processes, process})
    mine = order.index(process)
    return frozenset(place for rank, place in enumerate(sorted(places)) if rank % len(order) == mine)


@dataclass(slots=True, kw_only=True)
class Shares:
    """How long places outside of this process's share have been waiting for somebody."""

    clock: Clock
    left_seconds: float = LEFT_SECONDS
    _waiting_since: dict[Place, float] = field(default_factory=dict)
    # The store asks from its own threads.
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, mine: Collection[Place]) -> "Look":
        """Begin a look at everything."""
        return Look(self, mine)

    def waited(self, place: Place) -> float:
        """Return for how many seconds `place` has been seen to wait."""
        steady = self.clock.steady()
        with self._lock:
            return steady - self._waiting_since.setdefault(place, steady)

    def keep(self, places: Collection[Place]) -> None:
        """Forget all but these: somebody serves them, or nothing waits there."""
        with self._lock:
            self._waiting_since = {
                place: since for place, since in self._waiting_since.items() if place in places
            }


class Look:
    """One look: which places are left to others now."""

    def __init__(self, shares: Shares, mine: Collection[Place]) -> None:
        self._shares, self._mine = shares, mine
        self._others: set[Place] = set()

    def is_left(self, place: Place) -> bool:
        """Tell whether a place where something could begin is left to the process in whose share it is."""
        if place in self._mine:
            return False
        self._others.add(place)
        return self._shares.waited(place) < self._shares.left_seconds

    def end(self) -> None:
        """End the look: whatever it did not ask for waits no longer."""
        self._shares.keep(self._others)
