from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations

import pytest

from funade.domain.messages import Fact, ReportedEnd, ReportedProgress, ReportedSighting, ReportedStart
from funade.domain.orders import EndedBy, Ending, Execution, Sighting, Standing
from funade.targets.kubernetes_job.told import told_by

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
IT = Execution(
    deployment="0b54ea1e-6b0c-4a3a-9f9c-9b1d8a4c2e11",
    number=12,
    attempt=1,
    fence=7,
    application="shop",
    environment="production",
)
STARTED = ReportedStart(execution=IT, at=NOON)
ENDED = ReportedEnd(execution=IT, ending=Ending(by=EndedBy.ITSELF, exit_code=0, at=NOON), output=5)
END = Sighting(standing=Standing.ENDED, highest_fence=7, ending=ENDED.ending)


def looked(standing: Standing, question: str = "q", **more: object) -> ReportedSighting:
    return ReportedSighting(execution=IT, question=question, sighting=Sighting(standing=standing, **more))  # type: ignore[arg-type]


def test_nothing_told_is_nothing_known():
    told = told_by([], 3)
    assert (told.began, told.end, told.highest_fence, told.heard) == (False, None, 3, 0)


def test_an_end_counts_in_whatever_order_it_comes():
    facts: list[Fact] = [
        STARTED,
        ENDED,
        looked(Standing.RUNNING, "a"),
        looked(Standing.LOST, "b", problem="gone"),
    ]
    for order in permutations(facts):
        told = told_by(order, 7)
        assert (told.began, told.end, told.output) == (True, END, 5)


def test_an_end_that_only_an_answer_tells_is_one():
    told = told_by([looked(Standing.ENDED, ending=ENDED.ending)], 7)
    assert (told.began, told.end) == (True, END)


def test_what_was_sealed_stays_so_until_something_of_it_was_seen_alive():
    sealed = looked(Standing.SEALED, "start", problem="fence 7 is old: this environment has seen 8")
    told = told_by([sealed], 8)
    assert told.end is not None
    assert (told.end.standing, told.end.highest_fence) == (Standing.SEALED, 8)
    assert told_by([sealed, STARTED], 8).end is None
    assert told_by([looked(Standing.RUNNING, "a"), sealed], 8).end is None


def test_an_answer_tells_of_the_highest_fence_whoever_has_told_it():
    told = told_by([looked(Standing.UNSEEN, "a", highest_fence=3)], 9)
    answer = told.answer("a")
    assert answer is not None
    assert (answer.standing, answer.highest_fence) == (Standing.UNSEEN, 9)
    assert told.answer("b") is None


def test_progress_is_heard_each_time():
    first, second = (ReportedProgress(execution=IT, sequence=n, shown=f"{n}", at=NOON) for n in (1, 2))
    assert told_by([first], 7).heard < told_by([second], 7).heard
    assert told_by([second], 7).progress == "2"


@pytest.mark.parametrize("standing", list(Standing))
def test_what_is_asked_before_any_fence_was_given_has_not_begun(standing):
    asked = replace(looked(standing, highest_fence=9), execution=replace(IT, fence=0))
    told = told_by([asked], 0)
    assert (told.began, told.end) == (False, None)
    assert told.answer("q") == Sighting(standing=Standing.UNSEEN, highest_fence=9)
