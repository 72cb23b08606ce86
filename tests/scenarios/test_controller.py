import json
from dataclasses import replace
from datetime import timedelta

import pytest

from funade.clients.kubernetes.errors import Forbidden, Invalid
from funade.clients.kubernetes.kinds import JOBS, PODS
from funade.controller.guard import Phase
from funade.controller.names import DEPLOY_GUARDS, DEPLOY_QUEUES, FINALIZER, GUARD, LOG
from funade.domain.messages import OrderedLook, ReportedEnd, ReportedProgress, ReportedSighting, ReportedStart
from funade.domain.orders import EndedBy, Sighting, Standing
from tests.scenarios.controller_world import NAMESPACE, SPEC, Place, execution

pytestmark = pytest.mark.asyncio


@pytest.fixture
def place():
    return Place()


def told(place, name):
    """Write on the Job that all of its output was told, as whoever follows it does."""
    job = next(one for one in place.jobs if one["metadata"]["name"] == name)
    job["metadata"]["annotations"][LOG] = json.dumps({"done": True})
    place.cluster.put(JOBS, job)


async def test_an_order_becomes_one_job_that_runs_once_and_its_end_is_told(place):
    (message,) = await place.says(place.start(1))
    assert message.is_deleted
    assert place.job["spec"]["suspend"] is False
    await place.goes_on()
    assert place.workload.ran == [place.job["metadata"]["name"]]
    assert [type(one) for one in place.facts] == [ReportedStart, ReportedEnd]
    ending = place.ending(1)
    assert (ending.by, ending.exit_code) == (EndedBy.ITSELF, 0)


async def test_the_job_is_made_suspended_with_our_finalizer_and_without_a_second_try(place):
    made = []
    place.cluster.before = lambda verb, kind, _name: made.append((verb, kind.kind, place.jobs))
    await place.says(place.start(1))
    _, _, (job,) = next(one for one in made if one[:2] == ("replace", "Job"))
    assert job["spec"]["suspend"] is True
    assert job["metadata"]["finalizers"] == [FINALIZER]
    assert "ownerReferences" not in job["metadata"]
    spec = job["spec"]
    assert (spec["parallelism"], spec["completions"], spec["backoffLimit"]) == (1, 1, 0)
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


async def test_the_guard_says_started_before_the_job_may_run(place):
    seen = []

    def before(verb, kind, _name):
        if (verb, kind.kind) == ("replace", "Job"):
            seen.append(place.guard.attempts[0].phase)

    place.cluster.before = before
    await place.says(place.start(1))
    assert seen == [Phase.STARTED]


def disturb(place, change):
    """Have somebody change the Job just before it is let run for the first time."""

    def before(verb, kind, _name):
        if (verb, kind.kind) == ("replace", "Job"):
            place.cluster.before = lambda *_: None
            change(place.job)

    place.cluster.before = before


async def test_a_job_that_kubernetes_noted_something_on_is_let_run_without_another_look(place):
    disturb(place, lambda job: place.cluster.put(JOBS, {**job, "status": {"conditions": []}}))
    await place.says(place.start(1))
    assert place.job["spec"]["suspend"] is False
    assert place.cluster.calls.count(("get", "Job", place.job["metadata"]["name"])) == 1
    assert [verb for verb, kind, _ in place.cluster.calls if kind == "DeployGuard"][:3] == [
        "get",
        "create",
        "replace",
    ]
    assert len([one for one in place.cluster.calls if one[:2] == ("list", "Job")]) == 1


async def test_a_job_that_somebody_deleted_meanwhile_is_not_let_run(place):
    disturb(place, lambda job: place.cluster.remove(JOBS, job["metadata"]["name"], NAMESPACE))
    await place.says(place.start(1))
    await place.goes_on()
    assert place.workload.ran == []
    never = [one for one in place.facts if isinstance(one, ReportedSighting)]
    assert [one.sighting.standing for one in never] == [Standing.SEALED]


async def test_a_new_environment_is_not_asked_for(place):
    place.is_new = lambda _name: True
    await place.says(place.start(1))
    assert [(verb, kind) for verb, kind, _ in place.cluster.calls] == [
        ("create", "DeployGuard"),
        ("create", "Job"),
        ("replace", "DeployGuard"),
        ("replace", "Job"),
    ]


async def test_an_environment_that_is_taken_for_new_and_is_not_is_looked_at(place):
    await place.says(place.start(2))
    place.is_new = lambda _name: True
    (message,) = await place.says(place.start(1))
    assert message.is_deleted
    assert len(place.jobs) == 1
    assert place.guard.fence == 2


async def test_arguments_and_variables_are_data_to_kubernetes_too(place):
    await place.says(place.start(1, ref="$(SECRET) $x ; rm -rf {revision}"))
    (container,) = place.job["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["deploy", "production", "$$(SECRET) $$x ; rm -rf {revision}"]
    values = {one["name"]: one["value"] for one in container["env"]}
    assert values["REVISION"] == values["FUNADE_REVISION"] == place.start(1).revision
    assert (values["FUNADE_ATTEMPT"], values["FUNADE_FENCE"]) == ("1", "1")


async def test_the_same_order_again_makes_no_second_job_not_even_after_the_job_is_gone(place):
    await place.says(place.start(1), again=5)
    await place.goes_on()
    name = place.job["metadata"]["name"]
    told(place, name)
    await place.look()
    assert FINALIZER not in place.job["metadata"]["finalizers"]
    place.cluster.remove(JOBS, name, NAMESPACE)
    assert place.jobs == []
    (message,) = await place.says(place.start(1))
    await place.goes_on()
    assert message.is_deleted
    assert place.workload.ran == [name]
    assert place.jobs == []


async def test_a_job_is_held_until_its_output_is_told(place):
    await place.says(place.start(1))
    await place.goes_on()
    assert FINALIZER in place.job["metadata"]["finalizers"]
    told(place, place.job["metadata"]["name"])
    await place.look()
    assert FINALIZER not in place.job["metadata"]["finalizers"]
    assert place.job["metadata"]["ownerReferences"][0]["name"] == "shop"


async def test_a_deploy_queue_that_is_made_again_starts_nothing_twice(place):
    await place.says(place.start(1))
    await place.goes_on()
    told(place, place.job["metadata"]["name"])
    await place.look()
    place.cluster.remove(DEPLOY_QUEUES, "shop", NAMESPACE)
    assert place.jobs == []
    place.cluster.put(DEPLOY_QUEUES, {"metadata": {"name": "shop", "namespace": NAMESPACE}, "spec": SPEC})
    await place.says(place.start(1))
    assert place.jobs == []


async def test_an_older_fence_is_refused_and_told_that_it_never_began(place):
    await place.says(place.start(2))
    await place.goes_on()
    (message,) = await place.says(place.start(1))
    assert message.is_deleted
    assert place.ending(1).by is EndedBy.NEVER_STARTED
    assert len(place.jobs) == 1


async def test_another_store_is_refused(place):
    await place.says(place.start(1))
    (message,) = await place.says(place.start(2, store="store-2"))
    assert "another store" in message.problem
    assert len(place.jobs) == 1


async def test_the_same_attempt_with_another_digest_is_refused(place):
    await place.says(place.start(1))
    (message,) = await place.says(place.start(1, digest="sha256:2"))
    assert "digest" in message.problem


async def test_an_order_that_comes_too_late_never_begins(place):
    order = place.start(1)
    place.clock.advance(hours=1)
    await place.says(order)
    assert place.ending(1).by is EndedBy.NEVER_STARTED
    assert place.jobs == []


async def test_an_order_for_another_repository_never_begins():
    place = Place(spec={**SPEC, "repository": "acme/other"})
    await place.says(place.start(1))
    assert "another repository" in str(place.ending(1).problem)
    assert place.jobs == []


async def test_a_newer_turn_ends_what_still_runs_before_it_begins(place):
    place.workload.lasts = 100
    await place.says(place.start(1))
    await place.goes_on(2)
    await place.says(place.start(2))
    await place.goes_on(10)
    assert place.ending(1).by is EndedBy.ABANDONED
    assert len(place.workload.ran) == 2
    assert place.workload.together == 1


async def test_a_cancel_before_its_start_leaves_a_tombstone(place):
    await place.says(place.cancel(1))
    await place.says(place.start(1))
    await place.goes_on()
    assert place.jobs == []
    assert place.ending(1).by is EndedBy.CANCEL
    assert (await place.sighting(1)).standing is Standing.SEALED


async def test_what_is_asked_before_any_fence_was_given_is_answered_too(place):
    for number in range(1, 60):
        await place.says(place.cancel(number))
    look = OrderedLook(execution=replace(execution(99), fence=0), question="now?", store="store-1")
    await place.says(look)
    assert place.facts[-1].sighting == Sighting(standing=Standing.UNSEEN, highest_fence=59)
    (message,) = await place.says(replace(place.cancel(99), execution=look.execution))
    assert message.is_deleted
    assert place.facts[-1].sighting.standing is Standing.SEALED
    await place.says(place.start(99))
    assert place.jobs == []


async def test_a_cancel_ends_what_runs_with_the_time_that_its_pods_have(place):
    place.workload.lasts = 100
    await place.says(place.start(1))
    await place.goes_on(2)
    await place.says(place.cancel(1))
    assert place.job["spec"]["activeDeadlineSeconds"] == 1
    await place.goes_on()
    ending = place.ending(1)
    assert (ending.by, ending.exit_code) == (EndedBy.CANCEL, 143)


async def test_a_cancel_after_the_end_changes_nothing(place):
    await place.says(place.start(1))
    await place.goes_on()
    (message,) = await place.says(place.cancel(1))
    assert message.is_deleted
    assert place.ending(1).by is EndedBy.ITSELF


async def test_a_look_is_answered_with_the_truth(place):
    assert (await place.sighting(1)).standing is Standing.UNSEEN
    await place.says(place.start(1))
    sighting = await place.sighting(1)
    assert (sighting.standing, sighting.highest_fence) == (Standing.RUNNING, 1)
    await place.goes_on()
    sighting = await place.sighting(1)
    assert (sighting.standing, sighting.ending.exit_code) == (Standing.ENDED, 0)


async def test_an_image_that_cannot_be_pulled_ends_it_with_the_reason_in_words(place):
    place.workload.hinders = lambda _pod: ("ImagePullBackOff", "Back-off pulling image shop-deploy")
    await place.says(place.start(1))
    await place.goes_on(2)
    assert place.endings(1) == set()
    place.clock.advance(minutes=3)
    await place.goes_on()
    ending = place.ending(1)
    assert ending.by is EndedBy.NEVER_STARTED
    assert "ImagePullBackOff: Back-off pulling image" in str(ending.problem)


def progress_of(place: Place) -> list[tuple[str, bool]]:
    return [(one.shown, one.waits) for one in place.facts if isinstance(one, ReportedProgress)]


async def test_what_keeps_a_program_from_running_is_told_once_while_it_is_so_and_then_where_it_runs(place):
    place.workload.hinders = lambda _pod: ("ImagePullBackOff", "Back-off pulling image shop-deploy")
    place.workload.lasts = 100
    await place.says(place.start(1))
    await place.goes_on(20)
    hindrance = "the container `deploy` cannot start: ImagePullBackOff: Back-off pulling image shop-deploy"
    assert progress_of(place) == [(hindrance, True)]
    (told,) = [one for one in place.facts if isinstance(one, ReportedProgress)]
    (began,) = [one for one in place.facts if isinstance(one, ReportedStart)]
    assert told.at - began.at < timedelta(seconds=2)
    assert told.rest == {"store": "store-1"}
    place.workload.hinders = lambda _pod: None
    await place.goes_on(10)
    assert progress_of(place)[1:] == [("its program runs on the node `node-1`", False)]
    sequences = [one.sequence for one in place.facts if isinstance(one, ReportedProgress)]
    assert sequences == sorted(set(sequences))


async def test_what_is_worded_anew_all_the_time_is_told_once_a_minute(place):
    seconds = iter(range(1000))
    place.workload.hinders = lambda _pod: ("ErrImagePull", f"try {next(seconds)}")
    await place.says(place.start(1))
    await place.goes_on(80)
    assert len(progress_of(place)) == 2


async def test_of_a_program_that_runs_at_once_no_word_is_told_about_the_way_there(place):
    await place.says(place.start(1))
    await place.goes_on()
    assert progress_of(place) == []
    assert any(isinstance(one, ReportedEnd) for one in place.facts)


async def test_progress_that_cannot_be_told_is_told_later_and_holds_nothing_up(place):
    place.workload.hinders = lambda _pod: ("ErrImagePull", "no such host")
    await place.says(place.start(1))
    await place.goes_on(4)
    place.doors.out.is_broken = True
    await place.goes_on(6)
    assert progress_of(place) == []
    place.doors.out.is_broken = False
    await place.goes_on(2)
    assert len(progress_of(place)) == 1


async def test_a_program_that_fails_is_told_with_its_exit_code(place):
    place.workload.exit_of = lambda _pod: 3
    await place.says(place.start(1))
    await place.goes_on()
    ending = place.ending(1)
    assert (ending.by, ending.exit_code) == (EndedBy.ITSELF, 3)


async def test_a_program_that_runs_too_long_is_ended_by_its_time_limit():
    place = Place(spec={**SPEC, "timeLimit": "30s"})
    place.workload.lasts = 100
    await place.says(place.start(1))
    await place.goes_on(2)
    place.clock.advance(minutes=1)
    await place.goes_on()
    assert place.ending(1).by is EndedBy.TIME_LIMIT


async def test_a_job_that_somebody_deletes_ends_as_cancelled_and_is_let_go(place):
    place.workload.lasts = 100
    await place.says(place.start(1))
    await place.goes_on(2)
    name = place.job["metadata"]["name"]
    place.cluster.remove(JOBS, name, NAMESPACE)
    await place.goes_on()
    assert place.ending(1).by is EndedBy.CANCEL
    told(place, name)
    await place.look()
    assert place.jobs == []


async def test_a_job_that_is_gone_by_force_is_lost_and_not_made_again(place):
    place.workload.lasts = 100
    await place.says(place.start(1))
    await place.goes_on(2)
    job = place.job
    job["metadata"]["finalizers"] = []
    place.cluster.put(JOBS, job)
    place.cluster.remove(JOBS, job["metadata"]["name"], NAMESPACE)
    await place.look()
    assert place.endings(1) == set(), "its Pod still lives"
    await place.goes_on()
    sighting = await place.sighting(1)
    assert sighting.standing is Standing.LOST
    assert place.jobs == []


async def test_a_guard_that_somebody_deleted_is_made_again_from_what_runs(place):
    place.workload.lasts = 5
    await place.says(place.start(1))
    await place.goes_on(2)
    (guard,) = place.cluster.all(DEPLOY_GUARDS)
    place.cluster.remove(DEPLOY_GUARDS, guard["metadata"]["name"], NAMESPACE)
    await place.says(place.start(1))
    await place.goes_on(10)
    assert len(place.workload.ran) == 1
    assert (place.guard.fence, place.guard.store) == (1, "store-1")
    assert place.ending(1).exit_code == 0


async def test_a_job_that_kubernetes_does_not_take_never_begins_and_says_why(place):
    def before(verb, kind, name):
        if (verb, kind.kind) == ("create", "Job"):
            raise Invalid(422, "Invalid", "spec.template: not like this")

    place.cluster.before = before
    await place.says(place.start(1))
    assert "not like this" in str(place.ending(1).problem)


async def test_a_quota_is_waited_for_until_the_order_is_too_old_and_then_named(place):
    def before(verb, kind, name):
        if (verb, kind.kind) == ("create", "Job"):
            raise Forbidden(403, "Forbidden", "exceeded quota: jobs")

    place.cluster.before = before
    controller = place.controller()
    place.controller = lambda: controller
    with pytest.raises(Forbidden):
        await place.says(place.start(1))
    place.clock.advance(hours=1)
    await place.look()
    assert "exceeded quota: jobs" in str(place.ending(1).problem)


async def test_facts_that_cannot_be_told_are_told_later_and_hold_nothing_up(place):
    place.doors.out.is_broken = True
    (message,) = await place.says(place.start(1))
    await place.goes_on()
    assert place.guard.attempts[0].phase is Phase.ENDED
    assert not message.is_deleted
    place.doors.out.is_broken = False
    await place.look()
    assert place.ending(1).exit_code == 0
    assert message.is_deleted


async def test_a_job_of_ours_that_no_guard_knows_never_runs(place):
    await place.says(place.start(1))
    job = place.job
    stray = {
        **job,
        "metadata": {
            **job["metadata"],
            "name": "stray",
            "uid": "uid-stray",
            "annotations": {},
            "labels": {GUARD: job["metadata"]["labels"][GUARD]},
        },
        "spec": {**job["spec"], "suspend": True},
    }
    place.cluster.put(JOBS, stray)
    await place.look()
    assert [one["metadata"]["name"] for one in place.jobs] == [job["metadata"]["name"]]


async def test_old_attempts_are_forgotten_and_their_orders_refused_without_a_claim(place):
    for number in range(1, 60):
        await place.says(place.cancel(number))
    assert len(place.guard.attempts) <= 51
    assert place.guard.forgotten > 0
    (message,) = await place.says(place.start(1))
    assert "forgotten" in message.problem
    assert place.jobs == []


async def test_what_a_pod_exited_with_is_known_although_the_pod_is_gone(place):
    place.workload.exit_of = lambda _pod: 7
    await place.says(place.start(1))
    for _ in range(10):
        place.workload.step()
        if any(one["status"].get("phase") == "Failed" for one in place.cluster.all(PODS)):
            break
        await place.look()
    await place.look()
    for one in place.cluster.all(PODS):
        one["metadata"]["finalizers"] = []
        place.cluster.put(PODS, one)
        place.cluster.remove(PODS, one["metadata"]["name"], NAMESPACE)
    job = place.job
    condition = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}
    job["status"]["conditions"] = [condition]
    place.cluster.put(JOBS, job)
    await place.look()
    assert place.ending(1).exit_code == 7


async def test_time_that_passes_in_a_suspended_job_lets_the_order_expire(place):
    def before(verb, kind, name):
        if (verb, kind.kind) == ("replace", "Job"):
            raise Forbidden(403, "Forbidden", "not now")

    place.cluster.before = before
    with pytest.raises(Forbidden):
        await place.says(place.start(1))
    place.clock.advance(hours=1)
    place.cluster.before = lambda *_: None
    await place.look()
    await place.goes_on(2)
    assert place.workload.ran == []
    assert place.ending(1).by is EndedBy.NEVER_STARTED
