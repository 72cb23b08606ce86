"""Deaths of the controller: at each of its effects and of its queues', in a story that comes there."""

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from funade.clients.kubernetes import JOBS, NotFound
from funade.clients.kubernetes import Kind as Things
from funade.controller.names import DEPLOY_QUEUES
from funade.domain.orders import EndedBy
from tests.crash.matrix import EFFECTS, MOMENTS
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.harbour import Harbour, harbour
from tests.kubernetes.office import Kind, Voyage

WRITTEN_TO = Path(__file__).with_name("deaths.json")
WITHIN_SECONDS = 90
#: Long enough for one controller to make its Job, also on a busy machine.
BEGINS_WITHIN = timedelta(seconds=15)
QUOTAS = Things("", "v1", "resourcequotas", "ResourceQuota")


@dataclass(frozen=True)
class Story:
    """What happens, and whose deaths it is for; `before` happens under replicas that die elsewhere, or none."""

    name: str
    act: Callable[[Harbour], Awaitable[None]]
    effects: tuple[str, ...]
    before: Callable[[Harbour], Awaitable[None]] | None = None
    leads: bool = False


async def until(happened: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            if await happened():
                return
            await asyncio.sleep(0.05)


async def deployed(place: Harbour) -> None:
    voyage = place.office.intend(Kind.GOOD)
    await place.office.say(voyage)
    await place.office.end_of(voyage)


async def led(place: Harbour) -> None:
    """Deploy, have the leader leave, and deploy again under another one."""
    await deployed(place)
    former = list(place.replicas.living)
    for one in former:
        one.send_signal(signal.SIGTERM)
    for one in former:
        await asyncio.to_thread(one.wait, WITHIN_SECONDS)
    place.replicas.bear()
    await deployed(place)


async def running(place: Harbour) -> Voyage:
    voyage = place.office.intend(Kind.CANCELLED)
    await place.office.say(voyage)

    async def began() -> bool:
        return bool(place.audit.pods[voyage.id])

    await until(began)
    return voyage


async def cancelled(place: Harbour) -> None:
    voyage = await running(place)
    await place.office.say(voyage, cancel=True)
    await place.office.end_of(voyage)


async def too_late(place: Harbour) -> None:
    """Have a controller die before it lets the Job run, until it may not begin any more."""
    child = place.replicas.bear("controller.resume_job:before=kill")
    voyage = place.office.intend(Kind.CANCELLED)
    not_after = datetime.now(UTC) + BEGINS_WITHIN
    voyage.order = replace(voyage.order, not_after=not_after)
    voyage.ends_by = EndedBy.NEVER_STARTED
    await place.office.say(voyage)
    await asyncio.to_thread(child.wait, WITHIN_SECONDS)
    place.replicas.bury()

    async def is_over() -> bool:
        return datetime.now(UTC) > not_after

    await until(is_over)


async def found_too_late(place: Harbour) -> None:
    [voyage] = place.office.voyages.values()
    await place.office.end_of(voyage)


async def its_job_is_deleted(place: Harbour) -> None:
    voyage = await running(place)
    [job] = (await place.cluster.list(JOBS, place.replicas.namespace)).objects
    await place.cluster.delete(JOBS, job["metadata"]["name"], place.replicas.namespace)
    await place.office.end_of(voyage)


async def waiting_for_room(place: Harbour) -> None:
    """Forbid any Job, have the order kept in hand, and make room."""
    metadata = {"name": "no-jobs", "namespace": place.replicas.namespace}
    none = {"hard": {"count/jobs.batch": "0"}}
    quota = await place.cluster.create(QUOTAS, {"metadata": metadata, "spec": none}, manager="ada")
    status = {**none, "used": {"count/jobs.batch": "0"}}
    await place.cluster.replace_status(QUOTAS, {**quota, "status": status}, manager="ada")
    voyage = place.office.intend(Kind.GOOD)
    await place.office.say(voyage)
    # For two beats of whoever has it.
    await asyncio.sleep(3)
    await place.cluster.delete(QUOTAS, "no-jobs", place.replicas.namespace)
    await place.office.end_of(voyage)


async def outdated(place: Harbour) -> None:
    """Keep no Job that has ended; the same order again makes no other."""
    change = {"spec": {"history": {"succeeded": 0}}}
    namespace = place.replicas.namespace
    await place.cluster.patch(DEPLOY_QUEUES, str(Kind.GOOD), namespace, change, manager="ada")
    await deployed(place)

    async def is_gone() -> bool:
        return not (await place.cluster.list(JOBS, namespace)).objects

    await until(is_gone)
    [voyage] = place.office.voyages.values()
    heard = place.office.heard
    await place.office.say(voyage)

    async def answered() -> bool:
        return place.office.heard > heard

    await until(answered)


async def leaving(place: Harbour) -> None:
    """Delete the DeployQueue after a deployment, and see it go."""
    await deployed(place)
    namespace = place.replicas.namespace

    async def is_gone() -> bool:
        with suppress(NotFound):
            await place.cluster.get(DEPLOY_QUEUES, str(Kind.GOOD), namespace)
            return False
        return True

    await place.cluster.delete(DEPLOY_QUEUES, str(Kind.GOOD), namespace)
    await until(is_gone)


STORIES = (
    Story(
        "a deploy",
        deployed,
        (
            "controller.hold_queue",
            "controller.show_status",
            "controller.make_guard",
            "controller.write_guard",
            "controller.create_job",
            "controller.resume_job",
            "controller.tell",
            "controller.tell_log",
            "controller.keep_place_in_log",
            "controller.release_job",
            "queue.receive",
            "queue.send",
            "queue.delete",
        ),
    ),
    Story(
        "a leader leaves",
        led,
        ("controller.make_lease", "controller.renew_lease", "controller.give_up_lead"),
        leads=True,
    ),
    Story("a cancel", cancelled, ("controller.stop_job",)),
    Story("too late to begin", found_too_late, ("controller.delete_job",), before=too_late),
    Story("its Job is deleted", its_job_is_deleted, ("controller.stop_pod",)),
    Story("no room for a Job yet", waiting_for_room, ("queue.extend",)),
    Story("an old Job", outdated, ("controller.forget_job",)),
    Story("its DeployQueue leaves", leaving, ("controller.release_queue",)),
)
#: Where two replicas die by default; everywhere in the long run.
TELLING = (
    "controller.make_guard",
    "controller.write_guard",
    "controller.create_job",
    "controller.resume_job",
    "controller.tell",
    "queue.delete",
    "controller.give_up_lead",
)


_STORED = "tests/integration/test_queue_crashes.py: of queues in a store, not of SQS"
_SHOWN = "what is shown in events of Kubernetes decides nothing"
#: What no story here comes to, and who does, or why it does not matter.
ELSEWHERE = {
    "queue.change_stored": _STORED,
    "queue.create_message": _STORED,
    "queue.hold_message": _STORED,
    "queue.remove_message": _STORED,
    "controller.count_event": _SHOWN,
    "controller.make_event": _SHOWN,
    "controller.forget_message": "tests/scenarios/test_controller_foreign.py: no story has foreign messages",
}


def ours() -> set[str]:
    """Return every effect that a controller has."""
    return {one for one in EFFECTS if one.startswith(("controller.", "queue.")) and one not in ELSEWHERE}


@dataclass(frozen=True)
class Death:
    """So many replicas, each of which dies when it comes there first."""

    story: Story
    point: str
    replicas: int


@dataclass(frozen=True)
class Sailed:
    """What came of it."""

    death: Death
    died: int
    ends: tuple[str, ...]
    findings: tuple[str, ...]

    @property
    def row(self) -> dict[str, Any]:
        return {
            "point": self.death.point,
            "replicas": self.death.replicas,
            "story": self.death.story.name,
            "ends": list(self.ends),
            "died": self.died,
            "holds": not self.findings,
        }


def deaths_of(story: Story, replicas: int, *, everything: bool) -> list[Death]:
    return [
        Death(story, f"{effect}:{moment}", replicas)
        for effect in story.effects
        if everything or replicas == 1 or effect in TELLING
        for moment in MOMENTS
    ]


async def sail(death: Death, plane: ControlPlane, cluster: Any, folder: Path, endpoint: str) -> Sailed:
    """Carry it through, and look at everything afterwards."""
    own = folder / f"{death.point.replace(':', '-')}-{death.replicas}"
    own.mkdir()
    async with harbour(plane, cluster, own, endpoint, 0, leads=death.story.leads) as place:
        findings: list[str] = []
        died = 0
        try:
            async with asyncio.timeout(2 * WITHIN_SECONDS):
                if death.story.before is not None:
                    await death.story.before(place)
                died = await _act(death, place)
                await place.settle()
        except (TimeoutError, AssertionError) as error:
            findings.append(f"{type(error).__name__}: {error}")
        findings += place.office.findings(place.audit)
        if findings or not died:
            findings.append(f"{death.point}, {died} died: {place.replicas.words()}")
        ends = tuple(shown(one) for one in place.office.voyages.values())
        return Sailed(death, died, ends, tuple(findings))


async def _act(death: Death, place: Harbour) -> int:
    armed = [place.replicas.bear(f"{death.point}=kill") for _ in range(death.replicas)]
    acting = asyncio.create_task(_told(death.story, place))
    try:
        dying = [asyncio.to_thread(one.wait) for one in armed]
        waiting = [acting, *(asyncio.ensure_future(one) for one in dying)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        place.replicas.bear()
        await acting
        if not any(one.done() for one in waiting[1:]):
            # It may have been the last thing that was to be done.
            await asyncio.wait(waiting[1:], timeout=5, return_when=asyncio.FIRST_COMPLETED)
    finally:
        acting.cancel()
    died = sum(one.returncode == -signal.SIGKILL for one in armed)
    for one in armed:
        one.kill()
    place.replicas.living = [one for one in place.replicas.living if one not in armed]
    return died


async def _told(story: Story, place: Harbour) -> None:
    await story.act(place)

    async def is_whole() -> bool:
        return not place.office.unfinished(place.audit) and not place.audit.held

    await until(is_whole)


def shown(voyage: Voyage) -> str:
    endings = [f"{one.by}{'' if one.exit_code is None else f' {one.exit_code}'}" for one in voyage.endings]
    return ", ".join(sorted(endings)) or "never"


def write(sailed: Iterable[Sailed]) -> None:
    """Write what came of these; what others have seen stays."""
    rows = json.loads(WRITTEN_TO.read_text()) if WRITTEN_TO.exists() else []
    kept = {(one["point"], one["replicas"]): one for one in rows}
    kept |= {(one.death.point, one.death.replicas): one.row for one in sailed}
    lines = ",\n".join(json.dumps(kept[key]) for key in sorted(kept))
    WRITTEN_TO.write_text(f"[\n{lines}\n]\n")
