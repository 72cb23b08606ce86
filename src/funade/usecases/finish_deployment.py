"""Bring a deployment to its end: keep what the place said, look at what runs, judge, write, clear up."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from funade.domain.application import Verification
from funade.domain.deployment import Deployment, Phase, State
from funade.domain.environment import Berth, Doubt
from funade.domain.errors import FencedOut, TargetError, TemporaryTargetError
from funade.domain.events import DeploymentFinished, EnvironmentClosed, ExecutionEnded, about
from funade.domain.orders import Observed, Sighting
from funade.domain.reason import Reason, because
from funade.domain.revision import Revision
from funade.domain.verdict import Verdict, judge, may_wait, must_look
from funade.failpoints import effect
from funade.usecases.ledger_ports import Ledger, Transaction
from funade.usecases.ports import Clock, Lease, Targets, Verifier, Workspaces
from funade.usecases.start_attempt import WORKSPACE, is_elsewhere

#: A target that cannot say what runs is asked again for so long.
ANSWER_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishDeployment:
    """What comes after an execution; each part may be done again by whoever takes over."""

    ledger: Ledger
    targets: Targets
    verifier: Verifier
    workspaces: Workspaces
    lease: Lease
    clock: Clock

    async def __call__(self, deployment: Deployment, sighting: Sighting) -> None:
        """Judge `deployment` by the place's answer and by what is seen to run, and write its end."""
        row = await self._keep_ending(deployment, sighting)
        before = await self.ledger.read(lambda look: look.berth(row.application, row.environment))
        observed = await self._observe(row, sighting)
        verdict = judge(row, sighting, observed, before.live)
        await self.as_judged(row, verdict, observed)

    async def as_unknown(self, deployment: Deployment, problem: str) -> None:
        """End it without an answer of its place. Once started, its environment stays closed."""
        if deployment.state is State.QUEUED:
            silent = because(
                Reason.TARGET_UNREACHABLE,
                application=deployment.application,
                environment=deployment.environment,
                problem=problem,
            )
            await self.as_judged(deployment, Verdict(state=State.FAILED, because=silent, began=False))
            return
        verdict = Verdict(state=State.FAILED, because=because(Reason.OUTCOME_UNKNOWN, problem=problem))

        def work(change: Transaction) -> None:
            ended = self._write(change, deployment, verdict, Observed())
            self._close(change, ended, problem)

        # It may still run: its checkout stays, and is owed, until its place has answered.
        await self._end(work)

    async def as_judged(
        self, deployment: Deployment, verdict: Verdict, observed: Observed | None = None
    ) -> None:
        """Remove the checkout and write the end: state, event, turn, what is live now."""
        self.lease.check()
        removed = await self._clear_up(deployment)

        def work(change: Transaction) -> None:
            self._write(change, deployment, verdict, observed or Observed())
            for one in removed:
                change.settle_obligation(one)

        await self._end(work)

    async def _end(self, work: Callable[[Transaction], None]) -> None:
        self.lease.check()
        with effect("store.finish"):
            await self.ledger.change(work)

    async def _keep_ending(self, deployment: Deployment, sighting: Sighting) -> Deployment:
        """Write down what the place said, before anything else can get lost."""
        ending = sighting.ending
        if ending is None:
            return deployment

        def work(change: Transaction) -> Deployment:
            row = self._mine(change, deployment)
            change.add_ending(row.id, row.attempt, ending)
            if row.phase is Phase.VERIFYING:
                return row
            ended = ExecutionEnded(
                attempt=row.attempt,
                by=ending.by,
                exit_code=ending.exit_code,
                signal=ending.signal,
                ended_at=ending.at,
            )
            change.record(about(row, ended, row.asked_by, self.clock.now()))
            verifying = replace(row, phase=Phase.VERIFYING, because=because(Reason.VERIFYING))
            change.save_deployment(verifying)
            return verifying

        with effect("store.ending"):
            return await self.ledger.change(work)

    async def _observe(self, row: Deployment, sighting: Sighting) -> Observed:
        """Look at what runs; as long as it may still come up, look again until `within` is over."""
        if not must_look(sighting):
            return Observed()
        if row.release.verify is None:
            return await self._observe_target(row)
        observed = await self._verify(row, row.release.verify, may_come=may_wait(sighting))
        if observed.matches:
            return observed
        # An address answers for all hosts as one; only the target can say which of them has what.
        hosts = await self._observe_target(row)
        apart = hosts.differing or (hosts.shown if hosts.revision is None else "")
        return replace(observed, differing=apart)

    async def _verify(self, row: Deployment, verify: Verification, *, may_come: bool) -> Observed:
        until = self.clock.now() + verify.within
        while True:
            self.lease.check()
            observed = await self.verifier.look(verify, row.release)
            if observed.matches or not may_come or self.clock.now() >= until:
                return observed
            await self.clock.sleep(verify.every.total_seconds())

    async def _observe_target(self, row: Deployment) -> Observed:
        """Let the target look in its own way; where it has one and cannot use it, nothing was seen."""
        until = self.clock.now() + ANSWER_WITHIN
        while True:
            self.lease.check()
            try:
                return await self.targets.open(row.release).observe(row.release)
            except TemporaryTargetError as error:
                if self.clock.now() >= until:
                    return Observed(matches=False, shown=str(error))
                await self.clock.sleep(error.retry_after.total_seconds())
            except TargetError as error:
                return Observed(matches=False, shown=str(error))

    async def _clear_up(self, deployment: Deployment) -> tuple[str, ...]:
        """Remove the checkouts; what cannot be removed now stays owed and is swept later."""
        owed = await self.ledger.read(lambda look: look.obligations(deployment.id))
        removed = []
        for one in owed:
            if one.kind != WORKSPACE or is_elsewhere(one, self.lease):
                continue
            with suppress(OSError):
                await self.workspaces.remove(Path(one.data.get("folder", "")))
                removed.append(one.id)
        return tuple(removed)

    def _mine(self, change: Transaction, deployment: Deployment) -> Deployment:
        row = change.deployment_by_id(deployment.id)
        if row is None or (row.owner, row.epoch) != (deployment.owner, deployment.epoch):
            msg = f"#{deployment.number} is looked after by another process"
            raise FencedOut(msg)
        return row

    def _write(
        self, change: Transaction, deployment: Deployment, verdict: Verdict, observed: Observed
    ) -> Deployment:
        now = self.clock.now()
        berth = change.lock_berth(deployment.application, deployment.environment)
        row = self._mine(change, deployment)
        ended = row.advance(verdict.state, verdict.because, now, verified=verdict.verified)
        change.save_deployment(ended)
        happening = DeploymentFinished(
            state=ended.state, because=verdict.because, verified=ended.verified, seen=observed.shown
        )
        change.record(about(ended, happening, ended.asked_by, now))
        change.save_berth(self._leave(berth, ended, verdict, observed))
        return ended

    def _close(self, change: Transaction, ended: Deployment, problem: str) -> None:
        now = self.clock.now()
        berth = change.lock_berth(ended.application, ended.environment)
        change.save_berth(replace(berth, doubt=Doubt(number=ended.number, since=now, problem=problem)))
        change.record(about(ended, EnvironmentClosed(problem=problem), ended.asked_by, now))

    def _leave(self, berth: Berth, ended: Deployment, verdict: Verdict, observed: Observed) -> Berth:
        """Give the turn back, and note what is live: what was seen, else what succeeded, else nothing certain."""
        if berth.turn == ended.id:
            berth = replace(berth, turn=None)
        if not verdict.began:
            return berth
        if ended.state is State.SUCCEEDED:
            return replace(
                berth,
                live=ended.revision,
                live_number=ended.number,
                live_verified=ended.verified,
                live_since=ended.ended_at,
            )
        if observed.revision is None:
            return replace(berth, live_verified=False)
        if observed.revision == berth.live:
            return replace(berth, live_verified=True)
        seen = Revision(observed.revision)
        number = ended.number if seen == ended.revision else None
        return replace(berth, live=seen, live_number=number, live_verified=True, live_since=ended.ended_at)
