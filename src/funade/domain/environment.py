"""What the ledger keeps for each application and environment: the turn, the fence, doubt, hold, and what is live."""

from dataclasses import dataclass
from datetime import datetime

from funade.domain.lock import Lock
from funade.domain.revision import Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Nobody knows what an execution did: the environment is closed until its place answers or a person reopens it."""

    number: int
    since: datetime
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Automatic deploys wait: after a rollback (`number`), or by a person's wish; a person's `resume` ends it."""

    since: datetime
    by: str
    number: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Berth:
    """One environment's row: everything that must change in one transaction at a time.

    `turn` is the id of the one deployment that may change this environment now; `fence` is the highest ever issued;
    `live*` is what was last observed to run, or, with `live_verified` false, what was last said to run.
    """

    application: str
    environment: str
    turn: str | None = None
    fence: int = 0
    doubt: Doubt | None = None
    hold: Hold | None = None
    lock: Lock | None = None
    live: Revision | None = None
    live_number: int | None = None
    live_verified: bool = False
    live_since: datetime | None = None

    def next_fence(self, database_milliseconds: int, remembered: int) -> int:
        """Return a fence above all that this row, the clock or the place has seen."""
        return max(self.fence + 1, database_milliseconds, remembered + 1)
