"""What a queue between networks costs: from the send into the hand of a waiting reader, and 500 queues that are silent.

Against ministack on this machine, an AWS that somebody else wrote, so that the network is not in it. One message after
the other, 300 times: from just before its send until a reader in a long poll has it; and the same with bare calls of
aiobotocore. Then 500 queues, each with a long poll of 20 s: memory and processor of the process that waits, over 40 s.
"""

import asyncio
import os
import time
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

from aiobotocore.session import get_session

from funade.queue.address import parse_address
from funade.queue.sqs import Sqs
from funade.usecases.queue_ports import Message, Queue
from tests.contracts.queues import KEYS, REGION, create, server

MESSAGES, SILENT, WATCHED_SECONDS = 300, 500, 40
LONG = timedelta(seconds=20)


def run() -> dict[str, float]:
    """Return the figures."""
    with TemporaryDirectory(prefix="funade-bench-") as folder, server("ministack", Path(folder)) as endpoint:
        return asyncio.run(_measure(endpoint))


async def _measure(endpoint: str) -> dict[str, float]:
    url = create(endpoint, "queue")
    async with Sqs(lambda: KEYS) as room:
        queue = room.queue(parse_address(url, REGION))
        ours = [await _into_hand(queue) for _ in range(MESSAGES)]
        idle = await _silence(
            [room.queue(parse_address(_another(url, one), REGION)) for one in range(SILENT)]
        )
    async with get_session().create_client(
        "sqs",
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=KEYS.access_key,
        aws_secret_access_key=KEYS.secret_key,
    ) as client:
        bare = [await _into_hand_bare(client, url) for _ in range(MESSAGES)]
    return {
        "into_hand_p50_ms": median(ours),
        "into_hand_p99_ms": quantiles(ours, n=100)[98],
        "bare_into_hand_p50_ms": median(bare),
        "bare_into_hand_p99_ms": quantiles(bare, n=100)[98],
        **idle,
    }


async def _into_hand(queue: Queue) -> float:
    reading = asyncio.create_task(queue.receive(10, LONG, LONG))
    await asyncio.sleep(0.01)
    began = time.perf_counter()
    await queue.send([Message(body="x", key="k", group="g")])
    deliveries = await reading
    took = time.perf_counter() - began
    await queue.delete(deliveries)
    return took * 1000


async def _into_hand_bare(client: Any, url: str) -> float:
    reading = asyncio.create_task(
        client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=20)
    )
    await asyncio.sleep(0.01)
    began = time.perf_counter()
    await client.send_message(QueueUrl=url, MessageBody="x")
    answer = await reading
    took = time.perf_counter() - began
    for one in answer["Messages"]:
        await client.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return took * 1000


async def _silence(queues: list[Any]) -> dict[str, float]:
    polls = [asyncio.create_task(_wait_for_ever(one)) for one in queues]
    await asyncio.sleep(5)
    processor, began = time.process_time(), time.monotonic()
    await asyncio.sleep(WATCHED_SECONDS)
    share = (time.process_time() - processor) / (time.monotonic() - began)
    resident = _resident_mb()
    for one in polls:
        one.cancel()
    began = time.monotonic()
    await asyncio.wait(polls)
    return {
        "silent_queues": len(queues),
        "silent_processor_percent": 100 * share,
        "silent_resident_mb": resident,
        "stopped_after_ms": (time.monotonic() - began) * 1000,
    }


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def _wait_for_ever(queue: Queue) -> None:
    while True:
        await queue.receive(10, LONG, LONG)


def _another(url: str, number: int) -> str:
    return create(url.rpartition("/")[0].rpartition("/")[0], f"silent-{number}")
