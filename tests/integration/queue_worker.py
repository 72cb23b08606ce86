"""A process with a queue: sends what it must, takes what comes, writes it down, and ends when nothing is left.

`python queue_worker.py HOME DEAD FILE`; it dies where `FUNADE_FAILPOINTS` says. A store lies beside the file.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path

from funade.clients.kubernetes import connect
from funade.domain.messages import ForeignMessage
from funade.domain.near_queues import ClusterAddress, StoreAddress
from funade.domain.queue_text import read_order
from funade.queue.address import parse_address, parse_near
from funade.queue.dead_letters import DeadLetterQuarantine
from funade.queue.in_cluster import ClusterQueue
from funade.queue.intake import Intake
from funade.queue.sqs import Sqs
from funade.queue.stored import StoredQueues
from funade.runner.machine import RandomIds, SystemClock
from funade.store.sqlite import SqliteLedger
from funade.usecases.queue_ports import Message, Queue
from tests.contracts.queues import KEYS, REGION

BODIES = [json.dumps({"n": number}) for number in range(12)]
BROKEN = "{"
HIDDEN = timedelta(seconds=1)
WAIT = timedelta(seconds=1)


async def main(home_url: str, dead_url: str, file: Path) -> None:
    """Do all of it again after each death, as whoever has rows would."""
    async with opened(home_url, dead_url, file.with_suffix(".sqlite")) as (home, dead):
        # As an outbox does: what is not known to be sent is sent again, under the same keys.
        messages = [
            Message(body=body, key=f"n{number}", group=f"g{number % 3}") for number, body in enumerate(BODIES)
        ]
        broken = Message(body=BROKEN, key="broken", group="g0")
        assert await home.send([*messages[:6], broken, *messages[6:]]) == []
        intake = Intake(home, read_order, DeadLetterQuarantine(dead))
        while await anything_in(home):
            taken = await intake.take(10, WAIT, HIDDEN)
            deliveries = [delivery for delivery, _ in taken.messages]
            await home.extend(deliveries, HIDDEN)
            for _, read in taken.messages:
                assert isinstance(read, ForeignMessage)
                write_down(file, str(read.fields["n"]))
            await home.delete(deliveries)


@asynccontextmanager
async def opened(home: str, dead: str, store: Path) -> AsyncIterator[tuple[Queue, Queue]]:
    """Open both queues, wherever they are."""
    clock, ids = SystemClock(), RandomIds()
    match parse_near(home), parse_near(dead):
        case StoreAddress() as here, StoreAddress() as there:
            with closing(SqliteLedger(store)) as ledger:
                queues = StoredQueues(ledger, clock, ids)
                yield queues.queue(here), queues.queue(there)
        case ClusterAddress() as here, ClusterAddress() as there:
            async with connect() as cluster:
                yield ClusterQueue(cluster, here, clock, ids), ClusterQueue(cluster, there, clock, ids)
        case _:
            async with Sqs(lambda: KEYS) as room:
                yield room.queue(parse_address(home, REGION)), room.queue(parse_address(dead, REGION))


async def anything_in(queue: Queue) -> bool:
    state = await queue.state()
    return state.waiting + state.in_hand > 0


def write_down(file: Path, number: str) -> None:
    """Keep it for good, once: this stands for the guard."""
    with file.open("a+") as lines:
        lines.seek(0)
        if number not in lines.read().split():
            lines.write(f"{number}\n")
            lines.flush()
            os.fsync(lines.fileno())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
