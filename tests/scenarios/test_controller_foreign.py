"""Messages of other programs: what they become, how often, and what they cannot do."""

import json
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from funade import failpoints
from funade.clients.kubernetes.errors import ClusterError, Invalid
from funade.clients.kubernetes.kinds import JOBS
from funade.controller.foreign import guard_name_of
from funade.controller.inbox import Inbox
from funade.controller.names import DEPLOY_GUARDS, DEPLOY_QUEUES, FINALIZER
from funade.domain.messages import ForeignMessage
from funade.domain.queue_text import read_any_order
from funade.testing.orders import FakeHeld
from funade.testing.time import StoppedClock
from tests.scenarios.controller_world import NAMESPACE, Place
from tests.scenarios.test_controller_loop import Running
from tests.scenarios.test_controller_storm import Deaths, Killed

pytestmark = pytest.mark.asyncio

SPEC: dict[str, Any] = {
    "queue": "https://sqs.eu-west-1.amazonaws.com/1/work",
    "acceptForeign": True,
    "foreignAtOnce": 2,
    "arguments": ["work", "{tag}"],
    "variables": {"ALL": "{body}"},
    "template": {"spec": {"containers": [{"name": "work", "image": "worker"}]}},
}
SEED = {
    **SPEC,
    "repository": "acme/shop",
    "arguments": ["cap", "{environment}", "deploy"],
    "revisionVariable": "REVISION",
}


def delivery(id: str, body: str) -> FakeHeld:
    message = read_any_order(body)
    assert isinstance(message, ForeignMessage), message
    return FakeHeld(id, message)


class Worker(Running):
    """A place whose one queue belongs to other programs."""

    async def sends(self, body: str | dict[str, Any], *, id: str = "m1") -> FakeHeld:
        held = delivery(id, body if isinstance(body, str) else json.dumps(body))
        self.place.doors.into.waiting.append(held)
        await self.rest()
        return held

    def change(self, **spec: Any) -> None:
        self.place.cluster.put(DEPLOY_QUEUES, {**self.queue, "spec": {**self.queue["spec"], **spec}})

    @property
    def container(self) -> dict[str, Any]:
        (container,) = self.place.job["spec"]["template"]["spec"]["containers"]
        return dict(container)

    @property
    def variables(self) -> dict[str, str]:
        return {one["name"]: one["value"] for one in self.container["env"]}

    def all_over(self) -> bool:
        jobs = self.place.jobs
        return bool(jobs) and not any(FINALIZER in one["metadata"].get("finalizers", []) for one in jobs)


@pytest_asyncio.fixture
async def worker():
    one = Worker(Place(clock=StoppedClock(), spec=SPEC))
    one.begin()
    yield one
    await one.end()


async def test_a_message_becomes_one_job_and_nobody_is_told(worker):
    held = await worker.sends({"tag": "v7", "more": [1]})
    await worker.until(worker.all_over)
    assert held.is_deleted
    assert worker.container["args"] == ["work", "v7"]
    assert worker.variables == {"ALL": '{"tag": "v7", "more": [1]}', "FUNADE_MESSAGE": "m1"}
    assert len(worker.place.workload.ran) == 1
    assert worker.place.facts == []
    assert worker.place.job["metadata"]["ownerReferences"][0]["name"] == "shop"


async def test_the_first_form_of_all_is_understood_as_ours_is(worker):
    worker.change(**SEED)
    await worker.sends({"repository": "acme/shop", "environment": "staging", "hash": "v1.2.0"})
    await worker.until(worker.all_over)
    assert worker.container["args"] == ["cap", "staging", "deploy"]
    assert worker.variables["REVISION"] == "v1.2.0"


async def test_a_message_that_is_no_json_becomes_one_too(worker):
    worker.change(arguments=["work", "{body}"])
    await worker.sends("at your service; $(SECRET)")
    await worker.until(worker.all_over)
    assert worker.container["args"] == ["work", "at your service; $$(SECRET)"]


async def test_the_same_message_again_makes_no_second_job_not_even_when_the_job_is_gone(worker):
    for _ in range(3):
        await worker.sends({"tag": "v7"})
    await worker.until(worker.all_over)
    name = worker.place.job["metadata"]["name"]
    await worker.sends({"tag": "v7"})
    worker.place.cluster.remove(JOBS, name, NAMESPACE)
    again = await worker.sends({"tag": "v7"})
    await worker.until(lambda: again.is_deleted)
    await worker.end()
    worker.begin()
    again = await worker.sends({"tag": "v7"})
    await worker.until(lambda: again.is_deleted)
    assert worker.place.jobs == []
    assert worker.place.workload.ran == [name]


@pytest.mark.parametrize(
    ("body", "spec", "problem"),
    [
        ({"other": "v7"}, {}, "`{tag}` is no placeholder"),
        ({"tag": "--force"}, {}, "would make an option of `spec.arguments[1]`"),
        ({"tag": "a\0b"}, {}, "a NUL"),
        ({"tag": "v7", "x": "x" * 70_000}, {}, "longer than 64 KiB"),
        ({"tag": "x" * 60_000}, {"arguments": ["{tag}"] * 10}, "more than 256 KiB"),
        (
            {"tag": "v7", "repository": "acme/other"},
            {"repository": "acme/shop"},
            "`repository` is `acme/shop`",
        ),
        ("no JSON", {}, "`{tag}` is no placeholder"),
    ],
)
async def test_what_does_not_fit_is_set_aside_with_the_reason(worker, body, spec, problem):
    worker.change(**spec)
    held = await worker.sends(body)
    await worker.until(lambda: held.problem)
    assert problem in held.problem
    assert worker.place.jobs == []
    assert worker.place.cluster.all(DEPLOY_GUARDS) == []


async def test_an_order_of_ours_needs_somebody_to_hear_of_it(worker):
    (held,) = await worker.order(worker.place.start(1))
    await worker.until(lambda: held.problem)
    assert "no `factsQueue`" in held.problem


async def test_a_message_whose_job_kubernetes_does_not_take_is_set_aside_and_not_lost(worker):
    def before(verb, kind, _name):
        if (verb, kind.kind) == ("create", "Job"):
            raise Invalid(422, "Invalid", "not like this")

    worker.place.cluster.before = before
    held = await worker.sends({"tag": "v7"})
    await worker.until(lambda: held.problem)
    assert "not like this" in held.problem


async def test_no_more_run_side_by_side_than_is_said(worker):
    worker.place.workload.lasts = 4
    sent = [await worker.sends({"tag": f"v{number}"}, id=f"m{number}") for number in range(7)]
    most = 0
    for _ in range(80):
        alive = [one for one in worker.place.jobs if not one.get("status", {}).get("conditions")]
        most = max(most, len(alive))
        await worker.second()
    assert most == 2
    assert len(set(worker.place.workload.ran)) == len(worker.place.workload.ran) == 7
    assert all(one.is_deleted for one in sent)


async def test_a_controller_that_begins_knows_what_runs_before_it_takes_more(worker):
    worker.place.workload.lasts = 1000
    for number in range(2):
        await worker.sends({"tag": "v7"}, id=f"m{number}")
    await worker.until(lambda: len(worker.place.workload.ran) == 2)
    await worker.end()
    worker.begin()
    held = await worker.sends({"tag": "v7"}, id="m3")
    for _ in range(5):
        await worker.second()
    assert len(worker.place.jobs) == 2
    assert not held.is_deleted
    worker.change(foreignAtOnce=3)
    await worker.until(lambda: held.is_deleted)


async def test_a_guard_goes_when_no_queue_can_hold_its_message_any_more(worker):
    await worker.sends({"tag": "v7"})
    await worker.until(worker.all_over)
    (guard,) = worker.place.cluster.all(DEPLOY_GUARDS)
    assert guard["metadata"]["name"] == guard_name_of("m1")
    assert "v7" not in json.dumps(guard), "what it said is not kept"
    await worker.end()
    worker.place.clock.advance(days=14, hours=20)
    worker.begin()
    await worker.until(lambda: ("list", "DeployGuard", "") in worker.place.cluster.calls[-50:], seconds=70)
    assert len(worker.place.cluster.all(DEPLOY_GUARDS)) == 1
    await worker.end()
    worker.place.clock.advance(hours=5)
    worker.begin()
    await worker.until(lambda: not worker.place.cluster.all(DEPLOY_GUARDS), seconds=70)


@pytest.mark.parametrize("seed", range(12))
async def test_deaths_everywhere_and_messages_again_and_again_make_one_job_of_each(seed, monkeypatch):
    random = Random(seed)
    place = Place(spec=SPEC)
    place.cluster.pause = lambda: random.randint(0, 4)
    made: list[str] = []
    deaths = Deaths(random, left=8)
    monkeypatch.setattr(failpoints, "_traps", deaths)

    class Sent(FakeHeld):
        async def delete(self) -> None:
            gone.add(self.id)

        async def set_aside(self, problem: str) -> None:
            raise AssertionError(problem)

    def before(verb: str, kind: Any, name: str) -> None:
        if (verb, kind.kind) == ("replace", "Job"):
            made.append(name)

    place.cluster.before = before
    gone: set[str] = set()
    ids = [f"m{number}" for number in range(5)]
    message = read_any_order('{"tag": "v7"}')
    assert isinstance(message, ForeignMessage)
    controllers = [(place.controller(), dict[str, Inbox]()) for _ in range(2)]
    for round in range(300):
        if round > 200:
            deaths.left = 0
        id = random.choice(ids)
        if id not in gone or random.random() < 0.3:
            _, inboxes = random.choice(controllers)
            held = Sent(id, message)
            inboxes.setdefault(guard_name_of(id), Inbox()).put(held, place.queues()["shop"])
        for number, (reconcile, inboxes) in enumerate(controllers):
            try:
                for name, inbox in list(inboxes.items()):
                    await reconcile(name, inbox)
            except ClusterError:
                continue
            except Killed:
                controllers[number] = (place.controller(), dict.fromkeys((), Inbox()))
        names = {one["metadata"]["labels"]["funade.dev/guard"] for one in place.jobs}
        for name in names:
            for _, inboxes in controllers:
                inboxes.setdefault(name, Inbox())
        place.workload.step()
        place.clock.advance(seconds=1)
        if random.random() < 0.2:
            for job in place.jobs:
                if job.get("status", {}).get("conditions") and not job["metadata"].get("finalizers"):
                    place.cluster.remove(JOBS, job["metadata"]["name"], NAMESPACE)
    assert gone == set(ids)
    assert len(place.workload.ran) == len(set(place.workload.ran)) == len(ids)
