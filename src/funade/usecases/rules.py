"""Gather the rules around a request: from the configuration in force now, the calendar and the environment's row."""

from dataclasses import dataclass
from datetime import datetime

from funade.domain import policy
from funade.domain.answers import Waiting
from funade.domain.application import Environment
from funade.domain.approval import Approval, counting
from funade.domain.deployment import Deployment
from funade.domain.environment import Berth
from funade.domain.gate import Request, Rules, obstacles, request_of, right_of
from funade.domain.people import Right
from funade.usecases.ports import Calendar, Configurations, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherRules:
    """Asked at the request, at every look, and once more in the transaction that writes a start."""

    configurations: Configurations
    calendar: Calendar

    def obstacles(
        self, deployment: Deployment, berth: Berth, look: Reading, now: datetime
    ) -> tuple[Waiting, ...]:
        """Return what stands in the way of `deployment` now."""
        request = request_of(deployment)
        return obstacles(request, self.around(request, deployment, berth, look, now))

    def around(
        self, request: Request, deployment: Deployment | None, berth: Berth, look: Reading, now: datetime
    ) -> Rules:
        """Return the rules around a request; of one that is not stored yet, no approval is given."""
        environment = self._environment(request)
        configuration = self.configurations.current()
        return Rules(
            now=now,
            pause=look.pause(),
            lock=berth.lock,
            frozen=self.calendar.frozen(environment.freezes, now) if environment else None,
            needed=environment.approvals if environment else 0,
            given=self.given(deployment) if deployment else (),
            asker_may=policy.may_now(
                configuration, environment, request.asked_by_id, right_of(request.purpose)
            ),
        )

    def given(self, deployment: Deployment) -> tuple[Approval, ...]:
        """Return the approvals that count now: of people who may approve now, of this very digest."""
        configuration = self.configurations.current()
        environment = self._environment(request_of(deployment))
        ids = {one.by: one.by_id for one in deployment.approvals}
        return counting(
            deployment.approvals,
            digest=deployment.digest,
            asker=deployment.asked_by,
            may_approve=lambda by: policy.may_now(configuration, environment, ids[by], Right.APPROVE),
        )

    def needed(self, deployment: Deployment) -> int:
        """Return how many approvals the configuration in force wants."""
        environment = self._environment(request_of(deployment))
        return environment.approvals if environment else 0

    def _environment(self, request: Request) -> Environment | None:
        application = self.configurations.current().applications.get(request.application)
        return application.environments.get(request.environment) if application else None
