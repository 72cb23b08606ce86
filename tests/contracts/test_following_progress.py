"""What a place tells of a program that does not run yet is seen in its row and in its history, once, on every store."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from funade.domain.deployment import Deployment, Phase, State
from funade.domain.errors import FencedOut
from funade.domain.events import ProgressTold
from funade.domain.messages import ReportedProgress
from funade.domain.orders import Execution
from funade.domain.reason import Because, Reason, because
from funade.domain.wire import to_plain
from funade.testing.targets import FakeTargets
from funade.testing.time import FakeClock
from funade.usecases.follow_progress import MOST_EVENTS, FollowProgress
from funade.usecases.queue_ports import QueuePlace
from tests.contracts.ledgers import OPENERS, STORES, Store
from tests.unit.domain.examples import NOON

HERE = QueuePlace(url="https://sqs.eu-central-1.amazonaws.com/1/told")
NO_NODE = "no node takes its Pod: Unschedulable: 0/3 nodes are available"
RUNS = "its program runs on the node `mill`"


@dataclass
class Job:
    """A deployment whose Job was started."""

    store: Store
    place: QueuePlace | None = HERE
    clock: FakeClock = field(default_factory=FakeClock)
    _told: int = 0

    def __post_init__(self) -> None:
        self.deployment = self.store.accept(
            state=State.RUNNING,
            phase=Phase.EXECUTING,
            owner="p1",
            epoch=1,
            attempt=1,
            fence=7,
            started_at=NOON,
            because=because(Reason.PROGRAM_RUNNING),
        )

    def tells(self, shown: str, *, waits: bool, sequence: int | None = None) -> None:
        self._told += 1
        it = self.deployment
        execution = Execution(
            deployment=it.id,
            number=it.number,
            attempt=1,
            fence=7,
            application=it.application,
            environment=it.environment,
        )
        fact = ReportedProgress(
            execution=execution, sequence=sequence or self._told, shown=shown, at=NOON, waits=waits
        )
        self.store.change(lambda change: change.add_fact(fact, NOON))

    def follow(self, deployment: Deployment | None = None) -> None:
        follow = FollowProgress(
            ledger=self.store.ledger, targets=FakeTargets(told_by=self.place), clock=self.clock
        )
        asyncio.run(follow(deployment or self.deployment))

    @property
    def row(self) -> Deployment:
        row = self.store.read(lambda look: look.deployment_by_id(self.deployment.id))
        assert row is not None
        return row

    @property
    def events(self) -> list[ProgressTold]:
        found = self.store.read(lambda look: look.events(deployment=self.deployment.id, limit=999))
        return [one.happening for one in found if isinstance(one.happening, ProgressTold)]


def waiting(shown: str) -> Because:
    return because(Reason.WAITS_AT_PLACE, problem=shown, since=to_plain(NOON))


@pytest.fixture(params=STORES)
def job(request, tmp_path):
    with OPENERS[request.param](tmp_path) as opened:
        yield Job(opened)


def test_what_it_waits_for_is_written_down_once_and_so_is_that_it_runs(job):
    job.follow()
    assert job.row.because == because(Reason.PROGRAM_RUNNING)
    for shown, waits, reason in (
        (NO_NODE, True, waiting(NO_NODE)),
        ("its Pod has not begun", True, waiting("its Pod has not begun")),
        (RUNS, False, because(Reason.PROGRAM_RUNNING)),
    ):
        job.tells(shown, waits=waits)
        job.follow()
        job.follow()
        assert job.row.because == reason
    assert [(one.shown, one.since, one.waits) for one in job.events] == [
        (NO_NODE, NOON, True),
        ("its Pod has not begun", NOON, True),
        (RUNS, NOON, False),
    ]


def test_where_it_runs_is_no_news_to_whoever_did_not_wait(job):
    job.tells(RUNS, waits=False)
    job.follow()
    assert job.row.because == because(Reason.PROGRAM_RUNNING)
    assert job.events == []


def test_an_older_word_that_comes_late_changes_nothing(job):
    job.tells(RUNS, waits=False, sequence=9)
    job.tells(NO_NODE, waits=True, sequence=3)
    job.follow()
    assert job.events == []


def test_that_a_place_does_not_answer_and_what_comes_after_the_end_stand(job):
    silent = because(Reason.TARGET_NOT_ANSWERING, problem="no answer")
    job.store.change(lambda change: change.save_deployment(replace(job.row, because=silent)))
    job.tells(NO_NODE, waits=True)
    job.follow()
    assert job.row.because == silent
    assert job.events == []


def test_whoever_does_not_look_after_it_any_more_writes_nothing(job):
    job.tells(NO_NODE, waits=True)
    with pytest.raises(FencedOut):
        job.follow(replace(job.deployment, epoch=0))
    assert job.events == []


def test_a_target_that_nothing_is_told_of_is_not_asked_for(job):
    job.place = None
    job.tells(NO_NODE, waits=True)
    job.follow()
    assert job.events == []


def test_a_place_that_talks_much_is_seen_and_fills_no_history(job):
    for number in range(MOST_EVENTS + 5):
        job.tells(f"{NO_NODE} {number}", waits=True)
        job.clock.advance(seconds=timedelta(seconds=1).total_seconds())
        job.follow()
    assert job.row.because == waiting(f"{NO_NODE} {MOST_EVENTS + 4}")
    assert len(job.events) == MOST_EVENTS
