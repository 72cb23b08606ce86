"""What `funade controller` costs while nothing happens: 500 DeployQueues, 500 queues, 5,000 finished Jobs.

A real etcd and kube-apiserver 1.34 on loopback, the controller a process of its own with the Lease and under the rights
that are shipped; each DeployQueue has a queue of ElasticMQ (or ministack, where there is no JDK: `queues` says which),
asked in a long poll. The Jobs are over and of 500 environments, whose guards remember them. Processor and memory from
/proc, over two minutes at rest, in which the old Jobs are looked through twice.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks._cluster import GUARDS, JOBS, QUEUES, Stage, on_stage
from benchmarks._ground import processor_seconds, resident_mb
from funade.controller.deploy_queue import DeployQueue, parse
from funade.controller.guard import Attempt, Guard, Phase, Told, Wanted, to_spec
from funade.controller.job import job_for, released, resumed
from funade.controller.names import GUARD, guard_name
from funade.domain.orders import EndedBy, Ending
from tests.kubernetes.shipped import order, process

SILENT, FINISHED, REST_SECONDS, WATCHED_SECONDS = 500, 5000, 30, 120
SIDE_BY_SIDE = 16


def run() -> dict[str, Any]:
    """Return the share of one core, and the memory; or why it was left out."""
    return on_stage(_idle)


async def _idle(stage: Stage) -> dict[str, float]:
    namespace, kubeconfig, _ = await stage.place(*(f"shop{number}" for number in range(SILENT)))
    await _fill(stage, namespace)
    async with process(kubeconfig, namespace, stage.folder) as controller:
        await stage.until_ready(namespace)
        await asyncio.sleep(REST_SECONDS)
        before = processor_seconds(controller.pid)
        await asyncio.sleep(WATCHED_SECONDS)
        used = processor_seconds(controller.pid) - before
        return {
            "deploy_queues": SILENT,
            "finished_jobs": FINISHED,
            "percent_of_a_core": used / WATCHED_SECONDS * 100,
            "resident_mb": resident_mb(controller.pid),
            "resident_at_most_mb": resident_mb(controller.pid, "VmHWM"),
        }


async def _fill(stage: Stage, namespace: str) -> None:
    """Leave behind what years of deployments have: Jobs that are over, and the guards that remember them."""
    side_by_side = asyncio.Semaphore(SIDE_BY_SIDE)
    raw = {one["metadata"]["name"]: one for one in await stage.cluster.list(QUEUES.format(namespace))}

    async def fill(name: str) -> None:
        queue = parse(raw[name])
        if not isinstance(queue, DeployQueue):
            raise TypeError(name)
        attempts = [_ended(queue, name, fence) for fence in range(1, FINISHED // SILENT + 1)]
        guard = guard_name(name, "production")
        async with side_by_side:
            for attempt in attempts:
                job = released(resumed(job_for(attempt, queue, guard, namespace), datetime.now(UTC)))
                made = await stage.cluster.send("POST", JOBS.format(namespace), job)
                await stage.cluster.finish(JOBS.format(namespace), made)
            memory = Guard(application=name, environment="production", store="store-1")
            for attempt in attempts:
                memory = memory.having(attempt)
            body = {
                "apiVersion": "funade.dev/v1",
                "kind": "DeployGuard",
                "metadata": {"name": guard, "labels": {GUARD: guard}},
                "spec": to_spec(memory),
            }
            await stage.cluster.send("POST", GUARDS.format(namespace), body)

    await asyncio.gather(*(fill(name) for name in raw))


def _ended(queue: DeployQueue, application: str, fence: int) -> Attempt:
    one, at = order(application, fence=fence), datetime.now(UTC) - timedelta(minutes=fence)
    return Attempt(
        execution=one.execution,
        digest=one.digest,
        phase=Phase.ENDED,
        queue=queue.name,
        facts=queue.facts,
        store=one.store,
        wanted=Wanted(repository=one.repository, ref=one.ref, revision=one.revision, not_after=one.not_after),
        exit=0,
        began=at,
        ending=Ending(by=EndedBy.ITSELF, exit_code=0, at=at),
        output=0,
        told=(Told.STARTED, Told.ENDED),
    )
