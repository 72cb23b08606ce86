from funade.domain.commands import Cancel, Deploy

PRODUCTION = Deploy(application="shop", environment="production", ref="first")
NEWER = Deploy(application="shop", environment="production", ref="second")


def test_what_waits_is_cancelled_at_once(funade):
    funade.accepts("ada", PRODUCTION)
    funade.accepts("ada", NEWER)
    funade.accepts("bob", Cancel(number=2))
    assert funade.ended(2) == ("cancelled", "cancelled", "unverified")
    assert funade.shown(2).because.detail["by"] == "bob"
    assert funade.story(2) == ["deployment_requested", "cancel_asked", "deployment_finished"]
    assert funade.begun() == [1]


def test_what_runs_is_ended_by_its_place_and_the_old_one_still_lives(funade):
    funade.deploys(PRODUCTION)
    funade.accepts("ada", NEWER)
    funade.accepts("bob", Cancel(number=2))
    assert funade.state(2) == "running", "a wish, until the place has answered"
    funade.lets_pass(seconds=1)
    assert funade.ended(2) == ("cancelled", "cancelled", "unverified")
    berth = funade.berth("production")
    assert (berth.live_number, berth.live_verified) == (1, True)


def test_what_came_up_before_the_cancel_has_succeeded(funade):
    funade.deploys(PRODUCTION)
    funade.accepts("ada", NEWER)
    funade.world.goes_live("production", funade.world.revisions["second"])
    funade.accepts("bob", Cancel(number=2))
    funade.lets_pass(seconds=1)
    assert funade.ended(2) == ("succeeded", "cancelled", "verified")
    assert funade.berth("production").live_number == 2


def test_a_cancel_that_leaves_neither_has_failed(funade):
    funade.deploys(PRODUCTION)
    funade.accepts("ada", NEWER)
    funade.world.verifier.shows.clear()
    funade.accepts("bob", Cancel(number=2))
    funade.lets_pass(seconds=1)
    assert funade.ended(2) == ("failed", "cancelled", "unverified")
    assert funade.berth("production").live_verified is False


def test_a_second_wish_changes_nothing(funade):
    funade.accepts("ada", PRODUCTION)
    funade.hears("bob", Cancel(number=1))
    funade.accepts("ada", Cancel(number=1))
    assert funade.shown(1).wish.by == "bob"
    assert funade.story(1).count("cancel_asked") == 1
    funade.lets_pass(seconds=1)


def test_what_has_ended_cannot_be_cancelled(funade):
    funade.deploys(PRODUCTION)
    assert funade.refuses("ada", Cancel(number=1)) == ("already_ended", {"number": 1, "state": "succeeded"})
    assert funade.refuses("ada", Cancel(number=9)) == ("unknown_deployment", {"number": 9})


def test_a_cancel_is_heard_while_the_place_does_not_answer_before_the_start(funade):
    funade.world.place.unreachable()
    funade.accepts("ada", PRODUCTION)
    assert funade.why(1) == ["target_not_answering"]
    funade.accepts("ada", Cancel(number=1))
    funade.lets_pass(seconds=5)
    assert funade.ended(1) == ("cancelled", "cancelled", "unverified")


def test_what_never_began_after_its_start_was_written_is_cancelled(funade):
    funade.deploys(PRODUCTION)
    funade.process.gates.kill("place.start:before")
    funade.accepts("ada", NEWER)
    funade.comes_back()
    funade.hears("bob", Cancel(number=2))
    funade.goes_on()
    assert funade.ended(2) == ("cancelled", "cancelled", "unverified")
    assert funade.begun() == [1]
    berth = funade.berth("production")
    assert (berth.live_number, berth.live_verified) == (1, True), "nothing was touched"
