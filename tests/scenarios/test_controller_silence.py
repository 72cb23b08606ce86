"""A deployment that is silent for six hours of the test's own time is looked after all the while, and heard at last."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import pytest

from funade.clients.kubernetes.kinds import LEASES
from funade.controller.leader import Leader
from funade.controller.loop import Controller
from funade.domain.messages import OrderedLook, ReportedEnd, ReportedLog, ReportedSighting
from funade.domain.orders import EndedBy, Standing
from funade.testing.orders import FakeHeld
from funade.testing.time import StoppedClock
from tests.scenarios.controller_world import NAMESPACE, SPEC, Place, execution

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]

STEP_SECONDS, ASKED_EVERY_SECONDS, HOURS = 5, 300, 6
TURNS = 15


@dataclass
class Watch:
    """Two replicas under a Lease, whose time is the test's."""

    place: Place = field(
        default_factory=lambda: Place(clock=StoppedClock(), spec={**SPEC, "timeLimit": "12h"})
    )
    replicas: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    #: who has worked, each time somebody began to
    worked: list[str] = field(default_factory=list)

    def begin(self, name: str) -> None:
        place = self.place

        async def work() -> None:
            self.worked.append(name)
            await Controller(
                cluster=place.cluster, namespace=NAMESPACE, clock=place.clock, doors=place.doors
            ).run()

        leader = Leader(cluster=place.cluster, namespace=NAMESPACE, clock=place.clock, identity=name)
        self.replicas[name] = asyncio.create_task(leader.run(work))

    async def die(self, name: str) -> None:
        task = self.replicas.pop(name)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def steps(self, number: int, *, works: bool = False) -> None:
        for _ in range(number):
            if works:
                self.place.workload.step()
            self.place.clock.advance(seconds=STEP_SECONDS)
            for _ in range(TURNS):
                await asyncio.sleep(0)

    async def silence(self, hours: float) -> None:
        """Let time pass in which nothing happens; now and then a server asks what is so."""
        for number in range(int(hours * 3600 / ASKED_EVERY_SECONDS)):
            look = OrderedLook(execution=execution(1), question=f"{self.worked}-{number}", store="store-1")
            self.place.doors.into.waiting.append(FakeHeld(look.question, look))
            await self.steps(ASKED_EVERY_SECONDS // STEP_SECONDS)

    def log(self) -> bytes:
        content = bytearray()
        for one in self.place.facts:
            if isinstance(one, ReportedLog):
                assert one.offset == len(content), "each line once"
                content += one.content
        return bytes(content)


async def test_six_silent_hours_give_nothing_up_and_the_line_after_them_is_told():
    watch = Watch()
    place = watch.place
    said = {0: "the first line\n"}
    place.workload.lasts = 1000
    place.workload.output = lambda _pod, step: said.get(step, "")
    watch.begin("one")
    await watch.steps(2)
    watch.begin("two")
    place.doors.into.waiting.append(FakeHeld("start", place.start(1)))
    await watch.steps(6, works=True)
    assert watch.log() == b"the first line\n"
    await watch.silence(HOURS / 2)
    assert watch.worked == ["one"]
    (lease,) = place.cluster.all(LEASES)
    assert lease["spec"]["holderIdentity"] == "one"
    await watch.die("one")
    await watch.silence(HOURS / 2)
    assert watch.worked == ["one", "two"]
    said |= dict.fromkeys(range(1000), "the last line\n")
    await watch.steps(1, works=True)
    said.clear()
    await watch.steps(6, works=True)
    assert watch.log() == b"the first line\nthe last line\n"
    place.workload.lasts = 0
    await watch.steps(12, works=True)
    await watch.die("two")
    sightings = Counter(one.sighting.standing for one in place.facts if isinstance(one, ReportedSighting))
    assert sightings == {Standing.RUNNING: HOURS * 3600 // ASKED_EVERY_SECONDS}
    (ending,) = {one.ending for one in place.facts if isinstance(one, ReportedEnd)}
    assert (ending.by, ending.exit_code) == (EndedBy.ITSELF, 0)
    assert len(place.workload.ran) == 1
