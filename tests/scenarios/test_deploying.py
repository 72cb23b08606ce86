import pytest

from funade.domain.answers import Accepted
from funade.domain.commands import Deploy, Retry, ShowStatus
from funade.domain.orders import Observed

PRODUCTION = Deploy(application="shop", environment="production", ref="first")
NEWER = Deploy(application="shop", environment="production", ref="second")
PREVIEW = Deploy(application="shop", environment="preview", ref="first")


def test_a_deploy_that_is_seen_to_run_succeeds(funade):
    answer = funade.says("ada", PRODUCTION)
    assert isinstance(answer, Accepted)
    assert answer.deployment.number == 1
    assert funade.state(1) == "running"
    assert funade.why(1) == ["program_running"]
    funade.program_ends(1)
    assert funade.ended(1) == ("succeeded", "completed", "verified")
    assert funade.story(1) == [
        "deployment_requested",
        "deployment_started",
        "execution_ended",
        "deployment_finished",
    ]
    berth = funade.berth("production")
    assert (berth.live, berth.live_number, berth.live_verified) == (funade.world.revisions["first"], 1, True)


def test_what_a_deployment_that_goes_on_has_in_use_is_nothing_left_behind(funade):
    funade.accepts("ada", PRODUCTION)
    assert funade.world.loop.answer(funade.world.ledger.read(lambda look: look.obligations()))
    assert funade.says("ada", ShowStatus()).obligations == 0
    funade.program_ends(1)
    assert funade.says("ada", ShowStatus()).obligations == 0


def test_a_success_that_nobody_can_see_says_so(funade):
    funade.accepts("ada", PREVIEW)
    funade.program_ends(1)
    assert funade.ended(1) == ("succeeded", "completed", "unverified")
    assert funade.berth("preview").live_verified is False


def test_a_program_that_said_all_went_well_and_is_not_seen_failed(funade):
    funade.deploys(PRODUCTION)
    funade.accepts("ada", NEWER)
    funade.program_ends(2, live=False)
    assert funade.why(2) == ["verifying"]
    for _ in range(61):
        funade.lets_pass(seconds=1)
    assert funade.ended(2) == ("failed", "not_seen", "unverified")
    assert funade.berth("production").live_number == 1


def test_what_comes_up_late_is_waited_for(funade):
    funade.accepts("ada", PRODUCTION)
    funade.program_ends(1, live=False)
    funade.lets_pass(seconds=10)
    assert funade.state(1) == "running"
    funade.world.goes_live("production", funade.world.revisions["first"])
    funade.lets_pass(seconds=2)
    assert funade.ended(1) == ("succeeded", "completed", "verified")


def test_a_program_that_fails_fails_at_once_whatever_is_seen(funade):
    funade.accepts("ada", PRODUCTION)
    funade.program_ends(1, exit_code=3)
    assert funade.ended(1) == ("failed", "program_failed", "unverified")
    assert funade.shown(1).because.detail["exit_code"] == 3
    berth = funade.berth("production")
    assert (berth.live_number, berth.live_verified) == (1, True), "it is what runs, for all that"


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (
            Observed(matches=False, shown="x", differing="f5c0df1: web1; 1111111: web2"),
            "f5c0df1: web1; 1111111: web2",
        ),
        (Observed(matches=False, shown="web2 cannot be reached"), "web2 cannot be reached"),
        (Observed(matches=False, shown="all have 1111111", revision="1" * 40), None),
        (Observed(), None),
    ],
)
def test_what_an_address_cannot_say_of_each_host_the_target_says(funade, seen, said):
    funade.world.targets.observed = seen
    funade.accepts("ada", PRODUCTION)
    funade.program_ends(1, exit_code=3, live=False)
    assert funade.ended(1) == ("failed", "program_failed", "unverified")
    assert funade.shown(1).because.detail.get("hosts") == said


def test_a_program_that_cannot_be_started_fails(funade):
    funade.deploys(PRODUCTION)
    funade.world.place.cannot_begin("there is no program `deploy`")
    funade.accepts("ada", NEWER)
    assert funade.ended(2) == ("failed", "program_not_started", "unverified")
    assert "deploy" in str(funade.shown(2).because.detail["problem"])
    berth = funade.berth("production")
    assert (berth.live_number, berth.live_verified) == (1, True), "nothing was touched"


def test_a_program_that_vanished_is_said_to_be_lost(funade):
    funade.accepts("ada", PRODUCTION)
    funade.world.place.lose(funade.execution(1))
    funade.goes_on()
    assert funade.ended(1) == ("failed", "execution_lost", "unverified")


def test_a_checkout_that_fails_fails_the_deployment(funade):
    funade.world.sources.broken = "the repository is gone"
    answer = funade.hears("ada", PRODUCTION)
    assert answer.because.code == "source_unreachable"
    funade.world.sources.broken = None
    funade.hears("ada", PRODUCTION)
    funade.world.sources.broken = "the repository is gone"
    funade.goes_on()
    assert funade.ended(1) == ("failed", "preparation_failed", "unverified")
    assert funade.begun() == []


def test_two_deploys_go_one_after_the_other(funade):
    funade.accepts("ada", PRODUCTION)
    funade.accepts("bob", NEWER)
    assert (funade.state(1), funade.state(2)) == ("running", "queued")
    assert funade.why(2) == ["awaiting_turn"]
    funade.program_ends(1)
    assert funade.state(2) == "running"
    funade.program_ends(2)
    assert funade.ended(2) == ("succeeded", "completed", "verified")
    assert funade.begun() == [1, 2]


def test_environments_do_not_wait_for_each_other(funade):
    funade.accepts("ada", PRODUCTION)
    funade.accepts("ada", PREVIEW)
    assert (funade.state(1), funade.state(2)) == ("running", "running")


def test_what_waits_for_its_turn_too_long_ends(funade):
    funade.accepts("ada", PRODUCTION)
    funade.accepts("ada", NEWER)
    funade.lets_pass(hours=23, minutes=59)
    assert funade.state(2) == "queued"
    funade.lets_pass(minutes=1)
    assert funade.ended(2) == ("failed", "expired", "unverified")
    assert funade.shown(2).because.detail["waited_for"] == "awaiting_turn"
    assert funade.state(1) == "running", "what runs is ended by its place alone"


def test_the_same_request_twice_is_one_deployment(funade):
    first = funade.hears("ada", PRODUCTION, request="click-1")
    again = funade.hears("ada", PRODUCTION, request="click-1")
    assert first.deployment.number == again.deployment.number == 1
    funade.goes_on()
    late = funade.says("ada", PRODUCTION, request="click-1")
    assert late.deployment.number == 1
    assert funade.begun() == [1]


def test_a_request_id_is_its_askers_own(funade):
    funade.hears("ada", PRODUCTION, request="click-1")
    other = funade.hears(
        "bob", Deploy(application="shop", environment="staging", ref="first"), request="click-1"
    )
    assert (other.deployment.number, other.deployment.asked_by) == (2, "bob")
    assert other.deployment.environment == "staging"
    funade.goes_on()
    for number in (1, 2):
        funade.program_ends(number)


def test_the_same_request_twice_at_the_same_moment_is_one_deployment(funade):
    loop, ask = funade.world.loop, funade.process.ask
    both = [loop.create_task(ask("ada", PRODUCTION, "click-1")) for _ in range(2)]
    loop.goes_on()
    assert [one.result().deployment.number for one in both] == [1, 1]
    funade.goes_on()
    assert funade.begun() == [1]
    assert funade.history().count("deployment_requested") == 1


def test_a_failed_deployment_is_retried_with_the_revision_it_had(funade):
    funade.accepts("ada", PRODUCTION)
    funade.program_ends(1, exit_code=1, live=False)
    funade.world.sources.point("refs/heads/first", funade.world.revisions["third"])
    assert funade.accepts("bob", Retry(number=1)) == 2
    retried = funade.shown(2)
    assert (retried.purpose, retried.of) == ("retry", 1)
    assert retried.revision == funade.world.revisions["first"]
    funade.program_ends(2)
    assert funade.ended(2) == ("succeeded", "completed", "verified")


def test_what_runs_or_has_succeeded_is_not_retried(funade):
    funade.accepts("ada", PRODUCTION)
    assert funade.refuses("ada", Retry(number=1)) == ("not_ended", {"number": 1, "state": "running"})
    funade.program_ends(1)
    code, detail = funade.refuses("ada", Retry(number=1))
    assert (code, detail["number"], detail["ref"]) == ("nothing_to_retry", 1, funade.shown(1).revision)


def test_a_plan_that_was_shown_is_the_plan_that_runs(funade):
    funade.says("ada", PRODUCTION)
    digest = funade.shown(1).digest
    asked = Deploy(application="shop", environment="production", ref="second", digest=digest)
    assert funade.refuses("ada", asked)[0] == "digest_changed"


def test_a_program_that_ended_while_nobody_looked_is_judged_by_whoever_comes(funade):
    funade.accepts("ada", PRODUCTION)
    funade.process.die()
    funade.world.program_ends(funade.execution(1), funade.world.place.started[0].release)
    funade.dies_and_comes_back()
    assert funade.ended(1) == ("succeeded", "completed", "verified")
    assert funade.begun() == [1]
    assert "deployment_taken_over" in funade.story(1)
    assert funade.world.place.started[0].execution.attempt == 1


def test_a_program_that_runs_is_adopted(funade):
    funade.accepts("ada", PRODUCTION)
    funade.dies_and_comes_back()
    assert funade.state(1) == "running"
    funade.program_ends(1)
    assert funade.ended(1) == ("succeeded", "completed", "verified")
    assert funade.begun() == [1]


def test_a_program_that_vanished_while_nobody_looked_is_lost_and_never_begun_again(funade):
    funade.accepts("ada", PRODUCTION)
    funade.comes_back()
    funade.world.place.lose(funade.execution(1))
    funade.goes_on()
    assert funade.ended(1) == ("failed", "execution_lost", "unverified")
    assert (funade.begun(), funade.shown(1).attempt) == ([1], 1)
