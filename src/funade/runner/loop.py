"""The process's loop: look, decide, act; level-triggered, so that a lost wake-up costs a second and nothing else."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog

from funade.domain.errors import FencedOut, StoreError, TargetError
from funade.runner.lease import Heart
from funade.usecases.announce import Announce
from funade.usecases.carry_out_deployment import CarryOutDeployment
from funade.usecases.end_waiting import EndWaiting
from funade.usecases.follow_approvals import FollowApprovals
from funade.usecases.forget_old import ForgetOld
from funade.usecases.ledger_ports import Ledger
from funade.usecases.ports import Clock
from funade.usecases.reconcile_deployments import ReconcileDeployments
from funade.usecases.sweep import Sweep

log = structlog.get_logger()

#: The longest time between two looks, even when nobody says that anything has changed.
LOOK_SECONDS = 1.0
#: After a look there is none for so many times as long as it took, within these limits.
BREATH_TIMES, SHORTEST_BREATH_SECONDS, LONGEST_BREATH_SECONDS = 5, 0.005, 0.05
SWEEP_SECONDS = 60.0
#: After a surprise, a deployment is taken up again this much later.
PAUSE_SECONDS = 2.0


@dataclass(slots=True, kw_only=True)
class Runner:
    """Carries out deployments until it is told to stop."""

    ledger: Ledger
    heart: Heart
    clock: Clock
    reconcile: ReconcileDeployments
    carry_out: CarryOutDeployment
    end_waiting: EndWaiting
    announce: Announce
    sweep: Sweep
    follow_approvals: FollowApprovals
    forget_old: ForgetOld | None = None
    bring_logs: Callable[[], None] | None = None
    hear: Callable[[], Coroutine[Any, Any, None]] | None = None
    before_look: Callable[[], object] = lambda: None
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _paused_until: dict[str, float] = field(default_factory=dict)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Run until `stop`; a lost lease ends everything in hand and begins again under a new name."""
        while not self._stopping.is_set():
            try:
                await self.heart.start()
                await self._run_under_lease()
            except FencedOut as error:
                log.warning("lease lost", problem=str(error))
            except StoreError as error:
                log.error("the store cannot be used", problem=str(error))
                await self._rest(PAUSE_SECONDS)
        with suppress(FencedOut):
            await self._survive(self._say_everything)
        with suppress(StoreError):
            await self.heart.stop()

    def stop(self) -> None:
        """Take on nothing more; what runs at its place goes on there, and whoever comes next adopts it."""
        self._stopping.set()

    async def _run_under_lease(self) -> None:
        parts = [
            asyncio.create_task(self.heart.keep_beating(), name="heart"),
            asyncio.create_task(self._again_and_again(self._look), name="look"),
            asyncio.create_task(self._again_and_again(self._say_everything), name="announce"),
            asyncio.create_task(self._sweep_every_minute(), name="sweep"),
            asyncio.create_task(self._bring_logs_again_and_again(), name="logs"),
            asyncio.create_task(self._stopping.wait(), name="stop"),
        ]
        if self.hear is not None:
            parts.append(asyncio.create_task(self.hear(), name="hearing"))
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            await _end(parts + list(self._tasks.values()))
            self._tasks.clear()

    async def _again_and_again(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do `work` at once and after each change of the ledger, at least every second.

        The first change after a quiet while is looked at without a pause. A start makes several at once, most of them
        our own: to look at each would take the processor from the start itself. So a look that takes long, because
        there is much to look at, is followed by a long breath.
        """
        generation = -1
        while True:
            began = self.clock.steady()
            await self._survive(work)
            ended = self.clock.steady()
            wanted = BREATH_TIMES * (ended - began)
            breath = min(LONGEST_BREATH_SECONDS, max(SHORTEST_BREATH_SECONDS, wanted))
            try:
                generation = await self.ledger.wait_for_change(generation, LOOK_SECONDS)
                await self.clock.sleep(max(0.0, ended + breath - self.clock.steady()))
            except StoreError:
                await self._rest(PAUSE_SECONDS)

    async def _survive(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do `work`. Whatever it meets is logged and met again later: nothing stored may end this process."""
        try:
            await work()
        except FencedOut:
            raise
        except (StoreError, TargetError, OSError) as error:
            log.error("will be tried again", work=work.__name__.strip("_"), problem=str(error))
            await self._rest(PAUSE_SECONDS)
        except Exception:
            # The process's loop, the one place that survives our own mistakes.
            log.exception("our mistake; will be tried again", work=work.__name__.strip("_"))
            await self._rest(PAUSE_SECONDS)

    async def _look(self) -> None:
        self.before_look()
        steady = self.clock.steady()
        for id in [one for one, until in self._paused_until.items() if until <= steady]:
            del self._paused_until[id]
        moves = await self.reconcile(frozenset(self._tasks) | frozenset(self._paused_until))
        for id in moves.end:
            await self.end_waiting(id)
        for id in moves.take:
            task = asyncio.create_task(self._carry_out(id), name=id)
            self._tasks[id] = task
            task.add_done_callback(self._forget)

    async def _carry_out(self, id: str) -> None:
        """Carry out one deployment. Whatever goes wrong, the row is there, and is taken up again after a pause."""
        try:
            await self.carry_out(id)
        except FencedOut as error:
            log.info("somebody else looks after it", deployment=id, problem=str(error))
            self._pause(id)
        except (StoreError, TargetError, OSError) as error:
            log.error("will be taken up again", deployment=id, problem=str(error))
            self._pause(id)
        except Exception:
            log.exception("our mistake; will be taken up again", deployment=id)
            self._pause(id)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task.get_name(), None)

    def _pause(self, id: str) -> None:
        self._paused_until[id] = self.clock.steady() + PAUSE_SECONDS

    async def _say_everything(self) -> None:
        while await self.announce():
            pass

    async def _sweep_every_minute(self) -> None:
        while True:
            await self._survive(self.sweep.__call__)
            await self._survive(self.follow_approvals.__call__)
            if self.forget_old is not None:
                await self._survive(self.forget_old.__call__)
            await self.clock.sleep(SWEEP_SECONDS)

    async def _bring_logs_again_and_again(self) -> None:
        """Let others read what is written here; without others, wait for the end."""
        bring = self.bring_logs
        if bring is None:
            await self._stopping.wait()
            return

        async def bring_logs() -> None:
            await asyncio.to_thread(bring)

        while True:
            await self._survive(bring_logs)
            await self.clock.sleep(LOOK_SECONDS)

    async def _rest(self, seconds: float) -> None:
        # Not `wait_for`: until Python 3.12 it swallows a cancellation that comes together with the event.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


async def _end(tasks: list[asyncio.Task[Any]]) -> None:
    for one in tasks:
        one.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
