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
    SecretError,
    SourceError,
    TargetError,
    TemporaryTargetError,
)
from funade.domain.orders import Execution, Sighting, Standing, StartOrder
from funade.domain.reason import Because, Reason, because
from funade.domain.verdict import Verdict
from funade.usecases.finish_deployment import FinishDeployment
from funade.usecases.follow_progress import FollowProgress
from funade.usecases.ledger_ports import Ledger
from funade.usecases.ports import Clock, Lease, Place, Sources, Targets, Workspaces
from funade.usecases.reach import Reach
from funade.usecases.start_attempt import StartAttempt, Started, TakeTurn

#: How often a running deployment's row is read for a wish, and its place told that somebody is there.
GLANCE_SECONDS = 1.0


class OutcomeUnknown(Exception):
    """The place could not be asked for too long."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(problem)


class NotWanted(Exception):
    """Somebody wished it away before its start was written."""


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
    reach: Reach
    follow_progress: FollowProgress
    unknown_after: timedelta = timedelta(minutes=10)

    async def __call__(self, id: str) -> None:
        """Return when `id` is at its end or waits for somebody else; raises FencedOut when it is not ours any more."""
        deployment = await self.take(id)
        if deployment is None:
            return
        try:
            place = self.targets.open(deployment.release).place
            if deployment.state is State.RUNNING:
                await self._adopt(deployment, place)
            else:
                await self._begin(deployment, place)
        except PermanentTargetError as error:
            await self._give_up(deployment, str(error))
        except OutcomeUnknown as error:
            await self.finish.as_unknown(deployment, error.problem)
        except NotWanted:
            # Everything is read again under the environment's lock, and there it ends.
            await self.start(deployment, remembered_fence=0)

    async def _give_up(self, deployment: Deployment, problem: str) -> None:
        """End what this Funade cannot carry out; what was started may still run."""
        if deployment.state is State.RUNNING:
            await self.finish.as_unknown(deployment, problem)
        else:
            await self._fail(deployment, because(Reason.PREPARATION_FAILED, problem=problem))

    async def _begin(self, deployment: Deployment, place: Place) -> None:
        """Prepare the next attempt, write its start, give the order, follow it to its end."""
        workspace = self.workspaces.folder(deployment.id, deployment.epoch)
        with place.expecting(execution_of(deployment)):
            try:
                await self.workspaces.remove(workspace)
                await self.sources.check_out(
                    deployment.release.repository, deployment.revision, workspace, files=place.needs_files
                )
            except (SourceError, SecretError, OSError) as error:
                await self._fail(deployment, because(Reason.PREPARATION_FAILED, problem=str(error)))
                return
            seen = await self._ask(deployment, place.look)
            self.lease.check()
            machine = self.lease.machine if self.targets.is_local(deployment.release) else None
            started = await self.start(deployment, seen.highest_fence, machine)
            if isinstance(started, Started):
                await self._order(started.deployment, place, str(workspace))

    async def _order(self, deployment: Deployment, place: Place, workspace: str) -> None:
        """Give the order to start, once; whatever the place answers, see the attempt to its end."""
        order = StartOrder(
            execution=execution_of(deployment),
            release=deployment.release,
            plan=deployment.plan,
            digest=deployment.digest,
            not_after=self.clock.now() + self.reach.start_within(deployment.release),
            workspace=workspace,
            ref=deployment.ref,
        )
        self.lease.check()
        try:
            await place.start(order)
        except GuardRefused as error:
            refused = because(Reason.GUARD_REFUSED, problem=str(error))
            await self._go_on(deployment, place, await self._after_refusal(deployment, place), refused)
        except (TargetError, SecretError) as error:
            failed = because(Reason.PROGRAM_NOT_STARTED, problem=str(error))
            await self._go_on(deployment, place, await self._settled(deployment, place), failed)
        else:
            await self._follow(deployment, place)

    async def _go_on(
        self, deployment: Deployment, place: Place, sighting: Sighting, if_sealed: Because
    ) -> None:
        """Go on from what the place says of an attempt that was ordered; one that never began fails with a reason."""
        if sighting.standing is Standing.SEALED:
            await self._fail(deployment, if_sealed)
        elif sighting.standing is Standing.RUNNING:
            await self._follow(deployment, place)
        else:
            await self.finish(deployment, sighting)

    async def _settled(self, deployment: Deployment, place: Place) -> Sighting:
        """Return what is so; an attempt that has not begun is sealed, so that it never will."""
        sighting = await self._ask(deployment, place.look)
        if sighting.standing in (Standing.UNSEEN, Standing.INTENDED):
            sighting = await self._ask(deployment, place.cancel)
        return sighting

    async def _after_refusal(self, deployment: Deployment, place: Place) -> Sighting:
        """Return what is so after the guard's no, which is proof enough where nothing else is said."""
        execution = execution_of(deployment)
        sealed = Sighting(standing=Standing.SEALED)
        try:
            sighting = await place.look(execution)
            if sighting.standing in (Standing.UNSEEN, Standing.INTENDED):
                self.lease.check()
                sighting = await place.cancel(execution)
        except TargetError:
            return sealed
        return sighting

    async def _adopt(self, deployment: Deployment, place: Place) -> None:
        """Take over an attempt whose start is written: adopt what runs, judge what ended, seal what never began."""
        ending = await self.ledger.read(lambda look: look.ending(deployment.id, deployment.attempt))
        if ending is not None:
            await self.finish(deployment, Sighting(standing=Standing.ENDED, ending=ending))
            return
        if deployment.machine is not None and deployment.machine != self.lease.machine:
            await self._judge_from_afar(deployment)
            return
        sighting = await self._settled(deployment, place)
        if sighting.standing is Standing.RUNNING:
            await self._follow(deployment, place)
        elif sighting.standing is Standing.SEALED and deployment.wish is None:
            # Proof that the attempt before never began and never will: another one may.
            await self._begin(deployment, place)
        else:
            await self.finish(deployment, sighting)

    async def _judge_from_afar(self, deployment: Deployment) -> None:
        """End what ran on a machine of which nobody has heard for long; or raise OutcomeUnknown."""
        if not self.reach.stops_alone(deployment.release):
            problem = f"only `{deployment.machine}` can tell, and no Funade process has run there for long"
            raise OutcomeUnknown(problem)
        problem = f"`{deployment.machine}` has been silent for so long that it was stopped there"
        await self.finish(deployment, Sighting(standing=Standing.LOST, problem=problem))

    async def _follow(self, deployment: Deployment, place: Place) -> None:
        """Wait for the execution's end, pass on a wish to cancel, stop at once when the lease is lost."""
        execution = execution_of(deployment)
        waiting = asyncio.create_task(self._wait(deployment, place))
        pause = asyncio.create_task(self.clock.sleep(GLANCE_SECONDS))
        try:
            while not waiting.done():
                await asyncio.wait({waiting, pause}, return_when=asyncio.FIRST_COMPLETED)
                self.lease.check()
                if not waiting.done():
                    await self._glance(deployment, place, execution)
                    pause = asyncio.create_task(self.clock.sleep(GLANCE_SECONDS))
            sighting = waiting.result()
        finally:
            for task in (waiting, pause):
                task.cancel()
            await asyncio.gather(waiting, pause, return_exceptions=True)
        await self.finish(deployment, sighting)

    async def _wait(self, deployment: Deployment, place: Place) -> Sighting:
        execution = execution_of(deployment)
        while True:
            try:
                return await place.wait(execution)
            except TemporaryTargetError as error:
                await self.clock.sleep(error.retry_after.total_seconds())
            except TargetError as error:
                raise OutcomeUnknown(str(error)) from error
            sighting = await self._ask(deployment, place.look)
            if sighting.standing is not Standing.RUNNING:
                return sighting

    async def _glance(self, deployment: Deployment, place: Place, execution: Execution) -> None:
        row = await self.ledger.read(lambda look: look.deployment_by_id(deployment.id))
        if row is None or (row.owner, row.epoch) != (deployment.owner, deployment.epoch):
            msg = f"#{deployment.number} is looked after by another process"
            raise FencedOut(msg)
        await self.follow_progress(deployment)
        with suppress(TargetError):
            # A place that does not answer now is asked again at the next glance.
            if row.wish is not None:
                await place.cancel(execution)
            else:
                # Whoever judges from afar counts on it that nobody keeps it alive past a lease.
                self.lease.check()
                await place.keep_alive(execution)

    async def _ask(
        self, deployment: Deployment, question: Callable[[Execution], Awaitable[Sighting]]
    ) -> Sighting:
        """Return the place's answer, asking again while it does not answer; or raise OutcomeUnknown.

        Before the start a place may stay silent until the deployment is due or wished away, which raises NotWanted;
        after it, for `unknown_after`.
        """
        since = None
        while True:
            self.lease.check()
            try:
                answer = await question(execution_of(deployment))
            except TemporaryTargetError as error:
                since = since or self.clock.now()
                until = deployment.due_at if deployment.state is State.QUEUED else since + self.unknown_after
                if self.clock.now() >= until:
                    raise OutcomeUnknown(str(error)) from error
                await self._note(deployment, because(Reason.TARGET_NOT_ANSWERING, problem=str(error)))
                await self.clock.sleep(error.retry_after.total_seconds())
            except TargetError as error:
                raise OutcomeUnknown(str(error)) from error
            else:
                if since is not None:
                    waits = deployment.state is State.QUEUED
                    await self._note(
                        deployment, because(Reason.PREPARING if waits else Reason.PROGRAM_RUNNING)
                    )
                return answer

    async def _note(self, deployment: Deployment, reason: Because) -> None:
        row = await self.start.note(deployment, reason)
        if row.state is State.QUEUED and row.wish is not None:
            raise NotWanted

    async def _fail(self, deployment: Deployment, reason: Because) -> None:
        await self.finish.as_judged(deployment, Verdict(state=State.FAILED, because=reason, began=False))


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
