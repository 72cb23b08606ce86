"""The Calendar port by cron expressions; it jumps from opening to opening and never walks through time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from funade.calendar.openings import Openings
from funade.domain.freeze import Freeze, Frozen

MOST_JOINED = (
    500  #: how many times a window grows by others that meet it; what is beyond is looked at when it comes
)


@dataclass(frozen=True, slots=True)
class _Windows:
    """All windows of one freeze."""

    openings: Openings
    lasts: timedelta
    reason: str

    def last_close(self, moment: datetime) -> datetime | None:
        """Return when the last one closes that has opened by `moment`."""
        opened = self.openings.last(moment)
        return None if opened is None else opened + self.lasts

    def first_open(self, moment: datetime) -> datetime | None:
        """Return when the first one opens that reaches `moment`, be it before or after."""
        return self.openings.first(moment - self.lasts)


class CronCalendar:
    """Reads windows as Debian's cron would start jobs; a window then lasts real hours, whatever the clocks do."""

    def frozen(self, freezes: Sequence[Freeze], now: datetime) -> Frozen | None:
        """Return the window that is open at `now`; None when none is. Windows that meet or overlap are one.

        The reasons are those of the windows open at `now`. Where hundreds meet, `until` may come before the last
        of them closes, never after.
        """
        now = now.astimezone(UTC)
        windows = [
            _Windows(Openings(one.cron, ZoneInfo(one.time_zone)), one.lasts, one.reason) for one in freezes
        ]
        reasons = [
            one.reason for one in windows if (close := one.last_close(now)) is not None and close > now
        ]
        if not reasons:
            return None
        return Frozen(
            reason=", ".join(dict.fromkeys(filter(None, reasons))),
            since=_beginning(windows, now),
            until=_end(windows, now),
        )

    def next_freeze(self, freezes: Sequence[Freeze], now: datetime) -> Frozen | None:
        """Return the window that opens next after `now`, and after the one that is open then; None when none will."""
        here = self.frozen(freezes, now)
        after = here.until if here else now.astimezone(UTC)
        openings = (Openings(one.cron, ZoneInfo(one.time_zone)).first(after) for one in freezes)
        opens = min((one for one in openings if one is not None), default=None)
        return None if opens is None else self.frozen(freezes, opens)


def _end(windows: Sequence[_Windows], moment: datetime) -> datetime:
    for _ in range(MOST_JOINED):
        later = max(close for one in windows if (close := one.last_close(moment)) is not None)
        if later <= moment:
            break
        moment = later
    return moment


def _beginning(windows: Sequence[_Windows], moment: datetime) -> datetime:
    for _ in range(MOST_JOINED):
        earlier = min(start for one in windows if (start := one.first_open(moment)) is not None)
        if earlier >= moment:
            break
        moment = earlier
    return moment
