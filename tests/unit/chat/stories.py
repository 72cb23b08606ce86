"""One of every answer, as it comes up between Ada and Bob on one afternoon; tests show them in both languages."""

import base64
from dataclasses import replace
from datetime import timedelta

from funade.chat.heard import Help, Misread
from funade.domain.answers import (
    Accepted,
    Answer,
    Changed,
    EnvironmentShown,
    HistoryShown,
    LogShown,
    Planned,
    Quarantined,
    QueueShown,
    Refused,
    StatusShown,
    Waiting,
)
from funade.domain.deployment import Preview, Wish
from funade.domain.environment import Berth, Doubt, Hold
from funade.domain.events import (
    CancelAsked,
    EnvironmentClosed,
    RequestRefused,
)
from funade.domain.events import Event as Happened
from funade.domain.reason import Reason, because
from tests.unit.chat.moments import (
    BERTH,
    CHANGES,
    DIGEST,
    EVENTS,
    FAILED,
    NO_PROCESS,
    NOW,
    OUTPUT,
    PLAN,
    PREVIEW,
    PROCESS,
    QUEUED,
    REQUESTED,
    RUNNING,
    STARTED,
    SUCCEEDED,
    TURN,
    WANTED,
    at,
    event,
    shown,
)
from tests.unit.chat.people import heard
from tests.unit.chat.place_stories import PLACE_STORIES
from tests.unit.chat.rule_stories import RULE_STORIES


def planned(preview: Preview) -> Planned:
    """Return what a deploy would do."""
    return Planned(
        application="shop",
        environment="production",
        ref="v1.2.0",
        revision=WANTED,
        plan=PLAN,
        digest=DIGEST,
        preview=preview,
    )


def misread(text: str) -> Misread:
    """Return what is answered to words that are not understood."""
    answer = heard(text)
    assert isinstance(answer, Misread), answer
    return answer


def log(output: bytes, *, complete: bool) -> LogShown:
    """Return a piece of a log."""
    data = base64.b64encode(output).decode()
    return LogShown(number=12, attempt=1, offset=0, data=data, next=len(output), complete=complete)


STORIES: dict[str, Answer | Help | Misread] = {
    "planned": planned(PREVIEW),
    "planned-first": planned(Preview()),
    "planned-back": planned(replace(PREVIEW, changes=replace(CHANGES, commits=(), total=0, dropped=3))),
    "planned-again": planned(Preview(live=WANTED, live_number=11)),
    "accepted": Accepted(deployment=QUEUED),
    "accepted-waiting": Accepted(deployment=QUEUED, waiting=(TURN, NO_PROCESS)),
    "refused": Refused(because=because(Reason.UNKNOWN_REF, application="shop", ref="v9", near=["v0.9"])),
    "why-queued": shown(QUEUED, TURN, NO_PROCESS, events=(REQUESTED,)),
    "why-running": shown(
        RUNNING,
        Waiting(because=because(Reason.PROGRAM_RUNNING), since=at(18), until=NOW + timedelta(minutes=40)),
        events=(REQUESTED, STARTED),
        length=1200,
    ),
    "why-wished-away": shown(
        replace(RUNNING, wish=Wish(by="bob", at=at(3), reason="wrong tag")),
        Waiting(because=because(Reason.PROGRAM_RUNNING), since=at(18)),
        events=(REQUESTED, STARTED, event(CancelAsked(reason="wrong tag"), by="bob", minutes=3)),
    ),
    "why-succeeded": shown(SUCCEEDED),
    "why-not-verified": shown(replace(SUCCEEDED, verified=False)),
    "why-failed": shown(FAILED, events=EVENTS, length=1200),
    "status": StatusShown(
        environments=(
            EnvironmentShown(berth=BERTH, kind="command", running=RUNNING, waiting=(QUEUED, QUEUED)),
            EnvironmentShown(
                berth=replace(
                    BERTH,
                    environment="staging",
                    live=WANTED,
                    live_number=None,
                    live_verified=False,
                    live_since=at(9),
                ),
                kind="command",
                last=FAILED,
            ),
            EnvironmentShown(berth=Berth(application="帳票", environment="production"), kind="command"),
        ),
        processes=(PROCESS,),
    ),
    "status-in-trouble": StatusShown(
        environments=(
            EnvironmentShown(
                berth=replace(
                    BERTH,
                    doubt=Doubt(number=12, since=at(15), problem="no answer"),
                    hold=Hold(number=10, since=at(30), by="bob"),
                ),
                kind="command",
                waiting=(QUEUED,),
            ),
        ),
        processes=(replace(PROCESS, alive=False),),
        quarantined=(Quarantined(table="deployments", key="d-9", problem="release is missing", at=at(5)),),
        configuration_problem="funade.yaml:3: `applications`: a mapping is wanted",
        obligations=2,
        queues=(
            QueueShown(name="shop", holds="orders", seen_at=at(1), waiting=3, in_hand=1, dead_letters=2),
            QueueShown(name="told", holds="facts", seen_at=at(1), problem="it does not answer"),
        ),
    ),
    "status-of-nothing": StatusShown(environments=()),
    "history": HistoryShown(events=EVENTS[::-1], deployments=(FAILED,), before=17),
    "history-of-two-places": HistoryShown(
        events=(
            *EVENTS[:1:-1],
            Happened(
                at=at(1500),
                by="bob",
                application="api",
                environment="staging",
                happening=RequestRefused(
                    asked="deploy api staging", because=because(Reason.NOT_PERMITTED, right="deploy")
                ),
            ),
            Happened(
                at=at(1510),
                by="funade",
                application="api",
                environment="staging",
                number=8,
                happening=EnvironmentClosed(problem="no answer for 10 min"),
            ),
        ),
        deployments=(),
    ),
    "history-of-nothing": HistoryShown(events=(), deployments=()),
    "changed-open": Changed(berth=BERTH),
    "changed-held": Changed(berth=replace(BERTH, hold=Hold(number=10, since=at(30), by="bob"))),
    "changed-closed": Changed(
        berth=replace(BERTH, doubt=Doubt(number=12, since=at(15), problem="no answer"))
    ),
    "log": log(OUTPUT.encode("utf-8").replace(b"\xc3\xbf", b"\xff"), complete=True),
    "log-goes-on": log(b"line\n", complete=False),
    "log-empty": log(b"", complete=True),
    "log-empty-yet": log(b"", complete=False),
    "misread-environment": misread("deploy shop v1 to prodution"),
    "misread-ambiguous": misread("deploy shop staging to production"),
    "misread-missing": misread("deploy shop"),
    "misread-verb": misread("shipp it"),
    "help": Help(),
    "help-deploy": Help(verb="deploy"),
    **RULE_STORIES,
    **PLACE_STORIES,
}
