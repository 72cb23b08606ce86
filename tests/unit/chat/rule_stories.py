"""The answers of an afternoon with rules: locks, freezes, approvals, overrides, a pause, and who may do what."""

from dataclasses import replace
from datetime import timedelta

from funade.domain.answers import (
    Accepted,
    Answer,
    Changed,
    EnvironmentShown,
    HistoryShown,
    PauseChanged,
    Refused,
    RightShown,
    RightsShown,
    StatusShown,
    Waiting,
)
from funade.domain.approval import Approval, Override
from funade.domain.deployment import State
from funade.domain.environment import Hold
from funade.domain.events import (
    AutomationHeld,
    DeploymentApproved,
    DeploymentRejected,
    EverythingPaused,
    EverythingResumed,
    Happening,
    LockReleased,
    LockTaken,
    RulesOverridden,
)
from funade.domain.events import Event as Happened
from funade.domain.lock import Lock, Pause
from funade.domain.people import Right
from funade.domain.reason import Reason, because
from tests.unit.chat.moments import (
    BERTH,
    DIGEST,
    FAILED,
    LIVE,
    NOW,
    PROCESS,
    QUEUED,
    REQUESTED,
    TURN,
    WANTED,
    at,
    event,
    shown,
)

PLACE = {"application": "shop", "environment": "production"}
UNTIL = (NOW + timedelta(hours=2)).isoformat()

ASKING = replace(QUEUED, state=State.AWAITING_APPROVAL)
CY_AGREES = Approval(by="cy", by_id="local:1002", at=at(12), digest=DIGEST, reason="looks good")
MISSING = Waiting(
    because=because(Reason.AWAITING_APPROVAL, number=12, needed=2, given=[], approvers=["leads", "cy"]),
    since=at(20),
    until=QUEUED.due_at,
)
ONE_MISSING = replace(
    MISSING, because=because(Reason.AWAITING_APPROVAL, number=12, needed=2, given=["cy"], approvers=["leads"])
)
LOCKED = Waiting(
    because=because(Reason.LOCKED, **PLACE, by="bob", reason="migrating the database", until=UNTIL),
    since=at(40),
    until=NOW + timedelta(hours=2),
)
FROZEN = Waiting(
    because=because(Reason.FROZEN, **PLACE, reason="weekend", until="2026-11-22T15:00:00+00:00"),
    since=at(600),
    until=NOW + timedelta(hours=24),
)
PAUSED = Waiting(because=because(Reason.PAUSED, by="cy", reason="the network is down"), since=at(2))
OVERRIDE = Override(
    by="cy",
    by_id="local:1002",
    at=at(10),
    reason="production is down",
    despite=("locked", "awaiting_approval"),
)
LOCK = Lock(by="bob", by_id="local:1001", reason="migrating the database", since=at(40), until=None)
LOCK_WITH_END = replace(LOCK, by="ada", until=NOW + timedelta(hours=2))
PAUSE = Pause(by="cy", since=at(2), reason="the network is down")
HELD_BY_HAND = Hold(since=at(30), by="bob", reason="waiting for the audit")


def everywhere(happening: Happening, by: str, minutes: int) -> Happened:
    """Return something that happened to everything."""
    return Happened(at=at(minutes), by=by, application="", environment="", happening=happening)


def here(happening: Happening, by: str, minutes: int) -> Happened:
    """Return something that happened to production of shop, and to no deployment."""
    return replace(event(happening, by, minutes), number=None, deployment=None)


EVENTS = (
    everywhere(EverythingResumed(), "ada", 1),
    everywhere(EverythingPaused(reason="the network is down"), "cy", 2),
    event(DeploymentRejected(reason="not on a Friday"), "bob", 4),
    here(AutomationHeld(reason="waiting for the audit"), "bob", 5),
    here(LockReleased(of="bob", reason="bob has gone home"), "cy", 6),
    here(LockReleased(of="ada"), "ada", 7),
    here(LockTaken(reason="it burns", stolen_from="ada"), "bob", 8),
    here(LockTaken(reason="migrating the database", until=NOW + timedelta(hours=2)), "ada", 9),
    event(RulesOverridden(despite=("locked", "frozen"), reason="production is down"), "cy", 10),
    event(DeploymentApproved(digest=DIGEST, reason="looks good"), "cy", 12),
    REQUESTED,
)


def rights(person: str | None = None, rules: dict[str, str] | None = None) -> tuple[RightShown, ...]:
    """Return who may do what in two environments; with a person, by which rule."""
    members: dict[tuple[str, str], dict[Right, tuple[str, ...]]] = {
        ("shop", "staging"): dict.fromkeys(Right, ("everyone",)),
        ("shop", "production"): {
            Right.DEPLOY: ("developers", "ada"),
            Right.APPROVE: ("leads",),
            Right.ROLLBACK: ("developers",),
            Right.LOCK: ("developers",),
            Right.OVERRIDE: (),
        },
    }
    found = []
    for (application, environment), held in members.items():
        for right, who in held.items():
            rule = None
            if person is not None:
                rule = next((one for one in who if one in ("everyone", "developers", person)), None)
            shown_right = RightShown(
                application=application,
                environment=environment,
                right=right.value,
                members=who,
                may=None if person is None else rule is not None,
                by_rule=rule,
            )
            found.append(shown_right)
    return tuple(found)


def about(person: str, right: Right) -> RightsShown:
    """Return one right of one person in production."""
    one = [each for each in rights(person) if each.environment == "production" and each.right == right.value]
    return RightsShown(person=person, rights=tuple(one))


RULE_STORIES: dict[str, Answer] = {
    "accepted-asking": Accepted(deployment=ASKING, waiting=(MISSING,)),
    "accepted-overridden": Accepted(deployment=replace(QUEUED, overrides=(OVERRIDE,)), waiting=(TURN,)),
    "refused-locked": Refused(because=LOCKED.because),
    "refused-frozen": Refused(because=FROZEN.because),
    "refused-moved": Refused(
        because=because(Reason.REF_MOVED, number=12, ref="main", requested=WANTED, now=LIVE)
    ),
    "refused-for-want-of-a-reason": Refused(
        because=because(Reason.REASON_WANTED, asked="lock shop production")
    ),
    "why-asking": shown(
        replace(ASKING, approvals=(CY_AGREES,)),
        ONE_MISSING,
        events=(REQUESTED, event(DeploymentApproved(digest=DIGEST, reason="looks good"), "cy", 12)),
    ),
    "why-locked": shown(QUEUED, LOCKED, TURN, events=(REQUESTED,)),
    "why-frozen-and-paused": shown(QUEUED, PAUSED, FROZEN, events=(REQUESTED,)),
    "why-failed-overridden": shown(replace(FAILED, approvals=(CY_AGREES,), overrides=(OVERRIDE,)), length=10),
    "why-rejected": shown(
        replace(
            ASKING,
            state=State.CANCELLED,
            because=because(Reason.REJECTED, by="bob", reason="not on a Friday"),
            ended_at=at(4),
        ),
    ),
    "status-with-rules": StatusShown(
        environments=(
            EnvironmentShown(
                berth=replace(BERTH, lock=LOCK_WITH_END, hold=HELD_BY_HAND),
                kind="command",
                waiting=(replace(ASKING, approvals=(CY_AGREES,)),),
                approvers=("leads", "ada", "cy"),
            ),
            EnvironmentShown(
                berth=replace(BERTH, environment="staging", lock=replace(LOCK, until=at(1))), kind="command"
            ),
        ),
        processes=(PROCESS,),
        pause=PAUSE,
    ),
    "history-of-rules": HistoryShown(events=EVENTS, deployments=()),
    "changed-locked": Changed(berth=replace(BERTH, lock=LOCK_WITH_END)),
    "changed-stolen": Changed(berth=replace(BERTH, lock=LOCK), stolen_from="ada"),
    "changed-held-by-hand": Changed(berth=replace(BERTH, hold=HELD_BY_HAND)),
    "paused": PauseChanged(pause=PAUSE),
    "resumed": PauseChanged(pause=None),
    "rights": RightsShown(person=None, rights=rights()),
    "rights-of-ada": RightsShown(person="ada", rights=rights("ada")),
    "rights-why": about("ada", Right.ROLLBACK),
    "rights-why-not": about("ada", Right.APPROVE),
    "rights-without-people": RightsShown(person=None, rights=rights(), owner_alone=True),
}
