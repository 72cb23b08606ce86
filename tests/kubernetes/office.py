"""Gives orders as a server does, one turn at a time, but says each several times; and hears what comes back."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from funade.domain.messages import (
    Fact,
    OrderedCancel,
    OrderedStart,
    ReportedEnd,
    ReportedLog,
    ReportedSighting,
    ReportedStart,
)
from funade.domain.orders import EndedBy, Ending, Standing
from funade.domain.queue_text import read_fact, to_text
from tests.kubernetes.audit import Audit
from tests.kubernetes.shipped import order
from tests.kubernetes.standin import words

#: how many lines each Pod writes
LINES = 3
MOST_DELIVERIES = 5
LATEST_COPY_SECONDS = 6.0


class Kind(StrEnum):
    """What becomes of a deployment; there is a DeployQueue of each name."""

    GOOD = "good"
    BAD = "bad"
    CANCELLED = "cancelled"


EXIT = {Kind.GOOD: 0, Kind.BAD: 3}


@dataclass
class Voyage:
    """One deployment."""

    order: OrderedStart
    kind: Kind
    endings: set[Ending] = field(default_factory=set)
    began: bool = False
    log: bytearray = field(default_factory=bytearray)
    known: bytearray = field(default_factory=bytearray)  #: which bytes of the log were told
    output: int | None = None
    ended_at: float = 0.0

    @property
    def id(self) -> str:
        return self.order.execution.deployment

    def hear(self, fact: Fact) -> None:
        """Take what was told of it."""
        match fact:
            case ReportedStart():
                self.began = True
            case ReportedEnd():
                self.endings.add(fact.ending)
                self.output = fact.output
            case ReportedSighting() if fact.sighting.standing is Standing.SEALED and fact.sighting.ending:
                self.endings.add(fact.sighting.ending)
            case ReportedLog():
                end = fact.offset + len(fact.content)
                for one in (self.log, self.known):
                    one.extend(bytes(max(0, end - len(one))))
                self.log[fact.offset : end] = fact.content
                self.known[fact.offset : end] = b"1" * len(fact.content)
            case _:
                pass
        if self.endings and not self.ended_at:
            self.ended_at = time.monotonic()


@dataclass
class Office:
    """The other side of the queues; `orders` are the queues by kind, `facts` the one that all share."""

    sqs: Any
    orders: dict[Kind, str]
    facts: str
    choice: random.Random
    most_deliveries: int = MOST_DELIVERIES
    voyages: dict[str, Voyage] = field(default_factory=dict)
    sent: int = 0
    heard: int = 0
    _fences: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    _late: set[asyncio.Task[None]] = field(default_factory=set)
    _ended: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def listen(self) -> None:
        """Hear facts until cancelled."""
        while True:
            answer = await self.sqs.receive_message(
                QueueUrl=self.facts, MaxNumberOfMessages=10, WaitTimeSeconds=5
            )
            messages = answer.get("Messages") or []
            for one in messages:
                fact = read_fact(one["Body"])
                assert isinstance(fact, Fact), fact
                self.voyages[fact.execution.deployment].hear(fact)
                self.heard += 1
            if messages:
                entries = [
                    {"Id": str(number), "ReceiptHandle": one["ReceiptHandle"]}
                    for number, one in enumerate(messages)
                ]
                await self.sqs.delete_message_batch(QueueUrl=self.facts, Entries=entries)
                async with self._ended:
                    self._ended.notify_all()

    async def deploy(self, application: str, environment: str, turns: int, pause: float = 0.0) -> None:
        """Give one environment so many deployments, each when the end of the one before was told."""
        for _ in range(turns):
            await self._one(application, environment)
            await asyncio.sleep(pause)

    async def settle(self) -> None:
        """Return once every copy was sent."""
        while self._late:
            await asyncio.wait(set(self._late))

    async def close(self) -> None:
        """Send nothing more."""
        for one in self._late:
            one.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    async def _one(self, application: str, environment: str) -> None:
        place = f"{application}/{environment}"
        self._fences[place] += 1
        kind = self.choice.choices(list(Kind), weights=[6, 2, 2])[0]
        voyage = Voyage(order(application, environment, fence=self._fences[place]), kind)
        self.voyages[voyage.id] = voyage
        start = to_text(voyage.order)
        copies = self.choice.randint(1, self.most_deliveries)
        # One of them soon, so that somebody works; the others whenever, maybe after its end.
        self._say(kind, start, self.choice.uniform(0, 1))
        for _ in range(copies - 1):
            self._say(kind, start, self.choice.uniform(0, LATEST_COPY_SECONDS))
        if kind is Kind.CANCELLED:
            cancel = to_text(OrderedCancel(execution=voyage.order.execution, store=voyage.order.store))
            for _ in range(self.choice.randint(1, self.most_deliveries)):
                self._say(kind, cancel, self.choice.uniform(0, 4))
        async with self._ended:
            await self._ended.wait_for(lambda: voyage.endings)

    def _say(self, kind: Kind, body: str, later: float) -> None:
        async def say() -> None:
            await asyncio.sleep(later)
            await self.sqs.send_message(QueueUrl=self.orders[kind], MessageBody=body)
            self.sent += 1

        task = asyncio.create_task(say())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    def unfinished(self, audit: Audit) -> list[str]:
        """Return what of the logs is not told yet."""
        return [one.id for one in self.voyages.values() if self._wrong_log(one, audit)]

    def findings(self, audit: Audit) -> list[str]:
        """Return what was lost, doubled, or told wrong, as the API server saw it."""
        wrong = audit.doubled()
        for one in self.voyages.values():
            runs = audit.runs_of(one.id)
            problems = [*self._wrong_end(one), self._wrong_log(one, audit)]
            if one.kind is not Kind.CANCELLED and len(runs) != 1:
                problems.append(f"{len(runs)} Jobs of it were let run")
            if one.kind is not Kind.CANCELLED and [run.outcome for run in runs] != [
                "Failed" if EXIT[one.kind] else "Complete"
            ]:
                problems.append(f"its Jobs ended {[run.outcome for run in runs]}")
            wrong += [f"{one.id} ({one.kind}): {problem}" for problem in problems if problem]
        return wrong

    def _wrong_end(self, one: Voyage) -> Sequence[str]:
        if len(one.endings) != 1:
            return [f"its end was told as {one.endings}"]
        [ending] = one.endings
        if one.kind is Kind.CANCELLED:
            return [] if ending.by is EndedBy.CANCEL else [f"it was cancelled, and ended by {ending}"]
        is_right = (ending.by, ending.exit_code) == (EndedBy.ITSELF, EXIT[one.kind])
        return [] if is_right and one.began else [f"it ended by {ending}, began: {one.began}"]

    def _wrong_log(self, one: Voyage, audit: Audit) -> str:
        [name] = list(audit.pods[one.id].values()) or [""]
        written = words(name, LINES).encode() if name else b""
        if one.kind is Kind.CANCELLED:
            # A Pod that is ended takes what nobody had read along.
            is_right = written.startswith(bytes(one.log))
        else:
            is_right = bytes(one.log) == written and one.output in (None, len(written))
        is_whole = one.known == b"1" * len(one.log)
        return "" if is_right and is_whole else f"its log was told as {bytes(one.log)!r} of {written!r}"
