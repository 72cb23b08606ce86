from datetime import UTC, datetime, timedelta
from typing import Any

from funade.controller.deploy_queue import DeployQueue, History, parse
from funade.controller.history import EndedJobs
from funade.controller.names import FINALIZER, QUEUE

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def queue(**history: Any) -> dict[str, DeployQueue]:
    spec = {
        "queue": "https://x/orders",
        "factsQueue": "https://x/facts",
        "history": history,
        "template": {"spec": {"containers": [{"name": "deploy"}]}},
    }
    parsed = parse({"metadata": {"name": "shop"}, "spec": spec})
    assert isinstance(parsed, DeployQueue)
    return {"shop": parsed}


def job(name: str, *, hours: float, kind: str = "Complete", **metadata: Any) -> dict[str, Any]:
    at = (NOW - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = {"type": kind, "status": "True", "lastTransitionTime": at}
    metadata = {"name": name, "uid": name, "labels": {QUEUE: "shop"}, **metadata}
    return {"metadata": metadata, "status": {"conditions": [condition]}}


def names(jobs: list[dict[str, Any]], **history: Any) -> list[str]:
    return [one.name for one in heard(jobs).outdated(queue(**history), NOW)]


def heard(jobs: list[dict[str, Any]]) -> EndedJobs:
    ended = EndedJobs()
    for one in jobs:
        ended.hear(one, is_there=True)
    return ended


def test_the_newest_of_each_kind_stay():
    jobs = [job(f"good-{at}", hours=at) for at in range(5)]
    jobs += [job(f"bad-{at}", hours=at, kind="Failed") for at in range(5)]
    assert names(jobs, succeeded=3, failed=4) == ["good-4", "bad-4", "good-3"]


def test_what_is_too_old_goes_whatever_the_number():
    assert names([job("old", hours=30), job("new", hours=1)], age="24h") == ["old"]


def test_what_is_held_leaving_running_or_of_no_queue_stays():
    running = job("running", hours=99)
    running["status"]["conditions"] = []
    jobs = [
        job("held", hours=99, finalizers=[FINALIZER]),
        job("leaving", hours=99, deletionTimestamp="2026-11-21T12:00:00Z"),
        job("stranger", hours=99, labels={QUEUE: "other"}),
        running,
    ]
    assert names(jobs, succeeded=0, failed=0) == []


def test_the_default_is_said_once():
    assert queue()["shop"].history == History()


def test_what_is_gone_is_known_no_more():
    jobs = [job(f"good-{at}", hours=at) for at in range(5)]
    ended, none = heard(jobs), queue(succeeded=0)
    ended.hear(jobs[0], is_there=False)
    ended.hear({**jobs[1], "status": {}}, is_there=True)
    assert [one.name for one in ended.outdated(none, NOW)] == ["good-4", "good-3", "good-2"]
    ended.forget(ended.outdated(none, NOW)[0])
    assert [one.name for one in ended.outdated(none, NOW)] == ["good-3", "good-2"]
    ended.keep({"good-2", "good-0"})
    assert [one.name for one in ended.outdated(none, NOW)] == ["good-2"]


def test_another_of_the_same_name_is_not_forgotten_with_it():
    ended, none = heard([job("good", hours=2)]), queue(succeeded=0)
    (before,) = ended.outdated(none, NOW)
    ended.hear(job("good", hours=1, uid="another"), is_there=True)
    ended.forget(before)
    assert [one.uid for one in ended.outdated(none, NOW)] == ["another"]
