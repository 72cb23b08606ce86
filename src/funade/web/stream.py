"""A page's changes as server-sent events: `log` with what was written, `story` with everything else, `end`.

The id of a `log` event is `ATTEMPT:OFFSET`, the byte behind it: whoever comes back with it misses nothing and hears
nothing twice.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from funade.domain.wire import GREATEST, Plain
from funade.web.feeds import BREATH_SECONDS, Feed, TooManyViewers, Unreadable, piece_end
from funade.web.log_text import pieces, whole_lines, whole_signs

KEEP_ALIVE_SECONDS = 15.0  #: proxies hang up on silence
HELD_SECONDS = 1.0  #: for a line without an end; a question at its end is shown after that
RETRY_MILLISECONDS = 2_000
LATER_SECONDS = 15

_POSITION = re.compile(r"(\d{1,6}):(\d{1,16})")

#: words a feed's deployment for one reader
Story = Callable[[Feed], bytes]


@dataclass(frozen=True, slots=True)
class Position:
    """A byte of an attempt's log."""

    attempt: int
    offset: int

    def __str__(self) -> str:
        return f"{self.attempt}:{self.offset}"


def read_position(text: str) -> Position | None:
    """Return the position that an event's id or an address names, None when it names none."""
    found = _POSITION.fullmatch(text)
    if found is None or int(found[2]) > GREATEST:
        return None
    return Position(int(found[1]), int(found[2]))


async def events(feed: Feed, at: Position, story: Story) -> AsyncIterator[bytes]:
    """Yield what happens from `at` on, until all is over or the feed is closed."""
    yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
    seen, version = -1, -1
    while True:
        if version != feed.version:
            version = feed.version
            yield story(feed)
        is_quiet = seen == feed.generation
        seen = feed.generation
        data, is_over = await feed.read(at.attempt, at.offset)
        is_full = at.offset + len(data) == piece_end(at.offset)
        length = whole_lines(data)
        if (is_quiet and not is_full) or (is_full and not length):
            # What stood still for a moment, or is a line without end, is shown though its line goes on.
            length = whole_signs(data)
        if not length and (is_full or (is_quiet and feed.ended)):
            length = len(data)
        if length:
            behind, piece = Position(at.attempt, at.offset + length), data[:length]
            yield feed.event_of(at.attempt, at.offset, piece, lambda: log_event(behind, piece))  # noqa: B023 - called at once
            at = behind
            if is_full:
                await asyncio.sleep(BREATH_SECONDS)
            continue
        if is_over and at.attempt < feed.shown.deployment.attempt:
            at = Position(at.attempt + 1, 0)
            continue
        if is_over and feed.ended and version == feed.version:
            yield b"event: end\ndata: {}\n\n"
            return
        if feed.closed and not feed.ended:
            return
        patience = HELD_SECONDS if data else KEEP_ALIVE_SECONDS
        if not await feed.changed(seen, patience) and not data:
            yield b": still here\n\n"


def log_event(at: Position, data: bytes) -> bytes:
    """Return the event of what was written before `at`."""
    told: Plain = [[style, text] for style, text in pieces(data)]
    return event("log", {"attempt": at.attempt, "pieces": told}, id=str(at))


def event(name: str, told: Mapping[str, Plain], *, id: str | None = None) -> bytes:
    """Return one event; its data is JSON on one line."""
    head = f"id: {id}\n" if id is not None else ""
    data = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return f"{head}event: {name}\ndata: {data}\n\n".encode(errors="replace")


class EventStream:
    """The response that sends events until they end or nobody is there any more."""

    def __init__(
        self, watching: AbstractAsyncContextManager[Feed], events: Callable[[Feed], AsyncIterator[bytes]]
    ) -> None:
        self._watching, self._events = watching, events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send everything; the listener hangs up on whoever does not take it."""
        try:
            async with self._watching as feed:
                await self._serve(self._events(feed), receive, send)
        except (TooManyViewers, Unreadable):
            later = {"retry-after": str(LATER_SECONDS)}
            await PlainTextResponse("not now; come back a little later\n", 503, later)(scope, receive, send)

    async def _serve(self, events: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            # nginx keeps a stream back otherwise.
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        sending = asyncio.create_task(_send(events, send))
        gone = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            sending.cancel()
            gone.cancel()
            await asyncio.gather(sending, gone, return_exceptions=True)


async def _send(events: AsyncIterator[bytes], send: Send) -> None:
    # What cannot be read now is asked for again by whoever comes back.
    with suppress(Unreadable):
        async for one in events:
            await send({"type": "http.response.body", "body": one, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
