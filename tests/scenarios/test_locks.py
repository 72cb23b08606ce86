"""Somebody keeps others out of an environment."""

from datetime import timedelta

import pytest

from funade.domain.commands import Deploy, PlanDeployment, ShowStatus, Unlock
from funade.domain.people import Right
from tests.scenarios.office import (
    ADA_AT_SLACK,
    HERE,
    IDS,
    approve,
    back,
    deploy,
    events,
    lock,
    override,
    row,
    set_people,
    somebody_else_asks,
    take_right,
    waiting,
    want_approvals,
)

UNLOCK = Unlock(**HERE)


def test_bob_is_kept_out_while_ada_holds_the_lock(office):
    office.says("ada", lock("migrating"))
    assert office.refuses("bob", deploy()) == (
        "locked",
        {**HERE, "by": "ada", "reason": "migrating", "until": None},
    )
    assert office.begun() == []
    (told,) = events(office, "request_refused")
    assert (told.by, told.happening.asked, told.happening.because.code) == (
        "bob",
        "deploy shop production first",
        "locked",
    )


def test_a_plan_says_what_would_stand_in_the_way_of_whoever_asks(office):
    office.says("ada", lock("migrating"))
    plan = PlanDeployment(**HERE, ref="first")
    assert [one.because.code for one in office.says("bob", plan).in_the_way] == ["locked"]
    assert office.says("ada", plan).in_the_way == ()


def test_ada_deploys_through_her_own_lock_at_whatever_door_she_took_it(office):
    office.says(ADA_AT_SLACK, lock())
    office.deploys(deploy())
    assert office.berth("production").lock is not None


def test_a_lock_that_comes_later_makes_it_wait_and_why_says_everything(office):
    running = office.accepts("ada", deploy("first"))
    number = office.accepts("dee", deploy("second"))
    office.says("bob", lock("migrating", lasts=timedelta(hours=2)))
    office.program_ends(running)
    assert office.state(number) == "queued"
    assert office.berth("production").turn is None
    (found,) = waiting(office, number)
    until = office.world.clock.now() + timedelta(hours=2)
    assert found.because.code == "locked"
    assert found.because.detail == {
        **HERE,
        "by": "bob",
        "reason": "migrating",
        "until": until.isoformat(),
    }
    assert (found.since, found.until) == (office.world.clock.now(), until)
    office.says("bob", UNLOCK)
    assert office.state(number) == "running"
    office.program_ends(number)


def test_a_lock_ends_by_itself(office):
    running = office.accepts("ada", deploy("first"))
    number = office.accepts("dee", deploy("second"))
    office.says("bob", lock(lasts=timedelta(hours=2)))
    office.program_ends(running)
    office.lets_pass(hours=1, minutes=59)
    assert office.why(number) == ["locked"]
    office.lets_pass(minutes=1)
    assert office.state(number) == "running"
    office.program_ends(number)
    assert office.refuses("bob", UNLOCK) == ("not_locked", HERE)


def test_a_lock_of_ages_is_a_lock_of_a_year(office):
    office.says("ada", lock(lasts=timedelta.max))
    until = office.berth("production").lock.until
    assert until == office.world.clock.now() + timedelta(days=366)


def test_what_runs_goes_on_behind_a_lock(office):
    number = office.accepts("dee", deploy())
    office.says("bob", lock())
    office.program_ends(number)
    assert office.ended(number) == ("succeeded", "completed", "verified")


def test_a_lock_is_of_one_environment(office):
    office.says("ada", lock())
    office.deploys(Deploy(application="shop", environment="staging", ref="first"), who="bob")


def test_a_lock_without_a_reason_is_no_lock(office):
    for reason in (None, "", " \n", "\u200b", "\u3000"):
        code, detail = office.refuses("ada", lock(reason))
        assert (code, detail["asked"]) == ("reason_wanted", "lock shop production")
    assert office.berth("production").lock is None


def test_who_may_not_lock_does_not(office):
    assert office.refuses("dee", lock())[0] == "not_permitted"
    assert office.refuses("dee", UNLOCK)[0] == "not_permitted"


def test_taking_ones_own_lock_again_renews_it(office):
    office.says("ada", lock("migrating", lasts=timedelta(hours=1)))
    office.lets_pass(minutes=30)
    answer = office.says(ADA_AT_SLACK, lock("still migrating"))
    assert answer.stolen_from is None
    held = office.berth("production").lock
    assert (held.reason, held.since, held.until) == ("still migrating", office.world.clock.now(), None)


# Another's lock


def test_another_s_lock_is_respected(office):
    office.says("ada", lock("migrating"))
    assert office.refuses("bob", lock("mine"))[0] == "locked"
    assert office.refuses("bob", UNLOCK) == (
        "locked_by_another",
        {**HERE, "by": "ada", "reason": "migrating", "until": None},
    )
    assert office.berth("production").lock.by == "ada"


def test_a_stolen_lock_is_told_with_its_victim(office):
    office.says("ada", lock("migrating"))
    answer = office.says("bob", lock("the shop is down", steal=True))
    assert answer.stolen_from == "ada"
    assert (answer.berth.lock.by, answer.berth.lock.reason) == ("bob", "the shop is down")
    told = events(office, "lock_taken")[-1]
    assert (told.by, told.happening.stolen_from, told.happening.reason) == ("bob", "ada", "the shop is down")
    assert office.refuses("ada", deploy())[0] == "locked"


def test_to_take_over_a_lock_takes_the_right_to_override_as_opening_it_does(office):
    office.says("bob", lock("migrating"))
    wanted = ("not_permitted", {"right": "override", **HERE})
    assert office.refuses("ada", lock("mine now", steal=True)) == wanted
    assert office.refuses("ada", Unlock(**HERE, force=True, reason="mine now")) == wanted
    assert office.berth("production").lock.by == "bob"


def test_there_is_nothing_to_steal_from_oneself_or_from_the_past(office):
    office.says("bob", lock(lasts=timedelta(hours=1)))
    assert office.says("slack:T0ACME/U0BOB", lock(steal=True)).stolen_from is None
    office.says("ada", lock(lasts=timedelta(hours=1)))
    office.lets_pass(hours=1)
    assert office.says("bob", lock(steal=True)).stolen_from is None


def test_to_unlock_another_takes_force_a_reason_and_the_right_to_override(office):
    office.says("bob", lock("migrating"))
    assert office.refuses("cy", UNLOCK)[0] == "locked_by_another"
    assert office.refuses("cy", Unlock(**HERE, force=True))[0] == "reason_wanted"
    assert office.refuses("ada", Unlock(**HERE, force=True, reason="bob is away")) == (
        "not_permitted",
        {"right": "override", **HERE},
    )
    office.says("cy", Unlock(**HERE, force=True, reason="bob is away"))
    assert office.berth("production").lock is None
    (told,) = events(office, "lock_released")
    assert (told.by, told.happening.of, told.happening.reason) == ("cy", "bob", "bob is away")


def test_a_namesake_of_the_lock_s_owner_is_somebody_else(office):
    office.says("ada", lock())
    set_people(office.world, {**IDS, "ada": {"local:7777"}})
    assert office.refuses("local:7777", deploy())[0] == "locked"
    assert office.refuses("local:7777", UNLOCK)[0] == "locked_by_another"


def test_somebody_renamed_keeps_their_lock(office):
    office.says("ada", lock())
    people = {**IDS, "lovelace": IDS["ada"]}
    del people["ada"]
    set_people(office.world, people)
    take_right(office.world, Right.DEPLOY, "lovelace")
    office.program_ends(office.accepts("local:1000", deploy()))


# A lock and those who wait


def test_who_is_kept_out_keeps_their_place_and_holds_up_nobody_else(office):
    running = office.accepts("cy", deploy("first"))
    blocked = office.accepts("dee", deploy("second"))
    also_blocked = office.accepts("cy", deploy("second"))
    office.says("ada", lock())
    office.program_ends(running)
    assert office.why(blocked) == ["locked"]
    assert office.why(also_blocked) == ["locked", "awaiting_turn"]
    passing = office.accepts("ada", deploy("first"))
    assert office.state(passing) == "running"
    behind = office.accepts("ada", deploy("first"))
    (turn,) = waiting(office, behind)
    assert turn.because.detail == {"ahead": passing, "position": 1}, "those kept out are not ahead of her"
    office.program_ends(passing)
    office.program_ends(behind)
    office.says("ada", UNLOCK)
    assert office.begun() == [running, passing, behind, blocked]
    office.program_ends(blocked)
    office.program_ends(also_blocked)


def test_a_rollback_respects_a_lock(office):
    office.deploys(deploy("first"))
    office.deploys(deploy("second"))
    office.says("ada", lock())
    assert office.refuses("bob", back())[0] == "locked"
    office.accepts("ada", back())
    office.program_ends(3)


def test_a_lock_and_a_missing_approval_are_both_named(office):
    want_approvals(office.world, 1)
    number = office.accepts("dee", deploy())
    office.says("ada", lock())
    assert office.why(number) == ["locked", "awaiting_approval"]
    office.says("bob", approve(number))
    assert office.why(number) == ["locked"]
    office.says("bob", override(number))
    assert office.state(number) == "running"
    office.program_ends(number)


def test_a_lock_taken_between_turn_and_start_puts_it_back(office):
    office.process.gates.freeze("sources.check_out:before")
    number = office.accepts("dee", deploy())
    assert office.berth("production").turn == row(office, number).id
    somebody_else_asks(office, "ada", lock())
    office.process.gates.thaw()
    office.goes_on()
    assert office.why(number) == ["locked"]
    assert office.berth("production").turn is None
    assert office.begun() == []
    passing = office.accepts("ada", deploy("first"))
    office.says("ada", UNLOCK)
    assert office.why(number) == ["awaiting_turn"]
    office.program_ends(passing)
    office.program_ends(number)


def test_what_waits_behind_a_lock_ends_after_a_day(office):
    running = office.accepts("ada", deploy("first"))
    number = office.accepts("dee", deploy("second"))
    office.says("bob", lock())
    office.program_ends(running)
    office.lets_pass(hours=23, minutes=59)
    assert office.state(number) == "queued"
    office.lets_pass(minutes=1)
    assert office.ended(number) == ("failed", "expired", "unverified")
    assert office.shown(number).because.detail["waited_for"] == "locked"


@pytest.mark.parametrize("end", [None, timedelta(hours=1)])
def test_status_shows_the_lock(office, end):
    office.says("ada", lock(lasts=end))
    (shown,) = office.hears("ada", ShowStatus(**HERE)).environments
    assert (shown.berth.lock.by, shown.berth.lock.reason) == ("ada", "migrating")
