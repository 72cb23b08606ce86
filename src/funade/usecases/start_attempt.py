"""Take a deployment's turn, and write an attempt's start: the last transaction before the first effect."""

from dataclasses import dataclass, replace

from funade.domain.answers import Waiting
from funade.domain.deployment import Deployment, Phase, Purpose, State
from funade.domain.environment import Berth
from funade.domain.errors import FencedOut, SecretError, SourceError
from funade.domain.events import (
    ConfirmationWanted,
    DeploymentFinished,
    DeploymentStarted,
    DeploymentTakenOver,
    about,
)
from funade.domain.orders import Execution
from funade.domain.reason import Because, Reason, because
from funade.domain.revision import Revision
from funade.failpoints import effect
from funade.usecases.end_waiting import end_waiting
from funade.usecases.explain_waiting import ExplainWaiting
from funade.usecases.follow_approvals import ask_for_approval
from funade.usecases.ledger_ports import Ledger, Obligation, Transaction
from funade.usecases.living import Living
from funade.usecases.locking import lock
from funade.usecases.ports import Clock, Lease, Sources, Workspaces
from funade.usecases.reach import Reach
from funade.usecases.rules import GatherRules

#: The kind of obligation that a checkout is.
WORKSPACE = "workspace"


def is_elsewhere(obligation: Obligation, lease: Lease) -> bool:
    """Tell whether only another machine can undo it."""
    return obligation.data.get("machine", lease.machine) != lease.machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The start of an attempt is on the disk; its order may be given."""

    deployment: Deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeTurn:
    """Make this process look after a deployment, if it is free to be looked after."""

    ledger: Ledger
    lease: Lease
    clock: Clock
    living: Living
    reach: Reach
    workspaces: Workspaces
    rules: GatherRules

    async def __call__(self, id: str) -> Deployment | None:
        """Return it, claimed; None when somebody else was faster or it is not its turn."""
        self.lease.check()
        with effect("store.take"):
            taken = await self.ledger.change(lambda change: self._write(change, id))
        if taken is not None:
            # Not before: a claim that was not stored may be made by somebody else, who keeps the program alive.
            self.reach.claimed(taken)
        return taken

    def _write(self, change: Transaction, id: str) -> Deployment | None:
        locked = lock(change, change.deployment_by_id(id))
        if locked is None:
            return None
        found, berth = locked
        me = self.lease.process
        if found.has_ended or not self._is_free(change, found, me):
            return None
        if found.state is State.RUNNING:
            if not self.reach.covers(found, change.processes()):
                return None
            claimed = change.claim(found, me)
            if found.owner != me:
                mine = next((one for one in change.processes() if one.id == me), None)
                happening = DeploymentTakenOver(
                    by=me,
                    standing=found.phase,
                    host=mine.host if mine else None,
                    pid=mine.pid if mine else None,
                )
                change.record(about(claimed, happening, me, self.clock.now()))
            self._owe_checkout(change, claimed)
            return claimed
        if found.state is not State.QUEUED or berth.doubt is not None or berth.turn not in (None, id):
            return None
        if berth.turn is None and not self._is_next(change, found, berth):
            return None
        change.save_berth(replace(berth, turn=id))
        claimed = replace(change.claim(found, me), phase=Phase.PREPARING, because=because(Reason.PREPARING))
        change.save_deployment(claimed)
        self._owe_checkout(change, claimed)
        return claimed

    def _owe_checkout(self, change: Transaction, claimed: Deployment) -> None:
        """Write down the folder that this claim may fill: its own, so that nobody who lost it is ever met there."""
        folder = self.workspaces.folder(claimed.id, claimed.epoch)
        change.add_obligation(
            Obligation(
                id=f"{WORKSPACE}:{claimed.id}:{claimed.epoch}",
                deployment=claimed.id,
                kind=WORKSPACE,
                data={"folder": str(folder), "machine": self.lease.machine},
                since=self.clock.now(),
            )
        )

    def _is_next(self, change: Transaction, found: Deployment, berth: Berth) -> bool:
        """Tell whether no rule keeps it waiting, and nobody asked before it whom no rule keeps waiting."""
        now = self.clock.now()
        for entry in change.entries(found.application, found.environment):
            if entry.id == found.id:
                one: Deployment | None = found
            else:
                one = change.deployment_by_id(entry.id) if entry.state is State.QUEUED else None
            if one is not None and not self.rules.obstacles(one, berth, change, now):
                return one.id == found.id
        return False

    def _is_free(self, change: Transaction, found: Deployment, me: str) -> bool:
        """Tell whether nobody living looks after it; a dead owner is struck off, so that it cannot wake and go on."""
        processes = change.processes()
        if me not in {one.id for one in processes}:
            msg = "this process has been declared dead"
            raise FencedOut(msg)
        if found.owner is None or found.owner == me:
            return True
        if found.owner in self.living.among(processes):
            return False
        change.forget_process(found.owner)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAttempt:
    """Read everything again under the environment's lock, and write the start, or do not."""

    ledger: Ledger
    sources: Sources
    clock: Clock
    rules: GatherRules
    explain: ExplainWaiting

    async def __call__(
        self, deployment: Deployment, remembered_fence: int, machine: str | None = None
    ) -> Started | None:
        """Return Started, or None when it ended, was put back, or asks a person; raises FencedOut when not ours.

        `machine` is set where only this machine will be able to look at the attempt.
        """
        while True:
            live = await self._live(deployment)
            must_ask = await self._must_ask(deployment, live)

            def work(
                change: Transaction, live: Revision | None = live, must_ask: bool = must_ask
            ) -> Started | str:
                return self._write(change, deployment, remembered_fence, live, machine, must_ask=must_ask)

            with effect("store.start"):
                written = await self.ledger.change(work)
            if written != "look again":
                return written if isinstance(written, Started) else None

    async def _live(self, deployment: Deployment) -> Revision | None:
        berth = await self.ledger.read(
            lambda look: look.berth(deployment.application, deployment.environment)
        )
        return berth.live

    async def _must_ask(self, deployment: Deployment, live: Revision | None) -> bool:
        """Tell whether something newer that the plan did not show went live in between."""
        shown = (deployment.preview.live, deployment.confirmed_live, deployment.revision)
        if deployment.purpose is Purpose.ROLLBACK or live is None or live in shown:
            return False
        try:
            return not await self.sources.contains(deployment.release.repository, deployment.revision, live)
        except (SourceError, SecretError):
            # Where the repository cannot tell, a person can.
            return True

    def _write(  # noqa: PLR0913 - what was found out before the transaction
        self,
        change: Transaction,
        deployment: Deployment,
        remembered_fence: int,
        live: Revision | None,
        machine: str | None,
        *,
        must_ask: bool,
    ) -> Started | str:
        now = self.clock.now()
        berth = change.lock_berth(deployment.application, deployment.environment)
        row = change.deployment_by_id(deployment.id)
        if (
            row is None
            or (row.owner, row.epoch) != (deployment.owner, deployment.epoch)
            or berth.turn != row.id
        ):
            msg = f"#{deployment.number} is looked after by another process"
            raise FencedOut(msg)
        if end_waiting(change, row, berth, now, self.explain):
            return "ended"
        in_the_way = self.rules.obstacles(row, berth, change, now)
        if in_the_way:
            self._put_back(change, row, berth, in_the_way)
            return "put back"
        if berth.live != live:
            return "look again"
        if row.state is State.QUEUED and must_ask:
            self._ask_again(change, row, berth)
            return "asks"
        fence = berth.next_fence(int(now.timestamp() * 1000), remembered_fence)
        started = row.begin_attempt(fence, now, because(Reason.PROGRAM_RUNNING), machine)
        change.save_berth(replace(berth, fence=fence))
        change.save_deployment(started)
        change.record(
            about(started, DeploymentStarted(attempt=started.attempt, fence=fence), started.asked_by, now)
        )
        execution = Execution(
            deployment=started.id,
            number=started.number,
            attempt=started.attempt,
            fence=fence,
            application=started.application,
            environment=started.environment,
        )
        change.add_order("start", execution, now)
        return Started(deployment=started)

    def _put_back(
        self, change: Transaction, row: Deployment, berth: Berth, in_the_way: tuple[Waiting, ...]
    ) -> None:
        """A rule keeps it waiting that was not there when it got its turn: give the turn back, and wait."""
        now, reason = self.clock.now(), in_the_way[0].because
        change.save_berth(replace(berth, turn=None))
        if row.state is State.RUNNING:
            # An attempt before this one was written as started, and never began: there is no way back to the queue.
            ended = row.advance(State.FAILED, reason, now)
            change.save_deployment(ended)
            finished = DeploymentFinished(state=ended.state, because=reason, verified=False)
            change.record(about(ended, finished, row.asked_by, now))
        elif not ask_for_approval(change, row, in_the_way, now):
            change.save_deployment(replace(row, phase=Phase.WAITING, because=reason, owner=None))

    def _ask_again(self, change: Transaction, row: Deployment, berth: Berth) -> None:
        reason = because(Reason.NEWER_WENT_LIVE, number=row.number, live=berth.live, shown=row.preview.live)
        # Whoever said yes did not know of it: they are asked once more.
        asking = replace(
            row.advance(State.AWAITING_APPROVAL, reason, self.clock.now()),
            owner=None,
            approvals=(),
            overrides=(),
        )
        change.save_deployment(asking)
        change.save_berth(replace(berth, turn=None))
        change.record(about(asking, ConfirmationWanted(because=reason), asking.asked_by, self.clock.now()))

    async def note(self, deployment: Deployment, reason: Because) -> Deployment:
        """Write down what it waits for just now, and return it as it is; the same thing twice is written once."""

        def work(change: Transaction) -> Deployment:
            row = change.deployment_by_id(deployment.id)
            if row is None or (row.owner, row.epoch) != (deployment.owner, deployment.epoch):
                msg = f"#{deployment.number} is looked after by another process"
                raise FencedOut(msg)
            noted = replace(row, because=reason)
            if noted != row:
                change.save_deployment(noted)
            return noted

        with effect("store.note"):
            return await self.ledger.change(work)
