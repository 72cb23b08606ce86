"""Take facts out of a queue: store what is ours, in any process and any order, then delete it; refuse the rest."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from funade.domain.deployment import Deployment
from funade.domain.gap import gap, is_marked
from funade.domain.messages import LOG_LIMIT, Fact, ReportedLog
from funade.failpoints import effect
from funade.usecases.fact_ports import EarlyOutput
from funade.usecases.ledger_ports import Ledger, Reading, Transaction
from funade.usecases.ports import Clock, GrowingLogs, Targets
from funade.usecases.queue_ports import Delivery, FactsIn, QueuePlace

AT_ONCE = 10
WAIT = timedelta(seconds=20)
#: Storing takes far less; whoever dies meanwhile makes others wait for so long.
HIDDEN = timedelta(seconds=20)
#: Output that is missing for so long is marked as missing: what comes behind it is worth more than waiting.
PATIENCE = timedelta(minutes=10)
#: What is so far ahead of all that came was not written by a program of ours.
FARTHEST = 1 << 30
PIECES_AT_ONCE = 20


@dataclass(slots=True, kw_only=True)
class ReceiveFacts:
    """Facts are a set, so that every process may do this at the same time, again, or late."""

    ledger: Ledger
    targets: Targets
    logs: GrowingLogs
    clock: Clock
    patience: timedelta = PATIENCE
    #: What was refused, each with its reason, for whoever reports; called once for each.
    report: Callable[[QueuePlace, Delivery, str], None] = field(default=lambda *_: None)

    async def __call__(self, facts: FactsIn, origin: QueuePlace, wait: timedelta = WAIT) -> int:
        """Deal with what comes within `wait`; return how many messages that were, or raise a FunadeError."""
        taken = await facts.take(AT_ONCE, wait, HIDDEN)
        for delivery, problem in (*taken.set_aside, *taken.left):
            self.report(origin, delivery, problem)
        verdicts = await self.ledger.read(lambda look: self._judge(look, taken.messages, origin))
        ours = [one for one, problem in zip(taken.messages, verdicts, strict=True) if problem is None]
        await self._store([fact for _, fact in ours])
        await facts.delete([delivery for delivery, _ in ours])
        for (delivery, _), why in zip(taken.messages, verdicts, strict=True):
            if why is not None:
                self.report(origin, delivery, why)
                await facts.refuse(delivery, why)
        return len(taken.messages) + len(taken.set_aside) + len(taken.left)

    async def mend(self) -> None:
        """Append output that waits and can go on, and mark what has been missing for too long."""
        now = self.clock.now()
        waiting = await self.ledger.read(lambda look: look.waiting_output(now, AT_ONCE))
        for deployment, attempt in waiting:
            await self._append_early(deployment, attempt)
        lost = await self.ledger.read(lambda look: look.waiting_output(now - self.patience, AT_ONCE))
        for deployment, attempt in lost:
            await self._mark_gap(deployment, attempt)

    def _judge(
        self, look: Reading, messages: Sequence[tuple[Delivery, Fact]], origin: QueuePlace
    ) -> list[str | None]:
        rows: dict[str, Deployment | None] = {}
        for _, fact in messages:
            id = fact.execution.deployment
            if id not in rows:
                rows[id] = look.deployment_by_id(id)
        return [self._problem(fact, rows[fact.execution.deployment], origin) for _, fact in messages]

    def _problem(self, fact: Fact, row: Deployment | None, origin: QueuePlace) -> str | None:
        """Return why a fact is none of ours, or None; whoever may write into one queue speaks for no other target."""
        it = fact.execution
        if row is None:
            return "no deployment of this store has that id"
        if fact.rest.get("store", self.ledger.id) not in ("", self.ledger.id):
            return "it is about an order of another store"
        wanted = self.targets.facts_from(row.release.target)
        if wanted is None or wanted.address != origin.address:
            return f"facts about deployment {row.number} do not come from this queue"
        if (it.application, it.environment) != (row.application, row.environment):
            return f"deployment {row.number} is of another environment"
        if it.attempt > max(1, row.attempt):
            return f"deployment {row.number} has made no such attempt"
        return self._problem_of_output(fact) if isinstance(fact, ReportedLog) else None

    def _problem_of_output(self, fact: ReportedLog) -> str | None:
        """Return why a piece cannot be put in its place; what people have read there is not changed any more."""
        it = fact.execution
        length = self.logs.length(it.deployment, it.attempt)
        if fact.offset > FARTHEST + length:
            return "its output begins far behind all that came before"
        if fact.offset < length:
            kept = self.logs.read(it.deployment, it.attempt, fact.offset, len(fact.content))
            if kept != fact.content[: len(kept)] and is_marked(kept):
                return "it came when its place in the output was marked as missing already"
        return None

    async def _store(self, facts: Sequence[Fact]) -> None:
        """Store output first: an end that is told before it would be shown without it."""
        if not facts:
            return
        pieces = sorted(
            (one for one in facts if isinstance(one, ReportedLog)),
            key=lambda one: (one.execution.deployment, one.execution.attempt, one.offset),
        )
        early = [
            one
            for one in pieces
            if not await self._append(
                one.execution.deployment, one.execution.attempt, one.offset, one.content
            )
        ]
        now = self.clock.now()

        def work(change: Transaction) -> None:
            for fact in facts:
                if not isinstance(fact, ReportedLog):
                    change.add_fact(fact, now)
            for one in early:
                change.add_early_output(
                    EarlyOutput(
                        deployment=one.execution.deployment,
                        attempt=one.execution.attempt,
                        offset=one.offset,
                        content=one.content,
                        at=now,
                    )
                )

        if early or len(pieces) < len(facts):
            with effect("store.add_facts"):
                await self.ledger.change(work)
        for deployment, attempt in {(one.execution.deployment, one.execution.attempt) for one in pieces}:
            await self._append_early(deployment, attempt)

    async def _append(self, deployment: str, attempt: int, offset: int, content: bytes) -> bool:
        """Append what is new of a piece; False when something in front of it is missing."""
        while True:
            length = await asyncio.to_thread(self.logs.length, deployment, attempt)
            if offset > length:
                return False
            new = content[length - offset :]
            if not new:
                return True
            # Somebody else may be faster; then the log is longer, and less of it is new.
            await asyncio.to_thread(self.logs.append, deployment, attempt, length, new)

    async def _append_early(self, deployment: str, attempt: int) -> None:
        while True:
            pieces = await self.ledger.read(
                lambda look: look.early_output(deployment, attempt, PIECES_AT_ONCE)
            )
            done = None
            for one in pieces:
                if not await self._append(deployment, attempt, one.offset, one.content):
                    break
                done = one.offset + 1
            if done is None:
                return
            until = done
            with effect("store.forget_early_output"):
                await self.ledger.change(
                    lambda change, until=until: change.forget_early_output(deployment, attempt, until)  # type: ignore[misc]  # bound early on purpose
                )

    async def _mark_gap(self, deployment: str, attempt: int) -> None:
        """Fill what is missing in front of the first piece that waits with a mark of the same length."""
        first = await self.ledger.read(lambda look: look.early_output(deployment, attempt, 1))
        for one in first:
            length = await asyncio.to_thread(self.logs.length, deployment, attempt)
            while length < one.offset:
                missing = min(one.offset - length, LOG_LIMIT)
                await asyncio.to_thread(self.logs.append, deployment, attempt, length, gap(missing))
                length = await asyncio.to_thread(self.logs.length, deployment, attempt)
        await self._append_early(deployment, attempt)
