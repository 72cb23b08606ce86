"""One of every answer, as it comes up between Ada and Bob on one afternoon; tests show them in both languages."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from funade.chat.heard import Help, Misread
from funade.domain.answers import (
    Accepted,
    Answer,
    Changed,
    DeploymentShown,
    EnvironmentShown,
    HistoryShown,
    LogShown,
    Planned,
    ProcessShown,
    Quarantined,
    Refused,
    StatusShown,
    Waiting,
)
from funade.domain.application import Repository, TargetConfiguration
from funade.domain.deployment import Deployment, Phase, Preview, Purpose, State, Wish
from funade.domain.environment import Berth, Doubt, Hold
from funade.domain.events import (
    CancelAsked,
    DeploymentFinished,
    DeploymentRequested,
    DeploymentStarted,
    EnvironmentClosed,
    ExecutionEnded,
    Happening,
    RequestRefused,
    about,
)
from funade.domain.events import Event as Happened
from funade.domain.plan import Plan, Step
from funade.domain.reason import Reason, because
from funade.domain.release import Release
from funade.domain.revision import Changes, Commit, Revision
from tests.unit.chat.people import heard

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
LIVE = Revision("9a8b7c6" + "1" * 33)
WANTED = Revision("f5c0df1" + "2" * 33)
DIGEST = "7d1a09e" + "3" * 57


def at(minutes: int) -> datetime:
    """Return the moment that many minutes ago."""
    return NOW - timedelta(minutes=minutes)


PLAN = Plan(
    steps=(
        Step(name="checkout", data={"revision": WANTED}, repeatable=True),
        Step(name="run", data={"argv": ["cap", "production", "deploy"], "folder": "."}),
        Step(name="verify", data={"url": "https://shop.example/version", "equals": WANTED}),
    )
)
RELEASE = Release(
    application="shop",
    environment="production",
    revision=WANTED,
    repository=Repository(url="https://git.example/shop.git"),
    target=TargetConfiguration(kind="command", settings={}),
)
SUBJECTS = (
    ("Let people log in again", "Ada Lovelace", ("Bob",)),
    ("ログイン画面の文言を直す", "花子", ()),
    (
        "A subject that is so long that it would never fit into one line of a terminal of usual width",
        "Bob",
        (),
    ),
    ("Be evil\x1b[2K\u202e", "Mallory\x07", ()),
)
COMMITS = tuple(
    Commit(
        revision=Revision(f"{index:07x}" + "4" * 33),
        subject=subject,
        author=author,
        email="a@example.com",
        authored_at=at(600),
        co_authors=co_authors,
    )
    for index, (subject, author, co_authors) in enumerate(SUBJECTS, 0xABC0001)
)
CHANGES = Changes(base=LIVE, head=WANTED, commits=COMMITS, total=17)
PREVIEW = Preview(live=LIVE, live_number=11, changes=CHANGES)

QUEUED = Deployment(
    id="d-12",
    number=12,
    purpose=Purpose.DEPLOY,
    release=RELEASE,
    plan=PLAN,
    digest=DIGEST,
    ref="v1.2.0",
    asked_by="ada",
    asked_by_id="local:1000",
    door="terminal",
    asked_at=at(20),
    due_at=NOW + timedelta(hours=24),
    reason="fixes login",
    preview=PREVIEW,
)
RUNNING = replace(
    QUEUED,
    state=State.RUNNING,
    phase=Phase.EXECUTING,
    because=because(Reason.PROGRAM_RUNNING),
    attempt=1,
    started_at=at(18),
)
SUCCEEDED = replace(
    RUNNING,
    state=State.SUCCEEDED,
    phase=Phase.DONE,
    because=because(Reason.COMPLETED, exit_code=0),
    ended_at=at(15),
    verified=True,
)
FAILED = replace(
    SUCCEEDED, state=State.FAILED, because=because(Reason.PROGRAM_FAILED, exit_code=3), verified=False
)


def event(happening: Happening, by: str = "ada", minutes: int = 20) -> Happened:
    """Return something that happened to #12."""
    return about(QUEUED, happening, by, at(minutes))


REQUESTED = event(
    DeploymentRequested(ref="v1.2.0", revision=WANTED, digest=DIGEST, purpose="deploy", reason="fixes login")
)
STARTED = event(DeploymentStarted(attempt=1, fence=7), minutes=18)
FINISHED = event(
    DeploymentFinished(
        state=State.FAILED, because=because(Reason.PROGRAM_FAILED, exit_code=3), verified=False
    ),
    minutes=15,
)
EVENTS = (
    REQUESTED,
    STARTED,
    event(ExecutionEnded(attempt=1, by="itself", exit_code=3), minutes=15),
    FINISHED,
)
BERTH = Berth(
    application="shop",
    environment="production",
    live=LIVE,
    live_number=11,
    live_verified=True,
    live_since=at(1500),
)
TURN = Waiting(because=because(Reason.AWAITING_TURN, ahead=11, position=1), since=at(20), until=QUEUED.due_at)
NO_PROCESS = Waiting(because=because(Reason.NO_PROCESS_RUNNING), since=at(20))
PROCESS = ProcessShown(
    id="p-1", role="server", host="mill", pid=42, started_at=at(60), seen_at=at(0), alive=True
)
OUTPUT = "\x1b[32mcompiling\x1b[0m\n10%\r100%\nok\t12 files\nログ完了 \xff\n"


def shown(
    deployment: Deployment, *waiting: Waiting, events: tuple[Happened, ...] = (), length: int = 0
) -> Answer:
    """Return what `why` and `show` answer."""
    return DeploymentShown(deployment=deployment, waiting=waiting, events=events, log_length=length)


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
}
