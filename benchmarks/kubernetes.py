"""`funade controller`: how soon a message is a Job, and how many become one in a second.

A real etcd and kube-apiserver 1.34 on loopback, the controller a process of its own under the rights that are shipped,
orders from ElasticMQ (or ministack, where there is no JDK: `queues` says which). Kubernetes' own controller of Jobs is
not there: the measurement says of each Job that it is complete, so that nothing else takes the processors.
1. 300 orders, each for another environment, one after the other, a fifth of a second after the one before runs and is
complete, whose end is told meanwhile: from just before the send until a watch of aiohttp shows the Job; beside it, from
a bare send until a bare long poll has the message, and a bare create of the Job.
2. 400 orders that wait in the queue when the controller starts, from the first Job to the last; beside it the same
DeployGuards and Jobs made by a loop of aiohttp, one after the other, in the same run; and the Jobs alone.
"""

import asyncio
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks._cluster import GUARDS, JOBS, Heard, Stage, fresh, listening, on_stage
from benchmarks._ground import percentile, processor_seconds
from funade.domain.queue_text import to_text
from tests.kubernetes.shipped import order, process

MESSAGES, WARM, WAITING = 300, 10, 400


def run() -> dict[str, Any]:
    """Return the figures; or why it was left out."""
    return on_stage(_measure)


async def _measure(stage: Stage) -> dict[str, Any]:
    found = {"one_by_one": await _one_by_one(stage)}
    found["many_at_once"] = await _many_at_once(stage)
    return found


async def _one_by_one(stage: Stage) -> dict[str, float]:
    namespace, kubeconfig, [url] = await stage.place("shop")
    taken = []
    async with (
        process(kubeconfig, namespace, stage.folder, "--alone") as controller,
        listening(stage, namespace) as heard,
    ):
        await stage.until_ready(namespace)
        for number in range(MESSAGES + WARM):
            taken.append(await _one(stage, heard, url, number) * 1000)
            # Not at the same moment of a long poll each time.
            await asyncio.sleep(0.2 + number % 7 * 0.01)
        used = processor_seconds(controller.pid)
    jobs = await stage.cluster.list(JOBS.format(namespace))
    into_hand, made = await _bare(stage, fresh(jobs, stage.plane.new_namespace()))
    ours = taken[WARM:]
    return {
        "messages": len(ours),
        "message_to_job_p50_ms": median(ours),
        "message_to_job_p99_ms": percentile(ours, 99),
        "bare_send_to_hand_p50_ms": median(into_hand),
        "bare_send_to_hand_p99_ms": percentile(into_hand, 99),
        "bare_create_p50_ms": median(made),
        "bare_create_p99_ms": percentile(made, 99),
        "processor_ms_a_deployment": used * 1000 / (MESSAGES + WARM),
    }


async def _one(stage: Stage, heard: Heard, url: str, number: int) -> float:
    """Return in how many seconds an order was a Job; its end is told while the next one comes."""
    one = order(f"shop{number}")
    deployment, body = one.execution.deployment, to_text(one)
    began = time.perf_counter()
    await stage.sqs.send_message(QueueUrl=url, MessageBody=body)
    await heard.until(lambda: deployment in heard.created)
    await heard.until(lambda: not heard.now[deployment]["spec"]["suspend"])
    job = heard.now[deployment]
    await stage.cluster.finish(JOBS.format(job["metadata"]["namespace"]), job)
    return heard.created[deployment] - began


async def _bare(stage: Stage, jobs: Sequence[Any]) -> tuple[list[float], list[float]]:
    """Return what a message needs into a hand that waits, and what one create needs."""
    url = await stage.queue("bare")
    into_hand, made = [], []
    for job in jobs:
        reading = asyncio.create_task(
            stage.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=20)
        )
        await asyncio.sleep(0.02)
        began = time.perf_counter()
        await stage.sqs.send_message(QueueUrl=url, MessageBody=to_text(order()))
        [message] = (await reading)["Messages"]
        into_hand.append((time.perf_counter() - began) * 1000)
        await stage.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        began = time.perf_counter()
        await stage.cluster.send("POST", JOBS.format(job["metadata"]["namespace"]), job)
        made.append((time.perf_counter() - began) * 1000)
    return into_hand, made


async def _many_at_once(stage: Stage) -> dict[str, float]:
    namespace, kubeconfig, [url] = await stage.place("shop")
    bodies = [to_text(order(f"shop{number}")) for number in range(WAITING)]
    for start in range(0, WAITING, 10):
        entries = [
            {"Id": str(number), "MessageBody": one} for number, one in enumerate(bodies[start : start + 10])
        ]
        await stage.sqs.send_message_batch(QueueUrl=url, Entries=entries)
    async with (
        listening(stage, namespace) as heard,
        process(kubeconfig, namespace, stage.folder, "--alone") as controller,
    ):
        await heard.until(lambda: heard.created)
        used = processor_seconds(controller.pid)
        await heard.until(lambda: len(heard.created) == WAITING)
        used = processor_seconds(controller.pid) - used
    moments = sorted(heard.created.values())
    ours = (WAITING - 1) / (moments[-1] - moments[0])
    guards, jobs = [await stage.cluster.list(path.format(namespace)) for path in (GUARDS, JOBS)]
    other = stage.plane.new_namespace()
    pairs = list(zip(fresh(guards, other), fresh(jobs, other), strict=True))
    began = time.perf_counter()
    for guard, job in pairs:
        await stage.cluster.send("POST", GUARDS.format(other), guard)
        await stage.cluster.send("POST", JOBS.format(other), job)
    both = WAITING / (time.perf_counter() - began)
    another = stage.plane.new_namespace()
    alone = fresh(jobs, another)
    began = time.perf_counter()
    for job in alone:
        await stage.cluster.send("POST", JOBS.format(another), job)
    jobs_alone = WAITING / (time.perf_counter() - began)
    return {
        "messages": WAITING,
        "jobs_a_second": ours,
        "processor_percent_meanwhile": 100 * used / (moments[-1] - moments[0]),
        "bare_guards_and_jobs_a_second": both,
        "ratio_to_guards_and_jobs": ours / both,
        "bare_jobs_alone_a_second": jobs_alone,
        "ratio_to_jobs_alone": ours / jobs_alone,
    }
