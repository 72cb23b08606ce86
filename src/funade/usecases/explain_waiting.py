"""Say what a deployment waits for, from the rows, the rules in force and who is alive."""

from dataclasses import dataclass
from datetime import datetime

from funade.domain.answers import Waiting
from funade.domain.deployment import Deployment, State
from funade.domain.environment import Berth
from funade.domain.turns import ahead_of
from funade.domain.waiting import Surroundings, explain
from funade.usecases.ledger_ports import Reading
from funade.usecases.living import Living
from funade.usecases.ports import Clock
from funade.usecases.rules import GatherRules

#: Of so many that are ahead it is told whether a rule keeps them; further back nobody's place is so exact.
LOOKED_AT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainWaiting:
    """Behind `why`, `show`, and the answer to every request."""

    rules: GatherRules
    living: Living
    clock: Clock

    def __call__(self, deployment: Deployment, look: Reading) -> tuple[Waiting, ...]:
        """Return everything that it waits for now, the most important first."""
        if deployment.has_ended:
            return ()
        now = self.clock.now()
        berth = look.berth(deployment.application, deployment.environment)
        obstacles = self.rules.obstacles(deployment, berth, look, now)
        processes = look.processes()
        alive = self.living.among(processes)
        owner = next((one for one in processes if one.id == deployment.owner), None)
        around = Surroundings(
            berth=berth,
            ahead=self._ahead(deployment, berth, look, now, is_blocked=bool(obstacles)),
            alive=alive,
            machines=frozenset(one.machine for one in processes if one.id in alive),
            now=now,
            obstacles=obstacles,
            owner=owner.shown(alive=False) if owner else None,
        )
        return explain(deployment, around)

    def _ahead(
        self, deployment: Deployment, berth: Berth, look: Reading, now: datetime, *, is_blocked: bool
    ) -> tuple[int, ...]:
        """Return who goes first. Whoever nothing keeps waiting goes past those whom a rule does."""
        entries = look.entries(deployment.application, deployment.environment)
        before = ahead_of(deployment.number, entries, berth.turn)
        if is_blocked:
            return before
        ids = {one.number: one.id for one in entries}
        near, far = before[:LOOKED_AT], before[LOOKED_AT:]
        return (*(one for one in near if not self._is_passed(ids[one], berth, look, now)), *far)

    def _is_passed(self, id: str, berth: Berth, look: Reading, now: datetime) -> bool:
        other = look.deployment_by_id(id)
        if other is None or other.state is not State.QUEUED or berth.turn == id:
            return False
        return bool(self.rules.obstacles(other, berth, look, now))
