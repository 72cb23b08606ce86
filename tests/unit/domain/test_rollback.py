from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from funade.domain import rollback
from funade.domain.deployment import Deployment, Purpose, State
from funade.domain.revision import Revision
from tests.unit.domain.examples import NEW, OLD, OTHER, deployment

REVISIONS = st.sampled_from([OLD, NEW, OTHER])
#: what may become of a deployment: its state, seen healthy or not, ever started or not
FATES = st.sampled_from(
    [
        (State.SUCCEEDED, True, True),
        (State.SUCCEEDED, False, True),
        (State.FAILED, False, True),
        (State.FAILED, False, False),
        (State.CANCELLED, False, True),
        (State.CANCELLED, False, False),
        (State.QUEUED, False, False),
    ]
)
HISTORIES = st.lists(st.tuples(REVISIONS, FATES), max_size=12)


def told(history: list[tuple[Revision, tuple[State, bool, bool]]]) -> list[tuple[Deployment, bool]]:
    return [
        (deployment(number, revision=revision, state=state, verified=verified), started)
        for number, (revision, (state, verified, started)) in enumerate(history, 1)
    ]


def goal(history: list[tuple[Deployment, bool]]) -> Deployment | None:
    """Ask as the verb does: the verified ones, newest first, and the last that was started."""
    verified = [one for one, _ in reversed(history) if one.state is State.SUCCEEDED and one.verified]
    started = [one for one, was_started in history if was_started]
    return rollback.goal(verified, started[-1] if started else None)


@given(HISTORIES)
def test_a_rollback_goes_to_the_last_that_was_seen_healthy(raw):
    history = told(raw)
    found = goal(history)
    what_runs: Revision | None = None
    for one, was_started in history:
        if was_started:
            # After anything but a success nobody knows what runs.
            what_runs = one.revision if one.state is State.SUCCEEDED else None
    oracle = None
    for one, _ in history:
        if one.state is State.SUCCEEDED and one.verified and one.revision != what_runs:
            oracle = one
    assert found == oracle


@given(HISTORIES)
def test_a_rollback_never_goes_to_what_was_not_seen_healthy(raw):
    found = goal(told(raw))
    assert found is None or (found.state is State.SUCCEEDED and found.verified)


@given(HISTORIES, REVISIONS)
def test_what_never_began_changes_nothing(raw, revision):
    history = told(raw)
    never_began = deployment(99, revision=revision, state=State.CANCELLED)
    assert goal([*history, (never_began, False)]) == goal(history)


def test_without_anything_healthy_there_is_no_goal():
    assert rollback.goal([], deployment(state=State.SUCCEEDED)) is None
    assert rollback.goal([], None) is None


def test_rolling_back_twice_goes_further_back_and_never_forward_again():
    first, second, third = (
        deployment(number, revision=revision, state=State.SUCCEEDED, verified=True)
        for number, revision in enumerate((OLD, NEW, OTHER), 1)
    )
    back = replace(
        deployment(4, revision=NEW, state=State.SUCCEEDED, verified=True), purpose=Purpose.ROLLBACK, of=2
    )
    assert rollback.goal([third, second, first], third) == second
    assert rollback.goal([back, third, second, first], back) == first
