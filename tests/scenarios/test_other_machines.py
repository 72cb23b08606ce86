"""What was started on a machine that is gone: who may go on, and when."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from funade.domain.commands import Deploy, Reopen
from funade.domain.deployment import Deployment
from funade.domain.orders import Execution
from funade.testing.processes import FakeMachine
from tests.scenarios.fleet import Fleet
from tests.scenarios.process import Process

FIRST = Deploy(application="shop", environment="production", ref="first")
SECOND = Deploy(application="shop", environment="production", ref="second")
ELSEWHERE = Deploy(application="shop", environment="staging", ref="second")
REOPEN = Reopen(application="shop", environment="production", reason="I have looked")
#: What the place says, and the time that an order may take to it.
GONE_AFTER, START_SOON, LEASE = 30, 15, 15


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """#1 runs on `here`; `there` is another machine."""
    fleet = Fleet(tmp_path, counts=lambda point: True)
    fleet.world.targets.local = True
    for one in fleet.processes:
        one.die()
    fleet.processes = [machine(fleet, "here")]
    fleet.says(FIRST)
    fleet.look()
    fleet.processes.append(machine(fleet, "there"))
    yield fleet
    fleet.close()


def machine(fleet: Fleet, name: str) -> Process:
    return Process(fleet.world, machine=FakeMachine(name))


def stops_alone(fleet: Fleet) -> None:
    fleet.world.targets.gone_after = timedelta(seconds=GONE_AFTER)


def the_only(fleet: Fleet) -> Execution:
    (execution,) = fleet.world.place.running()
    return execution


def passes(fleet: Fleet, seconds: int) -> None:
    """Let so much time pass, a second at a time, and everybody look."""
    for _ in range(seconds):
        fleet.time_passes(1)
        fleet.look()


def row(fleet: Fleet, number: int) -> Deployment:
    found = fleet.world.loop.answer(fleet.world.ledger.read(lambda look: look.deployment(number)))
    assert found is not None
    return found


def ended(fleet: Fleet, number: int) -> tuple[str, str]:
    it = row(fleet, number)
    return it.state.value, it.because.code.value if it.because else ""


def goes_on(fleet: Fleet) -> None:
    """Let a neighbour's deployment tell that the other machine works all the time."""
    fleet.says(ELSEWHERE)
    fleet.look()
    fleet.program_ends(next(one for one in fleet.world.place.running() if one.environment == "staging"))


def test_where_programs_stop_alone_another_machine_follows_without_a_person(fleet):
    stops_alone(fleet)
    execution = the_only(fleet)
    fleet.processes[0].die()
    fleet.look()
    fleet.says(SECOND)
    passes(fleet, LEASE + START_SOON + GONE_AFTER - 2)
    assert row(fleet, 1).state.value == "running"
    assert [one.execution.number for one in fleet.world.place.started] == [1]
    # By itself, at the last moment.
    fleet.world.place.lose(execution)
    goes_on(fleet)
    passes(fleet, 4)
    assert ended(fleet, 1) == ("failed", "execution_lost")
    assert "`here`" in str(row(fleet, 1).because)
    assert fleet.berth("production").doubt is None
    assert the_only(fleet).number == 2
    fleet.program_ends(the_only(fleet))
    fleet.look()
    assert ended(fleet, 2) == ("succeeded", "completed")


def test_what_the_lost_program_brought_live_is_seen_from_another_machine(fleet):
    stops_alone(fleet)
    execution = the_only(fleet)
    fleet.world.goes_live("production", fleet.world.revisions["first"])
    fleet.world.place.lose(execution)
    fleet.processes[0].die()
    passes(fleet, LEASE + START_SOON + GONE_AFTER + 3)
    assert ended(fleet, 1) == ("succeeded", "execution_lost")
    assert fleet.berth("production").live_number == 1


def test_where_programs_go_on_the_environment_is_closed_until_somebody_looks(fleet):
    fleet.processes[0].die()
    fleet.look()
    fleet.says(SECOND)
    passes(fleet, LEASE + 595)
    assert row(fleet, 1).state.value == "running"
    passes(fleet, 10)
    assert ended(fleet, 1) == ("failed", "outcome_unknown")
    assert fleet.berth("production").doubt.number == 1
    assert the_only(fleet).number == 1, "whatever runs there goes on"
    fleet.world.place.forgiven.add(("shop", "production"))
    fleet.says(REOPEN)
    fleet.look()
    assert the_only(fleet).number == 2


def test_a_machine_that_comes_back_in_time_adopts_its_own(fleet):
    stops_alone(fleet)
    fleet.processes[0].die()
    passes(fleet, LEASE + START_SOON + GONE_AFTER - 5)
    fleet.processes.append(machine(fleet, "here"))
    passes(fleet, 120)
    assert row(fleet, 1).owner == fleet.processes[-1].heart.process
    fleet.program_ends(the_only(fleet))
    fleet.look()
    assert ended(fleet, 1) == ("succeeded", "completed")


@pytest.mark.parametrize("alone", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_second_silence_is_counted_from_its_own_beginning(fleet, alone):
    # The machine was back in between, and kept its program alive; nobody else looked meanwhile.
    if alone:
        stops_alone(fleet)
    silence = START_SOON + GONE_AFTER if alone else 600
    here, there = fleet.processes
    here.die()
    passes(fleet, LEASE + silence - 10)
    there.gates.freeze()
    back = machine(fleet, "here")
    fleet.processes.append(back)
    passes(fleet, 30)
    assert row(fleet, 1).owner == back.heart.process
    back.die()
    # Nobody registered by that name is left to be seen.
    fleet.world.loop.answer(
        fleet.world.ledger.change(lambda change: change.forget_process(back.heart.process))
    )
    there.gates.thaw()
    fleet.processes = [machine(fleet, "there"), there]
    passes(fleet, silence - 10)
    assert row(fleet, 1).state.value == "running"
    passes(fleet, LEASE + 20)
    assert row(fleet, 1).has_ended


def test_a_frozen_owner_sends_no_sign_of_life_after_its_lease(fleet):
    stops_alone(fleet)
    here = fleet.processes[0]
    place = fleet.world.place
    here.gates.freeze("ledger.read:after")
    passes(fleet, 2)
    kept = len(place.kept_alive)
    passes(fleet, LEASE + 1)
    here.gates.thaw()
    fleet.look()
    assert len(place.kept_alive) == kept


def test_who_took_it_over_and_was_interrupted_need_not_wait_again(fleet):
    stops_alone(fleet)
    here, there = fleet.processes
    fleet.world.place.lose(the_only(fleet))
    here.die()
    there.gates.freeze("verifier.look:before")
    passes(fleet, LEASE + START_SOON + GONE_AFTER + 3)
    assert row(fleet, 1).owner == there.heart.process
    passes(fleet, LEASE)
    there.gates.thaw()
    passes(fleet, 5)
    assert ended(fleet, 1) == ("failed", "execution_lost")
