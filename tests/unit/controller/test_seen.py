import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.controller.names import CONTAINER, FINALIZER, RESUMED
from funade.controller.seen import DOUBTFUL_FOR, HOPELESS_FOR, Outcome, read_job, read_pod
from funade.domain.orders import Observed

SHA = "f5c0df1a9d0e4b7c8f6a5d4c3b2a190807060504"
CREATED = "2026-11-21T12:00:00Z"


def pod(**status: Any) -> dict[str, Any]:
    metadata = {"name": "p", "uid": "u", "creationTimestamp": CREATED, "ownerReferences": [{"uid": "job"}]}
    return {"metadata": metadata, "status": {"phase": "Pending", **status}}


def waiting(reason: str) -> dict[str, Any]:
    state = {"waiting": {"reason": reason, "message": "said\n  so"}}
    return pod(containerStatuses=[{"name": "deploy", "state": state}])


def job(*conditions: dict[str, Any], **spec: Any) -> dict[str, Any]:
    metadata = {"name": "j", "uid": "job", "annotations": {CONTAINER: "deploy"}}
    return {"metadata": metadata, "spec": spec, "status": {"conditions": list(conditions)}}


def test_an_image_that_cannot_be_pulled_is_trouble_with_patience():
    trouble = read_pod(waiting("ImagePullBackOff"), "deploy").trouble
    assert trouble is not None
    assert trouble.problem == "the container `deploy` cannot start: ImagePullBackOff: said so"
    assert trouble.patience == DOUBTFUL_FOR
    assert trouble.since == datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_of_many_words_the_last_are_kept_because_they_say_why():
    pod = waiting("ErrImagePull")
    message = f"failed to pull {'a-long-name/' * 40}: unexpected status: 401 Unauthorized"
    pod["status"]["containerStatuses"][0]["state"]["waiting"]["message"] = message
    trouble = read_pod(pod, "deploy").trouble
    assert trouble is not None
    assert "ErrImagePull: failed to pull a-long-name/" in trouble.problem
    assert trouble.problem.endswith("401 Unauthorized")
    assert len(trouble.problem) < 400


def test_a_name_that_is_none_is_hopeless():
    trouble = read_pod(waiting("InvalidImageName"), "deploy").trouble
    assert trouble is not None
    assert trouble.patience == HOPELESS_FOR


def test_a_pod_that_no_node_takes_waits_as_long_as_any_start_may():
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    trouble = read_pod(pod(conditions=[condition]), "deploy").trouble
    assert trouble is not None
    assert (trouble.problem, trouble.patience) == ("no node takes its Pod: Unschedulable: 0/3 nodes", None)


def test_the_exit_code_is_that_of_the_container_that_deploys():
    statuses = [
        {"name": "proxy", "state": {"terminated": {"exitCode": 9}}},
        {"name": "deploy", "state": {"terminated": {"exitCode": 3, "reason": "Error"}}},
    ]
    seen = read_pod(pod(phase="Failed", containerStatuses=statuses), "deploy")
    assert (seen.exit, seen.is_alive, seen.has_begun) == (3, False, True)


def test_a_code_that_kubernetes_made_up_is_none():
    state = {"terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown"}}
    seen = read_pod(pod(phase="Failed", containerStatuses=[{"name": "deploy", "state": state}]), "deploy")
    assert (seen.exit, seen.has_begun) == (None, False)


def ended(message: object, code: int = 0, reason: str = "Completed") -> Any:
    state = {"terminated": {"exitCode": code, "reason": reason, "message": message}}
    return read_pod(pod(phase="Failed", containerStatuses=[{"name": "deploy", "state": state}]), "deploy")


def test_what_a_container_reports_was_seen():
    report = {"shown": "web1, web2: f5c0df1", "revision": SHA}
    assert ended(json.dumps(report)).observed == Observed(revision=SHA, shown="web1, web2: f5c0df1")
    mixed = {"shown": "web1: f5c0df1; web2: 0000000", "differing": "web1: f5c0df1; web2: 0000000"}
    assert ended(json.dumps(mixed)).observed == Observed(matches=False, **mixed)


@pytest.mark.parametrize(
    "message", [None, "", "done", "[]", "{", "{}", '{"revision": "main"}', '{"revision": 7}', "[" * 5000]
)
def test_what_is_no_report_is_none(message):
    assert ended(message).observed is None


def test_a_container_that_failed_reports_nothing_and_its_last_words_are_not_repeated():
    seen = ended(json.dumps({"revision": SHA, "shown": "s3cr3t"}), code=1, reason="Error")
    assert (seen.observed, seen.problem) == (None, "Error")
    assert ended("no such file", code=128, reason="StartError").problem == "StartError: no such file"


def test_a_job_is_over_when_nothing_of_it_runs_any_more():
    early = {"type": "FailureTarget", "status": "True", "reason": "DeadlineExceeded"}
    assert read_job(job(early), ()).outcome is None
    late = {"type": "Failed", "status": "True", "reason": "DeadlineExceeded"}
    assert read_job(job(early, late), ()).outcome is Outcome.FAILED
    assert read_job(job({"type": "Failed", "status": "False"}), ()).outcome is None


def test_a_job_never_ran_until_we_let_it_run_whatever_it_is_now():
    suspended = job(suspend=True)
    assert read_job(suspended, ()).never_ran
    suspended["metadata"]["annotations"][RESUMED] = CREATED
    assert not read_job(suspended, ()).never_ran


def test_a_pod_of_another_job_of_the_same_name_is_not_its_own():
    stranger = pod(phase="Running")
    stranger["metadata"]["ownerReferences"] = [{"uid": "other"}]
    assert read_job(job(), [pod(), stranger]).pods == (read_pod(pod(), "deploy"),)


def test_our_finalizer_is_ours():
    raw = job()
    assert not read_job(raw, ()).is_held
    raw["metadata"]["finalizers"] = ["foregroundDeletion", FINALIZER]
    assert read_job(raw, ()).is_held


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_an_annotation_of_somebody_elses_making_breaks_nothing(value):
    raw = job()
    for name in ("record", "log", "resumed"):
        raw["metadata"]["annotations"][f"funade.dev/{name}"] = json.dumps(value)
    seen = read_job(raw, ())
    assert seen.record is None
