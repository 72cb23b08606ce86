"""How much may be sent now: Slack counts edits by the minute for the whole workspace, posts by the second and channel.

Pure: whoever asks brings the time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

POST, EDIT = "chat.postMessage", "chat.update"


@dataclass
class Bucket:
    """So many at once, and then one each so many seconds."""

    size: float
    every_seconds: float
    _level: float = field(init=False)
    _at: float | None = None

    def __post_init__(self) -> None:
        self._level = self.size

    def wait(self, now: float, keep: float = 0.0) -> float:
        """Return for how long nothing may be taken if `keep` shall stay for others; 0 when it may be taken now."""
        self._fill(now)
        missing = 1 + keep - self._level
        return max(0.0, missing * self.every_seconds)

    def take(self, now: float) -> None:
        """Take one."""
        self._fill(now)
        self._level -= 1

    def give_back(self) -> None:
        """Put back one that was taken and not used."""
        self._level = min(self.size, self._level + 1)

    def _fill(self, now: float) -> None:
        if self._at is not None:
            self._level = min(self.size, self._level + max(0.0, now - self._at) / self.every_seconds)
        self._at = now


@dataclass
class Budget:
    """What is left of Slack's patience; about 50 edits a minute are allowed, we use 45."""

    now: Callable[[], float]
    edits: Bucket = field(default_factory=lambda: Bucket(size=12, every_seconds=60 / 40))
    _posts: dict[str, Bucket] = field(default_factory=dict)
    _edited_at: dict[str, float] = field(default_factory=dict)
    _closed_until: dict[str, float] = field(default_factory=dict)

    #: between two edits of one card, unless it has come to its end
    spacing_seconds: float = 3.0
    #: seconds that an answer may be ahead of the pace of a channel
    answers_ahead: float = 4.0
    #: kept for cards that have come to their end
    reserve: float = 6.0

    def wait_to_post(self, channel: str) -> float:
        """Return for how long nothing may be posted there."""
        return max(self.closed(POST), self._bucket(channel).wait(self.now()))

    def posted(self, channel: str) -> None:
        """Count a post."""
        self._bucket(channel).take(self.now())

    def reserve_post(self, channel: str) -> float:
        """Count a post now that is sent after so many seconds: who has asked something is answered first."""
        # Slack bears some more at once than we use for what can wait.
        wait = max(0.0, self._bucket(channel).wait(self.now()) - self.answers_ahead)
        self.posted(channel)
        return max(wait, self.closed(POST))

    def give_back(self, channel: str) -> None:
        """Count a post no more: it was reserved, and nothing was sent."""
        self._bucket(channel).give_back()

    def wait_to_edit(self, key: str, *, is_last: bool) -> float:
        """Return for how long that card may not be edited; its last state goes first."""
        now = self.now()
        closed = self.closed(EDIT)
        if is_last:
            return max(closed, self.edits.wait(now))
        since = self._edited_at.get(key)
        spaced = 0.0 if since is None else max(0.0, since + self.spacing_seconds - now)
        return max(closed, spaced, self.edits.wait(now, keep=self.reserve))

    def edited(self, key: str) -> None:
        """Count an edit."""
        now = self.now()
        self.edits.take(now)
        self._edited_at = {one: at for one, at in self._edited_at.items() if now - at < 60} | {key: now}

    def close(self, method: str, seconds: float) -> None:
        """Send nothing that way for so long: Slack has said so."""
        self._closed_until[method] = max(self._closed_until.get(method, 0.0), self.now() + seconds)

    def closed(self, method: str) -> float:
        """Return for how long nothing may be sent that way."""
        return max(0.0, self._closed_until.get(method, 0.0) - self.now())

    def _bucket(self, channel: str) -> Bucket:
        return self._posts.setdefault(channel, Bucket(size=4, every_seconds=1.0))
