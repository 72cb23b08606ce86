"""Say what a deployment waits for, from the rows, the rules in force and who is alive."""

from dataclasses import dataclass

from funade.domain.answers import Waiting
from funade.domain.deployment import Deployment
from funade.domain.turns import ahead_of
from funade.domain.waiting import Surroundings, explain
from funade.usecases.living import Living
from funade.usecases.ports import Clock, Reading
from funade.usecases.rules import GatherRules


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
        entries = look.entries(deployment.application, deployment.environment)
        around = Surroundings(
            berth=berth,
            ahead=ahead_of(deployment.number, entries, berth.turn),
            alive=self.living.among(look.processes()),
            now=now,
            obstacles=self.rules.obstacles(deployment, berth, look, now),
        )
        return explain(deployment, around)
