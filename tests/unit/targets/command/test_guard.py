import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.targets.command.guard import ENDED, INTENDED, REMEMBERED, SEALED, STARTED, Refused, State

PROCESS = {"folder": "/data"}


def raised(highest: int = 0) -> State:
    return State("store-1", highest, {})


def test_an_attempt_goes_from_intended_to_ended():
    state = raised()
    state.intend("store-1", "a/1", 7, "digest")
    assert state.attempts["a/1"]["phase"] == INTENDED
    state.begin("a/1", 7, PROCESS)
    assert state.attempts["a/1"]["phase"] == STARTED
    assert list(state.older_started("b/1")) == ["a/1"]
    state.end("a/1")
    assert state.attempts["a/1"] == {"phase": ENDED, "fence": 7, "digest": "digest"}


def test_an_intended_attempt_may_be_intended_again_but_not_with_another_plan():
    state = raised()
    state.intend("store-1", "a/1", 7, "digest")
    state.intend("store-1", "a/1", 7, "digest")
    with pytest.raises(Refused, match="another plan"):
        state.intend("store-1", "a/1", 7, "other")


def test_an_intention_is_worth_nothing_once_a_higher_fence_was_seen():
    state = raised()
    state.intend("store-1", "a/1", 7, "digest")
    state.intend("store-1", "b/1", 8, "digest")
    with pytest.raises(Refused, match="fence 8"):
        state.begin("a/1", 7, PROCESS)


def test_a_seal_holds_against_an_intention_and_spares_what_began():
    state = raised()
    state.intend("store-1", "a/1", 7, "digest")
    state.seal("store-1", "a/1", 7)
    with pytest.raises(Refused, match="sealed"):
        state.begin("a/1", 7, PROCESS)
    state.intend("store-1", "b/1", 8, "digest")
    state.begin("b/1", 8, PROCESS)
    state.seal("store-1", "b/1", 8)
    assert state.attempts["b/1"]["phase"] == STARTED


def test_a_guard_belongs_to_one_store_and_says_what_to_do():
    with pytest.raises(Refused, match="remove `/guards/shop/staging`"):
        raised().check_store("store-2", "/guards/shop/staging")
    State(None, 0, {}).check_store("store-2", "")


def test_old_attempts_are_forgotten_and_still_cannot_begin():
    state = raised()
    state.intend("store-1", "lost/1", 1, "digest")
    state.begin("lost/1", 1, PROCESS)
    for fence in range(2, 2 * REMEMBERED):
        state.intend("store-1", f"{fence}/1", fence, "digest")
    assert len(state.attempts) == REMEMBERED + 2
    assert "lost/1" in state.attempts
    assert "2/1" not in state.attempts
    with pytest.raises(Refused, match="old"):
        state.intend("store-1", "2/1", 2, "digest")


KEYS = st.sampled_from(["a/1", "a/2", "b/1", "c/1"])
MOVES = st.tuples(st.sampled_from(["intend", "begin", "seal", "end"]), KEYS, st.integers(1, 4))


@given(st.lists(MOVES, max_size=30))
def test_whatever_comes_no_attempt_begins_twice_after_a_seal_or_under_an_old_fence(moves):
    state = State(None, 0, {})
    began: set[str] = set()
    sealed: set[str] = set()
    highest = 0
    for move, key, fence in moves:
        before = state.attempts.get(key, {}).get("phase")
        try:
            match move:
                case "intend":
                    state.intend("store-1", key, fence, "digest")
                case "begin":
                    state.begin(key, fence, PROCESS)
                    assert fence == state.highest
                    assert key not in began | sealed
                    began.add(key)
                case "seal":
                    state.seal("store-1", key, fence)
                    if before in (None, INTENDED, SEALED):
                        sealed.add(key)
                case _:
                    # Only who began comes to an end.
                    if before == STARTED:
                        state.end(key)
        except Refused:
            assert state.attempts.get(key, {}).get("phase") == before
        assert state.highest >= highest
        highest = state.highest
