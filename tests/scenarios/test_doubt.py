"""The place does not answer."""

from funade.domain.commands import Deploy, Reopen

PRODUCTION = Deploy(application="shop", environment="production", ref="first")
NEWER = Deploy(application="shop", environment="production", ref="second")
REOPEN = Reopen(application="shop", environment="production", reason="I have looked")


def in_doubt(funade) -> None:
    """Let #1 run at a place that falls silent for too long."""
    funade.accepts("ada", PRODUCTION)
    funade.comes_back()
    funade.world.place.unreachable()
    funade.goes_on()
    assert funade.why(1) == ["target_not_answering"]
    funade.lets_pass(minutes=9)
    assert funade.state(1) == "running"
    funade.lets_pass(minutes=2)


def test_before_the_start_it_waits_with_a_reason_and_goes_on(funade):
    funade.world.place.unreachable("no route to host")
    funade.accepts("ada", PRODUCTION)
    assert funade.state(1) == "queued"
    assert funade.why(1) == ["target_not_answering"]
    assert funade.shown(1).because.detail["problem"] == "no route to host"
    funade.world.place.reachable()
    funade.lets_pass(seconds=1)
    assert funade.state(1) == "running"
    assert funade.why(1) == ["program_running"]
    funade.program_ends(1)


def test_before_the_start_it_ends_in_time_and_closes_nothing(funade):
    funade.world.place.unreachable()
    funade.accepts("ada", PRODUCTION)
    funade.lets_pass(hours=24)
    assert funade.ended(1) == ("failed", "target_unreachable", "unverified")
    assert funade.berth("production").doubt is None


def test_after_the_start_silence_for_a_while_changes_nothing(funade):
    funade.accepts("ada", PRODUCTION)
    funade.comes_back()
    funade.world.place.unreachable()
    funade.goes_on()
    funade.lets_pass(minutes=5)
    assert funade.why(1) == ["target_not_answering"]
    funade.world.place.reachable()
    funade.lets_pass(seconds=1)
    assert funade.why(1) == ["program_running"]
    funade.program_ends(1)
    assert funade.ended(1) == ("succeeded", "completed", "verified")


def test_after_the_start_silence_for_too_long_closes_the_environment(funade):
    in_doubt(funade)
    assert funade.ended(1) == ("failed", "outcome_unknown", "unverified")
    assert funade.berth("production").doubt.number == 1
    funade.accepts("ada", NEWER)
    assert funade.state(2) == "queued"
    assert funade.why(2) == ["environment_in_doubt"]
    assert funade.begun() == [1]


def test_what_waits_before_a_closed_environment_ends_in_time(funade):
    in_doubt(funade)
    funade.accepts("ada", NEWER)
    funade.lets_pass(hours=24)
    assert funade.ended(2) == ("failed", "expired", "unverified")
    assert funade.shown(2).because.detail["waited_for"] == "environment_in_doubt"


def test_the_place_itself_opens_the_environment_again(funade):
    in_doubt(funade)
    funade.accepts("ada", NEWER)
    execution = funade.execution(1)
    funade.world.place.reachable()
    funade.sweeps()
    assert funade.berth("production").doubt is not None, "it still runs"
    funade.world.place.finish(execution)
    funade.sweeps()
    assert funade.berth("production").doubt is None
    assert funade.state(2) == "running"
    assert funade.story(1)[-3:] == ["deployment_finished", "environment_closed", "environment_reopened"]
    funade.program_ends(2)
    funade.sweeps()


def test_a_person_opens_the_environment_again_and_the_guard_ends_what_still_runs(funade):
    in_doubt(funade)
    funade.accepts("ada", NEWER)
    funade.world.place.reachable()
    funade.world.place.forgiven.add(("shop", "production"))
    funade.says("ada", REOPEN)
    assert funade.state(2) == "running"
    assert [one.number for one in funade.world.place.running()] == [2]
    assert funade.refuses("ada", REOPEN)[0] == "not_in_doubt"
    funade.program_ends(2)
    funade.sweeps()


def test_what_may_still_run_keeps_its_checkout(funade):
    in_doubt(funade)
    folder = funade.world.workspaces.folder(funade.shown(1).id, 1)
    funade.sweeps()
    assert funade.world.place.running()
    funade.world.assert_checked_out(funade.world.revisions["first"], folder)
    funade.world.place.reachable()
    funade.world.place.finish(funade.execution(1))
    funade.sweeps()
    funade.sweeps()
    assert not folder.exists()


def test_a_start_whose_answer_was_lost_is_asked_about_and_not_ended(funade):
    place = funade.world.place
    funade.process.gates.freeze("place.start:after")
    funade.accepts("ada", PRODUCTION)
    place.unreachable()
    funade.process.gates.thaw()
    funade.goes_on()
    place.reachable()
    funade.lets_pass(seconds=1)
    assert funade.state(1) == "running"
    assert place.cancelled == []
    funade.program_ends(1)


def test_a_target_that_cannot_be_opened_any_more_closes_what_it_started(funade):
    funade.accepts("ada", PRODUCTION)
    funade.comes_back()
    funade.world.targets.problem = "this Funade knows no target of kind `ssh`"
    funade.goes_on()
    assert funade.ended(1) == ("failed", "outcome_unknown", "unverified")
    assert funade.berth("production").doubt.number == 1


def test_an_end_that_was_written_down_needs_no_place_any_more(funade):
    funade.process.gates.kill("verifier.look:before")
    funade.accepts("ada", PRODUCTION)
    funade.program_ends(1)
    funade.world.place.unreachable()
    funade.dies_and_comes_back()
    assert funade.ended(1) == ("succeeded", "completed", "verified")
