from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.domain.deployment import ENDED, Deployment, IllegalTransitionError, Phase, State
from funade.domain.reason import Reason, because
from tests.unit.domain.examples import NOON, deployment

WHY = because(Reason.COMPLETED)
WAYS = {
    ("awaiting_approval", "queued"),
    ("awaiting_approval", "failed"),
    ("awaiting_approval", "cancelled"),
    ("queued", "awaiting_approval"),
    ("queued", "running"),
    ("queued", "failed"),
    ("queued", "cancelled"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("running", "cancelled"),
}


@pytest.mark.parametrize(("before", "after"), [*product(State, State)])
def test_only_the_known_ways_lead_from_state_to_state(before, after):
    one = deployment(state=before)
    if (before.value, after.value) in WAYS:
        assert one.advance(after, WHY, NOON).state is after
    else:
        with pytest.raises(IllegalTransitionError):
            one.advance(after, WHY, NOON)


def test_an_end_is_whole():
    running = deployment(state=State.RUNNING, owner="process-1", epoch=3)
    ended = running.advance(State.SUCCEEDED, WHY, NOON + timedelta(minutes=1), verified=True)
    assert (ended.phase, ended.owner, ended.verified) == (Phase.DONE, None, True)
    assert ended.ended_at == NOON + timedelta(minutes=1)
    assert ended.because == WHY
    assert ended.epoch == 3
    assert ended.has_ended


def test_the_first_attempt_moves_a_queued_one_to_running():
    begun = deployment(state=State.QUEUED).begin_attempt(7, NOON, WHY)
    assert (begun.state, begun.phase) == (State.RUNNING, Phase.EXECUTING)
    assert (begun.attempt, begun.fence, begun.started_at) == (1, 7, NOON)
    assert begun.was_started


def test_the_next_attempt_keeps_the_time_of_the_first():
    first = deployment(state=State.QUEUED).begin_attempt(7, NOON, WHY)
    second = first.begin_attempt(9, NOON + timedelta(minutes=5), WHY)
    assert (second.attempt, second.fence) == (2, 9)
    assert second.started_at == NOON


@pytest.mark.parametrize("state", [State.AWAITING_APPROVAL, *ENDED])
def test_no_attempt_begins_from_anywhere_else(state):
    with pytest.raises(IllegalTransitionError):
        deployment(state=state).begin_attempt(7, NOON, WHY)


STATES = st.sampled_from(State)


@given(st.lists(st.one_of(STATES, st.just("begin"))))
def test_a_finished_deployment_never_moves_again(moves):
    one = deployment()
    for move in moves:
        before = one
        try:
            one = _moved(one, move)
        except IllegalTransitionError:
            one = before
        if before.has_ended:
            assert one == before


def _moved(one: Deployment, move: State | str) -> Deployment:
    if isinstance(move, State):
        return one.advance(move, WHY, NOON)
    return one.begin_attempt(one.fence + 1, NOON, WHY)
