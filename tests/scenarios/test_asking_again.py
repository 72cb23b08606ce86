"""Something went live in between that the plan did not show."""

from funade.domain.answers import Accepted
from funade.domain.commands import Approve, Cancel, Deploy


def deploy(ref: str) -> Deploy:
    return Deploy(application="shop", environment="production", ref=ref)


def overtaken(funade):
    """Return a deployment of `second` that was planned before `aside`, which it does not contain, went live."""
    funade.deploys(deploy("first"))
    running = funade.accepts("ada", deploy("aside"))
    number = funade.accepts("ada", deploy("second"))
    funade.program_ends(running)
    return number


def test_what_is_newer_and_was_not_shown_asks_a_person(funade):
    number = overtaken(funade)
    assert funade.state(number) == "awaiting_approval"
    assert funade.why(number) == ["newer_went_live"]
    detail = funade.shown(number).because.detail
    assert detail["live"] == funade.world.revisions["aside"]
    assert detail["shown"] == funade.world.revisions["first"]
    assert funade.berth("production").turn is None
    assert funade.begun() == [1, 2]


def test_a_yes_lets_it_go_on(funade):
    number = overtaken(funade)
    answer = funade.says("bob", Approve(number=number))
    assert isinstance(answer, Accepted)
    assert funade.state(number) == "running"
    funade.program_ends(number)
    assert funade.ended(number) == ("succeeded", "completed", "verified")
    assert funade.story(number) == [
        "deployment_requested",
        "confirmation_wanted",
        "deployment_approved",
        "deployment_started",
        "execution_ended",
        "deployment_finished",
    ]


def test_a_yes_is_for_what_was_live_then(funade):
    number = overtaken(funade)
    funade.accepts("ada", deploy("first"))
    funade.says("bob", Approve(number=number))
    funade.program_ends(4)
    assert funade.state(number) == "running", "what is live now was in the plan that was shown first"
    funade.program_ends(number)


def test_what_asks_keeps_nobody_waiting_and_goes_first_when_it_comes_back(funade):
    number = overtaken(funade)
    other = funade.accepts("ada", deploy("aside"))
    assert funade.state(other) == "running"
    last = funade.accepts("ada", deploy("aside"))
    funade.says("bob", Approve(number=number))
    assert funade.why(last) == ["awaiting_turn"]
    funade.program_ends(other)
    assert (funade.state(number), funade.state(last)) == ("running", "queued")
    funade.program_ends(number)
    assert funade.state(last) == "awaiting_approval"


def test_what_nobody_approves_ends_in_time(funade):
    number = overtaken(funade)
    funade.lets_pass(hours=24)
    assert funade.ended(number) == ("failed", "expired", "unverified")
    assert funade.shown(number).because.detail["waited_for"] == "newer_went_live"


def test_what_asks_can_be_cancelled(funade):
    number = overtaken(funade)
    funade.accepts("ada", Cancel(number=number))
    assert funade.ended(number) == ("cancelled", "cancelled", "unverified")


def test_only_what_asks_can_be_approved(funade):
    number = funade.deploys(deploy("first"))
    assert funade.refuses("ada", Approve(number=number)) == (
        "not_waiting",
        {"number": number, "state": "succeeded"},
    )


def test_a_step_forward_asks_nobody(funade):
    funade.deploys(deploy("first"))
    funade.accepts("ada", deploy("second"))
    number = funade.accepts("ada", deploy("third"))
    funade.program_ends(2)
    assert funade.state(number) == "running"
    funade.program_ends(number)


def test_where_the_repository_cannot_tell_a_person_is_asked(funade):
    funade.deploys(deploy("first"))
    funade.accepts("ada", deploy("second"))
    number = funade.accepts("ada", deploy("aside"))
    funade.process.gates.freeze("sources.contains:before")
    funade.program_ends(2)
    funade.world.sources.broken = "its history was rewritten"
    funade.process.gates.thaw()
    funade.goes_on()
    assert funade.state(number) == "awaiting_approval"
    funade.world.sources.broken = None
    funade.says("bob", Approve(number=number))
    funade.program_ends(number)
