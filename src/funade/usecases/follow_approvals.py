"""A deployment asks for approvals exactly while it lacks some, whatever people and the configuration do meanwhile."""

from dataclasses import dataclass, replace
from datetime import datetime

from funade.domain.answers import Waiting
from funade.domain.deployment import Deployment, State
from funade.domain.environment import Berth
from funade.domain.events import ConfirmationWanted, about
from funade.domain.gate import lacks_approval
from funade.domain.reason import Reason, because
from funade.failpoints import effect
from funade.usecases.ledger_ports import Ledger, Reading, Transaction
from funade.usecases.locking import lock
from funade.usecases.ports import Clock
from funade.usecases.rules import GatherRules


def ask_for_approval(
    change: Transaction, row: Deployment, in_the_way: tuple[Waiting, ...], now: datetime
) -> bool:
    """Let one in the queue that lacks approvals ask for them; tell whether it does."""
    lacking = next((one.because for one in in_the_way if lacks_approval([one])), None)
    if lacking is None:
        return False
    asking = replace(row.advance(State.AWAITING_APPROVAL, lacking, now), owner=None)
    change.save_deployment(asking)
    change.record(about(asking, ConfirmationWanted(because=lacking), row.asked_by, now))
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowApprovals:
    """Looks at everything that waits: an approver may have left, or fewer approvals may be wanted than before."""

    ledger: Ledger
    clock: Clock
    rules: GatherRules

    async def __call__(self) -> None:
        """Put each where it belongs; one that a process has in hand is looked at there."""
        for id in await self.ledger.read(self._look):
            with effect("store.follow_approvals"):
                await self.ledger.change(lambda change, id=id: self._follow(change, id))  # type: ignore[misc]  # bound early on purpose

    def _look(self, look: Reading) -> list[str]:
        found = []
        for row in look.unended():
            berth = look.berth(row.application, row.environment)
            if self._is_misplaced(row, berth, self.rules.obstacles(row, berth, look, self.clock.now())):
                found.append(row.id)
        return found

    def _is_misplaced(self, row: Deployment, berth: Berth, in_the_way: tuple[Waiting, ...]) -> bool:
        if row.owner is not None or berth.turn == row.id or row.asks_anew:
            return False
        asks = row.state is State.AWAITING_APPROVAL
        return row.state is not State.RUNNING and asks != lacks_approval(in_the_way)

    def _follow(self, change: Transaction, id: str) -> None:
        locked = lock(change, change.deployment_by_id(id))
        if locked is None or locked[0].has_ended:
            return
        row, berth = locked
        now = self.clock.now()
        in_the_way = self.rules.obstacles(row, berth, change, now)
        if self._is_misplaced(row, berth, in_the_way) and not ask_for_approval(change, row, in_the_way, now):
            queued = row.advance(State.QUEUED, because(Reason.AWAITING_TURN), now)
            change.save_deployment(replace(queued, because=None))
