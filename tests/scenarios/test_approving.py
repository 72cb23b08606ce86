"""Other people agree to a deployment: to exactly what was requested, and as long as they may."""

from datetime import timedelta

import pytest

from funade.domain.answers import Accepted
from funade.domain.commands import Cancel, Deploy, Reject, Retry
from funade.domain.people import Right
from tests.scenarios.office import (
    ADA_AT_SLACK,
    BOB_AT_SLACK,
    HERE,
    IDS,
    SRE,
    approve,
    back,
    deploy,
    events,
    lock,
    move_in,
    open_sale,
    row,
    set_group,
    set_people,
    somebody_else_asks,
    take_right,
    waiting,
    want_approvals,
)


@pytest.fixture
def office(funade):
    """Give an office in which one approval is wanted."""
    move_in(funade.world, approvals=1)
    return funade


def test_a_deployment_waits_for_another_person_and_says_so(office):
    answer = office.says("ada", deploy())
    assert isinstance(answer, Accepted)
    assert [one.because.code for one in answer.waiting] == ["awaiting_approval"]
    assert office.state(1) == "awaiting_approval"
    (found,) = waiting(office, 1)
    assert found.because.detail == {
        "number": 1,
        "needed": 1,
        "given": [],
        "approvers": ["sre"],
    }
    assert (found.since, found.until) == (office.shown(1).asked_at, office.shown(1).due_at)
    assert office.begun() == []


def test_an_approval_lets_it_go_and_history_tells_who_approved_what(office):
    office.accepts("ada", deploy())
    office.says("bob", approve(1, reason="looks good"))
    office.program_ends(1)
    (told,) = events(office, "deployment_approved")
    assert (told.by, told.happening.digest, told.happening.reason) == (
        "bob",
        office.shown(1).digest,
        "looks good",
    )
    assert office.world.place.started[0].digest == told.happening.digest
    assert office.story(1)[:3] == ["deployment_requested", "deployment_approved", "deployment_started"]


def test_two_approvals_are_of_two_people(office):
    want_approvals(office.world, 2)
    office.accepts("ada", deploy())
    answer = office.says("bob", approve(1))
    assert answer.waiting[0].because.detail == {
        "number": 1,
        "needed": 2,
        "given": ["bob"],
        "approvers": ["sre"],
    }
    for at_any_door in ("bob", BOB_AT_SLACK):
        assert office.refuses(at_any_door, approve(1)) == ("already_approved", {"number": 1})
    office.says("cy", approve(1))
    assert office.state(1) == "running"
    office.program_ends(1)


@pytest.mark.parametrize(
    ("asker", "approver"),
    [("bob", "bob"), ("bob", BOB_AT_SLACK), (BOB_AT_SLACK, "bob")],
)
def test_S21_nobody_approves_their_own_whatever_door_they_come_through(office, asker, approver):
    office.accepts(asker, deploy())
    assert office.refuses(approver, approve(1)) == ("own_deployment", {"number": 1})
    office.says("cy", approve(1))
    office.program_ends(1)


def test_S21_nobody_approves_their_own_under_a_new_name(office):
    office.accepts("bob", deploy())
    people = {**IDS, "robert": IDS["bob"]}
    del people["bob"]
    set_people(office.world, people)
    set_group(office.world, ("robert", "cy"))
    assert office.refuses(BOB_AT_SLACK, approve(1))[0] == "own_deployment"
    office.says("cy", approve(1))
    office.program_ends(1)


def test_who_may_not_approve_does_not(office):
    office.accepts("ada", deploy())
    for who in ("dee", "eve"):
        assert office.refuses(who, approve(1)) == ("not_permitted", {"right": "approve", **HERE})
    assert office.state(1) == "awaiting_approval"


def test_only_what_waits_can_be_approved_or_rejected(office):
    office.accepts("ada", deploy())
    office.says("bob", approve(1))
    assert office.refuses("cy", approve(1)) == ("not_waiting", {"number": 1, "state": "running"})
    assert office.refuses("cy", Reject(number=1)) == ("not_waiting", {"number": 1, "state": "running"})
    office.program_ends(1)
    assert office.refuses("cy", approve(1)) == ("not_waiting", {"number": 1, "state": "succeeded"})
    assert office.refuses("cy", approve(9)) == ("unknown_deployment", {"number": 9})


def test_a_rollback_waits_for_nobody(office):
    for number, ref in enumerate(("first", "second"), 1):
        office.accepts("ada", deploy(ref))
        office.says("bob", approve(number))
        office.program_ends(number)
    assert office.state(office.accepts("ada", back())) == "running"
    office.program_ends(3)


def test_a_retry_waits_for_an_approval_of_its_own(office):
    office.accepts("ada", deploy())
    office.says("bob", approve(1))
    office.program_ends(1, exit_code=1, live=False)
    number = office.accepts("ada", Retry(number=1))
    assert office.why(number) == ["awaiting_approval"]


# What was approved is what runs


def test_S9_a_branch_that_moved_asks_for_another_look(office):
    office.accepts("ada", deploy("first"))
    requested, now = office.world.revisions["first"], office.world.revisions["second"]
    office.world.sources.point("refs/heads/first", now)
    assert office.refuses("bob", approve(1)) == (
        "ref_moved",
        {"number": 1, "ref": "first", "requested": requested, "now": now},
    )
    assert office.refuses("bob", approve(1, revision=now[:7]))[0] == "ref_moved"
    office.says("bob", approve(1, revision=requested[:7].upper()))
    office.program_ends(1)
    assert office.world.place.started[0].release.revision == requested


@pytest.mark.parametrize("revision", ["", "1", "abcdef0", "0" * 40])
def test_a_revision_that_was_not_requested_approves_nothing(office, revision):
    office.accepts("ada", deploy("first"))
    requested = office.world.revisions["first"]
    for named in (revision, requested[:6], requested + "0"):
        if not named:
            continue
        code, detail = office.refuses("bob", approve(1, revision=named))
        assert (code, detail["ref"], detail["near"]) == ("unknown_ref", named, [requested])
    assert row(office, 1).approvals == ()


def test_S13_a_repository_that_cannot_be_asked_means_no_unless_the_revision_is_named(office):
    office.accepts("ada", deploy("first"))
    office.world.sources.broken = "no route to host"
    assert office.refuses("bob", approve(1)) == (
        "source_unreachable",
        {"application": "shop", "problem": "no route to host"},
    )
    requested = office.world.revisions["first"]
    office.hears("bob", approve(1, revision=requested[:12]))
    office.world.sources.broken = None
    office.goes_on()
    office.program_ends(1)


def test_a_branch_that_is_gone_is_approved_by_its_revision(office):
    office.accepts("ada", deploy("first"))
    office.world.sources.remove("refs/heads/first")
    assert office.refuses("bob", approve(1))[0] == "unknown_ref"
    office.says("bob", approve(1, revision=office.world.revisions["first"]))
    office.program_ends(1)


def test_a_branch_that_moves_after_the_yes_changes_nothing(office):
    office.accepts("ada", deploy("first"))
    office.process.gates.freeze("sources.resolve:after")
    requested = office.world.revisions["first"]
    answer = office.world.loop.create_task(office.process.ask("bob", approve(1), "yes"))
    office.world.loop.goes_on()
    office.world.sources.point("refs/heads/first", office.world.revisions["second"])
    office.process.gates.thaw()
    office.goes_on()
    assert isinstance(answer.result(), Accepted)
    office.program_ends(1)
    assert office.world.place.started[0].release.revision == requested


def test_a_no_for_another_reason_asks_no_repository(office):
    office.accepts("bob", deploy("first"))
    office.world.sources.broken = "no route to host"
    assert office.refuses("bob", approve(1))[0] == "own_deployment"
    office.says("bob", Cancel(number=1))
    assert office.refuses("cy", approve(1))[0] == "not_waiting"
    office.world.sources.broken = None


# What is so when it would start


def held_back(office, ref="second"):
    """Return an approved deployment that waits for its turn behind a running one."""
    office.accepts("ada", deploy("first"))
    office.says("cy", approve(1))
    number = office.accepts("ada", deploy(ref))
    office.says("bob", approve(number))
    assert (office.state(1), office.state(number)) == ("running", "queued")
    return number


def test_an_approver_who_lost_the_right_does_not_count_at_the_start(office):
    number = held_back(office)
    set_group(office.world, ("cy",))
    assert office.why(number) == ["awaiting_approval", "awaiting_turn"]
    office.program_ends(1)
    assert office.begun() == [1]
    assert office.why(number) == ["awaiting_approval"]
    office.sweeps()
    assert office.state(number) == "awaiting_approval"
    assert office.story(number)[-1] == "confirmation_wanted"
    office.says("cy", approve(number))
    office.program_ends(number)


def test_an_approver_who_left_between_turn_and_start_does_not_count(office):
    office.accepts("ada", deploy())
    office.process.gates.freeze("sources.check_out:before")
    office.says("bob", approve(1))
    set_group(office.world, ("cy",))
    office.process.gates.thaw()
    office.goes_on()
    assert office.state(1) == "awaiting_approval"
    assert office.why(1) == ["awaiting_approval"]
    assert office.berth("production").turn is None
    assert office.begun() == []
    office.says("cy", approve(1))
    office.program_ends(1)


def test_a_missing_approval_is_given_even_before_anybody_asked_for_it_anew(office):
    number = held_back(office)
    set_group(office.world, ("cy",))
    assert office.state(number) == "queued"
    office.says("cy", approve(number))
    assert office.why(number) == ["awaiting_turn"]
    office.program_ends(1)
    office.program_ends(number)


def test_a_missing_approval_behind_a_lock_is_not_forgotten(office):
    office.accepts("ada", deploy())
    office.process.gates.freeze("sources.check_out:before")
    office.says("bob", approve(1))
    set_group(office.world, ("cy",))
    somebody_else_asks(office, "cy", lock())
    office.process.gates.thaw()
    office.goes_on()
    assert office.state(1) == "awaiting_approval"
    assert office.why(1) == ["locked", "awaiting_approval"]


def test_whoever_comes_back_counts_again(office):
    number = held_back(office)
    set_group(office.world, ("cy",))
    office.sweeps()
    assert office.state(number) == "awaiting_approval"
    set_group(office.world, SRE)
    office.sweeps()
    assert office.state(number) == "queued"
    office.program_ends(1)
    office.program_ends(number)


def test_more_approvals_that_are_wanted_meanwhile_are_waited_for(office):
    number = held_back(office)
    want_approvals(office.world, 2)
    office.program_ends(1)
    office.sweeps()
    assert office.state(number) == "awaiting_approval"
    assert office.begun() == [1]
    assert waiting(office, number)[0].because.detail == {
        "number": number,
        "needed": 2,
        "given": ["bob"],
        "approvers": ["sre"],
    }
    office.says("cy", approve(number))
    office.program_ends(number)


def test_approvals_that_nobody_wants_any_more_are_not_waited_for(office):
    office.accepts("ada", deploy())
    want_approvals(office.world, 0)
    office.sweeps()
    assert office.state(1) == "running"
    office.program_ends(1)


def test_an_asker_who_lost_the_right_waits_in_vain(office):
    number = held_back(office)
    take_right(office.world, Right.DEPLOY, "dee")
    office.program_ends(1)
    assert waiting(office, number)[0].because.detail == {**HERE, "person": "ada", "right": "deploy"}
    assert office.begun() == [1]
    office.lets_pass(hours=24)
    assert office.ended(number) == ("failed", "expired", "unverified")
    assert office.shown(number).because.detail["waited_for"] == "asker_lost_right"


def test_an_asker_s_id_that_was_taken_away_starts_nothing(office):
    office.accepts(ADA_AT_SLACK, deploy())
    set_people(office.world, {**IDS, "ada": {"local:1000"}})
    office.says("bob", approve(1))
    assert office.why(1) == ["asker_lost_right"]
    assert office.begun() == []


def test_an_approver_s_id_that_was_taken_away_does_not_count(office):
    number = held_back(office)
    set_people(office.world, {**IDS, "bob": {BOB_AT_SLACK}})
    assert office.why(number) == ["awaiting_approval", "awaiting_turn"]
    office.says(BOB_AT_SLACK, approve(number))
    assert office.why(number) == ["awaiting_turn"]
    office.program_ends(1)
    office.program_ends(number)


def test_what_went_live_meanwhile_needs_approvals_anew(office):
    office.accepts("ada", deploy("aside"))
    office.says("cy", approve(1))
    number = office.accepts("ada", deploy("second"))
    office.says("bob", approve(number))
    office.program_ends(1)
    assert office.why(number) == ["newer_went_live", "awaiting_approval"]
    assert office.shown(number).approvals == ()
    assert office.refuses("ada", approve(number))[0] == "not_permitted"
    office.sweeps()
    assert office.state(number) == "awaiting_approval", "it takes a person's word"
    want_approvals(office.world, 0)
    office.sweeps()
    assert office.why(number) == ["newer_went_live"], "whatever is wanted"
    office.says("dee", approve(number))
    office.program_ends(number)


# No


def test_a_no_ends_it_and_history_tells_who_said_it_and_why(office):
    office.accepts("ada", deploy())
    answer = office.says("bob", Reject(number=1, reason="not before the holidays"))
    assert isinstance(answer, Accepted)
    assert office.ended(1) == ("cancelled", "rejected", "unverified")
    assert office.shown(1).because.detail == {"by": "bob", "reason": "not before the holidays"}
    assert office.story(1) == ["deployment_requested", "deployment_rejected", "deployment_finished"]
    assert [one.by for one in events(office, "deployment_rejected")] == ["bob"]
    assert office.refuses("cy", approve(1))[0] == "not_waiting"


def test_a_no_counts_after_a_yes_as_long_as_nothing_has_begun(office):
    number = held_back(office)
    office.says("cy", Reject(number=number))
    assert office.ended(number)[:2] == ("cancelled", "rejected")
    office.program_ends(1)
    assert office.begun() == [1]


def test_a_no_between_turn_and_start_starts_nothing(office):
    office.accepts("ada", deploy())
    office.process.gates.freeze("sources.check_out:before")
    office.says("bob", approve(1))
    somebody_else_asks(office, "cy", Reject(number=1))
    assert office.berth("production").turn is None
    office.process.gates.thaw()
    office.goes_on()
    assert office.ended(1)[:2] == ("cancelled", "rejected")
    assert office.begun() == []


def test_who_may_not_approve_may_not_reject(office):
    office.accepts("ada", deploy())
    assert office.refuses("dee", Reject(number=1)) == ("not_permitted", {"right": "approve", **HERE})


# Everything ends


def test_what_nobody_approves_ends_after_a_day(office):
    office.accepts("ada", deploy())
    office.lets_pass(hours=23, minutes=59)
    assert office.state(1) == "awaiting_approval"
    office.lets_pass(minutes=1)
    assert office.ended(1) == ("failed", "expired", "unverified")
    assert office.shown(1).because.detail["waited_for"] == "awaiting_approval"


def test_what_nobody_approves_again_ends_after_a_day(office):
    number = held_back(office)
    set_group(office.world, ("cy",))
    office.program_ends(1)
    office.lets_pass(hours=24)
    assert office.ended(number) == ("failed", "expired", "unverified")
    assert office.shown(number).because.detail["waited_for"] == "awaiting_approval"


def test_what_waits_for_approval_keeps_nobody_waiting(office):
    office.accepts("ada", deploy("first"))
    number = office.accepts("dee", deploy("second"))
    office.says("bob", approve(number))
    assert office.state(number) == "running"
    office.program_ends(number)


def test_an_approval_counts_only_for_what_it_was_given(office):
    office.accepts("ada", deploy("first"))
    office.accepts("ada", deploy("first"))
    office.says("bob", approve(1))
    assert office.state(2) == "awaiting_approval"
    office.program_ends(1)


# Two at once


def at_once(office, who, command, then, *, at="ledger.change:before"):
    """Return the answers of somebody who stands before the store while somebody else is faster."""
    office.process.gates.freeze(at)
    slow = office.world.loop.create_task(office.process.ask(who, command, "slow"))
    office.world.loop.goes_on()
    assert not slow.done()
    fast = somebody_else_asks(office, *then)
    office.process.gates.thaw()
    office.goes_on()
    return slow.result(), fast


def test_one_person_approving_at_two_doors_at_once_is_one_approval(office):
    want_approvals(office.world, 2)
    office.accepts("ada", deploy())
    slow, fast = at_once(office, "bob", approve(1), (BOB_AT_SLACK, approve(1)))
    assert isinstance(fast, Accepted)
    assert slow.because.code == "already_approved"
    assert office.state(1) == "awaiting_approval"


def test_two_people_approving_at_once_are_two_approvals(office):
    want_approvals(office.world, 2)
    office.accepts("ada", deploy())
    slow, fast = at_once(office, "bob", approve(1), ("cy", approve(1)))
    assert isinstance(fast, Accepted)
    assert isinstance(slow, Accepted)
    assert {one.by for one in row(office, 1).approvals} == {"bob", "cy"}
    office.program_ends(1)


def test_a_cancel_that_is_faster_than_a_yes_wins(office):
    office.accepts("ada", deploy())
    slow, fast = at_once(office, "bob", approve(1), ("ada", Cancel(number=1)))
    assert isinstance(fast, Accepted)
    assert isinstance(slow, Accepted)
    assert office.ended(1)[:2] == ("cancelled", "cancelled")
    assert office.begun() == []


def test_a_no_that_is_faster_than_a_yes_wins(office):
    office.accepts("ada", deploy())
    slow, _ = at_once(office, "bob", approve(1), ("cy", Reject(number=1)))
    assert slow.because.code == "not_waiting"
    assert office.ended(1)[:2] == ("cancelled", "rejected")


def test_a_right_that_is_lost_while_a_yes_is_on_its_way_does_not_count(office):
    office.accepts("ada", deploy())
    office.process.gates.freeze("ledger.change:before")
    slow = office.world.loop.create_task(office.process.ask("bob", approve(1), "slow"))
    office.world.loop.goes_on()
    set_group(office.world, ("cy",))
    office.process.gates.thaw()
    office.goes_on()
    assert isinstance(slow.result(), Accepted)
    assert office.why(1) == ["awaiting_approval"]
    assert office.begun() == []


def test_a_lock_that_is_faster_than_a_request_refuses_it(office):
    slow, _ = at_once(office, "dee", deploy(), ("ada", lock()))
    assert slow.because.code == "locked"


def test_an_approval_does_not_open_what_else_is_closed(office):
    office.accepts("dee", deploy())
    open_sale(office.world)
    office.says("bob", approve(1))
    assert office.why(1) == ["frozen"]
    office.lets_pass(hours=2)
    office.program_ends(1)


def test_the_wait_is_as_long_as_it_is_configured(office):
    office.world.change_environment("production", waits_at_most=timedelta(minutes=10))
    number = office.accepts("ada", Deploy(**HERE, ref="first"))
    office.lets_pass(minutes=10)
    assert office.ended(number)[1] == "expired"
