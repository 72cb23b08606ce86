from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from funade.domain.deployment import State
from funade.domain.turns import Moves, ahead_of, next_moves
from tests.unit.domain.examples import NOON

PLACE = ("shop", "production")
LATER = NOON + timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Waits:
    """A candidate."""

    number: int
    application: str = "shop"
    environment: str = "production"
    state: State = State.QUEUED
    owner: str | None = None
    due_at: datetime = LATER
    is_wished_away: bool = False

    @property
    def id(self) -> str:
        return f"id-{self.number}"

    @property
    def place(self) -> tuple[str, str]:
        return self.application, self.environment


def moves(*candidates, turns=None, closed=(), orphaned=(), blocked=()) -> Moves:
    return next_moves(
        candidates,
        turns=turns or {},
        closed=closed,
        orphaned=orphaned,
        is_blocked=lambda id: id in blocked,
        now=NOON,
    )


def test_the_oldest_goes_first():
    assert moves(Waits(number=2), Waits(number=1)).take == ("id-1",)


def test_environments_do_not_wait_for_each_other():
    assert moves(Waits(number=1), Waits(number=2, environment="staging")).take == ("id-1", "id-2")


def test_nobody_passes_whoever_has_the_turn():
    running = Waits(number=1, state=State.RUNNING, owner="alive")
    assert moves(running, Waits(number=2), turns={PLACE: "id-1"}) == Moves()


def test_a_turn_held_by_what_cannot_be_read_is_held_all_the_same():
    assert moves(Waits(number=2), turns={PLACE: "id-1"}) == Moves()


def test_an_older_request_that_came_back_waits_for_whoever_has_the_turn():
    preparing = Waits(number=2, owner="dead")
    assert moves(Waits(number=1), preparing, turns={PLACE: "id-2"}, orphaned={"dead"}).take == ("id-2",)


def test_an_older_request_that_came_back_does_not_pass_what_runs():
    running = Waits(number=2, state=State.RUNNING, owner="dead")
    assert moves(Waits(number=1), running, orphaned={"dead"}).take == ("id-2",)


def test_a_closed_environment_lets_nobody_begin_but_what_runs_goes_on():
    running = Waits(number=1, state=State.RUNNING, owner=None)
    assert moves(Waits(number=2), closed={PLACE}) == Moves()
    assert moves(running, closed={PLACE}).take == ("id-1",)


def test_what_a_dead_process_left_is_taken_over():
    left = Waits(number=1, state=State.RUNNING, owner="dead")
    assert moves(left, orphaned={"dead"}).take == ("id-1",)
    assert moves(left, orphaned={"another"}) == Moves()


def test_what_waited_too_long_ends_and_lets_the_next_one_in_at_the_next_look():
    due = Waits(number=1, due_at=NOON)
    found = moves(due, Waits(number=2))
    assert (found.end, found.take) == (("id-1",), ("id-2",))


def test_what_is_wished_away_while_it_waits_ends_also_in_a_closed_environment():
    for state in (State.QUEUED, State.AWAITING_APPROVAL):
        assert moves(Waits(number=1, state=state, is_wished_away=True), closed={PLACE}).end == ("id-1",)


def test_what_waits_for_a_person_keeps_nobody_waiting():
    assert moves(Waits(number=1, state=State.AWAITING_APPROVAL), Waits(number=2)).take == ("id-2",)


def test_a_wish_to_end_what_somebody_prepares_is_left_to_them():
    assert moves(Waits(number=1, owner="alive", is_wished_away=True)) == Moves()


def test_others_go_past_whom_a_rule_keeps_waiting():
    assert moves(Waits(number=1), Waits(number=2), blocked={"id-1"}).take == ("id-2",)
    assert moves(Waits(number=1), Waits(number=2), blocked={"id-1", "id-2"}) == Moves()


def test_whoever_was_kept_waiting_goes_first_again():
    assert moves(Waits(number=1), Waits(number=2)).take == ("id-1",)


def test_whoever_has_the_turn_is_taken_on_to_give_it_back():
    left = Waits(number=2, owner="dead")
    assert moves(Waits(number=1), left, turns={PLACE: "id-2"}, orphaned={"dead"}, blocked={"id-2"}).take == (
        "id-2",
    )


def test_what_is_kept_waiting_ends_when_it_is_due_or_wished_away():
    due, wished = Waits(number=1, due_at=NOON), Waits(number=2, is_wished_away=True)
    assert moves(due, wished, blocked={"id-1", "id-2"}).end == ("id-1", "id-2")


def test_rules_are_read_only_for_those_whose_turn_it_would_be():
    asked = []

    def is_blocked(id):
        asked.append(id)
        return False

    next_moves(
        [
            Waits(number=1),
            Waits(number=2),
            Waits(number=3, environment="staging"),
            Waits(number=4, environment="staging"),
            Waits(number=5, environment="preview"),
            Waits(number=6, state=State.AWAITING_APPROVAL),
        ],
        turns={("shop", "staging"): "id-3"},
        closed={("shop", "preview")},
        orphaned=(),
        is_blocked=is_blocked,
        now=NOON,
    )
    assert asked == ["id-1"]


CANDIDATES = st.lists(
    st.builds(
        Waits,
        number=st.integers(1, 12),
        application=st.just("shop"),
        environment=st.sampled_from(["production", "staging"]),
        state=st.sampled_from([State.AWAITING_APPROVAL, State.QUEUED, State.QUEUED, State.RUNNING]),
        owner=st.sampled_from([None, "alive", "dead"]),
        due_at=st.sampled_from([NOON - timedelta(seconds=1), LATER]),
        is_wished_away=st.booleans(),
    ),
    unique_by=lambda one: one.number,
    max_size=8,
)


@st.composite
def situations(draw):
    """Draw what a ledger may hold: at most one runs per environment, and then it has the turn."""
    candidates, turns = [], {}
    for one in draw(CANDIDATES):
        running = one.state is State.RUNNING
        kept = replace(one, state=State.QUEUED) if running and one.place in turns else one
        if kept.state is State.RUNNING:
            turns[kept.place] = kept.id
        candidates.append(kept)
    for place in {one.place for one in candidates} - turns.keys():
        queued = [one.id for one in candidates if one.place == place and one.state is State.QUEUED]
        holder = draw(st.sampled_from([None, "id-unreadable", *queued]))
        if holder is not None:
            turns[place] = holder
    places = st.sampled_from([PLACE, ("shop", "staging")])
    blocked = draw(st.frozensets(st.sampled_from([one.id for one in candidates]))) if candidates else set()
    return candidates, turns, draw(st.frozensets(places)), blocked


@given(situations())
def test_in_any_situation(situation):
    candidates, turns, closed, blocked = situation
    found = moves(*candidates, turns=turns, closed=closed, orphaned={"dead"}, blocked=blocked)
    by_id = {one.id: one for one in candidates}
    taken = [by_id[id] for id in found.take]
    ended = [by_id[id] for id in found.end]
    assert not set(found.take) & set(found.end)
    assert len({one.place for one in taken}) == len(taken), "at most one is taken per environment"
    for one in taken:
        assert one.owner in (None, "dead"), "nobody is taken from a living process"
        assert turns.get(one.place, one.id) == one.id, "nobody passes whoever has the turn"
        if one.state is State.QUEUED:
            assert one.place not in closed, "nobody begins in a closed environment"
            assert not one.is_wished_away
            assert one.due_at > NOON
            older = [it for it in candidates if it.place == one.place and it.number < one.number]
            if one.place not in turns:
                waiting = [it for it in older if it.state is State.QUEUED and it not in ended]
                assert not [it for it in waiting if it.id not in blocked], "nobody passes an older request"
                assert one.id not in blocked, "nobody begins against a rule"
    for one in ended:
        assert one.state is not State.RUNNING, "what runs is ended by its place alone"
        assert one.is_wished_away or one.due_at <= NOON
    for one in candidates:
        free = one.owner in (None, "dead")
        if one.state is State.RUNNING and free:
            assert one in taken, "what a dead process left running is taken over"
        if one.state is not State.RUNNING and free and (one.is_wished_away or one.due_at <= NOON):
            assert one in ended, "everything ends"


@given(situations())
def test_every_open_environment_moves_on(situation):
    candidates, turns, closed, blocked = situation
    found = moves(*candidates, turns=turns, closed=closed, orphaned={"dead", "alive"}, blocked=blocked)
    moving = {one.place for one in candidates if one.id in (*found.take, *found.end)}
    for one in candidates:
        asks = one.state is State.AWAITING_APPROVAL or one.id in blocked
        waits_for_people = asks or one.place in closed
        known = turns.get(one.place) in {None, *(it.id for it in candidates)}
        assert waits_for_people or not known or one.place in moving


def test_ahead_are_the_turn_then_the_older_ones():
    running = Waits(number=4, state=State.RUNNING)
    queue = [Waits(number=number) for number in (1, 2, 3)]
    asking = Waits(number=5, state=State.AWAITING_APPROVAL)
    assert ahead_of(3, [*queue, running, asking], "id-4") == (4, 1, 2)
    assert ahead_of(1, [*queue, running], None) == ()
    assert ahead_of(6, [asking, Waits(number=6)], None) == ()


def test_nobody_is_ahead_of_whoever_has_the_turn():
    assert ahead_of(2, [Waits(number=1), Waits(number=2)], "id-2") == ()
