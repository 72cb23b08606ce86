"""The names of a repository for somebody who is typing one: from memory, and brought up to date behind their back."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from funade.domain.application import Repository
from funade.domain.errors import SourceError
from funade.sources.address import parse_address
from funade.sources.git_sources import GitSources
from funade.sources.mirror import KEPT, KEPT_DEFAULT, Mirror
from funade.sources.program import Git
from funade.usecases.ports import KnownRef

#: so old an answer is still given at once, while the mirror is read anew
FRESH_SECONDS = 2.0
#: so often the remote is asked while somebody types
FETCH_SECONDS = 15.0
PATIENCE_SECONDS = 10.0
#: there may be thousands of them, and most are long closed
REQUESTS_SECONDS = 60.0
_HEADS, _TAGS = KEPT.values()


@dataclass
class _Names:
    """What one repository is known to have."""

    refs: tuple[tuple[str, KnownRef], ...] = ()
    requests: dict[int, str] = field(default_factory=dict)
    asked_for_requests_at: float = -1e9
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
            await self.sources.refresh(repository)
        await self._read(repository, known)
        if time.monotonic() - known.asked_for_requests_at > REQUESTS_SECONDS:
            known.asked_for_requests_at = time.monotonic()
            with suppress(SourceError):
                known.requests = await self.sources.pull_requests(repository)
                await self._read(repository, known)

    async def _read(self, repository: Repository, known: _Names) -> None:
        # What is amiss is said where somebody deploys.
        with suppress(SourceError, OSError):
            mirror = Mirror(self.folder / "mirrors", parse_address(repository.url), Git(PATIENCE_SECONDS))
            if mirror.exists:
                known.refs = await _names(mirror, known.requests)
                known.read_at = time.monotonic()


async def _names(mirror: Mirror, requests: Mapping[int, str]) -> tuple[tuple[str, KnownRef], ...]:
    """Return every name with what it is found by; branches of pull requests stand before all others."""
    form = "--format=%(objectname) %(refname)"
    outcome = await mirror.run("for-each-ref", "--sort=-creatordate", form, _HEADS, _TAGS, KEPT_DEFAULT)
    found: list[tuple[str, KnownRef]] = []
    branches: dict[str, str] = {}
    default = ""
    for line in outcome.lines:
        sha, _, full = line.partition(" ")
        if full == KEPT_DEFAULT:
            default = sha
            continue
        is_tag = full.startswith(_TAGS)
        name = full.removeprefix(_TAGS if is_tag else _HEADS)
        if not name:
            continue
        found.append((name.casefold(), KnownRef(name=name, is_tag=is_tag)))
        if not is_tag:
            branches.setdefault(sha, name)
    # What is no branch here comes from elsewhere: nobody with the right to push has taken it in.
    branches.pop(default, None)
    asked = [
        (f"#{number} {branches[sha]}".casefold(), KnownRef(name=branches[sha], pull_request=number))
        for number, sha in sorted(requests.items(), reverse=True)
        if sha in branches
    ]
    return (*asked, *found)


def _matching(refs: tuple[tuple[str, KnownRef], ...], typed: str, limit: int) -> list[KnownRef]:
    """Return what begins with `typed`, then what holds it; pull requests take a third of the room at most."""
    asked: list[KnownRef] = []
    begun: list[KnownRef] = []
    held: list[KnownRef] = []
    for folded, one in refs:
        if one.pull_request is not None:
            if typed in folded and len(asked) < limit // 3:
                asked.append(one)
        elif folded.startswith(typed):
            begun.append(one)
            if len(asked) + len(begun) >= limit:
                break
        elif typed in folded and len(held) < limit:
            held.append(one)
    return [*asked, *begun, *held][:limit]
