"""What changes on a page, read once for all who look at it.

While anybody looks at a deployment one task asks the desk about it, and keeps the end of its log. A viewer takes
pieces from there, or asks for itself where it is further behind. Nothing is put into a viewer's hands before it
comes for it: whoever reads slowly costs one piece of memory and nobody else's time.
"""

import asyncio
import base64
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from funade.domain.answers import Answer, DeploymentShown, LogShown
from funade.domain.commands import Command, ReadLog, ShowDeployment

LOOK_SECONDS = 0.5  #: between two looks at the end of a log
SHOW_EVERY = 2  #: so many looks at the log go with one look at the deployment
PIECE_BYTES = 65_536  #: as much as a viewer is given at once
KEPT_BYTES = 262_144  #: of the end of a log, for those who keep up
KEPT_EVENTS = 32  #: made for one viewer, sent to the others too
BREATH_SECONDS = 0.02  #: between pieces of what there is a lot of
MOST_VIEWERS = 200  #: of all pages together

Ask = Callable[[Command], Awaitable[Answer]]


class TooManyViewers(Exception):
    """So many look already that one more would cost what deployments need."""


class Unreadable(Exception):
    """The desk does not answer what a page needs."""


@dataclass(slots=True)
class Feed:
    """One deployment as it changes; `version` counts what `shown` has been, `generation` everything."""

    ask: Ask
    number: int
    shown: DeploymentShown
    viewers: int = 0
    version: int = 0
    generation: int = 0
    ended: bool = False
    closed: bool = False
    task: asyncio.Task[None] | None = None
    worded: dict[tuple[str, int], bytes] = field(default_factory=dict)
    made: OrderedDict[tuple[int, int, int], bytes] = field(default_factory=OrderedDict)
    _attempt: int = 0
    _kept: bytes = b""
    _end: int = 0
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Look until the deployment and its log have ended, or this is closed."""
        looks = 0
        try:
            self._begin_attempt()
            while not self.closed and not self.ended:
                if await self._look_at_log():
                    # Others want their turn, however much is written.
                    await asyncio.sleep(BREATH_SECONDS)
                    continue
                await asyncio.sleep(LOOK_SECONDS)
                looks += 1
                if looks % SHOW_EVERY == 0:
                    await self._look()
        except Unreadable:
            # Those who look come back, and are told what is the matter.
            pass
        finally:
            self.close()

    def close(self) -> None:
        """Let everybody who waits go on."""
        self.closed = True
        self._tell()

    async def changed(self, since: int, seconds: float) -> bool:
        """Return whether anything is different from generation `since`, once it is or after `seconds`."""
        if self.generation == since and not self.closed:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._moved.wait()
        return self.generation != since

    async def read(self, attempt: int, offset: int) -> tuple[bytes, bool]:
        """Return the next bytes of an attempt's log, and whether that log has no more and never will.

        They end where a piece begins, wherever they start: so viewers come to want the same.
        """
        begin, limit = self._end - len(self._kept), piece_end(offset) - offset
        if attempt == self._attempt and begin <= offset <= self._end:
            data = self._kept[offset - begin : offset - begin + limit]
            return data, not data and self.ended
        answer = await self._read_log(attempt, offset, limit)
        return base64.b64decode(answer.data), answer.complete and not answer.data

    def event_of(self, attempt: int, offset: int, data: bytes, make: Callable[[], bytes]) -> bytes:
        """Return what `make` makes of these bytes, made once for all who want it at about the same time."""
        key = (attempt, offset, len(data))
        if key not in self.made:
            self.made[key] = make()
            if len(self.made) > KEPT_EVENTS:
                self.made.popitem(last=False)
        return self.made[key]

    async def _look_at_log(self) -> bool:
        """Keep what is new in the log; return whether there is more at once."""
        if not self._attempt:
            return False
        answer = await self._read_log(self._attempt, self._end)
        data = base64.b64decode(answer.data)
        if data:
            self._kept = (self._kept + data)[-KEPT_BYTES:]
            self._end += len(data)
            self._tell()
        if answer.complete and self.shown.deployment.has_ended:
            self.ended = True
            self._tell()
        return len(data) == PIECE_BYTES

    async def _look(self) -> None:
        answer = await self.ask(ShowDeployment(number=self.number))
        if not isinstance(answer, DeploymentShown):
            raise Unreadable
        # How long the log is tells a page nothing.
        before, now = self.shown, answer
        if (before.deployment, before.waiting, before.events) == (now.deployment, now.waiting, now.events):
            return
        self.shown, self.worded = now, {}
        self.version += 1
        if now.deployment.attempt != self._attempt:
            self._begin_attempt()
        elif now.deployment.has_ended and not self._attempt:
            self.ended = True
        self._tell()

    def _begin_attempt(self) -> None:
        self._attempt, self._kept = self.shown.deployment.attempt, b""
        # Most look at the end; whoever begins before it asks for themselves.
        self._end = max(0, self.shown.log_length - KEPT_BYTES)
        self.ended = self.shown.deployment.has_ended and not self._attempt

    async def _read_log(self, attempt: int, offset: int, limit: int = PIECE_BYTES) -> LogShown:
        answer = await self.ask(ReadLog(number=self.number, attempt=attempt, offset=offset, limit=limit))
        if not isinstance(answer, LogShown):
            raise Unreadable
        return answer

    def _tell(self) -> None:
        self.generation += 1
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()


def piece_end(offset: int) -> int:
    """Return where the piece ends that begins at `offset`: at one of few places, and never after a few bytes."""
    end = (offset // PIECE_BYTES + 1) * PIECE_BYTES
    return end if end - offset >= PIECE_BYTES // 2 else end + PIECE_BYTES


@dataclass(slots=True)
class Feeds:
    """The feeds of all deployments that somebody looks at."""

    _feeds: dict[str, Feed] = field(default_factory=dict)
    _viewers: int = 0
    _closed: bool = False

    @asynccontextmanager
    async def watch(self, id: str, number: int, ask: Ask) -> AsyncIterator[Feed]:
        """Give the feed of a deployment, or raise TooManyViewers or Unreadable."""
        if self._closed or self._viewers >= MOST_VIEWERS:
            raise TooManyViewers
        self._viewers += 1
        try:
            feed = await self._join(id, number, ask)
            try:
                yield feed
            finally:
                await self._leave(id, feed)
        finally:
            self._viewers -= 1

    def close(self) -> None:
        """End every feed, and with it what its viewers hear: the server stops."""
        self._closed = True
        for feed in self._feeds.values():
            feed.close()

    async def _join(self, id: str, number: int, ask: Ask) -> Feed:
        found = self._feeds.get(id)
        if found is None or found.closed:
            answer = await ask(ShowDeployment(number=number))
            if not isinstance(answer, DeploymentShown):
                raise Unreadable
            # Somebody else may have come while this one asked.
            found = self._feeds.get(id)
            if found is None or found.closed:
                found = self._feeds[id] = Feed(ask, number, answer)
                found.task = asyncio.create_task(found.run(), name=f"feed {number}")
        found.viewers += 1
        return found

    async def _leave(self, id: str, feed: Feed) -> None:
        feed.viewers -= 1
        if feed.viewers or feed.task is None:
            return
        if self._feeds.get(id) is feed:
            del self._feeds[id]
        feed.task.cancel()
        with suppress(asyncio.CancelledError):
            await feed.task
