"""Gather the rules around a request: from the configuration in force now, the calendar and the environment's row."""

from dataclasses import dataclass
from datetime import datetime

from funade.domain import policy
from funade.domain.answers import Waiting
from funade.domain.application import Configuration, Environment
from funade.domain.approval import Approval, counting
from funade.domain.deployment import Deployment
from funade.domain.environment import Berth
from funade.domain.gate import Request, Rules, obstacles, request_of, right_of
from funade.domain.people import Right
from funade.usecases.ledger_ports import Reading
from funade.usecases.ports import Calendar, Configurations


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherRules:
    """Asked at the request, at every look, and once more in the transaction that writes a start."""

    configurations: Configurations
    calendar: Calendar

    def obstacles(
        self, deployment: Deployment, berth: Berth, look: Reading, now: datetime
    ) -> tuple[Waiting, ...]:
        """Return what stands in the way of `deployment` now."""
        return obstacles(request_of(deployment), self.around(deployment, berth, look, now))

    def around(self, deployment: Deployment, berth: Berth, look: Reading, now: datetime) -> Rules:
        """Return the rules around a deployment, and how far they are met."""
        # Taken once: the next reading may be of another file.
        configuration = self.configurations.current()
        return _rules(self.calendar, configuration, request_of(deployment), deployment, berth, look, now)

    def around_request(self, request: Request, berth: Berth, look: Reading, now: datetime) -> Rules:
        """Return the rules around what is not stored yet: nobody has approved or overridden anything."""
        return _rules(self.calendar, self.configurations.current(), request, None, berth, look, now)


def _rules(  # noqa: PLR0913, PLR0917 - the facts of one moment
    calendar: Calendar,
    configuration: Configuration,
    request: Request,
    deployment: Deployment | None,
    berth: Berth,
    look: Reading,
    now: datetime,
) -> Rules:
    environment = _environment(configuration, request)
    right = right_of(request.purpose)
    return Rules(
        now=now,
        asker_ids=configuration.people.ids_of(request.asked_by_id),
        pause=look.pause(),
        lock=berth.lock,
        frozen=calendar.frozen(environment.freezes, now) if environment else None,
        needed=environment.approvals if environment else 0,
        given=_given(configuration, environment, deployment) if deployment else (),
        approvers=policy.approvers(configuration, environment, request.asked_by_id) if environment else (),
        asker_may=policy.may_now(configuration, environment, request.asked_by_id, right),
        overridden=_overridden(configuration, environment, deployment) if deployment else frozenset(),
    )


def _given(
    configuration: Configuration, environment: Environment | None, deployment: Deployment
) -> tuple[Approval, ...]:
    """Return the approvals that count now: of people who may approve now, of this very digest."""
    return counting(
        deployment.approvals,
        digest=deployment.digest,
        asker=deployment.asked_by_id,
        ids_of=configuration.people.ids_of,
        may_approve=lambda id: policy.may_now(configuration, environment, id, Right.APPROVE),
    )


def _overridden(
    configuration: Configuration, environment: Environment | None, deployment: Deployment
) -> frozenset[str]:
    """Return what is covered by those who may override now."""
    return frozenset(
        name
        for one in deployment.overrides
        if policy.may_now(configuration, environment, one.by_id, Right.OVERRIDE)
        for name in one.covers
    )


def _environment(configuration: Configuration, request: Request) -> Environment | None:
    application = configuration.applications.get(request.application)
    return application.environments.get(request.environment) if application else None
