"""A world in which everything that can happen happens: processes step by step, crashes, people, one place.

A process is the real code of the runner's verb. It is stopped at each call of a port, and what it has heard so far is
all that is kept of it: to go one step further, the code is run again from its beginning on the same answers.
"""

from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from funade.domain.deployment import Deployment
from funade.domain.environment import Berth
from funade.domain.errors import FencedOut, GuardRefused
from funade.domain.orders import EndedBy, Ending, Execution, Observed, Sighting, Standing, StartOrder
from funade.domain.release import Release
from funade.domain.revision import Revision
from funade.usecases.start_attempt import Started
from tests.scenarios.small_store import Names, SmallTransaction, Stored, row_key


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt as the place knows it."""

    deployment: str
    attempt: int
    standing: Standing
    ended_by: EndedBy | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """A process: what it has in hand and every answer that it heard; nothing in hand, and it will look."""

    id: str
    verb: str = ""
    deployment: str = ""
    heard: tuple[Any, ...] = ()

    def key(self, names: Names) -> tuple[Any, ...]:
        """Return what makes a difference to what it does next."""
        return (self.verb, self.deployment, tuple(_key_of(one, names) for one in self.heard))


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """One state of the world."""

    stored: Stored
    processes: tuple[Running, ...]
    runs: tuple[Run, ...] = ()
    highest_fence: int = 0
    live: Revision | None = None
    now: datetime
    dead: frozenset[str] = frozenset()
    """Processes that the others take for dead; one of them may only have been slow."""
    left: tuple[tuple[str, int], ...] = ()
    """How often each thing may still happen."""
    doubled: bool = False
    bob_left: bool = False

    @property
    def key(self) -> tuple[Any, ...]:
        """Return what tells it from other states; two processes that have changed places make no other state."""
        in_order = sorted(self.processes, key=lambda one: (one.verb, one.deployment, len(one.heard), one.id))
        names = {one.id: number for number, one in enumerate(in_order)}
        return (
            self.stored.key(names),
            tuple(one.key(names) for one in in_order),
            frozenset(names[one] for one in self.dead if one in names),
            (frozenset(self.runs), self.highest_fence, self.live, self.now, self.left),
            (self.doubled, self.bob_left),
        )

    def may(self, what: str) -> bool:
        """Tell whether it may still happen."""
        return dict(self.left).get(what, 0) > 0

    def spend(self, what: str) -> "Small":
        """Return the world in which it may happen once less."""
        left = tuple((one, count - (one == what)) for one, count in self.left)
        return replace(self, left=left)

    def run_of(self, execution: Execution) -> Run | None:
        """Return what the place knows of an execution."""
        name = (execution.deployment, execution.attempt)
        return next((one for one in self.runs if (one.deployment, one.attempt) == name), None)

    def with_run(self, run: Run) -> "Small":
        """Return the world in which the place knows this of it."""
        others = (one for one in self.runs if (one.deployment, one.attempt) != (run.deployment, run.attempt))
        return replace(self, runs=(*others, run))


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a port, which takes effect when the process is next let go on; `act` returns None where it waits."""

    name: str
    act: Callable[[Small], tuple[Small, Any] | None]

    def __await__(self) -> Generator["Call", Any, Any]:
        answer = yield self
        if isinstance(answer, Exception):
            raise answer
        return answer


def step(world: Small, index: int, begin: Callable[[Running], Coroutine[Any, Any, Any]]) -> Small | None:
    """Return the world after the next call of a busy process; None where that call waits for something."""
    process = world.processes[index]
    code = begin(process)
    try:
        call = code.send(None)
        for heard in process.heard:
            call = code.send(heard)
        acted = call.act(world)
        if acted is None:
            return None
        after, answer = acted
        try:
            code.send(answer)
        except (StopIteration, FencedOut):
            return _put(after, index, Running(process.id))
        return _put(after, index, replace(process, heard=(*process.heard, answer)))
    finally:
        code.close()


def _put(world: Small, index: int, process: Running) -> Small:
    processes = list(world.processes)
    processes[index] = process
    return replace(world, processes=tuple(processes))


class SmallLedger:
    """The Ledger port of processes that are stopped at each call."""

    id = "small"

    async def read(self, work: Callable[[Any], Any]) -> Any:
        return await Call("read", lambda world: (world, work(SmallTransaction(world.stored))))

    async def change(self, work: Callable[[Any], Any]) -> Any:
        return await Call("change", lambda world: change(world, work))


def change(world: Small, work: Callable[[Any], Any]) -> tuple[Small, Any]:
    """Return the world after a transaction, and its result; one that was refused changed nothing."""
    transaction = SmallTransaction(world.stored)
    try:
        result = work(transaction)
    except FencedOut as error:
        return world, error
    return replace(world, stored=transaction.stored), result


class SmallPlace:
    """The Place port: a guard that refuses what it must, and notes what it would have had to mend."""

    needs_files = True

    def expecting(self, execution: Execution) -> AbstractContextManager[None]:
        return nullcontext()

    async def look(self, execution: Execution) -> Sighting:
        return await Call("look", lambda world: (world, _sight(world, execution)))  # type: ignore[no-any-return]

    async def start(self, order: StartOrder) -> None:
        await Call("start", lambda world: _start(world, order))

    async def cancel(self, execution: Execution) -> Sighting:
        return await Call("cancel", lambda world: _cancel(world, execution))  # type: ignore[no-any-return]

    async def wait(self, execution: Execution) -> Sighting | None:
        """Wait for the end of what runs, or for a wish to cancel it, which is None."""
        return await Call("wait", lambda world: _wait(world, execution))  # type: ignore[no-any-return]

    async def keep_alive(self, execution: Execution) -> None:
        """Nobody abandons anything here."""


def _sight(world: Small, execution: Execution) -> Sighting:
    run = world.run_of(execution)
    if run is None:
        return Sighting(standing=Standing.UNSEEN, highest_fence=world.highest_fence)
    ending = None
    if run.ended_by is not None:
        ending = Ending(
            by=run.ended_by, exit_code=0 if run.ended_by is EndedBy.ITSELF else None, at=world.now
        )
    return Sighting(standing=run.standing, highest_fence=world.highest_fence, ending=ending)


def _start(world: Small, order: StartOrder) -> tuple[Small, Any]:
    execution = order.execution
    if execution.fence < world.highest_fence or world.run_of(execution) is not None:
        return world, GuardRefused("no")
    doubled = any(one.standing is Standing.RUNNING for one in world.runs)
    begun = world.with_run(Run(execution.deployment, execution.attempt, Standing.RUNNING))
    return replace(begun, highest_fence=execution.fence, doubled=world.doubled or doubled), None


def _cancel(world: Small, execution: Execution) -> tuple[Small, Sighting]:
    run = world.run_of(execution)
    if run is None:
        sealed = Run(execution.deployment, execution.attempt, Standing.SEALED)
        world = replace(world.with_run(sealed), highest_fence=max(world.highest_fence, execution.fence))
    elif run.standing is Standing.RUNNING:
        world = world.with_run(replace(run, standing=Standing.ENDED, ended_by=EndedBy.CANCEL))
    return world, _sight(world, execution)


def _wait(world: Small, execution: Execution) -> tuple[Small, Sighting | None] | None:
    seen = _sight(world, execution)
    if seen.standing is not Standing.RUNNING:
        return world, seen
    row = SmallTransaction(world.stored).deployment_by_id(execution.deployment)
    return (world, None) if row is not None and row.wish is not None else None


class SmallVerifier:
    """The Verifier port."""

    async def look(self, verification: Any, release: Release) -> Observed:
        def act(world: Small) -> tuple[Small, Observed]:
            return world, Observed(matches=world.live == release.revision, revision=world.live)

        return await Call("verify", act)  # type: ignore[no-any-return]


def programs_end(world: Small) -> Iterator[tuple[str, Small]]:
    """Return the worlds in which a program that runs has ended well, or badly."""
    for run in world.runs:
        if run.standing is Standing.RUNNING:
            row = SmallTransaction(world.stored).deployment_by_id(run.deployment)
            assert row is not None
            ended = world.with_run(replace(run, standing=Standing.ENDED, ended_by=EndedBy.ITSELF))
            yield f"#{row.number} comes up", replace(ended, live=row.revision)
            yield f"#{row.number} ends and is not seen", ended


def _key_of(answer: Any, names: Names) -> Any:
    if isinstance(answer, Deployment):
        return row_key(answer, names)
    if isinstance(answer, Started):
        return row_key(answer.deployment, names)
    if isinstance(answer, Sighting):
        return (answer.standing, answer.highest_fence, answer.ending and answer.ending.by)
    if isinstance(answer, Berth):
        return (answer.turn, answer.fence, answer.live)
    return type(answer).__name__ if isinstance(answer, Exception) else repr(answer)
