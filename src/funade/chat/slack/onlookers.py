"""Whoever has opened our home lately sees it change: at a pace that Slack allows, and only when there is news."""

from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from funade.chat.slack.arrivals import Sender
from funade.chat.slack.budget import Bucket
from funade.chat.slack.client import SlackRefused
from funade.chat.slack.home import Home
from funade.domain.errors import VendorUnavailable
from funade.usecases.ledger_ports import Ledger, Reading
from funade.usecases.ports import Clock

log = structlog.get_logger()

#: Slack does not say who still looks: somebody who has not opened it for so long does not.
RECENTLY = timedelta(hours=1)
MOST = 50
#: What happens within it is shown at once, together.
EVERY_SECONDS = 5.0
#: Clocks, the configuration and Slack's groups change homes too, and write nothing down.
AT_LEAST_EVERY_SECONDS = 60.0


@dataclass(kw_only=True)
class Onlookers:
    """Keeps homes up to date."""

    ledger: Ledger
    home: Home
    clock: Clock
    #: Slack allows about 100 a minute; the homes that people open themselves come first
    budget: Bucket = field(default_factory=lambda: Bucket(size=5, every_seconds=2.0))
    _looked_at: dict[str, float] = field(default_factory=dict)
    #: of what each home was made last
    _made_of: dict[str, object] = field(default_factory=dict)
    _closed_until: float = 0.0

    async def look(self) -> None:
        """Show whoever looks what is so now, if that is something new."""
        steady = self.clock.steady()
        if steady < self._closed_until:
            return
        since = self.clock.now() - RECENTLY
        found, news = await self.ledger.read(lambda look: (look.onlookers(since)[:MOST], _news(look)))
        users = {one.user for one in found}
        self._looked_at = {one: self._looked_at.get(one, 0.0) for one in users}
        self._made_of = {one: made_of for one, made_of in self._made_of.items() if one in users}
        # Whoever was looked after longest ago comes first: nobody is passed over.
        for user in sorted(self._looked_at, key=lambda one: self._looked_at[one]):
            age = self.clock.steady() - self._looked_at[user]
            if age < EVERY_SECONDS:
                return
            if age < AT_LEAST_EVERY_SECONDS and self._made_of.get(user) == news:
                # A whole home is much work to find out that nothing has happened.
                continue
            if self.budget.wait(self.clock.steady()) > 0:
                return
            self._looked_at[user] = self.clock.steady()
            await self._show(user, news)

    async def _show(self, user: str, news: object) -> None:
        self._made_of.pop(user, None)
        try:
            if await self.home.show_anew(Sender(user=user)):
                self.budget.take(self.clock.steady())
            self._made_of[user] = news
        except VendorUnavailable as error:
            self._closed_until = self.clock.steady() + error.retry_after.total_seconds()
        except SlackRefused as error:
            log.warning("a home is not shown", user=user, problem=str(error))


def _news(look: Reading) -> object:
    """Return what is another thing once anything has happened that homes show."""
    latest = look.events(limit=1, newest_first=True)
    return [one.sequence for one in latest], list(look.entries()), list(look.preferences())
