import pytest

from funade.domain.commands import Cancel, Deploy, Resume, Rollback

BACK = Rollback(application="shop", environment="production")


def deploy(ref: str, environment: str = "production") -> Deploy:
    return Deploy(application="shop", environment=environment, ref=ref)


def test_a_rollback_puts_back_the_last_that_was_seen_healthy(funade):
    funade.deploys(deploy("first"))
    funade.deploys(deploy("second"))
    assert funade.accepts("ada", BACK) == 3
    back = funade.shown(3)
    assert (back.purpose, back.of) == ("rollback", 1)
    assert back.revision == funade.world.revisions["first"]
    assert back.release.target == funade.shown(1).release.target
    funade.program_ends(3)
    assert funade.ended(3) == ("succeeded", "completed", "verified")
    assert funade.berth("production").live_number == 3


def test_a_rollback_after_a_failure_puts_back_what_ran_before_it(funade):
    funade.deploys(deploy("first"))
    funade.deploys(deploy("second"))
    funade.accepts("ada", deploy("third"))
    funade.program_ends(3, exit_code=1, live=False)
    assert funade.shown(funade.accepts("ada", BACK)).of == 2
    funade.program_ends(4)


def test_a_rollback_never_goes_to_what_failed_was_cancelled_or_was_not_seen(funade):
    funade.deploys(deploy("first"))
    funade.accepts("ada", deploy("second"))
    funade.program_ends(2, exit_code=1, live=False)
    funade.accepts("ada", deploy("third"))
    funade.accepts("ada", Cancel(number=3))
    funade.lets_pass(seconds=1)
    funade.deploys(deploy("second"))
    assert funade.shown(funade.accepts("ada", BACK)).of == 1
    funade.program_ends(5)


@pytest.mark.parametrize("fate", ["nothing", "unverified", "failed"])
def test_without_anything_healthy_there_is_nothing_to_roll_back_to(funade, fate):
    if fate != "nothing":
        funade.accepts("ada", deploy("first", "preview"))
        funade.program_ends(1, exit_code=0 if fate == "unverified" else 1)
    back = Rollback(application="shop", environment="preview")
    assert funade.refuses("ada", back)[0] == "nothing_verified"


def test_a_rollback_to_a_number_goes_there_if_it_was_seen_healthy_here(funade):
    funade.deploys(deploy("first"))
    funade.deploys(deploy("second"))
    funade.deploys(deploy("third"))
    to = Rollback(application="shop", environment="production", to=1)
    assert funade.shown(funade.accepts("ada", to)).of == 1
    funade.program_ends(4)
    funade.accepts("ada", deploy("first", "preview"))
    funade.program_ends(5)
    for number in (5, 99):
        to = Rollback(application="shop", environment="production", to=number)
        assert funade.refuses("ada", to) == ("unknown_deployment", {"number": number})


def test_after_many_deploys_of_one_revision_the_one_before_is_still_found(funade):
    funade.deploys(deploy("first"))
    for _ in range(12):
        funade.deploys(deploy("second"))
    assert funade.shown(funade.accepts("ada", BACK)).of == 1
    funade.program_ends(14)


def test_a_rollback_holds_automatic_deploys_until_somebody_resumes_them(funade):
    funade.deploys(deploy("first"))
    funade.deploys(deploy("second"))
    funade.accepts("ada", BACK)
    hold = funade.berth("production").hold
    assert (hold.number, hold.by) == (3, "ada")
    funade.program_ends(3)
    assert funade.berth("production").hold == hold
    resume = Resume(application="shop", environment="production")
    funade.says("ada", resume)
    assert funade.berth("production").hold is None
    assert funade.refuses("ada", resume)[0] == "not_held"
    assert funade.history()[-2:] == ["automation_resumed", "request_refused"]


def test_a_rollback_asks_nobody_even_when_something_newer_went_live(funade):
    funade.deploys(deploy("first"))
    funade.deploys(deploy("second"))
    funade.accepts("ada", deploy("third"))
    funade.accepts("ada", BACK)
    funade.program_ends(3)
    assert funade.state(4) == "running"
    funade.program_ends(4)


def test_the_wall_clock_may_jump_and_the_last_stays_the_last(funade):
    funade.deploys(deploy("first"))
    funade.deploys(deploy("second"))
    funade.world.clock.jump(hours=-1)
    funade.deploys(deploy("third"))
    assert funade.shown(funade.accepts("ada", BACK)).of == 2
    funade.program_ends(4)
