"""Everything that went over a wire, and everything that changed: for the page, the inspector and tests."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

from funade.playground.clock import Clock
from funade.playground.errors import Json

Found = TypeVar("Found")

KEPT = 5000
QUEUED = 2000  #: a viewer that is further behind is cut off; its browser connects again

Wire: TypeAlias = Literal["api", "socket", "http", "hook"]
Direction: TypeAlias = Literal["to app", "from app"]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, call, request or answer."""

    number: int
    at: float
    wire: Wire
    direction: Direction
    app: str  #: its id, or nothing when nobody could tell
    name: str  #: the method, or the envelope's type
    body: Any
    note: str = ""  #: what the workspace did about it, when that is not obvious
    connection: str = ""

    def to_json(self) -> Json:
        # Not `asdict`: that would copy the body, to its depths, for every frame.
        return {name: getattr(self, name) for name in self.__slots__}


class Journal:
    """The latest frames, and whoever follows what happens."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._frames: deque[Frame] = deque(maxlen=KEPT)
        self._number = 0
        self._followers: set[asyncio.Queue[tuple[str, Json] | None]] = set()
        self._changed: set[asyncio.Future[None]] = set()

    def frame(  # noqa: PLR0913 - a frame has so many fields
        self,
        wire: Wire,
        direction: Direction,
        name: str,
        body: Any,
        *,
        app: str = "",
        note: str = "",
        connection: str = "",
    ) -> None:
        """Keep one frame."""
        self._number += 1
        frame = Frame(self._number, self._clock.now(), wire, direction, app, name, body, note, connection)
        self._frames.append(frame)
        self.tell("frame", frame.to_json())

    def frames(self, *, since: int = 0) -> Iterator[Frame]:
        """Return the frames after number `since`, oldest first."""
        return (one for one in list(self._frames) if one.number > since)

    @property
    def last_number(self) -> int:
        return self._number

    def tell(self, what: str, news: Json) -> None:
        """Let everybody who follows know what has changed."""
        for follower in list(self._followers):
            if follower.qsize() >= QUEUED:
                self._followers.discard(follower)
                follower.put_nowait(None)
            else:
                follower.put_nowait((what, news))
        for waiting in self._changed:
            if not waiting.done():
                waiting.set_result(None)
        self._changed.clear()

    async def follow(self) -> AsyncIterator[tuple[str, Json]]:
        """Return what happens from now on, until the workspace closes."""
        queue: asyncio.Queue[tuple[str, Json] | None] = asyncio.Queue()
        self._followers.add(queue)
        try:
            while (news := await queue.get()) is not None:
                yield news
        finally:
            self._followers.discard(queue)

    async def wait_for(self, find: Callable[[], Found | None], seconds: float = 10.0) -> Found:
        """Return what `find` finds as soon as it does, looking after every change; or raise TimeoutError.

        The seconds are the world's, not the workspace's.
        """
        async with asyncio.timeout(seconds):
            while True:
                found = find()
                if found:
                    return found
                waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._changed.add(waiting)
                try:
                    await waiting
                finally:
                    self._changed.discard(waiting)

    def close(self) -> None:
        """End every follower."""
        for follower in list(self._followers):
            follower.put_nowait(None)
