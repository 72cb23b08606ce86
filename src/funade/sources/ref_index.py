"""The names of a repository for somebody who is typing one: from memory, and brought up to date behind their back."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from funade.domain.application import Repository
from funade.domain.errors import SourceError
from funade.sources.address import parse_address
from funade.sources.git_sources import GitSources
from funade.sources.mirror import KEPT, Mirror
from funade.sources.program import Git
from funade.usecases.ports import KnownRef

#: so old an answer is still given at once, while the mirror is read anew
FRESH_SECONDS = 2.0
#: so often the remote is asked while somebody types
FETCH_SECONDS = 15.0
PATIENCE_SECONDS = 10.0
_HEADS, _TAGS = KEPT.values()


@dataclass
class _Names:
    """What one repository is known to have."""

    refs: tuple[tuple[str, KnownRef], ...] = ()
    read_at: float = -1e9
    fetched_at: float = -1e9
    reading: "asyncio.Task[None] | None" = None
    fetching: "asyncio.Task[None] | None" = None


@dataclass
class RefIndex:
    """The `Refs` port on the mirrors of `GitSources`."""

    folder: Path
    sources: GitSources
    _known: dict[str, _Names] = field(default_factory=dict)

    async def find(self, repository: Repository, typed: str, limit: int) -> Sequence[KnownRef]:
        """Return the names that begin with `typed`, then those that hold it, the latest first."""
        known = self._known.setdefault(repository.url, _Names())
        now = time.monotonic()
        if now - known.fetched_at > FETCH_SECONDS and (known.fetching is None or known.fetching.done()):
            known.fetched_at = now
            known.fetching = asyncio.create_task(self._fetch(repository, known))
        if now - known.read_at > FRESH_SECONDS and (known.reading is None or known.reading.done()):
            known.reading = asyncio.create_task(self._read(repository, known))
        if known.read_at < 0 and known.reading is not None:
            await asyncio.wait([known.reading], timeout=PATIENCE_SECONDS / 10)
        return _matching(known.refs, typed.strip().casefold(), limit)

    async def _fetch(self, repository: Repository, known: _Names) -> None:
        """Ask the remote, as a deploy does."""
        with suppress(SourceError):
            await self.sources.resolve(repository, "HEAD")
        await self._read(repository, known)

    async def _read(self, repository: Repository, known: _Names) -> None:
        with suppress(SourceError):
            mirror = Mirror(self.folder / "mirrors", parse_address(repository.url), Git(PATIENCE_SECONDS))
            if mirror.exists:
                known.refs = await _names(mirror)
                known.read_at = time.monotonic()


async def _names(mirror: Mirror) -> tuple[tuple[str, KnownRef], ...]:
    outcome = await mirror.run("for-each-ref", "--sort=-creatordate", "--format=%(refname)", _HEADS, _TAGS)
    found = []
    for line in outcome.text.splitlines():
        is_tag = line.startswith(_TAGS)
        name = line.removeprefix(_TAGS if is_tag else _HEADS)
        found.append((name.casefold(), KnownRef(name=name, is_tag=is_tag)))
    return tuple(found)


def _matching(refs: tuple[tuple[str, KnownRef], ...], typed: str, limit: int) -> list[KnownRef]:
    begun: list[KnownRef] = []
    held: list[KnownRef] = []
    for folded, one in refs:
        if folded.startswith(typed):
            begun.append(one)
            if len(begun) >= limit:
                return begun
        elif typed in folded and len(held) < limit:
            held.append(one)
    return [*begun, *held][:limit]
