"""The controller itself over a cluster in memory: `python -m tests.integration.cluster_in_memory ORDERS FACTS FOLDER`.

Its pods end well after a moment; the Jobs that were ever there are in the file `jobs`, each a line.
"""

import asyncio
import sys
from pathlib import Path

from funade.clients.kubernetes.kinds import JOBS
from funade.controller.loop import Controller
from funade.controller.names import DEPLOY_QUEUES
from funade.queue.address import parse_address
from funade.queue.sqs import Sqs
from funade.runner.machine import SystemClock
from funade.testing.cluster import FakeCluster
from funade.testing.workload import Workload
from funade.usecases.queue_ports import Queue
from funade.wiring.controller import QueueDoors
from tests.contracts.queues import KEYS, REGION

STEP_SECONDS = 0.2


async def main(orders: str, facts: str, folder: Path) -> None:
    clock = SystemClock()
    cluster = FakeCluster(clock)
    workload = Workload(cluster)
    spec = {
        "queue": orders,
        "factsQueue": facts,
        "region": REGION,
        "revisionVariable": "REVISION",
        "arguments": ["deploy", "{environment}", "{ref}"],
        "template": {"spec": {"containers": [{"name": "deploy", "image": "shop-deploy"}]}},
    }
    cluster.put(DEPLOY_QUEUES, {"metadata": {"name": "shop", "namespace": "funade"}, "spec": spec})
    seen: set[str] = set()
    async with Sqs(lambda: KEYS) as room:

        async def open_queue(url: str, region: str) -> Queue:
            return room.queue(parse_address(url, region or REGION))

        doors = QueueDoors(open_queue, clock)
        controller = Controller(cluster=cluster, namespace="funade", clock=clock, doors=doors)
        running = asyncio.create_task(controller.run())
        while not running.done():
            workload.step()
            seen |= {str(job["metadata"]["name"]) for job in cluster.all(JOBS)}
            (folder / "jobs").write_text("\n".join(sorted(seen)))
            await asyncio.sleep(STEP_SECONDS)
        running.result()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
