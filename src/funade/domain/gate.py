"""What stands in the way of a deployment by the rules in force: a pause, a lock, a freeze, missing approvals; pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from funade.domain.answers import Waiting
from funade.domain.approval import Approval
from funade.domain.deployment import Deployment, Purpose
from funade.domain.freeze import Frozen
from funade.domain.lock import Lock, Pause
from funade.domain.people import Right
from funade.domain.reason import Reason, because
from funade.domain.wire import Plain

#: What no override reaches: `pause all` stops everything at once, until somebody resumes it.
ABSOLUTE = frozenset({Reason.PAUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody wants, as far as rules need it; `asked_by_id` is an actor's id."""

    application: str
    environment: str
    purpose: Purpose
    asked_by: str
    asked_by_id: str
    asked_at: datetime
    due_at: datetime | None = None
    number: int | None = None
    despite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules around one request at one moment, and how far they are met."""

    now: datetime
    pause: Pause | None = None
    lock: Lock | None = None
    frozen: Frozen | None = None
    needed: int = 0
    given: tuple[Approval, ...] = ()
    asker_may: bool = True


def request_of(deployment: Deployment) -> Request:
    """Return what a deployment wants."""
    return Request(
        application=deployment.application,
        environment=deployment.environment,
        purpose=deployment.purpose,
        asked_by=deployment.asked_by,
        asked_by_id=deployment.asked_by_id,
        asked_at=deployment.asked_at,
        due_at=deployment.due_at,
        number=deployment.number,
        despite=deployment.override.despite if deployment.override else (),
    )


def right_of(purpose: Purpose) -> Right:
    """Return the right that asking for this needs."""
    return Right.ROLLBACK if purpose is Purpose.ROLLBACK else Right.DEPLOY


def obstacles(request: Request, rules: Rules) -> tuple[Waiting, ...]:
    """Return everything that stands in the way now, the gravest first; what was overridden does not.

    A rollback respects pauses and locks, and waits for no approval and no freeze.
    """
    place: dict[str, Plain] = {"application": request.application, "environment": request.environment}
    found = []
    if rules.pause is not None:
        paused = because(Reason.PAUSED, by=rules.pause.by, reason=rules.pause.reason)
        found.append(Waiting(because=paused, since=rules.pause.since, until=request.due_at))
    if rules.lock is not None and rules.lock.keeps_out(request.asked_by_id, rules.now):
        lock = rules.lock
        until = None if lock.until is None else lock.until.isoformat()
        locked = because(Reason.LOCKED, **place, by=lock.by, reason=lock.reason, until=until)
        found.append(Waiting(because=locked, since=lock.since, until=lock.until or request.due_at))
    if not rules.asker_may:
        right = right_of(request.purpose).value
        lost = because(Reason.ASKER_LOST_RIGHT, **place, person=request.asked_by, right=right)
        found.append(Waiting(because=lost, since=request.asked_at, until=request.due_at))
    if request.purpose is not Purpose.ROLLBACK:
        found += _freeze_and_approvals(request, rules)
    return tuple(one for one in found if not _is_overridden(one.because.code, request.despite))


def _freeze_and_approvals(request: Request, rules: Rules) -> list[Waiting]:
    found = []
    if rules.frozen is not None:
        frozen = because(
            Reason.FROZEN,
            application=request.application,
            environment=request.environment,
            reason=rules.frozen.reason,
            until=rules.frozen.until.isoformat(),
        )
        found.append(Waiting(because=frozen, since=rules.frozen.since, until=rules.frozen.until))
    if len(rules.given) < rules.needed:
        missing = because(
            Reason.AWAITING_APPROVAL,
            number=request.number,
            needed=rules.needed,
            given=list[Plain](one.by for one in rules.given),
        )
        found.append(Waiting(because=missing, since=request.asked_at, until=request.due_at))
    return found


def _is_overridden(code: Reason, despite: Collection[str]) -> bool:
    return code.value in despite and code not in ABSOLUTE
