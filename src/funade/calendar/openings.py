"""When a cron expression opens windows, by the rules of Debian's cron for clocks that are put forward and back.

An expression whose minute or hour begins with `*` follows the clock: it opens nothing at times that are skipped, and
twice at times that come twice. Any other is about one time of the day: skipped, it opens as soon as time goes on;
coming twice, only the first time.

The library is asked about bare wall clocks and never about time zones: on the way back, and where clocks move by half
an hour, its own reading of them leaves openings out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_FAR = timedelta(hours=25)  #: further than any clock was ever put forward or back


@dataclass(frozen=True, slots=True)
class Openings:
    """All moments at which one expression opens a window, in UTC."""

    cron: str
    zone: tzinfo

    def last(self, moment: datetime) -> datetime | None:
        """Return the last one that is not after `moment`."""
        found = []
        slowest, fastest = self._clocks(moment)
        for clock in self._matches(fastest + _SECOND, backwards=True):
            moments = self._moments(clock)
            found += [one for one in moments if one <= moment]
            if moments and clock <= slowest:
                break
        return max(found, default=None)

    def first(self, moment: datetime) -> datetime | None:
        """Return the first one that is not before `moment`."""
        found = []
        slowest, fastest = self._clocks(moment)
        for clock in self._matches(slowest - _SECOND, backwards=False):
            moments = self._moments(clock)
            found += [one for one in moments if one >= moment]
            if moments and clock >= fastest:
                break
        return min(found, default=None)

    def _clocks(self, moment: datetime) -> tuple[datetime, datetime]:
        """Return what the wall clock says at `moment`, by the smallest and the largest offset in force around it."""
        offsets = [
            near.astimezone(self.zone).utcoffset() or timedelta()
            for near in (moment - _FAR, moment, moment + _FAR)
        ]
        bare = moment.astimezone(UTC).replace(tzinfo=None)
        return bare + min(offsets), bare + max(offsets)

    def _matches(self, clock: datetime, *, backwards: bool) -> Iterator[datetime]:
        from cronsim import CronSim  # noqa: PLC0415 -- most files have no freezes

        return CronSim(self.cron, clock, reverse=backwards)

    def _moments(self, clock: datetime) -> tuple[datetime, ...]:
        """Return when windows open because the wall clock says `clock`, in their order."""
        minute, hour, *_ = self.cron.split()
        follows_the_clock = minute.startswith("*") or hour.startswith("*")
        if follows_the_clock and not self._exists(clock):
            return ()
        while not self._exists(clock):
            clock += _MINUTE
        once = clock.replace(tzinfo=self.zone).astimezone(UTC)
        again = clock.replace(tzinfo=self.zone, fold=1).astimezone(UTC)
        return (once, again) if follows_the_clock and again != once else (once,)

    def _exists(self, clock: datetime) -> bool:
        there = clock.replace(tzinfo=self.zone)
        return there.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) == clock
