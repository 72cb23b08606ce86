"""What stands in the way of a deployment by the rules in force: a pause, a lock, a freeze, missing approvals; pure."""

from collections.abc import Iterable, Iterator
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

#: What no override reaches: `pause all` stops everything at once, until somebody resumes it; and a right is no rule
#: that can be broken: whoever has it may ask for the same themselves.
ABSOLUTE = frozenset({Reason.PAUSED, Reason.ASKER_LOST_RIGHT})


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules around one request at one moment, and how far they are met.

    `asker_ids` are all ids of the person who asked; `approvers` are the people and groups who may approve;
    `overridden` names the obstacles that an override in force covers.
    """

    now: datetime
    asker_ids: frozenset[str]
    pause: Pause | None = None
    lock: Lock | None = None
    frozen: Frozen | None = None
    needed: int = 0
    given: tuple[Approval, ...] = ()
    approvers: tuple[str, ...] = ()
    asker_may: bool = True
    overridden: frozenset[str] = frozenset()


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
    )


def right_of(purpose: Purpose) -> Right:
    """Return the right that asking for this needs."""
    return Right.ROLLBACK if purpose is Purpose.ROLLBACK else Right.DEPLOY


def obstacles(request: Request, rules: Rules) -> tuple[Waiting, ...]:
    """Return everything that stands in the way now, the gravest first; what was overridden does not.

    A rollback respects pauses and locks, and waits for no approval and no freeze.
    """
    found = [*_pause_and_lock(request, rules), *_right(request, rules)]
    if request.purpose is not Purpose.ROLLBACK:
        found += [*_freeze(request, rules), *_approvals(request, rules)]
    return tuple(one for one in found if one.because.code in ABSOLUTE or name_of(one) not in rules.overridden)


def overridable(found: Iterable[Waiting]) -> tuple[Waiting, ...]:
    """Return those that an override reaches."""
    return tuple(one for one in found if one.because.code not in ABSOLUTE)


def lacks_approval(found: Iterable[Waiting]) -> bool:
    """Tell whether an approval is among what stands in the way."""
    return any(one.because.code is Reason.AWAITING_APPROVAL for one in found)


def name_of(obstacle: Waiting) -> str:
    """Return what tells this very obstacle from a later one of its kind: another lock, a longer freeze."""
    told = (obstacle.because.detail.get(key) for key in ("until", "needed", "by", "reason"))
    parts = [obstacle.because.code.value, obstacle.since.isoformat(), *told]
    return " ".join(str(one) for one in parts if one is not None)


def _pause_and_lock(request: Request, rules: Rules) -> Iterator[Waiting]:
    if rules.pause is not None:
        paused = because(Reason.PAUSED, by=rules.pause.by, reason=rules.pause.reason)
        yield Waiting(because=paused, since=rules.pause.since, until=request.due_at)
    lock = rules.lock
    if lock is not None and lock.keeps_out(rules.asker_ids, rules.now):
        until = None if lock.until is None else lock.until.isoformat()
        locked = because(Reason.LOCKED, **_place(request), by=lock.by, reason=lock.reason, until=until)
        yield Waiting(because=locked, since=lock.since, until=_first(lock.until, request.due_at))


def _right(request: Request, rules: Rules) -> Iterator[Waiting]:
    if not rules.asker_may:
        right = right_of(request.purpose).value
        lost = because(Reason.ASKER_LOST_RIGHT, **_place(request), person=request.asked_by, right=right)
        yield Waiting(because=lost, since=request.asked_at, until=request.due_at)


def _freeze(request: Request, rules: Rules) -> Iterator[Waiting]:
    if rules.frozen is not None:
        until = rules.frozen.until
        frozen = because(
            Reason.FROZEN, **_place(request), reason=rules.frozen.reason, until=until.isoformat()
        )
        yield Waiting(because=frozen, since=rules.frozen.since, until=_first(until, request.due_at))


def _approvals(request: Request, rules: Rules) -> Iterator[Waiting]:
    if len(rules.given) < rules.needed:
        missing = because(
            Reason.AWAITING_APPROVAL,
            number=request.number,
            needed=rules.needed,
            given=list[Plain](one.by for one in rules.given),
            approvers=list[Plain](rules.approvers),
        )
        yield Waiting(because=missing, since=request.asked_at, until=request.due_at)


def _place(request: Request) -> dict[str, Plain]:
    return {"application": request.application, "environment": request.environment}


def _first(*ends: datetime | None) -> datetime | None:
    """Return the earliest end; the waiting is over then at the latest."""
    return min((one for one in ends if one is not None), default=None)
