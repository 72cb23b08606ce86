"""Everything stands still at once, everywhere."""

import pytest

from funade.domain.commands import Deploy, Hold, Lock, PauseAll, Resume, ResumeAll, ShowStatus
from tests.scenarios.office import (
    HERE,
    approve,
    back,
    deploy,
    events,
    override,
    somebody_else_asks,
    waiting,
    want_approvals,
)

STAGING = Deploy(application="shop", environment="staging", ref="first")


def test_nothing_is_accepted_while_everything_is_paused_not_even_a_rollback_by_force(office):
    office.deploys(deploy("first"))
    office.deploys(deploy("second"))
    office.says("ada", PauseAll(reason="fire"))
    for command in (
        deploy(),
        deploy(force=True, reason="hotfix"),
        back(),
        back(force=True, reason="the shop is down"),
        STAGING,
    ):
        assert office.refuses("bob", command) == ("paused", {"by": "ada", "reason": "fire"})
    assert office.begun() == [1, 2]


def test_what_waits_stands_still_what_runs_goes_on_and_nothing_overrides_it(office):
    running = office.accepts("ada", deploy("first"))
    number = office.accepts("bob", deploy("second"))
    office.says("ada", PauseAll(reason="fire"))
    office.program_ends(running)
    assert office.ended(running) == ("succeeded", "completed", "verified")
    (found,) = waiting(office, number)
    assert (found.because.code, found.because.detail) == ("paused", {"by": "ada", "reason": "fire"})
    assert (found.since, found.until) == (office.world.clock.now(), office.shown(number).due_at)
    assert office.refuses("bob", override(number)) == ("nothing_to_override", {"number": number})
    office.says("bob", ResumeAll())
    assert office.state(number) == "running"
    office.program_ends(number)


def test_an_override_before_or_during_a_pause_does_not_reach_it(office):
    want_approvals(office.world, 1)
    number = office.accepts("ada", deploy())
    office.says("ada", PauseAll())
    office.says("bob", override(number))
    assert office.why(number) == ["paused"]
    office.says("bob", ResumeAll())
    office.program_ends(number)


def test_a_pause_between_turn_and_start_puts_it_back(office):
    office.deploys(deploy("first"))
    office.deploys(deploy("second"))
    office.process.gates.freeze("sources.check_out:before")
    number = office.accepts("bob", back())
    somebody_else_asks(office, "ada", PauseAll())
    office.process.gates.thaw()
    office.goes_on()
    assert office.why(number) == ["paused"]
    assert office.begun() == [1, 2]
    office.says("bob", ResumeAll())
    office.program_ends(number)


def test_people_may_still_decide_while_everything_is_paused(office):
    want_approvals(office.world, 1)
    number = office.accepts("ada", deploy())
    office.says("cy", PauseAll())
    office.says("bob", approve(number))
    assert office.why(number) == ["paused"]
    office.says("bob", Lock(**HERE, reason="migrating"))
    assert office.why(number) == ["paused", "locked"]


def test_a_pause_is_of_every_environment_and_outlives_the_process(office):
    number = office.accepts("ada", deploy())
    office.says("ada", PauseAll(reason="fire"))
    office.dies_and_comes_back()
    assert office.refuses("bob", STAGING)[0] == "paused"
    pause = office.hears("eve", ShowStatus()).pause
    assert (pause.by, pause.reason) == ("ada", "fire")
    office.program_ends(number)


def test_S22_whoever_may_lock_anywhere_stops_everything_and_it_takes_more_to_go_on(office):
    assert office.refuses("dee", PauseAll()) == (
        "not_permitted",
        {"right": "lock", "application": None, "environment": None},
    )
    assert office.says("ada", PauseAll()).pause.by == "ada"
    assert office.refuses("eve", ResumeAll())[0] == "not_permitted"
    assert office.says("cy", ResumeAll(reason="false alarm")).pause is None
    (told,) = events(office, "everything_resumed")
    assert (told.by, told.happening.reason) == ("cy", "false alarm")


def test_nothing_is_paused_twice_nor_resumed_twice(office):
    assert office.refuses("bob", ResumeAll()) == ("not_paused", {})
    office.says("ada", PauseAll(reason="fire"))
    assert office.refuses("bob", PauseAll()) == ("already_paused", {"by": "ada", "reason": "fire"})
    office.says("bob", ResumeAll())
    assert office.hears("ada", ShowStatus()).pause is None


def test_a_pause_that_cannot_be_read_is_a_pause_that_can_be_ended(office):
    office.says("ada", PauseAll())
    with office.world.ledger._writing.begin() as connection:
        connection.exec_driver_sql("update store set pause = 'burnt'")
    assert office.refuses("bob", deploy())[0] == "paused"
    office.says("bob", ResumeAll())
    office.deploys(deploy())


def test_what_a_pause_keeps_waiting_ends_after_a_day(office):
    running = office.accepts("ada", deploy("first"))
    number = office.accepts("ada", deploy("second"))
    office.says("ada", PauseAll())
    office.program_ends(running)
    office.lets_pass(hours=24)
    assert office.ended(number) == ("failed", "expired", "unverified")
    assert office.shown(number).because.detail["waited_for"] == "paused"


# Automatic deploys


def test_automatic_deploys_are_held_and_go_on_by_a_person_s_word(office):
    office.says("ada", Hold(**HERE, reason="looking at it"))
    hold = office.berth("production").hold
    assert (hold.by, hold.reason, hold.number) == ("ada", "looking at it", None)
    assert office.refuses("bob", Hold(**HERE)) == ("already_held", HERE)
    assert office.refuses("ada", Resume(**HERE))[0] == "not_permitted"
    office.says("bob", Resume(**HERE, reason="all is well"))
    assert office.berth("production").hold is None
    assert office.refuses("bob", Resume(**HERE)) == ("not_held", HERE)
    assert [one.happening.reason for one in events(office, "automation_resumed")] == ["all is well"]


def test_a_hold_keeps_no_person_out(office):
    office.says("ada", Hold(**HERE))
    office.deploys(deploy())


@pytest.mark.parametrize("command", [Hold(**HERE), PauseAll()])
def test_whoever_only_reads_holds_nothing(office, command):
    assert office.refuses("eve", command)[0] == "not_permitted"
