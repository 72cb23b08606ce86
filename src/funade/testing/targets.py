"""A place in memory: nothing runs, but it keeps its guard as strictly as a real one."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from funade.domain.application import TargetConfiguration
from funade.domain.errors import GuardRefused, PermanentTargetError, TemporaryTargetError
from funade.domain.orders import (
    EndedBy,
    Ending,
    Execution,
    Observed,
    Problem,
    Sighting,
    Standing,
    StartOrder,
)
from funade.domain.plan import Plan, Step
from funade.domain.release import Release
from funade.usecases.queue_ports import QueuePlace


@dataclass
class FakeRun:
    """One attempt as the place knows it."""

    execution: Execution
    standing: Standing
    ending: Ending | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)


class FakePlace:
    """The Place port in memory; each execution succeeds at once unless the test says otherwise.

    `started`, `cancelled` and `kept_alive` are what it was told, in order.
    """

    needs_files = True

    def __init__(
        self, store: str = "store-1", now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.store = store
        self._now = now
        self.started: list[StartOrder] = []
        self.cancelled: list[Execution] = []
        self.kept_alive: list[Execution] = []
        self._owners: dict[tuple[str, str], str] = {}
        self._fences: dict[tuple[str, str], int] = {}
        self._runs: dict[tuple[str, int], FakeRun] = {}
        self._ending: Ending | None = self._made(EndedBy.ITSELF, exit_code=0)
        self._unreachable: str | None = None

    def ends_with(self, *, exit_code: int | None = None, signal: int | None = None) -> None:
        """Let what starts from now on end at once like this."""
        self._ending = self._made(EndedBy.ITSELF, exit_code=exit_code, signal=signal)

    def cannot_begin(self, problem: str) -> None:
        """Let what starts from now on be a program that cannot be executed."""
        self._ending = self._made(EndedBy.NEVER_STARTED, problem=problem)

    @contextmanager
    def expecting(self, execution: Execution) -> Iterator[None]:  # noqa: ARG002 - nothing to get ready
        """Get ready for it; there is nothing to get ready here."""
        yield

    def hangs(self) -> None:
        """Let what starts from now on run until it is cancelled or told to `finish`."""
        self._ending = None

    def unreachable(self, problem: str = "no route to host") -> None:
        """Answer nobody, until `reachable`."""
        self._unreachable = problem

    def reachable(self) -> None:
        """Answer again."""
        self._unreachable = None

    def running(self) -> list[Execution]:
        """Return what runs now."""
        return [run.execution for run in self._runs.values() if run.standing is Standing.RUNNING]

    def finish(self, execution: Execution, *, exit_code: int = 0) -> None:
        """Let what runs end by itself."""
        self._end(self._runs[_key(execution)], self._made(EndedBy.ITSELF, exit_code=exit_code))

    def lose(self, execution: Execution) -> None:
        """Let what runs vanish without a record of its end."""
        run = self._runs[_key(execution)]
        run.standing = Standing.LOST
        run.over.set()

    async def look(self, execution: Execution) -> Sighting:
        """Return what the place knows now; raises TemporaryTargetError while it cannot be asked."""
        await self._answer()
        run = self._runs.get(_key(execution))
        highest = self._fences.get(_berth(execution), 0)
        if run is None:
            return Sighting(standing=Standing.UNSEEN, highest_fence=highest)
        problem = "nobody knows how it ended" if run.standing is Standing.LOST else None
        return Sighting(standing=run.standing, highest_fence=highest, ending=run.ending, problem=problem)

    async def start(self, order: StartOrder) -> None:
        """Raise the guard and begin, at most once for this attempt; or raise GuardRefused."""
        await self._answer()
        execution = order.execution
        self._admit(execution)
        self._owners[_berth(execution)] = self.store
        self._fences[_berth(execution)] = execution.fence
        if order.not_after < self._now():
            self._runs[_key(execution)] = FakeRun(execution, Standing.SEALED)
            message = "its time to begin is over"
            raise GuardRefused(message)
        for run in self._runs.values():
            if run.standing is Standing.RUNNING and _berth(run.execution) == _berth(execution):
                self._end(run, self._made(EndedBy.CANCEL, signal=15))
        self.started.append(order)
        run = self._runs[_key(execution)] = FakeRun(execution, Standing.RUNNING)
        if self._ending is not None:
            self._end(run, self._ending)

    async def cancel(self, execution: Execution) -> Sighting:
        """End it if it runs, seal it if it never began; return what is so now."""
        await self._answer()
        self.cancelled.append(execution)
        run = self._runs.get(_key(execution))
        if run is None:
            self._runs[_key(execution)] = FakeRun(execution, Standing.SEALED)
            berth = _berth(execution)
            self._fences[berth] = max(self._fences.get(berth, 0), execution.fence)
        elif run.standing is Standing.RUNNING:
            self._end(run, self._made(EndedBy.CANCEL, signal=15))
        return await self.look(execution)

    async def wait(self, execution: Execution) -> Sighting:
        """Return once it does not run any more."""
        run = self._runs.get(_key(execution))
        if run is not None and run.standing is Standing.RUNNING:
            await run.over.wait()
        return await self.look(execution)

    async def keep_alive(self, execution: Execution) -> None:
        """Remember that somebody still looks after it."""
        await self._answer()
        self.kept_alive.append(execution)

    async def _answer(self) -> None:
        # Others get their turn, as with a real place.
        await asyncio.sleep(0)
        if self._unreachable is not None:
            raise TemporaryTargetError(self._unreachable, timedelta(seconds=1))

    def _admit(self, execution: Execution) -> None:
        owner = self._owners.get(_berth(execution), self.store)
        highest = self._fences.get(_berth(execution), 0)
        message = None
        if owner != self.store:
            message = f"this environment belongs to the store {owner}"
        elif _key(execution) in self._runs:
            message = "this attempt has begun before, or was cancelled before it began"
        elif execution.fence < highest:
            message = f"fence {execution.fence} is old: this environment has seen {highest}"
        elif any(
            run.execution.fence == execution.fence and run.execution.deployment != execution.deployment
            for run in self._runs.values()
            if _berth(run.execution) == _berth(execution)
        ):
            message = f"fence {execution.fence} was given to another deployment"
        if message is not None:
            raise GuardRefused(message)

    def _made(
        self,
        by: EndedBy,
        *,
        exit_code: int | None = None,
        signal: int | None = None,
        problem: str | None = None,
    ) -> Ending:
        return Ending(by=by, exit_code=exit_code, signal=signal, problem=problem, at=self._now())

    def _end(self, run: FakeRun, ending: Ending) -> None:
        run.standing, run.ending = Standing.ENDED, ending
        run.over.set()


@dataclass
class FakeTarget:
    """The Target port: a no-op program at a FakePlace; `observed` is what a look shows."""

    place: FakePlace = field(default_factory=FakePlace)
    observed: Observed = field(default_factory=Observed)
    problems: Sequence[Problem] = ()

    def plan(self, release: Release) -> Plan:
        """Return the same steps as a program's."""
        checkout = Step(name="checkout", data={"revision": release.revision}, repeatable=True)
        steps = [checkout, Step(name="run", data={"argv": ["true"]})]
        if release.verify is not None:
            steps.append(Step(name="verify", data={"url": release.verify.url}, repeatable=True))
        return Plan(steps=tuple(steps))

    async def observe(self, release: Release) -> Observed:  # noqa: ARG002 -- the port gives it
        """Return what the test said."""
        return self.observed

    async def check(self) -> Sequence[Problem]:
        """Return what the test said."""
        return self.problems


@dataclass
class FakeTargets:
    """The Targets port: every release goes to the same place, unless `problem` says why it cannot."""

    place: FakePlace = field(default_factory=FakePlace)
    observed: Observed = field(default_factory=Observed)
    problem: str | None = None
    local: bool = False
    gone_after: timedelta | None = None
    told_by: QueuePlace | None = None

    def is_local(self, release: Release) -> bool:  # noqa: ARG002 -- the port gives it
        """Tell what the test said."""
        return self.local

    def stops_after(self, release: Release) -> timedelta | None:  # noqa: ARG002 -- the port gives it
        """Return what the test said."""
        return self.gone_after

    def orders_to(self, target: TargetConfiguration) -> QueuePlace | None:  # noqa: ARG002 -- the port gives it
        """Return None: the place is told directly."""
        return None

    def facts_from(self, target: TargetConfiguration) -> QueuePlace | None:  # noqa: ARG002 -- the port gives it
        """Return what the test said."""
        return self.told_by

    def open(self, release: Release) -> FakeTarget:  # noqa: ARG002 -- the port gives it
        """Return a target at the one place."""
        if self.problem is not None:
            raise PermanentTargetError(self.problem)
        return FakeTarget(self.place, self.observed)

    def renew(self, release: Release, today: TargetConfiguration) -> TargetConfiguration:
        """Return the old settings with today's `host`, the one setting that says where."""
        host = {"host": today.settings["host"]} if "host" in today.settings else {}
        return replace(today, settings={**release.target.settings, **host})


def _key(execution: Execution) -> tuple[str, int]:
    return execution.deployment, execution.attempt


def _berth(execution: Execution) -> tuple[str, str]:
    return execution.application, execution.environment
