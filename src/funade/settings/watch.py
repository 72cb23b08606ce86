"""The configuration in force, while the file it came from changes."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

from funade.domain.application import Configuration
from funade.domain.errors import ConfigError
from funade.settings.file import read
from funade.settings.kinds import Kinds
from funade.settings.loading import load

#: So shortly after a change another may come with the same time: clocks of file systems tick slowly.
TICK_NANOSECONDS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the last look at the file showed; a file that cannot be read shows nothing."""

    identity: tuple[int, ...] | None = None
    content: bytes | None = None


class WatchedConfiguration:
    """The last good configuration; a broken newer file leaves it in force. Whoever polls calls `reload`."""

    def __init__(self, path: Path, kinds: Kinds) -> None:
        self._path = path.absolute()
        self._kinds = kinds
        self._seen = _look(path, _Seen())
        self._good = load(path, kinds)
        self._problem: str | None = None

    def current(self) -> Configuration:
        """Return what is in force; its `problem` says what is wrong with a newer file."""
        return replace(self._good, problem=self._problem) if self._problem else self._good

    def reload(self) -> bool:
        """Look at the file, cheaply when it did not change; tell whether `current` is another one now."""
        seen = _look(self._path, self._seen)
        unchanged = seen.content == self._seen.content and seen.content is not None
        self._seen = seen
        if unchanged:
            return False
        before = self.current()
        try:
            new = load(self._path, self._kinds)
            if new.data != self._good.data:
                # The store, the guards and the logs of what runs now are in the old one.
                raise ConfigError(
                    str(self._path), None, "data", "cannot change while Funade runs", "restart Funade"
                )
            if new.web != self._good.web:
                # Whoever looks is connected to where it listens now.
                raise ConfigError(
                    str(self._path), None, "web", "cannot change while Funade runs", "restart Funade"
                )
            self._good, self._problem = new, None
        except ConfigError as error:
            self._problem = str(error)
        return self.current() != before


def _look(path: Path, before: _Seen) -> _Seen:
    try:
        status = path.stat()
        identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if before.identity == identity:
            return before
        settled = time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > TICK_NANOSECONDS
        content = read(path)
    except (OSError, ConfigError):
        return _Seen()
    return _Seen(identity if settled else None, content)
