"""Hears of every change of one kind of object: from where it stopped, and from the beginning when that is too old."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Set
from contextlib import aclosing
from dataclasses import dataclass, field
from random import uniform
from typing import Any

import structlog

from funade.clients.kubernetes.errors import ClusterError, Gone, TooManyRequests
from funade.clients.kubernetes.kinds import Kind
from funade.controller.cluster import Change, Cluster
from funade.usecases.ports import Clock

log = structlog.get_logger()

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
#: Between two watches that ended by themselves, so that a server that ends them at once is not flooded.
BREATH_SECONDS = 0.2


@dataclass(slots=True, kw_only=True)
class Watching:
    """One kind in one namespace; `hear` gets each object and whether it is still there, `listed` all names."""

    cluster: Cluster
    kind: Kind
    namespace: str
    clock: Clock
    hear: Callable[[dict[str, Any], bool], None]
    listed: Callable[[Set[str]], None] = lambda _names: None
    labels: str | None = None
    is_listed: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Listen until cancelled; nothing follows from a change but a look, so that a missed one costs a relist."""
        failures = 0
        version: str | None = None
        while True:
            try:
                if version is None:
                    version = await self._list()
                async with aclosing(self._changes(version)) as changes:
                    async for change in changes:
                        failures = 0
                        version = change.object["metadata"]["resourceVersion"]
                        if change.type != "BOOKMARK":
                            self._hear(change.object, is_there=change.type != "DELETED")
                await self.clock.sleep(BREATH_SECONDS)
            except Gone as error:
                # Once is what servers do; again with nothing heard since is a server that has no past to tell.
                version = None
                await self.clock.sleep(_pause(failures, error) if failures else BREATH_SECONDS)
                failures += 1
            except ClusterError as error:
                failures += 1
                pause = _pause(failures, error)
                log.warning("a watch is interrupted", kind=self.kind.kind, problem=str(error), pause=pause)
                await self.clock.sleep(pause)
            except Exception:
                # The process's loop: whoever hears of the other kinds must not stop for it.
                log.exception("our mistake; all are listed again", kind=self.kind.kind)
                version = None
                await self.clock.sleep(LONGEST_PAUSE_SECONDS)

    def _hear(self, obj: dict[str, Any], *, is_there: bool) -> None:
        try:
            self.hear(obj, is_there)
        except Exception:
            # As above: one broken object must not keep us from hearing of the others.
            log.exception("our mistake; an object is left alone", kind=self.kind.kind)

    def _changes(self, version: str) -> AsyncGenerator[Change, None]:
        return self.cluster.watch(self.kind, self.namespace, labels=self.labels, since=version)

    async def _list(self) -> str:
        """Hear of all that there are, and return from where a watch goes on; never is all of it in memory."""
        names: set[str] = set()
        version = ""
        async with aclosing(self.cluster.pages(self.kind, self.namespace, labels=self.labels)) as pages:
            async for page in pages:
                version = page.version
                for one in page.objects:
                    names.add(str(one["metadata"]["name"]))
                    self._hear(one, is_there=True)
        self.listed(names)
        self.is_listed.set()
        return version


def _pause(failures: int, error: ClusterError) -> float:
    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 10))
    # Not all at the same moment: many controllers may have met the same restart.
    pause = uniform(longest / 2, longest)  # noqa: S311 -- chance, not a secret
    if isinstance(error, TooManyRequests) and error.retry_after is not None:
        return max(pause, error.retry_after.total_seconds())
    return pause
