"""End what waits: wished away, or waiting for too long. Everything ends."""

from dataclasses import dataclass, replace
from datetime import datetime

from funade.domain.deployment import Deployment, Phase, State
from funade.domain.environment import Berth
from funade.domain.events import DeploymentFinished, about
from funade.domain.reason import Reason, because
from funade.failpoints import effect
from funade.usecases.explain_waiting import ExplainWaiting
from funade.usecases.ledger_ports import Ledger, Transaction
from funade.usecases.locking import lock
from funade.usecases.ports import Clock


def end_waiting(
    change: Transaction, row: Deployment, berth: Berth, now: datetime, explain: ExplainWaiting
) -> bool:
    """End `row`, of which nothing has begun, if it is wished away or due; tell whether it was ended."""
    if row.wish is not None:
        ended = row.advance(State.CANCELLED, because(Reason.CANCELLED, by=row.wish.by), now)
    elif row.due_at <= now:
        waited = (now - row.asked_at).total_seconds()
        waited_for = next((one.because.code for one in explain(row, change)), Reason.AWAITING_TURN)
        if waited_for is Reason.PREPARING and row.phase is Phase.WAITING:
            # It could begin now, and could not before: others went first, or nobody was there.
            waited_for = Reason.AWAITING_TURN
        reason = because(Reason.EXPIRED, waited_for=waited_for, seconds=waited)
        ended = row.advance(State.FAILED, reason, now)
    else:
        return False
    change.save_deployment(ended)
    if berth.turn == row.id:
        change.save_berth(replace(berth, turn=None))
    assert ended.because is not None, "advance gave it one"  # noqa: S101 - narrows
    happening = DeploymentFinished(state=ended.state, because=ended.because, verified=False)
    change.record(about(ended, happening, row.wish.by if row.wish else row.asked_by, now))
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class EndWaiting:
    """End one that nobody looks after and that was never started."""

    ledger: Ledger
    clock: Clock
    explain: ExplainWaiting

    async def __call__(self, id: str) -> None:
        """End it if that is still right when its environment is locked."""

        def work(change: Transaction) -> None:
            locked = lock(change, change.deployment_by_id(id))
            if locked is None or locked[0].state not in (State.QUEUED, State.AWAITING_APPROVAL):
                return
            end_waiting(change, *locked, self.clock.now(), self.explain)

        with effect("store.end_waiting"):
            await self.ledger.change(work)
