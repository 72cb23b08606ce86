"""What was true when somebody looked may be over when they act."""

import pytest

from funade.domain.answers import Accepted
from funade.domain.commands import Approve, Cancel, Deploy, Reopen
from funade.domain.errors import FencedOut
from tests.scenarios.fleet import Fleet


def deploy(ref: str) -> Deploy:
    return Deploy(application="shop", environment="production", ref=ref)


def asks(funade, ref: str) -> str:
    """Return the id of a deployment of which nothing has happened yet."""
    answer = funade.hears("ada", deploy(ref))
    assert isinstance(answer, Accepted)
    return answer.deployment.id


def takes(funade, id: str):
    """Let the process take it now, whatever it has seen."""
    return funade.world.loop.answer(funade.process.carry_out.take(id))


def test_nobody_takes_a_turn_past_an_older_request(funade):
    asks(funade, "first")
    assert takes(funade, asks(funade, "second")) is None
    funade.goes_on()
    funade.program_ends(1)
    funade.program_ends(2)


def test_nobody_takes_a_turn_that_somebody_has(funade):
    funade.deploys(deploy("first"))
    funade.accepts("ada", deploy("aside"))
    funade.accepts("ada", deploy("second"))
    funade.program_ends(2)
    # #3 asks; meanwhile #4 begins, and then #3 comes back with its older number.
    funade.accepts("ada", deploy("aside"))
    funade.hears("bob", Approve(number=3))
    assert takes(funade, funade.shown(3).id) is None
    assert funade.berth("production").turn == funade.shown(4).id
    funade.program_ends(4)
    funade.program_ends(3)


def test_nobody_takes_a_turn_in_a_closed_environment(funade):
    funade.accepts("ada", deploy("first"))
    waiting = asks(funade, "second")
    funade.comes_back()
    funade.world.targets.problem = "of a kind that is unknown here"
    funade.goes_on()
    assert takes(funade, waiting) is None
    funade.world.targets.problem = None
    funade.world.place.finish(funade.execution(1))
    funade.world.place.forgiven.add(("shop", "production"))
    funade.says("ada", Reopen(application="shop", environment="production"))
    funade.program_ends(2)


def test_nobody_takes_what_has_ended(funade):
    id = asks(funade, "first")
    funade.hears("ada", Cancel(number=1))
    funade.goes_on()
    assert takes(funade, id) is None


@pytest.fixture
def fleet(folder):
    made = Fleet(folder)
    made.round()
    yield made
    try:
        made.comes_to_rest()
    finally:
        made.close()


def test_nobody_takes_what_a_living_process_looks_after(fleet):
    first, second = fleet.processes
    fleet.says(deploy("first"))
    first.look()
    fleet.world.loop.goes_on()
    (running,) = fleet.unended()
    assert running.owner == first.heart.process
    assert fleet.world.loop.answer(second.carry_out.take(running.id)) is None


def test_whoever_is_overtaken_is_struck_off_and_takes_nothing_more(fleet):
    first, second = fleet.processes
    fleet.says(deploy("first"))
    first.look()
    fleet.world.loop.goes_on()
    first.gates.freeze()
    before = first.heart.process
    for _ in range(6):
        fleet.look()
        fleet.time_passes()
    (running,) = fleet.unended()
    assert running.owner == second.heart.process
    first.gates.thaw()
    processes = fleet.world.loop.answer(fleet.world.ledger.read(lambda look: look.processes()))
    assert before not in {one.id for one in processes}
    with pytest.raises(FencedOut):
        fleet.world.loop.answer(first.carry_out.take(running.id))
    first.beat()
    assert first.heart.process != before


def test_whoever_is_overtaken_while_clearing_up_does_not_remove_the_next_checkout(fleet):
    first = fleet.processes[0]
    fleet.says(deploy("first"))
    fleet.world.sources.broken = "the repository does not answer"
    # The checkout fails. The first removal makes room for it, the second one clears up after it.
    first.look()
    first.gates.freeze("workspaces.remove:before")
    fleet.world.loop.goes_on()
    first.gates.freeze("workspaces.remove:before")
    first.gates.go_on()
    fleet.world.loop.goes_on()
    assert first.gates.is_frozen
    fleet.world.sources.broken = None
    for _ in range(6):
        fleet.look()
        fleet.time_passes()
    assert [one.number for one in fleet.world.place.running()] == [1]
    first.gates.thaw()
    fleet.world.loop.goes_on()
    fleet.world.assert_sound()


def test_a_slow_sweep_does_not_remove_what_began_meanwhile(fleet):
    first, second = fleet.processes
    first.gates.freeze("ledger.read:after")
    first.clean()
    fleet.world.loop.goes_on()
    assert first.gates.is_frozen
    fleet.says(deploy("first"))
    second.look()
    fleet.world.loop.goes_on()
    assert [one.number for one in fleet.world.place.running()] == [1]
    first.gates.thaw()
    fleet.world.loop.goes_on()
    fleet.world.assert_sound()
