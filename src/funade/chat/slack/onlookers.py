"""Whoever has opened our home lately sees it change: at a pace that Slack allows, and only when there is news."""

from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from funade.chat.slack.arrivals import Sender
from funade.chat.slack.budget import Bucket
from funade.chat.slack.client import SlackRefused
from funade.chat.slack.home import Home
from funade.domain.errors import VendorUnavailable
from funade.usecases.ports import Clock, Ledger

log = structlog.get_logger()

#: Slack does not say who still looks: somebody who has not opened it for so long does not.
RECENTLY = timedelta(hours=1)
MOST = 50
#: What happens within it is shown at once, together.
EVERY_SECONDS = 5.0


@dataclass(kw_only=True)
class Onlookers:
    """Keeps homes up to date."""

    ledger: Ledger
    home: Home
    clock: Clock
    #: Slack allows about 100 a minute; the homes that people open themselves come first
    budget: Bucket = field(default_factory=lambda: Bucket(size=5, every_seconds=2.0))
    _looked_at: dict[str, float] = field(default_factory=dict)
    _closed_until: float = 0.0

    async def look(self) -> None:
        """Show whoever looks what is so now, if that is something new."""
        steady = self.clock.steady()
        if steady < self._closed_until:
            return
        since = self.clock.now() - RECENTLY
        found = (await self.ledger.read(lambda look: look.onlookers(since)))[:MOST]
        self._looked_at = {one.user: self._looked_at.get(one.user, 0.0) for one in found}
        # Whoever was looked after longest ago comes first: nobody is passed over.
        for user in sorted(self._looked_at, key=lambda one: self._looked_at[one]):
            if self.clock.steady() - self._looked_at[user] < EVERY_SECONDS:
                return
            if self.budget.wait(self.clock.steady()) > 0:
                return
            self._looked_at[user] = self.clock.steady()
            await self._show(user)

    async def _show(self, user: str) -> None:
        try:
            if await self.home.show_anew(Sender(user=user)):
                self.budget.take(self.clock.steady())
        except VendorUnavailable as error:
            self._closed_until = self.clock.steady() + error.retry_after.total_seconds()
        except SlackRefused as error:
            log.warning("a home is not shown", user=user, problem=str(error))
