"""The Logs port on files: one append-only file an attempt, in the data folder.

Whoever runs the program writes it; what another network brings piece by piece is appended here.
"""

import fcntl
import os
from pathlib import Path
from urllib.parse import quote

from funade.failpoints import effect


class AttemptLogs:
    """Output of executions on this machine, under `<data>/attempts/<deployment>/<attempt>/output.log`."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def length(self, deployment: str, attempt: int) -> int:
        """Return how many bytes there are by now; an attempt without output has none."""
        try:
            return self._path(deployment, attempt).stat().st_size
        except FileNotFoundError:
            return 0

    def read(self, deployment: str, attempt: int, offset: int, limit: int) -> bytes:
        """Return at most `limit` bytes from `offset`; fewer or none where there are no more yet."""
        try:
            with self._path(deployment, attempt).open("rb", buffering=0) as file:
                return os.pread(file.fileno(), limit, offset)
        except FileNotFoundError:
            return b""

    def append(self, deployment: str, attempt: int, offset: int, data: bytes) -> None:
        """Keep what comes at `offset` if the log ends there now; the processes of this machine take turns."""
        path = self._path(deployment, attempt)
        with effect("logs.write"):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with path.open("ab", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if os.fstat(file.fileno()).st_size == offset:
                    # What is written halfway is the beginning of it; the rest comes again.
                    file.write(data)
                    os.fsync(file.fileno())

    def forget(self, deployment: str) -> None:
        """Forget the output of every attempt; how it ended stays, because its guard may ask."""
        for path in self._path(deployment, 0).parent.parent.glob("*/output.log"):
            with effect("logs.forget"):
                path.unlink(missing_ok=True)

    def _path(self, deployment: str, attempt: int) -> Path:
        name = quote(deployment, safe="").replace(".", "%2E")
        return self._data / "attempts" / name / str(attempt) / "output.log"
