"""Look after one deployment until its end: look at the row and at the world, decide, act; never resume a stack.

Every entry begins with what is written and what the place says, so it makes no difference whether this is the first
process to look after it or the fifth.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from funade.domain.deployment import Deployment, State
from funade.domain.errors import (
    FencedOut,
    GuardRefused,
    PermanentTargetError,
    SourceError,
    TargetError,
    TemporaryTargetError,
)
from funade.domain.orders import Execution, Sighting, Standing, StartOrder
from funade.domain.reason import Because, Reason, because
from funade.domain.verdict import Verdict
from funade.usecases.finish_deployment import FinishDeployment
from funade.usecases.ports import Clock, Lease, Ledger, Place, Sources, Targets, Workspaces
from funade.usecases.start_attempt import StartAttempt, Started, TakeTurn

#: How often a running deployment's row is read for a wish, and its place told that somebody is there.
GLANCE_SECONDS = 1.0
#: An order that the place gets later than this was frozen on its way; it is refused.
START_WITHIN = timedelta(minutes=1)


class OutcomeUnknown(Exception):
    """The place could not be asked for too long."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryOutDeployment:
    """The runner's verb. Safe to call again at any time, by anybody who holds a lease."""

    ledger: Ledger
    sources: Sources
    targets: Targets
    workspaces: Workspaces
    lease: Lease
    clock: Clock
    take: TakeTurn
    start: StartAttempt
    finish: FinishDeployment
    unknown_after: timedelta = timedelta(minutes=10)

    async def __call__(self, id: str) -> None:
        """Return when `id` is at its end or waits for somebody else; raises FencedOut when it is not ours any more."""
        deployment = await self.take(id)
        if deployment is None:
            return
        try:
            place = self.targets.open(deployment.release).place
        except PermanentTargetError as error:
            await self._fail(deployment, because(Reason.PREPARATION_FAILED, problem=str(error)))
            return
        try:
            if deployment.state is State.RUNNING:
                await self._adopt(deployment, place)
            else:
                await self._begin(deployment, place)
        except OutcomeUnknown as error:
            await self.finish.as_unknown(deployment, error.problem)

    async def _begin(self, deployment: Deployment, place: Place) -> None:
        """Prepare the next attempt, write its start, give the order, follow it to its end."""
        workspace = self.workspaces.folder(deployment.id, deployment.attempt + 1)
        try:
            await self.workspaces.remove(workspace)
            await self.sources.check_out(deployment.release.repository, deployment.revision, workspace)
        except (SourceError, OSError) as error:
            await self._fail(deployment, because(Reason.PREPARATION_FAILED, problem=str(error)))
            return
        seen = await self._ask(deployment, place.look, execution_of(deployment))
        self.lease.check()
        started = await self.start(deployment, seen.highest_fence)
        if not isinstance(started, Started):
            return
        deployment = started.deployment
        execution = execution_of(deployment)
        order = StartOrder(
            execution=execution,
            release=deployment.release,
            plan=deployment.plan,
            digest=deployment.digest,
            not_after=self.clock.now() + START_WITHIN,
            workspace=str(workspace),
        )
        self.lease.check()
        try:
            await place.start(order)
        except TargetError as error:
            refused = isinstance(error, GuardRefused)
            reason = Reason.GUARD_REFUSED if refused else Reason.PROGRAM_NOT_STARTED
            await self._after_refused_start(deployment, place, because(reason, problem=str(error)))
            return
        await self._follow(deployment, place)

    async def _after_refused_start(self, deployment: Deployment, place: Place, reason: Because) -> None:
        """The place did not say that it began; let it say what is so, and make sure that nothing begins later."""
        try:
            sighting = await self._ask(deployment, place.cancel, execution_of(deployment))
        except GuardRefused:
            sighting = Sighting(standing=Standing.SEALED)
        if sighting.standing is Standing.SEALED:
            await self._fail(deployment, reason)
        elif sighting.standing is Standing.RUNNING:
            await self._follow(deployment, place)
        else:
            await self.finish(deployment, sighting)

    async def _adopt(self, deployment: Deployment, place: Place) -> None:
        """Take over an attempt whose start is written: adopt what runs, judge what ended, seal what never began."""
        execution = execution_of(deployment)
        ending = await self.ledger.read(lambda look: look.ending(deployment.id, deployment.attempt))
        if ending is not None:
            await self.finish(deployment, Sighting(standing=Standing.ENDED, ending=ending))
            return
        sighting = await self._ask(deployment, place.look, execution)
        if sighting.standing in (Standing.UNSEEN, Standing.INTENDED):
            self.lease.check()
            sighting = await self._ask(deployment, place.cancel, execution)
        if sighting.standing is Standing.RUNNING:
            await self._follow(deployment, place)
        elif sighting.standing is Standing.SEALED and deployment.wish is None:
            # Proof that the attempt before never began and never will: another one may.
            await self._begin(deployment, place)
        else:
            await self.finish(deployment, sighting)

    async def _follow(self, deployment: Deployment, place: Place) -> None:
        """Wait for the execution's end, pass on a wish to cancel, stop at once when the lease is lost."""
        execution = execution_of(deployment)
        waiting = asyncio.create_task(self._wait(deployment, place, execution))
        try:
            while not waiting.done():
                await asyncio.wait({waiting}, timeout=GLANCE_SECONDS)
                self.lease.check()
                if not waiting.done():
                    await self._glance(deployment, place, execution)
            sighting = waiting.result()
        finally:
            waiting.cancel()
            with suppress(asyncio.CancelledError, TargetError, OutcomeUnknown):
                await waiting
        await self.finish(deployment, sighting)

    async def _wait(self, deployment: Deployment, place: Place, execution: Execution) -> Sighting:
        return await self._ask(deployment, place.wait, execution)

    async def _glance(self, deployment: Deployment, place: Place, execution: Execution) -> None:
        row = await self.ledger.read(lambda look: look.deployment_by_id(deployment.id))
        if row is None or (row.owner, row.epoch) != (deployment.owner, deployment.epoch):
            msg = f"#{deployment.number} is looked after by another process"
            raise FencedOut(msg)
        with suppress(TargetError):
            # A place that does not answer now is asked again at the next glance.
            if row.wish is not None:
                await place.cancel(execution)
            else:
                await place.keep_alive(execution)

    async def _ask(
        self,
        deployment: Deployment,
        question: Callable[[Execution], Awaitable[Sighting]],
        execution: Execution,
    ) -> Sighting:
        """Return the place's answer, asking again while it does not answer; or raise OutcomeUnknown.

        Before the start a place may stay silent until the deployment is due; after it, for `unknown_after`.
        """
        since = None
        while True:
            self.lease.check()
            try:
                return await question(execution)
            except TemporaryTargetError as error:
                since = since or self.clock.now()
                until = deployment.due_at if deployment.state is State.QUEUED else since + self.unknown_after
                if self.clock.now() >= until:
                    raise OutcomeUnknown(str(error)) from error
                silent = because(Reason.TARGET_NOT_ANSWERING, problem=str(error))
                await self.start.note(deployment, silent)
                await self.clock.sleep(error.retry_after.total_seconds())

    async def _fail(self, deployment: Deployment, reason: Because) -> None:
        await self.finish.as_judged(deployment, Verdict(state=State.FAILED, because=reason))


def execution_of(deployment: Deployment) -> Execution:
    """Return the name of a deployment's present attempt; of its first, before any was started."""
    return Execution(
        deployment=deployment.id,
        number=deployment.number,
        attempt=max(1, deployment.attempt),
        fence=deployment.fence,
        application=deployment.application,
        environment=deployment.environment,
    )
