"""Somebody who only writes down what there was to say."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from funade.domain.deployment import Deployment
from funade.usecases.ledger_ports import Announcement


@dataclass
class FakeAnnouncer:
    """The Announcer port; `said` keeps each announcement once, with its deployment as it was at that moment."""

    said: list[tuple[Announcement, Deployment | None]] = field(default_factory=list)

    async def announce(self, batch: Sequence[tuple[Announcement, Deployment | None]]) -> None:
        """Say each unless it was said before."""
        known = {announcement.key for announcement, _ in self.said}
        self.said += [one for one in batch if one[0].key not in known]
