"""Somebody goes ahead despite what stands in the way, for everybody to see."""

import pytest

from funade.domain.commands import Cancel, PauseAll, Reject, Retry, Unlock
from funade.domain.people import Right
from tests.scenarios.office import (
    HERE,
    RIGHTS,
    approve,
    back,
    deploy,
    events,
    lock,
    move_in,
    open_sale,
    override,
    row,
    set_group,
    somebody_else_asks,
    take_right,
    want_approvals,
)


def kept_waiting(office):
    """Return one of Dee's behind a lock of Ada's; nothing runs."""
    running = office.accepts("ada", deploy("first"))
    number = office.accepts("dee", deploy("second"))
    office.says("ada", lock("migrating"))
    office.program_ends(running)
    assert office.why(number) == ["locked"]
    return number


def test_an_override_takes_the_right_and_a_reason_and_is_shown(office):
    number = kept_waiting(office)
    assert office.refuses("dee", override(number)) == ("not_permitted", {"right": "override", **HERE})
    for reason in (None, "", " \t"):
        assert office.refuses("bob", override(number, reason)) == (
            "reason_wanted",
            {"asked": f"override {number}"},
        )
    office.says("bob", override(number, "the shop is down"))
    assert office.state(number) == "running"
    (told,) = events(office, "rules_overridden")
    assert (told.by, told.number) == ("bob", number)
    assert (told.happening.despite, told.happening.reason) == (("locked",), "the shop is down")
    assert [(one.by, one.despite) for one in office.shown(number).overrides] == [("bob", ("locked",))]
    office.program_ends(number)


def test_everything_that_stands_there_is_named(office):
    want_approvals(office.world, 1)
    number = office.accepts("ada", deploy())
    office.says("bob", lock())
    open_sale(office.world)
    assert office.why(number) == ["locked", "frozen", "awaiting_approval"]
    office.says("cy", override(number))
    (told,) = events(office, "rules_overridden")
    assert told.happening.despite == ("locked", "frozen", "awaiting_approval")
    assert office.state(number) == "running"
    office.program_ends(number)


def test_an_override_is_of_what_stood_there_then(office):
    number = kept_waiting(office)
    blocker = office.accepts("ada", deploy("first"))
    office.says("bob", override(number))
    assert office.why(number) == ["awaiting_turn"]
    assert office.berth("production").lock.by == "ada"
    office.says("cy", lock("mine", steal=True))
    assert office.why(number) == ["locked", "awaiting_turn"]
    office.program_ends(blocker)
    assert office.why(number) == ["locked"]
    office.says("bob", override(number, "still down"))
    assert office.state(number) == "running"
    assert [one.happening.reason for one in events(office, "rules_overridden")] == [
        "the shop is down",
        "still down",
    ]
    office.program_ends(number)


def test_each_who_overrode_answers_for_their_own(office):
    want_approvals(office.world, 1)
    blocker = office.accepts("cy", deploy("first"))
    office.says("bob", approve(blocker))
    number = office.accepts("ada", deploy("second"))
    office.says("bob", override(number, "no time"))
    office.says("cy", lock())
    office.says("cy", override(number, "it may pass"))
    assert office.why(number) == ["awaiting_turn"]
    set_group(office.world, ("cy",))
    assert office.why(number) == ["awaiting_approval", "awaiting_turn"], "bob may not override any more"
    office.program_ends(blocker)
    assert office.begun() == [blocker]
    office.sweeps()
    assert office.state(number) == "awaiting_approval"
    office.says("cy", approve(number))
    office.program_ends(number)


def test_an_override_does_not_give_back_a_lost_right(office):
    running = office.accepts("ada", deploy("first"))
    number = office.accepts("dee", deploy("second"))
    take_right(office.world, Right.DEPLOY, "ada")
    office.program_ends(running)
    assert office.why(number) == ["asker_lost_right"]
    assert office.refuses("bob", override(number))[0] == "nothing_to_override"
    assert office.begun() == [running]


def test_force_at_the_request_needs_both_rights_in_force_when_it_is_written(office):
    office.says("ada", lock())
    office.process.gates.freeze("ledger.change:before")
    slow = office.world.loop.create_task(office.process.ask("bob", deploy(force=True, reason="now"), "slow"))
    office.world.loop.goes_on()
    take_right(office.world, Right.DEPLOY, "ada")
    office.process.gates.thaw()
    office.goes_on()
    assert slow.result().because.code == "asker_lost_right"
    office.says("ada", Unlock(**HERE))
    assert office.begun() == []


def test_force_that_loses_its_right_before_the_start_starts_nothing(office):
    office.says("ada", lock())
    office.process.gates.freeze("sources.check_out:before")
    number = office.accepts("bob", deploy(force=True, reason="now"))
    office.world.change_environment("production", rights={**RIGHTS, Right.OVERRIDE: ("cy",)})
    office.process.gates.thaw()
    office.goes_on()
    assert office.why(number) == ["locked"]
    assert office.begun() == []


def test_force_at_the_request_needs_no_approval_and_says_so(office):
    want_approvals(office.world, 1)
    number = office.accepts("bob", deploy(force=True, reason="the shop is down"))
    assert office.state(number) == "running"
    assert office.story(number)[:3] == ["deployment_requested", "rules_overridden", "deployment_started"]
    assert events(office, "rules_overridden")[0].happening.despite == ("awaiting_approval",)
    office.program_ends(number)


def test_a_rollback_and_a_retry_are_forced_through_a_lock(office):
    office.deploys(deploy("first"))
    office.accepts("ada", deploy("second"))
    office.program_ends(2, exit_code=1, live=False)
    office.says("ada", lock())
    assert office.refuses("bob", back(force=True))[0] == "reason_wanted"
    assert office.refuses("bob", Retry(number=2, force=True))[0] == "reason_wanted"
    office.program_ends(office.accepts("bob", Retry(number=2, force=True, reason="now")))
    office.program_ends(office.accepts("bob", back(force=True, reason="now")))
    assert [one.happening.despite for one in events(office, "rules_overridden")] == [("locked",)] * 2


def test_what_asks_anew_is_overridden_with_its_name(office):
    office.accepts("ada", deploy("aside"))
    number = office.accepts("ada", deploy("second"))
    office.program_ends(1)
    assert office.why(number) == ["newer_went_live"]
    office.says("bob", override(number))
    assert events(office, "rules_overridden")[0].happening.despite == ("newer_went_live",)
    assert office.state(number) == "running"
    office.program_ends(number)


def test_nothing_in_the_way_is_nothing_to_override(office):
    office.accepts("ada", deploy("first"))
    number = office.accepts("ada", deploy("second"))
    assert office.refuses("bob", override(number)) == ("nothing_to_override", {"number": number})
    assert office.refuses("bob", override(1)) == ("not_waiting", {"number": 1, "state": "running"})
    assert office.refuses("bob", override(9)) == ("unknown_deployment", {"number": 9})
    office.program_ends(1)
    office.program_ends(number)


def test_an_override_is_no_approval(office):
    want_approvals(office.world, 2)
    number = office.accepts("ada", deploy())
    office.says("bob", override(number))
    assert row(office, number).approvals == ()
    office.program_ends(number)


def test_more_approvals_than_were_overridden_are_waited_for(office):
    want_approvals(office.world, 1)
    office.process.gates.freeze("sources.check_out:before")
    number = office.accepts("bob", deploy(force=True, reason="now"))
    want_approvals(office.world, 2)
    office.process.gates.thaw()
    office.goes_on()
    assert office.state(number) == "awaiting_approval"
    assert office.begun() == []


def test_what_was_overridden_can_still_be_stopped(office):
    number = kept_waiting(office)
    office.process.gates.freeze("sources.check_out:before")
    office.says("bob", override(number))
    somebody_else_asks(office, "cy", PauseAll())
    somebody_else_asks(office, "dee", Cancel(number=number))
    office.process.gates.thaw()
    office.goes_on()
    assert office.ended(number)[:2] == ("cancelled", "cancelled")


# What has left the configuration


@pytest.mark.parametrize(
    "command", [approve(2), Reject(number=2), override(2), Cancel(number=2)], ids=lambda it: type(it).__name__
)
def test_a_right_elsewhere_is_no_right_to_what_has_left_the_configuration(office, command):
    office.accepts("ada", deploy("first"))
    want_approvals(office.world, 1)
    office.accepts("ada", deploy("second"))
    office.world.remove_environment("production")
    code, detail = office.refuses("bob", command)
    assert code == "not_permitted"
    assert (detail["application"], detail["environment"]) == ("shop", "production")
    assert office.why(2) == ["asker_lost_right"]
    office.program_ends(1)


def test_history_tells_everything_that_people_decided_refusals_included(funade):
    move_in(funade.world, approvals=1)
    number = funade.accepts("ada", deploy())
    funade.refuses("ada", approve(number))
    funade.refuses("eve", override(number))
    funade.says("cy", lock())
    funade.says("bob", override(number, "the shop is down"))
    funade.program_ends(number)
    kinds = ("request_refused", "lock_taken", "rules_overridden", "deployment_started")
    told = [one for kind in kinds for one in events(funade, kind)]
    assert [(one.by, one.number) for one in told] == [
        ("ada", number),
        ("eve", number),
        ("cy", None),
        ("bob", number),
        ("ada", number),
    ]
    assert [one.happening.asked for one in told[:2]] == ["approve 1", "override 1"]
