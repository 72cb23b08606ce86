"""A controller of its own process: `python -m tests.integration.stand_in ORDERS FACTS FOLDER`.

Each Job writes at once, and ends well once there is a file `go` in the folder; what began is a line in `began`.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from funade.domain.messages import OrderedStart
from funade.queue.address import parse_address
from funade.queue.sqs import Sqs, SqsQueue
from funade.runner.machine import SystemClock
from funade.testing.controller import StandInController
from funade.usecases.queue_ports import Message, Undone
from tests.contracts.queues import KEYS, REGION

#: More than one message, one of them no text.
OUTPUT = (
    b"00:01 deploy:starting\n",
    b"00:02 \xff\x00\n" + b"x" * 200_000 + b"\n",
    b"00:03 deploy:finished\n",
)
#: what each program waits for before it writes
WAITS_FOR = "no node takes its Pod: Unschedulable: 0/3 nodes are available"


class Muddled:
    """The sending end of a queue that brings all twice, in any order, and some of it much later than the rest."""

    def __init__(self, queue: SqsQueue) -> None:
        self._queue, self._chance = queue, Random(7)
        self._late: list[Message] = []

    async def send(self, messages: Sequence[Message]) -> Sequence[Undone]:
        """Send what came before and what comes now, but for some."""
        now = [*self._late, *messages, *messages]
        self._chance.shuffle(now)
        self._late = now[: len(now) // 4] if messages else []
        for one in now[len(self._late) :]:
            await self._queue.send([one])
        return ()


async def main(orders: str, facts: str, folder: Path) -> None:
    async with Sqs(lambda: KEYS) as room:
        home, told = (room.queue(parse_address(url, REGION)) for url in (orders, facts))
        muddled = Muddled(told) if (folder / "muddle").exists() else None
        to: Any = muddled or told
        controller = StandInController(home, to, SystemClock(), output=OUTPUT, waits_for=WAITS_FOR)
        controller.place.hangs()
        known = 0
        while True:
            await controller.step(timedelta(seconds=1))
            if muddled is not None:
                await muddled.send(())
            for order in controller.place.started[known:]:
                with (folder / "began").open("a") as lines:
                    it = order.execution
                    said = {
                        "deployment": it.deployment,
                        "attempt": it.attempt,
                        "revision": order.release.revision,
                    }
                    lines.write(json.dumps(said) + "\n")
            known = len(controller.place.started)
            (folder / "orders").write_text(
                json.dumps([one.digest for one in controller.read if isinstance(one, OrderedStart)])
            )
            if (folder / "go").exists():
                for execution in controller.place.running():
                    controller.place.finish(execution)
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
