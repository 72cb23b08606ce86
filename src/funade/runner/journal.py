"""Announcements as lines of a file: the plainest place to say things, and what a terminal or a log shipper follows."""

import asyncio
import fcntl
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from funade.domain.deployment import Deployment
from funade.domain.wire import to_plain
from funade.failpoints import effect
from funade.usecases.ledger_ports import Announcement
from funade.usecases.ports import Announcer

#: How much of the file's end is searched for what may have been said before a crash.
TAIL_BYTES = 1 << 20
#: How many keys are remembered before the file's end is read anew.
MOST_KEYS = 10_000
#: Whoever writes is done in moments, unless it is frozen.
PATIENCE_SECONDS, PAUSE_SECONDS = 1.0, 0.02


class Everybody:
    """The `Announcer` port for several of them, one after the other; each knows what it has said."""

    def __init__(self, announcers: Sequence[Announcer]) -> None:
        self._announcers = tuple(announcers)

    async def announce(self, batch: Sequence[tuple[Announcement, Deployment | None]]) -> None:
        """Let each say it; what one cannot say now, all say again later."""
        for one in self._announcers:
            await one.announce(batch)


class Journal:
    """The `Announcer` port on `announcements.jsonl`; each line has its event's key, so nothing is said twice."""

    def __init__(self, path: Path, tell: Callable[[Announcement, Deployment | None], None]) -> None:
        self._path, self._tell = path, tell
        self._keys: set[str] = set()
        #: Which file had these keys at its end, and how long it was then.
        self._known_at: tuple[int, int] | None = None

    async def announce(self, batch: Sequence[tuple[Announcement, Deployment | None]]) -> None:
        """Append what was not said before, and wait until it is on the disk."""
        fresh = await asyncio.to_thread(self._append, batch)
        for announcement, now in fresh:
            self._tell(announcement, now)

    def _append(
        self, batch: Sequence[tuple[Announcement, Deployment | None]]
    ) -> list[tuple[Announcement, Deployment | None]]:
        with effect("journal.open"):
            # It tells what is deployed where: for its owner only, like the store beside it.
            file = open(self._path, "ab+", opener=lambda path, flags: os.open(path, flags, 0o600))  # noqa: SIM115 - closed below
        with file:
            self._lock(file)
            if self._known_at != _state(file) or len(self._keys) > MOST_KEYS:
                self._keys = self._said(file)
            fresh = [one for one in batch if one[0].key not in self._keys]
            # Whatever goes wrong now, the file itself is asked again.
            self._known_at = None
            if fresh:
                with effect("journal.append"):
                    file.write("".join(self._line(announcement, now) for announcement, now in fresh).encode())
                    file.flush()
                    os.fsync(file.fileno())
                self._keys |= {announcement.key for announcement, _ in fresh}
            self._known_at = _state(file)
        return fresh

    def _lock(self, file: BinaryIO) -> None:
        """Keep every other process from writing, or raise OSError: whoever was frozen here may wake up and go on."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() > until:
                    problem = "another process is in the middle of writing it, and does not go on"
                    raise OSError(error.errno, problem, str(self._path)) from error
            time.sleep(PAUSE_SECONDS)

    def _said(self, file: BinaryIO) -> set[str]:
        """Return the keys at the file's end; a line cut short by a crash or a full disk is closed first."""
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read()
        if tail and not tail.endswith(b"\n"):
            keep = tail.rfind(b"\n") + 1
            with effect("journal.mend"):
                file.truncate(size - len(tail) + keep)
            tail = tail[:keep]
        keys = set()
        for line in tail.splitlines():
            try:
                keys.add(str(json.loads(line)["key"]))
            except (ValueError, KeyError, TypeError):
                continue
        return keys

    def _line(self, announcement: Announcement, now: Deployment | None) -> str:
        event = announcement.event
        plain = {
            "key": announcement.key,
            "event": to_plain(event, tagged=True),
            "state": now.state.value if now else None,
            "verified": now.verified if now else None,
        }
        return json.dumps(plain, ensure_ascii=False) + "\n"


def _state(file: BinaryIO) -> tuple[int, int]:
    found = os.fstat(file.fileno())
    return found.st_ino, found.st_size
