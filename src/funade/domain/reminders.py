"""When people are reminded of what they may have forgotten, and told of what takes too long."""

from dataclasses import dataclass
from datetime import timedelta

NEVER = timedelta.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """Spans after which something is said; what is None is said elsewhere, `NEVER` is not said at all."""

    locks_after: timedelta | None = None
    starts_within: timedelta | None = None
    ends_within: timedelta | None = None
    approvals_before: timedelta | None = None

    def over(self, others: "Reminders") -> "Reminders":
        """Return these, with the others' where these say nothing."""
        return Reminders(
            locks_after=self.locks_after or others.locks_after,
            starts_within=self.starts_within or others.starts_within,
            ends_within=self.ends_within or others.ends_within,
            approvals_before=self.approvals_before or others.approvals_before,
        )


USUAL = Reminders(
    locks_after=timedelta(hours=4),
    starts_within=timedelta(minutes=15),
    ends_within=timedelta(hours=1),
    approvals_before=timedelta(hours=1),
)
