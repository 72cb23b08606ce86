"""The deployments, events and environments of one afternoon between Ada and Bob, of which the stories are made."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from funade.domain.answers import (
    Answer,
    DeploymentShown,
    ProcessShown,
    Waiting,
)
from funade.domain.application import Repository, TargetConfiguration
from funade.domain.deployment import Deployment, Phase, Preview, Purpose, State
from funade.domain.environment import Berth
from funade.domain.events import (
    DeploymentFinished,
    DeploymentRequested,
    DeploymentStarted,
    ExecutionEnded,
    Happening,
    about,
)
from funade.domain.events import Event as Happened
from funade.domain.plan import Plan, Step
from funade.domain.reason import Reason, because
from funade.domain.release import Release
from funade.domain.revision import Changes, Commit, Revision

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


#: Whoever reads these stories may do everything.
MAY_ALL = ("approve", "reject", "override", "retry", "cancel", "rollback")


def shown(
    deployment: Deployment, *waiting: Waiting, events: tuple[Happened, ...] = (), length: int = 0
) -> Answer:
    """Return what `why` and `show` answer."""
    return DeploymentShown(
        deployment=deployment, waiting=waiting, events=events, log_length=length, may=MAY_ALL
    )
