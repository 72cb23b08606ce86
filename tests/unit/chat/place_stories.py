"""What is told of a place beside its deployments: freezes, what was refused there, and that nobody looks after it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from funade.domain.answers import Answer, DeploymentShown, EnvironmentShown, StatusShown, Waiting
from funade.domain.environment import Berth
from funade.domain.events import DeploymentTakenOver, Event, RequestRefused
from funade.domain.freeze import Frozen
from funade.domain.reason import Reason, because
from tests.unit.chat.moments import (
    BERTH,
    MAY_ALL,
    NOW,
    PROCESS,
    QUEUED,
    RUNNING,
    STARTED,
    SUCCEEDED,
    at,
    event,
    shown,
)
from tests.unit.chat.rule_stories import ASKING, MISSING

PLACE: dict[str, Any] = {"application": "shop", "environment": "production"}
WEEKEND = Frozen(reason="weekend", since=at(600), until=NOW + timedelta(hours=40))
TONIGHT = Frozen(reason="", since=NOW + timedelta(hours=5), until=NOW + timedelta(hours=9))
NEXT_WEEKEND = Frozen(
    reason="weekend", since=NOW + timedelta(days=7), until=NOW + timedelta(days=7, hours=62)
)
NO_RIGHT = RequestRefused(
    asked="deploy shop production main", because=because(Reason.NOT_PERMITTED, **PLACE, right="deploy")
)
REFUSED = Event(at=at(2), by="dan", **PLACE, happening=NO_RIGHT)
REFUSED_OFTEN = replace(
    REFUSED,
    happening=replace(
        NO_RIGHT, because=because(Reason.NOT_PERMITTED, **PLACE, right="deploy", unrecorded=17)
    ),
)
SILENT = Waiting(because=because(Reason.OWNER_SILENT, host="mill", pid=42), since=at(2))
ALONE = Waiting(because=because(Reason.NO_PROCESS_RUNNING, number=12), since=at(18))
RUNS = Waiting(because=because(Reason.PROGRAM_RUNNING), since=at(18))

PLACE_STORIES: dict[str, Answer] = {
    "why-a-place": DeploymentShown(
        deployment=SUCCEEDED, may=MAY_ALL, refusal=REFUSED, frozen=WEEKEND, next_freeze=NEXT_WEEKEND
    ),
    "why-nothing-was-deployed": StatusShown(
        environments=(
            EnvironmentShown(berth=Berth(**PLACE), kind="command", frozen=WEEKEND, next_freeze=TONIGHT),
        ),
        refusal=REFUSED_OFTEN,
    ),
    "why-asking-for-its-asker": DeploymentShown(deployment=ASKING, waiting=(MISSING,), may=("cancel",)),
    "why-unattended": shown(RUNNING, ALONE, events=(STARTED,)),
    "why-queued-unattended": shown(QUEUED, replace(ALONE, because=because(Reason.NO_PROCESS_RUNNING))),
    "why-silent": shown(
        RUNNING,
        SILENT,
        RUNS,
        events=(STARTED, event(DeploymentTakenOver(by="p-2", standing="executing", host="mill", pid=43))),
    ),
    "status-frozen": StatusShown(
        environments=(
            EnvironmentShown(berth=BERTH, kind="command", frozen=WEEKEND, next_freeze=NEXT_WEEKEND),
            EnvironmentShown(
                berth=replace(BERTH, environment="staging"), kind="command", next_freeze=TONIGHT
            ),
        ),
        processes=(PROCESS,),
    ),
}
