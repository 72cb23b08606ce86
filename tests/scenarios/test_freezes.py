"""Times in which nothing is deployed."""

from datetime import timedelta

from funade.domain.commands import Retry
from tests.scenarios.office import (
    HERE,
    SALE,
    back,
    deploy,
    events,
    lock,
    open_sale,
    override,
    somebody_else_asks,
    waiting,
)


def test_a_freeze_refuses_at_the_request_and_says_until_when(office):
    open_sale(office.world)
    until = office.world.clock.now() + SALE.lasts
    refused = ("frozen", {**HERE, "reason": "sale", "until": until.isoformat()})
    assert office.refuses("bob", deploy()) == refused
    office.lets_pass(hours=2)
    office.deploys(deploy(), who="bob")


def test_a_retry_is_frozen_as_a_deploy_is(office):
    office.accepts("ada", deploy())
    office.program_ends(1, exit_code=1, live=False)
    open_sale(office.world)
    assert office.refuses("ada", Retry(number=1))[0] == "frozen"


def test_a_freeze_that_begins_later_makes_it_wait_and_lets_it_go_when_it_ends(office):
    running = office.accepts("ada", deploy("first"))
    number = office.accepts("dee", deploy("second"))
    open_sale(office.world)
    since = office.world.clock.now()
    office.program_ends(running)
    (found,) = waiting(office, number)
    assert (found.because.code, found.because.detail["reason"]) == ("frozen", "sale")
    assert (found.since, found.until) == (since, since + SALE.lasts)
    office.lets_pass(hours=1, minutes=59)
    assert office.state(number) == "queued"
    office.lets_pass(minutes=1)
    assert office.state(number) == "running"
    office.program_ends(number)


def test_what_runs_when_a_freeze_begins_goes_on(office):
    number = office.accepts("ada", deploy())
    open_sale(office.world)
    office.program_ends(number)
    assert office.ended(number) == ("succeeded", "completed", "verified")


def test_a_freeze_that_begins_between_turn_and_start_puts_it_back(office):
    office.process.gates.freeze("sources.check_out:before")
    number = office.accepts("ada", deploy())
    open_sale(office.world)
    office.process.gates.thaw()
    office.goes_on()
    assert office.why(number) == ["frozen"]
    assert office.begun() == []
    office.lets_pass(hours=2)
    office.program_ends(number)


def test_a_rollback_passes_a_freeze(office):
    office.deploys(deploy("first"))
    office.deploys(deploy("second"))
    open_sale(office.world)
    number = office.accepts("bob", back())
    assert office.state(number) == "running"
    office.program_ends(number)


def test_a_freeze_is_overridden_at_the_request_by_force_with_right_and_reason(office):
    open_sale(office.world)
    assert office.refuses("bob", deploy(force=True))[0] == "reason_wanted"
    assert office.refuses("ada", deploy(force=True, reason="hotfix")) == (
        "not_permitted",
        {"right": "override", **HERE},
    )
    number = office.accepts("bob", deploy(force=True, reason="hotfix"))
    assert office.state(number) == "running"
    (told,) = events(office, "rules_overridden")
    assert (told.by, told.number, told.happening.despite, told.happening.reason) == (
        "bob",
        number,
        ("frozen",),
        "hotfix",
    )
    office.program_ends(number)


def test_an_overridden_freeze_does_not_open_the_next_one(office):
    office.world.calendar.openings = {
        "sale": [office.world.clock.now(), office.world.clock.now() + timedelta(hours=3)]
    }
    office.process.gates.freeze("sources.check_out:before")
    number = office.accepts("bob", deploy(force=True, reason="hotfix"))
    office.world.clock.advance(hours=3)
    office.process.gates.thaw()
    office.goes_on()
    assert office.why(number) == ["frozen"]
    office.says("bob", override(number, "still a hotfix"))
    assert office.state(number) == "running"
    office.program_ends(number)


def test_force_without_anything_in_the_way_overrides_nothing(office):
    number = office.accepts("bob", deploy(force=True, reason="hotfix"))
    assert events(office, "rules_overridden") == []
    assert office.shown(number).overrides == ()
    office.program_ends(number)


def test_an_override_does_not_cover_a_lock_that_comes_later(office):
    open_sale(office.world)
    office.process.gates.freeze("sources.check_out:before")
    number = office.accepts("bob", deploy(force=True, reason="hotfix"))
    somebody_else_asks(office, "ada", lock())
    office.process.gates.thaw()
    office.goes_on()
    assert office.why(number) == ["locked"]
    assert office.begun() == []


def test_what_a_freeze_keeps_waiting_ends_after_a_day(office):
    office.world.change_environment("production", waits_at_most=timedelta(hours=1))
    running = office.accepts("ada", deploy("first"))
    number = office.accepts("dee", deploy("second"))
    open_sale(office.world)
    office.program_ends(running)
    (found,) = waiting(office, number)
    assert found.until == office.shown(number).due_at, "it does not wait for the end of the freeze"
    office.lets_pass(hours=1)
    assert office.ended(number) == ("failed", "expired", "unverified")
    assert office.shown(number).because.detail["waited_for"] == "frozen"
