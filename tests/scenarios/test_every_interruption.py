"""Every place at which a process can die or freeze, tried one by one.

A story is told once to count the gates at which the first process is about to change something. Then it is told again
for each, with the process killed there, or frozen there while the second one goes on; a frozen one comes back and goes
on with what it was doing: when all is over, or at each change that the second one makes.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from funade.domain.commands import Cancel, Deploy
from funade.domain.deployment import Deployment, State
from tests.scenarios.fleet import Fleet
from tests.scenarios.gates import Gates, before_a_change

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

LONG = os.environ.get("FUNADE_LONG") == "1"
#: Of the moments at which a frozen process may come back, every so many are tried; all of them take many minutes.
STRIDE = 1 if LONG else 47

Story = Callable[[Fleet], None]


def two_deployments(fleet: Fleet) -> None:
    for ref in ("first", "second"):
        fleet.says(Deploy(application="shop", environment="production", ref=ref))


def a_cancel_while_it_waits(fleet: Fleet) -> None:
    two_deployments(fleet)
    fleet.says(Cancel(number=1), "bob")


def a_cancel_while_it_runs(fleet: Fleet) -> None:
    two_deployments(fleet)
    fleet.look()
    fleet.says(Cancel(number=1), "bob")


def one_that_asks_again(fleet: Fleet) -> None:
    for ref in ("first", "aside", "second"):
        fleet.says(Deploy(application="shop", environment="production", ref=ref))


def a_silent_place(fleet: Fleet) -> None:
    two_deployments(fleet)
    fleet.look()
    fleet.world.place.unreachable()
    fleet.round()
    fleet.world.place.reachable()


STORIES = [
    two_deployments,
    a_cancel_while_it_waits,
    a_cancel_while_it_runs,
    one_that_asks_again,
    a_silent_place,
]


#: Stories of which every gate is tried even when time is short; of the others, every so many.
ALWAYS = [two_deployments, a_cancel_while_it_runs]
GATE_STRIDE = 1 if LONG else 5


def anywhere(point: str) -> bool:
    return True


@contextmanager
def told(folder: Path, story: Story, prepare: Callable[[Fleet], None]) -> Iterator[Fleet]:
    """Tell a story, with what `prepare` does to the first process before it begins."""
    fleet = Fleet(folder, counts=anywhere if LONG else before_a_change)
    try:
        # Both watch each other's leases from the beginning.
        fleet.round()
        prepare(fleet)
        story(fleet)
        yield fleet
    finally:
        fleet.close()


def gates_of(folder: Path, story: Story) -> range:
    """Return the gates to try of those that the first process passes until everything has come to rest."""
    passed = []
    with told(folder, story, lambda fleet: passed.append(len(fleet.processes[0].gates.passed))) as fleet:
        ends(fleet)
        last = len(fleet.processes[0].gates.passed) - passed[0]
    return range(1, last + 1, 1 if story in ALWAYS else GATE_STRIDE)


def ends(fleet: Fleet) -> None:
    """Let everything come to its end, people saying yes to whatever asks."""
    fleet.comes_to_rest()
    for one in fleet.ended():
        assert one.state in may_end(one), (one.number, one.state, one.because)


def may_end(one: Deployment) -> set[State]:
    """Return the states in which a deployment of these stories may end; its program always ends well."""
    if one.wish is not None:
        # Ended by its place before it came up: the old one runs (cancelled), or nothing ran before (failed).
        return {State.SUCCEEDED, State.CANCELLED, State.FAILED}
    return {State.SUCCEEDED}


@pytest.mark.parametrize("story", STORIES)
def test_a_process_may_die_anywhere(folder, story):
    for gate in gates_of(folder / "count", story):
        with told(folder / str(gate), story, first(Gates.kill, gate)) as fleet:
            ends(fleet)


@pytest.mark.parametrize("story", STORIES)
def test_a_process_may_freeze_anywhere_and_come_back_when_all_is_over(folder, story):
    for gate in gates_of(folder / "count", story):
        with told(folder / str(gate), story, first(Gates.freeze, gate)) as fleet:
            fleet.rounds_until(fleet.has_no_more_to_do)
            fleet.processes[0].gates.thaw()
            ends(fleet)


@pytest.mark.parametrize("story", STORIES)
def test_a_process_may_freeze_anywhere_and_come_back_anywhen(folder, story):
    names, offsets = count(), count()
    for gate in gates_of(folder / "count", story):
        for moment in count(1 + next(offsets) % STRIDE, STRIDE):
            came_back = False
            with told(folder / str(next(names)), story, first(Gates.freeze, gate)) as fleet:
                frozen, other = (one.gates for one in fleet.processes)
                other.call_at(moment, frozen.thaw)
                ends(fleet)
                came_back = not frozen.is_frozen
            if not came_back:
                break


def first(stop: Callable[[Gates, int], None], gate: int) -> Callable[[Fleet], None]:
    """Return what stops the first process at a gate."""
    return lambda fleet: stop(fleet.processes[0].gates, gate)
