"""What a watch brings, line by line."""

import json
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta

from funade.clients.kubernetes.errors import Unreachable, error_of
from funade.clients.kubernetes.wire import Object, Request, Wire

#: How long the server goes on before it ends a watch by itself; many watches must not end at one moment.
SHORTEST_SECONDS, LONGEST_SECONDS = 240, 300
#: What comes later than this after a watch's end was lost on its way.
LATE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `type` is ADDED, MODIFIED, DELETED or BOOKMARK."""

    type: str
    object: Object

    @property
    def version(self) -> str:
        """Return from where a watch goes on after this."""
        return str(self.object["metadata"]["resourceVersion"])


def patience() -> int:
    """Return for how many seconds the server is asked to go on."""
    return random.randint(SHORTEST_SECONDS, LONGEST_SECONDS)  # noqa: S311 -- no secret


async def changes(wire: Wire, request: Request, seconds: int) -> AsyncGenerator[Change, None]:
    """Yield the changes until the server ends the watch, or raise what it says."""
    silence = timedelta(seconds=seconds + LATE_SECONDS)
    async with aclosing(lines(wire.chunks(request, silence=silence))) as each:
        async for line in each:
            yield _change(line, request)


async def lines(chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Yield whole lines, and what stands behind the last."""
    rest = bytearray()
    async with aclosing(chunks):
        async for chunk in chunks:
            whole, newline, begun = chunk.rpartition(b"\n")
            rest += whole + newline if newline else chunk
            if not newline:
                continue
            for line in bytes(rest).splitlines():
                if line:
                    yield line
            rest = bytearray(begun)
    if rest:
        yield bytes(rest)


def _change(line: bytes, request: Request) -> Change:
    try:
        said = json.loads(line)
        type_, thing = str(said["type"]), said["object"]
    except (ValueError, LookupError, TypeError):
        message = f"{request.what}: what answers is no API server"
        raise Unreachable(200, "Strange", message) from None
    if type_ == "ERROR":
        raise error_of(int(thing.get("code") or 500), thing, request.what)
    return Change(type_, thing)
