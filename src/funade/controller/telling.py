"""The queues of facts: one that is silent holds up nobody else, and is tried again now and then by one alone."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from funade.controller.doors import Doors, Outlet
from funade.domain.errors import QueueError, TemporaryQueueError
from funade.domain.messages import Fact
from funade.usecases.ports import Clock

#: Longer than any answer of a queue that works, and short enough that those who wait behind it do not mind.
ANSWER_SECONDS = 15.0
#: After a failure nobody tries for so long.
QUIET = timedelta(seconds=5)


@dataclass(slots=True, kw_only=True)
class Telling:
    """All queues of facts of one controller."""

    doors: Doors
    clock: Clock
    answer_seconds: float = ANSWER_SECONDS
    #: hears of each failure with why, and with None when it works again
    heard: Callable[[str, str | None], None] = lambda _url, _problem: None
    _silent: dict[str, tuple[float, str]] = field(default_factory=dict)

    def outlet(self, url: str, region: str) -> Outlet:
        """Return the way to a queue of facts; or raise a QueueError."""
        return Guarded(self, url, self.doors.outlet(url, region))

    def problem_with(self, url: str) -> str | None:
        """Return why the last facts could not be told there, if they could not."""
        return self._silent[url][1] if url in self._silent else None

    async def send(self, url: str, outlet: Outlet, facts: Sequence[Fact]) -> None:
        """Return once the queue has all of them, or raise a QueueError; at once where it failed just now."""
        until, problem = self._silent.get(url, (0.0, ""))
        if self.clock.steady() < until:
            raise TemporaryQueueError(problem, QUIET)
        if problem:
            # Until this one knows better, nobody else need find out.
            self._keep_quiet(url, problem)
        try:
            async with asyncio.timeout(self.answer_seconds):
                await outlet.send(facts)
        except TimeoutError as error:
            problem = f"the queue did not answer within {self.answer_seconds:.0f} s"
            self._note(url, problem)
            raise TemporaryQueueError(problem, QUIET) from error
        except QueueError as error:
            self._note(url, str(error))
            raise
        if self._silent.pop(url, None) is not None:
            self.heard(url, None)

    def _note(self, url: str, problem: str) -> None:
        self._keep_quiet(url, problem)
        self.heard(url, problem)

    def _keep_quiet(self, url: str, problem: str) -> None:
        self._silent[url] = (self.clock.steady() + QUIET.total_seconds(), problem)


@dataclass(frozen=True, slots=True)
class Guarded:
    """The Outlet to one of them."""

    telling: Telling
    url: str
    outlet: Outlet

    async def send(self, facts: Sequence[Fact]) -> None:
        """Return once the queue has all of them, or raise a QueueError: then it may have some."""
        await self.telling.send(self.url, self.outlet, facts)
