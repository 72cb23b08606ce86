from copy import deepcopy
from typing import Any

import pytest

from funade.controller.names import FINALIZER, LOG
from funade.controller.names import GUARD as LABEL
from funade.controller.news import News

JOB: dict[str, Any] = {
    "kind": "Job",
    "metadata": {
        "name": "a",
        "uid": "u1",
        "resourceVersion": "1",
        "finalizers": [FINALIZER],
        "annotations": {},
    },
    "spec": {"suspend": False},
    "status": {},
}
POD: dict[str, Any] = {
    "kind": "Pod",
    "metadata": {"name": "p", "uid": "u2", "resourceVersion": "1"},
    "status": {"phase": "Pending"},
}
GUARD: dict[str, Any] = {
    "kind": "DeployGuard",
    "metadata": {"name": "g", "uid": "u3", "resourceVersion": "1"},
    "spec": {"attempts": [{"phase": "ended", "began": "x", "ending": {}, "told": ["started", "ended"]}]},
}


def changed(raw, version, **parts):
    one = deepcopy(raw)
    one["metadata"]["resourceVersion"] = version
    for name, part in parts.items():
        one[name] = {**one.get(name, {}), **part}
    return one


@pytest.fixture
def news():
    return News()


def test_what_we_wrote_is_no_news_whether_we_know_it_before_or_after(news):
    news.wrote(changed(JOB, "2"))
    assert not news.is_news("g", changed(JOB, "2"), is_there=True)
    news.begin("g")
    later = changed(JOB, "3", spec={"suspend": True})
    assert news.is_news("g", later, is_there=True)
    news.wrote(later)
    assert news.only_our_own("g")
    assert news.is_news("g", changed(JOB, "4"), is_there=True)
    assert not news.only_our_own("g"), "somebody else wrote that"


def test_which_guards_there_are_is_known_once_somebody_told(news):
    news.keep_jobs()
    named = changed(GUARD, "1", metadata={"name": "g", "labels": {LABEL: "g"}})
    news.wrote(named)
    assert not news.is_new("g")
    assert not news.is_new("h"), "nobody has told what there is"
    news.keep_guards({"g"})
    assert not news.is_new("g")
    assert news.is_new("h")
    news.wrote(changed(named, "2", metadata={"name": "h", "labels": {LABEL: "h"}}))
    assert not news.is_new("h")
    news.is_news("g", named, is_there=False)
    assert news.is_new("g")
    news.is_news("g", changed(named, "3"), is_there=True)
    assert not news.is_new("g")


def test_an_environment_with_a_job_is_not_new_until_that_has_come_to_rest(news):
    labelled = changed(JOB, "1", metadata={"labels": {LABEL: "g"}})
    news.keep_guards(set())
    assert not news.is_new("g"), "nobody has told which Jobs there are"
    news.is_news("g", labelled, is_there=True)
    news.keep_jobs()
    assert not news.is_new("g")
    assert news.is_new("h")
    over = {"conditions": [{"type": "Complete", "status": "True"}]}
    held = changed(labelled, "2", status=over)
    news.is_news("g", held, is_there=True)
    assert not news.is_new("g"), "its end is not told yet"
    news.is_news("g", changed(held, "3", metadata={"finalizers": []}), is_there=True)
    assert news.is_new("g")
    news.wrote(labelled)
    assert not news.is_new("g")
    news.is_news("g", labelled, is_there=False)
    assert news.is_new("g")


def test_guards_of_other_programs_messages_are_not_counted(news):
    news.keep_guards(set())
    news.keep_jobs()
    news.wrote(GUARD)
    assert news.is_new("g")


def test_of_a_job_only_what_a_decision_looks_at_is_news(news):
    assert news.is_news("g", JOB, is_there=True)
    assert not news.is_news("g", changed(JOB, "2", status={"active": 1, "ready": 1}), is_there=True)
    told = changed(JOB, "3")
    told["metadata"]["annotations"][LOG] = '{"offset": 5}'
    assert not news.is_news("g", told, is_there=True)
    told["metadata"]["annotations"][LOG] = '{"offset": 5, "done": true}'
    assert news.is_news("g", told, is_there=True)
    leaving = changed(told, "4")
    leaving["metadata"]["deletionTimestamp"] = "2026-11-22T00:00:00Z"
    assert news.is_news("g", leaving, is_there=True)
    assert news.is_news("g", leaving, is_there=False)


def test_of_a_pod_its_beginning_is_no_news_but_its_trouble_and_its_end_are(news):
    assert not news.is_news("g", POD, is_there=True)
    running = {"containerStatuses": [{"name": "c", "state": {"running": {}}}], "phase": "Running"}
    assert not news.is_news("g", changed(POD, "2", status=running), is_there=True)
    waiting = {"containerStatuses": [{"name": "c", "state": {"waiting": {"reason": "ErrImagePull"}}}]}
    assert news.is_news("g", changed(POD, "3", status=waiting), is_there=True)
    ended = {
        "containerStatuses": [{"name": "c", "state": {"terminated": {"exitCode": 0}}}],
        "phase": "Succeeded",
    }
    assert news.is_news("g", changed(POD, "4", status=ended), is_there=True)
    assert news.is_news("g", changed(POD, "5", status=ended), is_there=False)


def test_whatever_rests_is_no_news_when_it_is_listed(news):
    assert not news.is_news("g", GUARD, is_there=True)
    over = changed(JOB, "2", status={"conditions": [{"type": "Complete", "status": "True"}]})
    over["metadata"]["finalizers"] = []
    assert not news.is_news("g", over, is_there=True)


@pytest.mark.parametrize(
    "attempt",
    [{"phase": "intended"}, {"phase": "started"}, {"phase": "ended", "ending": {}, "told": ["started"]}, "?"],
)
def test_a_guard_with_something_to_be_done_is_news(news, attempt):
    guard = changed(GUARD, "2", spec={"attempts": [*GUARD["spec"]["attempts"], attempt]})
    assert news.is_news("g", guard, is_there=True)
