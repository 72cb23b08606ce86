from collections import Counter

import pytest

from funade.domain.commands import Deploy
from tests.scenarios.fleet import Fleet

PRODUCTION = Deploy(application="shop", environment="production", ref="first")


@pytest.fixture
def fleet(folder):
    made = Fleet(folder, counts=lambda point: True)
    made.round()
    yield made
    try:
        made.comes_to_rest()
    finally:
        made.close()


def says(fleet, process) -> None:
    process.say()
    fleet.world.loop.goes_on()


def test_one_process_speaks_for_all(fleet):
    first, second = fleet.processes
    fleet.says(PRODUCTION)
    first.gates.freeze("announcer.announce:before")
    says(fleet, first)
    says(fleet, second)
    assert fleet.world.announcer.said == []
    first.gates.thaw()
    fleet.world.loop.goes_on()
    assert [one.event.number for one, _ in fleet.world.announcer.said] == [1]


def test_another_speaks_once_the_speaker_is_dead_and_says_nothing_twice(fleet):
    first, second = fleet.processes
    fleet.says(PRODUCTION)
    # It has spoken, and dies before it can write that down.
    first.gates.kill("announcer.announce:after")
    says(fleet, first)
    assert len(fleet.world.announcer.said) == 1
    fleet.world.machine.gone.add(first.heart.process)
    says(fleet, second)
    assert len(fleet.world.announcer.said) == 1
    assert fleet.world.loop.answer(fleet.world.ledger.read(lambda look: look.announcements(1))) == []


def test_whoever_saw_a_living_speaker_asks_again_soon_and_not_at_every_change(fleet):
    first, second = fleet.processes
    for process in (first, second):
        says(fleet, process)
    fleet.says(PRODUCTION)
    first.gates.freeze("announcer.announce:before")
    says(fleet, first)
    says(fleet, second)
    asked = Counter(reads(fleet, second))
    for _ in range(10):
        says(fleet, second)
    assert Counter(reads(fleet, second)) == asked
    fleet.world.machine.gone.add(first.heart.process)
    fleet.time_passes(1)
    says(fleet, second)
    assert len(fleet.world.announcer.said) == 1
    first.gates.kill()


def reads(fleet, process) -> list[str]:
    return [one for one in process.gates.passed if one == "ledger.read:before"]
