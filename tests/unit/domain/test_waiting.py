from dataclasses import replace
from datetime import timedelta

import pytest

from funade.domain.answers import ProcessShown, Waiting
from funade.domain.deployment import ENDED, Phase, State
from funade.domain.environment import Berth, Doubt
from funade.domain.reason import Reason, because
from funade.domain.waiting import Surroundings, explain
from tests.unit.domain.examples import NOON, deployment

FREE = Surroundings(
    berth=Berth(application="shop", environment="production"),
    ahead=(),
    alive=frozenset({"process-1"}),
    now=NOON,
)
CLOSED = replace(FREE, berth=replace(FREE.berth, doubt=Doubt(number=3, since=NOON, problem="silence")))
BEHIND = replace(FREE, ahead=(4, 5))
ALONE = replace(FREE, alive=frozenset())

LOCKED = replace(
    FREE,
    obstacles=tuple(Waiting(because=because(code), since=NOON) for code in (Reason.LOCKED, Reason.FROZEN)),
)
UNAPPROVED = replace(FREE, obstacles=(Waiting(because=because(Reason.AWAITING_APPROVAL), since=NOON),))
QUEUED = deployment(number=7)
PREPARING = replace(QUEUED, phase=Phase.PREPARING, owner="process-1", because=because(Reason.PREPARING))
SILENT = replace(PREPARING, because=because(Reason.TARGET_NOT_ANSWERING, problem="no route"))
ASKING = replace(QUEUED, state=State.AWAITING_APPROVAL, because=because(Reason.NEWER_WENT_LIVE, number=7))
RUNNING = replace(
    QUEUED,
    state=State.RUNNING,
    phase=Phase.EXECUTING,
    owner="process-1",
    started_at=NOON + timedelta(minutes=1),
    because=because(Reason.PROGRAM_RUNNING),
)
VERIFYING = replace(RUNNING, phase=Phase.VERIFYING, because=because(Reason.VERIFYING))
ORPHANED = replace(RUNNING, owner="process-9")

TABLE = {
    "next in a free environment": (QUEUED, FREE, ["preparing"]),
    "somebody is ahead": (QUEUED, BEHIND, ["awaiting_turn"]),
    "the environment is closed": (QUEUED, CLOSED, ["environment_in_doubt"]),
    "closed, and somebody is ahead": (
        QUEUED,
        replace(CLOSED, ahead=(4,)),
        ["environment_in_doubt", "awaiting_turn"],
    ),
    "no process lives": (QUEUED, ALONE, ["no_process_running"]),
    "nothing is right": (
        QUEUED,
        replace(CLOSED, ahead=(4,), alive=frozenset()),
        ["environment_in_doubt", "awaiting_turn", "no_process_running"],
    ),
    "it prepares": (PREPARING, FREE, ["preparing"]),
    "its place is silent before the start": (SILENT, FREE, ["target_not_answering"]),
    "it asks a person": (ASKING, FREE, ["newer_went_live"]),
    "it asks, whoever lives": (ASKING, ALONE, ["newer_went_live"]),
    "it asks without saying what": (replace(ASKING, because=None), FREE, ["awaiting_approval"]),
    "a rule keeps it": (QUEUED, LOCKED, ["locked", "frozen"]),
    "a rule keeps it, and somebody is ahead": (
        QUEUED,
        replace(LOCKED, ahead=(4,)),
        ["locked", "frozen", "awaiting_turn"],
    ),
    "a rule keeps it, the environment is closed, nobody lives": (
        QUEUED,
        replace(CLOSED, obstacles=LOCKED.obstacles, alive=frozenset()),
        ["environment_in_doubt", "locked", "frozen", "no_process_running"],
    ),
    "a rule came while it prepares": (PREPARING, LOCKED, ["locked", "frozen"]),
    "it waits for approval": (replace(ASKING, because=None), UNAPPROVED, ["awaiting_approval"]),
    "it waits for approval behind a lock": (
        replace(ASKING, because=because(Reason.AWAITING_APPROVAL)),
        replace(FREE, obstacles=(*LOCKED.obstacles, *UNAPPROVED.obstacles)),
        ["locked", "frozen", "awaiting_approval"],
    ),
    "it asks anew, for approval too": (ASKING, UNAPPROVED, ["newer_went_live", "awaiting_approval"]),
    "it runs, whatever rules came since": (RUNNING, LOCKED, ["program_running"]),
    "it runs": (RUNNING, FREE, ["program_running"]),
    "it is looked at": (VERIFYING, FREE, ["verifying"]),
    "its owner is silent": (ORPHANED, FREE, ["owner_silent", "program_running"]),
    "its owner is silent, nobody lives": (ORPHANED, ALONE, ["no_process_running"]),
    "nobody looks after it yet": (replace(RUNNING, owner=None), FREE, ["owner_silent", "program_running"]),
    "it runs, its row does not say why": (replace(RUNNING, because=None), FREE, ["program_running"]),
}


@pytest.mark.parametrize(("waiting", "around", "reasons"), [*TABLE.values()], ids=[*TABLE])
def test_everything_says_what_it_waits_for(waiting, around, reasons):
    assert [one.because.code.value for one in explain(waiting, around)] == reasons


@pytest.mark.parametrize("state", sorted(ENDED))
def test_what_has_ended_waits_for_nothing(state):
    assert explain(replace(QUEUED, state=state), replace(CLOSED, ahead=(1,))) == ()


def test_whoever_waits_learns_for_whom_since_when_and_until_when():
    (turn,) = explain(QUEUED, BEHIND)
    assert turn.because.detail == {"ahead": 4, "position": 2}
    assert (turn.since, turn.until) == (NOON, NOON + timedelta(hours=24))
    (doubt,) = explain(QUEUED, CLOSED)
    assert doubt.because.detail["number"] == 3
    (running,) = explain(RUNNING, FREE)
    assert (running.since, running.until) == (NOON + timedelta(minutes=1), None)


def test_a_silent_process_is_named_by_where_it_ran_and_since_when_it_is_silent():
    owner = ProcessShown(
        id="process-9", role="server", host="mill", pid=42, started_at=NOON, seen_at=NOON, alive=False
    )
    silent, _ = explain(ORPHANED, replace(FREE, owner=owner))
    assert silent.because.detail == {"host": "mill", "pid": 42}
    assert silent.since == NOON


def test_what_was_started_and_nobody_looks_after_says_its_number():
    (alone,) = explain(RUNNING, ALONE)
    assert alone.because.detail == {"number": 7}
    (queued,) = explain(QUEUED, ALONE)
    assert queued.because.detail == {}
