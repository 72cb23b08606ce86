"""Where we are in a container's output: pure. A line is told once, whatever connection brought it.

A node gives its output from a second on, and shows each line with its moment. So we remember a second near the end
and how many bytes came since: asked again from that second, so many are known already. The first line of that second
is remembered too: when another one comes first, the node has thrown lines away.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from funade.domain.wire import Unreadable, from_plain, to_plain

#: Two streams of one container are written side by side: so far may their moments be out of order.
LOOSE = timedelta(seconds=2)
GAP = b"[lines are missing here: the node had thrown them away]\n"
#: A longer line is told in parts.
LONGEST_LINE = 64 << 10
_MOMENT = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Bytes that came one after another in one second, and what their first line was."""

    second: datetime
    size: int
    first: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a log was told: `offset` bytes of it, up to and including the runs; `done` when there is no more."""

    offset: int = 0
    pod: str = ""
    runs: tuple[Run, ...] = ()
    done: bool = False

    @property
    def since(self) -> datetime | None:
        """Return the second from which to ask."""
        return min((one.second for one in self.runs), default=None)

    @property
    def known(self) -> int:
        """Return how many bytes of the answer are known already."""
        return sum(one.size for one in self.runs)

    def after(self, line: "Line") -> "Cursor":
        """Return the cursor with one more line among what came; what is told of it counts when it is told."""
        second = line.second
        if second is None:
            second = self.runs[-1].second if self.runs else datetime.fromtimestamp(0, UTC)
        runs = self.runs
        if runs and runs[-1].second == second:
            runs = (*runs[:-1], replace(runs[-1], size=runs[-1].size + len(line.raw)))
        else:
            runs = (*runs, Run(second=second, size=len(line.raw), first=_digest(line)))
            latest = max(one.second for one in runs)
            runs = tuple(one for one in runs if latest - one.second <= LOOSE)
        return replace(self, runs=runs)


def write(cursor: Cursor) -> str:
    """Return a cursor as it is kept on a Job."""
    return json.dumps(to_plain(cursor), separators=(",", ":"))


def read(text: str | None) -> Cursor:
    """Return the cursor that is kept on a Job; without one, or one that nobody can read, from the beginning."""
    try:
        return from_plain(Cursor, json.loads(text)) if text else Cursor()
    except (Unreadable, ValueError, RecursionError):
        return Cursor()


@dataclass(frozen=True, slots=True)
class Line:
    """A line as the node gave it, or a part of one that is too long; only its beginning has a moment."""

    raw: bytes
    is_beginning: bool = True

    @property
    def second(self) -> datetime | None:
        match = _MOMENT.match(self.raw) if self.is_beginning else None
        return datetime.fromisoformat(match[1].decode()).replace(tzinfo=UTC) if match else None

    @property
    def text(self) -> bytes:
        """Return it as it was written."""
        match = _MOMENT.match(self.raw) if self.is_beginning else None
        return self.raw[match.end() :] if match else self.raw


@dataclass(slots=True)
class Lines:
    """Cuts what a connection brings into lines: always at the same bytes, however it comes."""

    _held: bytearray = field(default_factory=bytearray)
    _is_beginning: bool = True

    def feed(self, piece: bytes) -> Iterator[Line]:
        """Yield the lines that are whole by now."""
        self._held += piece
        while True:
            end = self._held.find(b"\n", 0, LONGEST_LINE) + 1 or LONGEST_LINE
            if len(self._held) < end:
                return
            yield self._cut(end)

    def rest(self) -> Iterator[Line]:
        """Yield the last line, which was not ended."""
        if self._held:
            yield self._cut(len(self._held))

    def _cut(self, end: int) -> Line:
        line = Line(bytes(self._held[:end]), self._is_beginning)
        del self._held[:end]
        self._is_beginning = line.raw.endswith(b"\n")
        return line


@dataclass(slots=True)
class Catcher:
    """Leaves out of a new connection's lines what the cursor knows; `gap` tells that some are missing before."""

    cursor: Cursor
    gap: bool = False
    _skipped: int = 0
    _latest: datetime | None = None
    _is_first: bool = True

    def is_new(self, line: Line) -> bool:
        """Tell whether a line was not told before."""
        if not self.cursor.runs:
            return True
        if self._is_first and line.second is None:
            return False  # the end of a line whose beginning is older than what was asked for, and told
        if self._is_first:
            self._is_first = False
            if _digest(line) != self.cursor.runs[0].first:
                self.gap, self._latest = True, max(one.second for one in self.cursor.runs)
        if self._latest is not None:
            # What we remember was thrown away, wholly or in part; whatever is later is new for certain.
            second = line.second
            if second is not None and second <= self._latest:
                return False
            self._latest = None
            self._skipped = self.cursor.known
            return True
        if self._skipped < self.cursor.known:
            self._skipped += len(line.raw)
            return False
        return True


def _digest(line: Line) -> str:
    return hashlib.sha256(line.raw).hexdigest()[:16]
