"""Bring a deployment to its end: keep what the place said, look at what runs, judge, write, clear up."""

from contextlib import suppress
from dataclasses import dataclass, replace

from funade.domain.deployment import Deployment, Phase, State
from funade.domain.environment import Berth, Doubt
from funade.domain.errors import FencedOut
from funade.domain.events import DeploymentFinished, EnvironmentClosed, ExecutionEnded, about
from funade.domain.orders import Observed, Sighting
from funade.domain.reason import Reason, because
from funade.domain.revision import parse_revision
from funade.domain.verdict import Verdict, judge, may_wait, must_look
from funade.failpoints import effect
from funade.usecases.ports import Clock, Lease, Ledger, Targets, Transaction, Verifier, Workspaces
from funade.usecases.start_attempt import WORKSPACE


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
            await self.as_judged(deployment, Verdict(state=State.FAILED, because=silent))
            return
        verdict = Verdict(state=State.FAILED, because=because(Reason.OUTCOME_UNKNOWN, problem=problem))
        await self.as_judged(deployment, verdict, doubt=problem)

    async def as_judged(
        self,
        deployment: Deployment,
        verdict: Verdict,
        observed: Observed | None = None,
        doubt: str | None = None,
    ) -> None:
        """Remove the checkout and write the end: state, event, turn, what is live now."""
        self.lease.check()
        removed = await self._clear_up(deployment)
        with effect("store.finish"):
            await self.ledger.change(
                lambda change: self._write(
                    change, deployment, verdict, observed or Observed(), doubt, removed
                )
            )

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
                attempt=row.attempt, by=ending.by, exit_code=ending.exit_code, signal=ending.signal
            )
            change.record(about(row, ended, row.asked_by, ending.at))
            verifying = replace(row, phase=Phase.VERIFYING, because=because(Reason.VERIFYING))
            change.save_deployment(verifying)
            return verifying

        with effect("store.ending"):
            return await self.ledger.change(work)

    async def _observe(self, row: Deployment, sighting: Sighting) -> Observed:
        """Look at what runs; as long as it may still come up, look again until `within` is over."""
        if not must_look(sighting, row):
            if row.release.verify is None and sighting.ending is not None:
                return await self.targets.open(row.release).observe(row.release)
            return Observed()
        verify = row.release.verify
        assert verify is not None, "must_look says so"  # noqa: S101 - narrows
        until = self.clock.now() + verify.within
        while True:
            self.lease.check()
            observed = await self.verifier.look(verify, row.release)
            if observed.matches or not may_wait(sighting) or self.clock.now() >= until:
                return observed
            await self.clock.sleep(verify.every.total_seconds())

    async def _clear_up(self, deployment: Deployment) -> tuple[str, ...]:
        """Remove the checkouts; what cannot be removed now stays owed and is swept later."""
        removed = []
        for attempt in range(1, deployment.attempt + 2):
            with suppress(OSError):
                await self.workspaces.remove(self.workspaces.folder(deployment.id, attempt))
                removed.append(f"{WORKSPACE}:{deployment.id}:{attempt}")
        return tuple(removed)

    def _mine(self, change: Transaction, deployment: Deployment) -> Deployment:
        row = change.deployment_by_id(deployment.id)
        if row is None or (row.owner, row.epoch) != (deployment.owner, deployment.epoch):
            msg = f"#{deployment.number} is looked after by another process"
            raise FencedOut(msg)
        return row

    def _write(  # noqa: PLR0913, PLR0917 - one end, told whole
        self,
        change: Transaction,
        deployment: Deployment,
        verdict: Verdict,
        observed: Observed,
        doubt: str | None,
        removed: tuple[str, ...],
    ) -> None:
        now = self.clock.now()
        berth = change.lock_berth(deployment.application, deployment.environment)
        row = self._mine(change, deployment)
        ended = row.advance(verdict.state, verdict.because, now, verified=verdict.verified)
        change.save_deployment(ended)
        happening = DeploymentFinished(
            state=ended.state, because=verdict.because, verified=ended.verified, seen=observed.shown
        )
        change.record(about(ended, happening, ended.asked_by, now))
        left = self._leave(berth, ended, observed)
        if doubt is not None:
            left = replace(left, doubt=Doubt(number=ended.number, since=now, problem=doubt))
            change.record(about(ended, EnvironmentClosed(problem=doubt), ended.asked_by, now))
        change.save_berth(left)
        for one in removed:
            change.settle_obligation(one)

    def _leave(self, berth: Berth, ended: Deployment, observed: Observed) -> Berth:
        """Give the turn back, and note what is live: what was seen, else what succeeded, else nothing certain."""
        if berth.turn == ended.id:
            berth = replace(berth, turn=None)
        if not ended.was_started:
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
        seen = parse_revision(observed.revision)
        number = ended.number if seen == ended.revision else None
        return replace(berth, live=seen, live_number=number, live_verified=True, live_since=ended.ended_at)
