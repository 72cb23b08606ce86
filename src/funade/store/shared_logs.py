"""Output that processes on several machines read: what was made here from its file, the rest from the database."""

from pathlib import Path
from typing import Protocol

from funade.failpoints import effect
from funade.store.attempt_logs import AttemptLogs
from funade.usecases.ports import Logs

#: An attempt whose whole output is in the database has this file beside it.
MARK = "shipped"
#: One chunk, and how many of them one attempt gets before the next one's turn.
CHUNK = 200 * 1024
CHUNKS_AT_ONCE = 20


class Chunks(Logs, Protocol):
    """Where output is brought."""

    def append(self, deployment: str, attempt: int, offset: int, data: bytes) -> None:
        """Keep what comes at `offset`, where the log ends now; or raise StoreError."""

    def forget(self, deployment: str) -> None:
        """Forget the output of every attempt; or raise StoreError."""


class SharedLogs:
    """The Logs port. A log's own machine has it to the last byte; others see what was brought by now."""

    def __init__(self, here: AttemptLogs, everywhere: Chunks) -> None:
        self._here, self._everywhere = here, everywhere

    def length(self, deployment: str, attempt: int) -> int:
        """Return how many bytes there are by now, or raise StoreError."""
        return self._here.length(deployment, attempt) or self._everywhere.length(deployment, attempt)

    def read(self, deployment: str, attempt: int, offset: int, limit: int) -> bytes:
        """Return at most `limit` bytes from `offset`; or raise StoreError."""
        if self._here.length(deployment, attempt):
            return self._here.read(deployment, attempt, offset, limit)
        return self._everywhere.read(deployment, attempt, offset, limit)

    def append(self, deployment: str, attempt: int, offset: int, data: bytes) -> None:
        """Keep what comes at `offset` if the log ends there now; or raise StoreError."""
        self._everywhere.append(deployment, attempt, offset, data)

    def forget(self, deployment: str) -> None:
        """Forget the output of every attempt; or raise StoreError."""
        self._here.forget(deployment)
        self._everywhere.forget(deployment)


class BringLogs:
    """Brings this machine's output into the database, again and again: what was missed once is brought later."""

    def __init__(self, data: Path, here: AttemptLogs, everywhere: Chunks) -> None:
        self._folder, self._here, self._everywhere = data / "attempts", here, everywhere
        self._brought: set[Path] = set()
        self._looked_at: int | None = None
        self._open: set[Path] = set()

    def __call__(self) -> None:
        """Bring what has grown since; or raise StoreError, and nothing is lost."""
        self._look()
        for attempt in sorted(self._open):
            if self._bring(attempt):
                self._open.discard(attempt)
                self._brought.add(attempt)

    def look_again(self) -> None:
        """Look at all folders at the next call, not at new ones only."""
        self._looked_at = None

    def _look(self) -> None:
        try:
            changed = self._folder.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if changed == self._looked_at:
            return
        self._looked_at = changed
        self._open |= {
            one
            for one in self._folder.glob("*/*")
            if one not in self._brought and one.name.isdigit() and not (one / MARK).exists()
        }

    def _bring(self, attempt: Path) -> bool:
        """Bring one attempt's output as far as it is there; tell whether that is all of it for good."""
        # Looked at first: what is written after the end was there before it.
        has_ended = (attempt / "exit.json").exists()
        deployment, number = attempt.parent.name, int(attempt.name)
        offset = self._everywhere.length(deployment, number)
        for _ in range(CHUNKS_AT_ONCE):
            data = self._here.read(deployment, number, offset, CHUNK)
            if not data:
                break
            self._everywhere.append(deployment, number, offset, data)
            offset = self._everywhere.length(deployment, number)
        else:
            return False
        if has_ended:
            with effect("logs.mark"):
                (attempt / MARK).touch()
        return has_ended
