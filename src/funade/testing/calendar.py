"""A calendar that is told when windows open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from funade.domain.freeze import Freeze, Frozen


@dataclass
class FakeCalendar:
    """The Calendar port over `openings`: when each cron expression opens a window; one that is not in it never does.

    Change `openings` to freeze and to thaw.
    """

    openings: Mapping[str, Sequence[datetime]] = field(default_factory=dict)

    def frozen(self, freezes: Sequence[Freeze], now: datetime) -> Frozen | None:
        """Return the window that is open at `now`; None when none is. Windows that meet or overlap are one."""
        windows = [
            (opening, opening + freeze.lasts, freeze.reason)
            for freeze in freezes
            for opening in self.openings.get(freeze.cron, ())
        ]
        open_now = [one for one in windows if one[0] <= now < one[1]]
        if not open_now:
            return None
        since, until = now, now
        for _ in windows:
            met = [one for one in windows if one[0] <= until and since <= one[1]]
            since, until = min(since, *(one[0] for one in met)), max(until, *(one[1] for one in met))
        reasons = dict.fromkeys(reason for _, _, reason in open_now if reason)
        return Frozen(reason=", ".join(reasons), since=since, until=until)

    def next_freeze(self, freezes: Sequence[Freeze], now: datetime) -> Frozen | None:
        """Return the window that opens next after `now`, and after the one that is open then; None when none will."""
        here = self.frozen(freezes, now)
        after = here.until if here else now
        to_come = [one for freeze in freezes for one in self.openings.get(freeze.cron, ()) if one >= after]
        return self.frozen(freezes, min(to_come)) if to_come else None
