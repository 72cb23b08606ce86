"""The whole controller on a cluster in memory: what is heard, what is done, what is told, and what it survives."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from funade.clients.kubernetes.errors import Forbidden, Unreachable
from funade.clients.kubernetes.kinds import JOBS, SECRETS
from funade.controller.follow import BROKEN, WITHHELD
from funade.controller.leader import Leader
from funade.controller.loop import Controller
from funade.controller.names import DEPLOY_QUEUES, FINALIZER
from funade.domain.messages import ForeignMessage, Order, ReportedEnd, ReportedLog
from funade.testing.orders import FakeHeld
from funade.testing.time import StoppedClock
from tests.scenarios.controller_world import NAMESPACE, SPEC, Place

pytestmark = pytest.mark.asyncio

TURNS = 300


@dataclass
class Running:
    """A place with a controller in it, brought further a second at a time."""

    place: Place = field(default_factory=lambda: Place(clock=StoppedClock()))

    def begin(self) -> None:
        controller = Controller(
            cluster=self.place.cluster, namespace=NAMESPACE, clock=self.place.clock, doors=self.place.doors
        )
        self.task = asyncio.create_task(controller.run())

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def order(self, *orders: Order | ForeignMessage) -> list[FakeHeld]:
        held = [FakeHeld(f"{id(one)}", one) for one in orders]
        self.place.doors.into.waiting += held
        await self.rest()
        return held

    async def rest(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)

    async def second(self) -> None:
        await self.rest()
        self.place.workload.step()
        self.place.clock.advance(seconds=1)
        await self.rest()

    async def until(self, is_so: Callable[[], Any], seconds: int = 120) -> None:
        for _ in range(seconds):
            if is_so():
                return
            await self.second()
        raise AssertionError(self.place.cluster.calls[-20:])

    @property
    def queue(self) -> dict[str, Any]:
        (queue,) = self.place.cluster.all(DEPLOY_QUEUES)
        return queue

    @property
    def condition(self) -> tuple[str, str]:
        (condition,) = self.queue["status"]["conditions"]
        return condition["status"], condition["reason"]

    def log(self) -> bytes:
        """Return the output as Funade puts it together from its pieces."""
        content = bytearray()
        for one in self.place.facts:
            if isinstance(one, ReportedLog):
                assert one.offset <= len(content), "a hole"
                content[one.offset : one.offset + len(one.content)] = one.content
        return bytes(content)

    def is_held(self) -> bool:
        return FINALIZER in self.place.job["metadata"]["finalizers"]


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """Give what was logged; written as a terminal shows it, a mistake of ours would take seconds."""
    with capture_logs() as logs:
        yield cast("list[Any]", logs)


@pytest_asyncio.fixture
async def running() -> AsyncIterator[Running]:
    one = Running()
    one.place.workload.lasts = 5
    one.place.workload.output = lambda _pod, step: f"line {step}\nmore\n"
    one.begin()
    yield one
    await one.end()


async def test_in_a_flood_everybodys_job_is_made_before_anybodys_is_let_run(running):
    place = running.place
    place.cluster.pause = lambda: 1
    place.doors.into.waiting += [
        FakeHeld(f"m{number}", place.start(number, environment=f"e{number}")) for number in range(1, 31)
    ]
    await running.until(lambda: all(job["spec"]["suspend"] is False for job in place.jobs) and place.jobs)
    writes = [
        verb for verb, kind, _ in place.cluster.calls if kind == "Job" and verb in ("create", "replace")
    ]
    assert len(place.jobs) == 30
    assert writes.index("replace") >= 20, writes


async def test_an_order_is_carried_out_and_its_output_and_end_are_told(running):
    (message,) = await running.order(running.place.start(1))
    await running.until(lambda: running.place.jobs and not running.is_held())
    assert message.is_deleted
    assert running.place.ending(1).exit_code == 0
    assert running.log() == b"".join(f"line {step}\nmore\n".encode() for step in range(7))
    (end,) = [one for one in running.place.facts if isinstance(one, ReportedEnd)]
    assert end.output == len(running.log())


async def test_a_deploy_queue_shows_what_it_does(running):
    await running.until(lambda: running.queue.get("status") and running.condition == ("True", "Listening"))
    await running.order(running.place.start(1))
    await running.until(lambda: running.queue["status"]["running"] == ["shop/production"])
    await running.until(lambda: running.queue["status"]["running"] == [])


async def test_a_queue_that_cannot_be_reached_is_shown_and_others_go_on(running):
    running.place.doors.into.problem = "there is no such queue"
    await running.until(
        lambda: running.queue.get("status") and running.condition == ("False", "QueueUnreachable")
    )
    running.place.doors.into.problem = ""
    await running.until(lambda: running.condition == ("True", "Listening"))


async def test_a_deploy_queue_that_is_wrong_says_so_and_stops_no_other(running):
    metadata = {"name": "wrong", "namespace": NAMESPACE}
    running.place.cluster.put(DEPLOY_QUEUES, {"metadata": metadata, "spec": {"queue": 7}})
    await running.order(running.place.start(1))
    await running.until(lambda: running.place.endings(1))
    wrong = next(
        one for one in running.place.cluster.all(DEPLOY_QUEUES) if one["metadata"]["name"] == "wrong"
    )
    assert wrong["status"]["conditions"][0]["reason"] == "Invalid"
    assert "`spec.queue` must be text" in wrong["status"]["conditions"][0]["message"]


async def test_a_deploy_queue_stays_until_its_jobs_have_ended(running):
    await running.order(running.place.start(1))
    await running.until(lambda: running.place.workload.ran)
    running.place.cluster.remove(DEPLOY_QUEUES, "shop", NAMESPACE)
    await running.second()
    assert running.queue["metadata"]["deletionTimestamp"]
    await running.until(lambda: not running.place.cluster.all(DEPLOY_QUEUES))
    assert running.place.ending(1).exit_code == 0


async def test_secrets_of_the_pod_are_hidden_in_its_output(running):
    data = {"TOKEN": base64.b64encode(b"hunter2-hunter2").decode()}
    running.place.cluster.put(SECRETS, {"metadata": {"name": "keys", "namespace": NAMESPACE}, "data": data})
    spec = {
        **SPEC,
        "template": {"spec": {"containers": [{**CONTAINER, "envFrom": [{"secretRef": {"name": "keys"}}]}]}},
    }
    running.place.cluster.put(DEPLOY_QUEUES, {**running.queue, "spec": spec})
    running.place.workload.output = lambda _pod, step: f"{step} token=hunter2-hunter2\n"
    await running.order(running.place.start(1))
    await running.until(lambda: running.place.jobs and not running.is_held())
    assert b"hunter2" not in running.log()
    assert running.log().count(b"token=***\n") == 7


CONTAINER = {"name": "deploy", "image": "x"}


async def test_output_is_withheld_where_the_secrets_cannot_be_read(running):
    def before(verb, kind, _name):
        if kind.kind == "Secret":
            raise Forbidden(403, "Forbidden", "no")

    running.place.cluster.before = before
    spec = {
        **SPEC,
        "template": {"spec": {"containers": [CONTAINER], "volumes": [{"secret": {"secretName": "k"}}]}},
    }
    running.place.cluster.put(DEPLOY_QUEUES, {**running.queue, "spec": spec})
    await running.order(running.place.start(1))
    await running.until(lambda: running.place.jobs and not running.is_held())
    assert running.log() == WITHHELD


async def test_another_controller_goes_on_where_one_died_and_every_line_is_told_once(running):
    running.place.workload.lasts = 30
    await running.order(running.place.start(1))
    for _ in range(8):
        for _ in range(4):
            await running.second()
        await running.end()
        running.begin()
    await running.until(lambda: not running.is_held())
    assert running.log() == b"".join(f"line {step}\nmore\n".encode() for step in range(32))
    assert len(running.place.workload.ran) == 1


async def test_output_that_cannot_be_read_by_our_own_mistake_keeps_no_job(running, logged):
    def before(verb, _kind, _name):
        if verb == "log":
            msg = "nobody thought of this"
            raise ValueError(msg)

    running.place.cluster.before = before
    await running.order(running.place.start(1))
    await running.until(lambda: running.place.jobs and not running.is_held())
    assert running.log() == BROKEN
    assert [one["event"] for one in logged].count("our mistake; a log is read again") == 5
    assert running.place.ending(1).exit_code == 0


async def test_a_mistake_in_reading_output_that_passes_costs_no_line(running):
    left = [3]

    def before(verb, _kind, _name):
        if verb == "log" and left[0]:
            left[0] -= 1
            msg = "nobody thought of this"
            raise ValueError(msg)

    running.place.cluster.before = before
    await running.order(running.place.start(1))
    await running.until(lambda: running.place.jobs and not running.is_held())
    assert running.log() == b"".join(f"line {step}\nmore\n".encode() for step in range(7))


async def test_an_object_that_nobody_can_read_stops_no_other(running):
    metadata = {"name": "aaa", "namespace": NAMESPACE, "generation": "what?"}
    running.place.cluster.put(DEPLOY_QUEUES, {"metadata": metadata, "spec": SPEC})
    await running.rest()
    await running.end()
    running.begin()
    await running.order(running.place.start(1))
    await running.until(lambda: running.place.endings(1))
    assert not running.task.done()


async def test_a_message_that_breaks_us_stops_none_behind_it_and_comes_again(running):
    (broken, good) = await running.order(cast("Order", object()), running.place.start(1))
    await running.until(lambda: running.place.endings(1))
    assert broken.is_lost
    assert not broken.is_deleted
    assert good.is_deleted


async def test_tidying_goes_on_after_a_mistake(running):
    running.place.workload.lasts = 0
    broken = [True]

    def before(verb, kind, _name):
        if broken[0] and (verb, kind.kind) == ("delete", "Job"):
            broken[0] = False
            msg = "nobody thought of this"
            raise ValueError(msg)

    running.place.cluster.before = before
    for number in range(1, 6):
        await running.order(running.place.start(number))
        await running.until(partial(running.place.endings, number))
    await running.until(lambda: len(running.place.jobs) == 3, seconds=300)
    assert not broken[0]


async def test_watches_that_end_or_are_too_old_are_begun_again(running):
    running.place.cluster.watch_ends_after = 3
    await running.order(running.place.start(1))
    for _ in range(10):
        running.place.cluster.compact()
        await running.second()
    await running.until(lambda: running.place.jobs and not running.is_held())
    assert running.place.ending(1).exit_code == 0


async def test_an_api_server_that_is_away_for_a_while_costs_nothing_but_time(running):
    await running.order(running.place.start(1))
    await running.second()

    def before(_verb, _kind, _name):
        raise Unreachable(0, "Unreachable", "no answer")

    running.place.cluster.before = before
    calls = len(running.place.cluster.calls)
    for _ in range(60):
        await running.second()
    assert len(running.place.cluster.calls) - calls < 100, "it asks and asks"
    running.place.cluster.before = lambda *_: None
    await running.until(lambda: running.place.jobs and not running.is_held())
    assert running.place.ending(1).exit_code == 0


async def test_a_message_of_another_program_is_set_aside(running):
    (message,) = await running.order(ForeignMessage(fields={"hash": "v1"}))
    assert "passed no policy" in message.problem


async def test_nothing_is_asked_again_and_again_while_nothing_happens(running):
    await running.order(running.place.start(1))
    await running.until(lambda: running.place.jobs and not running.is_held())
    for _ in range(30):
        await running.second()
    calls = len(running.place.cluster.calls)
    for _ in range(300):
        await running.second()
    assert len(running.place.cluster.calls) - calls <= 10


async def test_old_jobs_go_and_the_newest_stay(running):
    running.place.workload.lasts = 0
    for number in range(1, 7):
        await running.order(running.place.start(number))
        await running.until(partial(running.place.endings, number))
    await running.until(lambda: len(running.place.jobs) == 3, seconds=200)
    assert {one["metadata"]["labels"]["funade.dev/attempt"] for one in running.place.cluster.all(JOBS)} == {
        "1"
    }


async def test_of_two_controllers_one_works_and_the_other_follows_when_it_dies():
    place = Place(clock=StoppedClock())
    working: list[str] = []

    async def work_as(name: str) -> None:
        working.append(name)
        try:
            await asyncio.Event().wait()
        finally:
            working.remove(name)

    tasks = {}
    for name in ("one", "two"):
        leader = Leader(cluster=place.cluster, namespace=NAMESPACE, clock=place.clock, identity=name)
        tasks[name] = asyncio.create_task(leader.run(partial(work_as, name)))
        await asyncio.sleep(0.01)

    async def seconds(number: int) -> None:
        for _ in range(number):
            place.clock.advance(seconds=1)
            for _ in range(20):
                await asyncio.sleep(0)

    await seconds(60)
    assert working == ["one"]
    tasks["one"].cancel()
    await seconds(30)
    assert working == ["two"]
    tasks["two"].cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)
