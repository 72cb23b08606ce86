"""How often Slack lets an app call and post: token buckets in the workspace's time."""

import math
from collections.abc import Callable

from funade.playground.errors import RateLimited
from funade.playground.switches import Switches

#: tier → calls a minute
TIERS = {1: 1, 2: 20, 3: 50, 4: 100, 5: 300}
POSTS_A_MINUTE = 60  #: in one channel
POSTING_BURST = 10
WEBHOOK_BURST = 5


class Limits:
    """Counts calls per app and method, and posts per app and channel."""

    def __init__(self, now: Callable[[], float], switches: Switches) -> None:
        self._now = now
        self._switches = switches
        self._buckets: dict[tuple[str, ...], tuple[float, float]] = {}
        self.overrides: dict[str, int] = {}  #: method → calls a minute, instead of its tier
        self.refusals: dict[str, list[int]] = {}  #: method → `Retry-After` of its next calls

    def call(self, app: str, method: str, tier: int) -> None:
        """Count one call, or raise RateLimited."""
        if ordered := self.refusals.get(method):
            raise RateLimited(ordered.pop(0))
        rate = self.overrides.get(method, TIERS.get(tier, 0))
        if rate and (self._switches.rate_limits or method in self.overrides):
            self._take(("call", app, method), rate, burst=rate)

    def post(self, app: str, channel: str) -> bool:
        """Count one post; return whether it is shown, or raise RateLimited."""
        if not self._switches.rate_limits:
            return True
        try:
            self._take(("post", app, channel), POSTS_A_MINUTE, burst=POSTING_BURST)
        except RateLimited:
            if self._switches.silent_bursts:
                return False
            raise
        return True

    def webhook(self, path: str) -> None:
        if self._switches.rate_limits:
            self._take(("webhook", path), 60, burst=WEBHOOK_BURST)

    def _take(self, key: tuple[str, ...], per_minute: int, *, burst: int) -> None:
        now = self._now()
        left, when = self._buckets.get(key, (float(burst), now))
        left = min(float(burst), left + (now - when) * per_minute / 60)
        if left < 1:
            self._buckets[key] = (left, now)
            raise RateLimited(max(1, math.ceil((1 - left) * 60 / per_minute)))
        self._buckets[key] = (left - 1, now)
