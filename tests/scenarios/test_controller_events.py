"""What the events of a DeployQueue tell, how often, and that nothing waits for them."""

import asyncio
import json
from functools import partial

import pytest
import pytest_asyncio

from funade.clients.kubernetes.errors import Forbidden
from funade.clients.kubernetes.kinds import EVENTS, SECRETS
from funade.controller.events import Events, Notice, Reason, Thing
from funade.controller.names import DEPLOY_QUEUES
from funade.domain.messages import ForeignMessage
from funade.testing.cluster import FakeCluster
from funade.testing.time import StoppedClock
from tests.scenarios.controller_world import NAMESPACE
from tests.scenarios.test_controller_loop import Running

pytestmark = pytest.mark.asyncio

THING = Thing(DEPLOY_QUEUES, "shop", "uid-1")
NOTICE = Notice(Reason.QUEUE_UNREACHABLE, "`spec.queue` cannot be used: no such queue")


@pytest_asyncio.fixture
async def running():
    one = Running()
    one.place.workload.lasts = 1
    one.begin()
    yield one
    await one.end()


def said(running):
    return {one["reason"]: one for one in running.place.cluster.all(EVENTS)}


async def test_a_deployment_is_told_from_its_order_to_its_end(running):
    await running.order(running.place.start(1))
    await running.until(lambda: "JobEnded" in said(running))
    assert {reason: one["message"] for reason, one in said(running).items()} == {
        "OrderReceived": "an order for shop/production is taken",
        "JobCreated": "the Job for shop/production is made",
        "JobEnded": "shop/production ended with exit code 0",
    }
    (about,) = {json.dumps(one["involvedObject"], sort_keys=True) for one in said(running).values()}
    assert json.loads(about) == {
        "apiVersion": "funade.dev/v1",
        "kind": "DeployQueue",
        "name": "shop",
        "namespace": NAMESPACE,
        "uid": running.queue["metadata"]["uid"],
    }


async def test_what_fails_and_what_cannot_start_is_a_warning_with_the_reason(running):
    running.place.workload.hinders = lambda _pod: ("ImagePullBackOff", "Back-off pulling image shop-deploy")
    await running.order(running.place.start(1))
    await running.until(lambda: "PodCannotStart" in said(running))
    await running.until(lambda: "NeverStarted" in said(running), seconds=200)
    for reason in ("PodCannotStart", "NeverStarted"):
        assert said(running)[reason]["type"] == "Warning"
        assert "ImagePullBackOff: Back-off pulling image shop-deploy" in said(running)[reason]["message"]
    running.place.workload.hinders = lambda _pod: None
    running.place.workload.exit_of = lambda _pod: 3
    await running.order(running.place.start(2))
    await running.until(lambda: "JobFailed" in said(running))
    assert said(running)["JobFailed"]["message"] == "shop/production failed with exit code 3"


async def test_a_refused_message_is_told_with_the_reason(running):
    await running.order(ForeignMessage(fields={"token": "hunter2"}, body='{"token": "hunter2"}'))
    await running.until(lambda: "MessageRefused" in said(running))
    assert "passed no policy" in said(running)["MessageRefused"]["message"]
    assert "hunter2" not in json.dumps(running.place.cluster.all(EVENTS))


async def test_a_queue_that_cannot_be_used_is_one_event_and_its_return_another(running):
    running.place.doors.into.problem = "there is no such queue"
    for _ in range(100):
        await running.second()
    (event,) = running.place.cluster.all(EVENTS)
    assert event["reason"] == "QueueUnreachable"
    assert 15 <= event["count"] <= 21
    running.place.doors.into.problem = ""
    await running.until(lambda: "QueueReachable" in said(running))


async def test_a_queue_of_facts_that_cannot_be_used_is_shown(running):
    running.place.doors.out.is_broken = True
    await running.order(running.place.start(1))
    await running.until(lambda: running.condition == ("False", "FactsUnreachable"))
    await running.until(lambda: "FactsUnreachable" in said(running))
    running.place.doors.out.is_broken = False
    await running.until(lambda: running.condition == ("True", "Listening"))
    await running.until(lambda: "FactsReachable" in said(running))
    await running.until(partial(running.place.endings, 1))


async def test_events_that_cannot_be_written_stop_nothing(running):
    def before(_verb, kind, _name):
        if kind.kind == "Event":
            raise Forbidden(403, "Forbidden", "no")

    running.place.cluster.before = before
    await running.order(running.place.start(1))
    await running.until(lambda: running.place.jobs and not running.is_held())
    assert running.place.ending(1).exit_code == 0
    assert not running.task.done()


async def test_a_thousand_repeats_are_one_event_and_few_writes():
    clock = StoppedClock()
    cluster = FakeCluster(clock)
    for turn in range(2):
        # The second process finds what the first one wrote.
        events = Events(cluster=cluster, namespace=NAMESPACE, clock=clock)
        task = asyncio.create_task(events.run())
        for _ in range(50):
            for _ in range(10):
                events.say(THING, NOTICE)
            clock.advance(seconds=1)
            for _ in range(10):
                await asyncio.sleep(0)
        for _ in range(20):
            clock.advance(seconds=1)
            for _ in range(10):
                await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        (event,) = cluster.all(EVENTS)
        assert event["count"] == 500 * (turn + 1)
        assert event["lastTimestamp"] > event["firstTimestamp"]
    assert len(cluster.calls) < 20


async def test_an_event_that_the_api_server_has_forgotten_is_made_again():
    clock = StoppedClock()
    cluster = FakeCluster(clock)
    events = Events(cluster=cluster, namespace=NAMESPACE, clock=clock)
    task = asyncio.create_task(events.run())
    for _ in range(2):
        events.say(THING, NOTICE)
        for _ in range(30):
            clock.advance(seconds=1)
            for _ in range(10):
                await asyncio.sleep(0)
        (event,) = cluster.all(EVENTS)
        assert event["count"] == 1
        cluster.remove(EVENTS, event["metadata"]["name"], NAMESPACE)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_no_secret_of_the_pod_is_in_an_event(running):
    running.place.cluster.put(
        SECRETS, {"metadata": {"name": "keys", "namespace": NAMESPACE}, "data": {"A": "aHVudGVyMg=="}}
    )
    running.place.workload.exit_of = lambda _pod: 1
    running.place.workload.output = lambda _pod, _step: "token=hunter2\n"
    await running.order(running.place.start(1))
    await running.until(lambda: "JobFailed" in said(running))
    assert "hunter2" not in json.dumps(running.place.cluster.all(EVENTS))
