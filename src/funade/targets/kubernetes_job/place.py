"""The place behind two queues: orders go out, what comes back are facts in the store, maybe late, twice, or never.

Nothing here is believed but facts. Whoever waits reads the store; which process received a fact makes no difference.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta

from funade.domain.errors import (
    GuardRefused,
    PermanentTargetError,
    QueueError,
    TemporaryQueueError,
    TemporaryTargetError,
)
from funade.domain.messages import CANCEL, START, Order, OrderedCancel, OrderedLook, OrderedStart
from funade.domain.orders import Execution, Sighting, Standing, StartOrder
from funade.failpoints import effect
from funade.targets import Surroundings
from funade.targets.kubernetes_job.config import Settings
from funade.targets.kubernetes_job.plan import repository_of
from funade.targets.kubernetes_job.questions import Asking, Questions, new_question
from funade.targets.kubernetes_job.told import Told, told_by
from funade.usecases.ledger_ports import Ledger
from funade.usecases.queue_ports import Exchange

#: For so long an answer is waited for before others are told that there is none yet.
ANSWER = timedelta(seconds=10)
#: Between two looks at what has come, at most.
GLANCE = timedelta(seconds=1)
#: Between two looks, at least: others change the ledger too, often many times a second.
BREATH_SECONDS = 0.05
#: For so long what was just asked for may be there any moment, and is looked for more often.
EXPECTED = timedelta(seconds=1)
SHORT_BREATH_SECONDS = 0.01
RETRY = timedelta(seconds=5)
#: The place's clock may be behind ours, and its answer needs its time.
MARGIN = timedelta(seconds=15)
#: An execution of which nothing is heard for so long is asked after.
SILENCE = timedelta(minutes=5)
#: An end whose output is not all there yet is held back for so long.
OUTPUT_WITHIN = timedelta(seconds=30)

#: Under which name it is kept that an order to start was given by us.
SENT = "sent"
_NOT_BEGUN = frozenset({Standing.UNSEEN, Standing.INTENDED})


class KubernetesJobPlace:
    """The Place port of one environment."""

    #: The Job brings what it needs; from here it gets the revision's name.
    needs_files = False

    def __init__(self, settings: Settings, surroundings: Surroundings, questions: Questions) -> None:
        self._settings, self._surroundings, self._questions = settings, surroundings, questions
        self._clock = surroundings.clock

    @contextmanager
    def expecting(self, execution: Execution) -> Iterator[None]:  # noqa: ARG002 - nothing to get ready
        """Get ready for it: there is nothing to do."""
        yield

    async def look(self, execution: Execution) -> Sighting:
        """Return what the place knows now, asked anew unless it has told the end; or raise TemporaryTargetError."""
        told = await self._told(execution)
        return told.end if told.end is not None else await self._ask(execution, told)

    async def start(self, order: StartOrder) -> None:
        """Give the order, once for each attempt and store; return once it began, or raise GuardRefused."""
        it = order.execution
        told = await self._told(it)
        with effect("store.claim_start"):
            is_first = await self._ledger.change(
                lambda change: change.claim_order(SENT, it, self._clock.now())
            )
        if not is_first or told.began or told.end is not None:
            message = "this attempt has begun before, or was cancelled before it began"
            raise GuardRefused(message)
        ordered = OrderedStart(
            execution=it,
            repository=repository_of(order.release),
            ref=order.ref or order.release.revision,
            revision=order.release.revision,
            digest=order.digest,
            not_after=order.not_after,
            store=self._surroundings.store,
        )
        until = order.not_after + MARGIN
        await self._give_until(ordered)
        async for told in self._tellings(it):
            refused = told.answer(START)
            if refused is not None and refused.standing is Standing.SEALED and not told.began:
                raise GuardRefused(refused.problem or "the place refuses to begin, and does not say why")
            if told.began:
                return
            if told.end is not None:
                raise GuardRefused(told.end.problem or "it was made sure that it never begins")
            if self._clock.now() < until:
                continue
            # It may be about to begin, or no order was read: only the place knows.
            sighting = await self._ask(it, told)
            if sighting.standing is Standing.UNSEEN:
                message = "its place has not got the order in time"
                raise TemporaryTargetError(message, RETRY)
            until = self._clock.now() + RETRY

    async def cancel(self, execution: Execution) -> Sighting:
        """Have it ended, or made sure that it never begins; return what the place answers."""
        asking: Asking | None = None
        until = self._clock.steady() + ANSWER.total_seconds()
        async for told in self._tellings(execution):
            answer = told.end or told.answer(CANCEL)
            if answer is not None and answer.standing not in _NOT_BEGUN:
                self._questions.answered(execution, CANCEL)
                return answer
            asking = self._questions.about(execution, CANCEL, self._clock.now(), began=told.began)
            steady = self._clock.steady()
            if asking.is_due(steady):
                await self._give(OrderedCancel(execution=execution, store=self._surroundings.store))
                asking.asked(CANCEL, steady)
            elif steady >= until:
                break
        raise self._silence(asking)

    async def wait(self, execution: Execution) -> Sighting:
        """Return once it does not run any more: as it was told, for good. After a long silence it is asked after."""
        heard, since = -1, self._clock.steady()
        ended_at: float | None = None
        async for told in self._tellings(execution):
            steady = self._clock.steady()
            if told.heard != heard:
                heard, since = told.heard, steady
            if told.end is not None:
                ended_at = steady if ended_at is None else ended_at
                if steady - ended_at >= OUTPUT_WITHIN.total_seconds() or await self._has_all_output(
                    execution, told
                ):
                    return told.end
            elif not told.began or steady - since >= SILENCE.total_seconds():
                sighting = await self._ask(execution, told)
                if sighting.standing is not Standing.RUNNING:
                    return sighting
                since = self._clock.steady()
        raise AssertionError  # pragma: no cover - tellings do not end

    async def keep_alive(self, execution: Execution) -> None:
        """Do nothing: a Job needs nobody who looks after it."""

    async def _ask(self, execution: Execution, told: Told) -> Sighting:
        """Return the answer to a question of ours, or raise TemporaryTargetError while there is none."""
        asking = self._questions.about(execution, "look", self._clock.now(), began=told.began)
        until = self._clock.steady() + ANSWER.total_seconds()
        async for now in self._tellings(execution):
            if now.end is not None:
                self._questions.answered(execution, "look")
                return now.end
            answers = [one for one in map(now.answer, reversed(asking.questions)) if one is not None]
            if answers:
                self._questions.answered(execution, "look")
                return self._understood(answers[0], asking, now)
            steady = self._clock.steady()
            if asking.is_due(steady):
                question = new_question()
                await self._give(
                    OrderedLook(execution=execution, question=question, store=self._surroundings.store)
                )
                asking.asked(question, steady)
            elif steady >= until:
                break
        raise self._silence(asking)

    def _understood(self, answer: Sighting, asking: Asking, told: Told) -> Sighting:
        if answer.standing not in _NOT_BEGUN or not told.began:
            return answer
        if asking.began:
            message = (
                "it began, and the controller knows nothing of it any more: was its DeployGuard deleted?"
            )
            raise PermanentTargetError(message)
        # The order and the question were on their way at the same time.
        return told.running

    async def _tellings(self, execution: Execution) -> AsyncIterator[Told]:
        """Yield what is known, at once, after each change and every second; without end."""
        since = self._clock.steady()
        generation = await self._ledger.wait_for_change(-1, 0)
        while True:
            looked = self._clock.steady()
            yield await self._told(execution)
            generation = await self._ledger.wait_for_change(generation, GLANCE.total_seconds())
            is_expected = looked - since < EXPECTED.total_seconds()
            breath = SHORT_BREATH_SECONDS if is_expected else BREATH_SECONDS
            await self._clock.sleep(max(0.0, looked + breath - self._clock.steady()))

    async def _told(self, execution: Execution) -> Told:
        facts, highest = await self._ledger.read(
            lambda look: (
                look.facts(execution.deployment, execution.attempt),
                look.highest_fence(execution.application, execution.environment),
            )
        )
        return told_by(facts, highest)

    async def _has_all_output(self, execution: Execution, told: Told) -> bool:
        logs = self._surroundings.logs
        if told.output is None or logs is None:
            return True
        length = await asyncio.to_thread(logs.length, execution.deployment, execution.attempt)
        return length >= told.output

    async def _give_until(self, order: OrderedStart) -> None:
        """Give an order, again and again under its key where that failed; it may have been given each time."""
        while True:
            try:
                await self._exchange.orders(self._settings.orders_to).give(order)
            except TemporaryQueueError as error:
                if self._clock.now() >= order.not_after:
                    raise TemporaryTargetError(str(error), RETRY) from error
                await self._clock.sleep(error.retry_after.total_seconds())
            except QueueError as error:
                raise TemporaryTargetError(str(error), RETRY) from error
            else:
                return

    async def _give(self, order: Order) -> None:
        """Give an order, or raise TemporaryTargetError: whatever keeps us from it, its place may still run it."""
        try:
            await self._exchange.orders(self._settings.orders_to).give(order)
        except TemporaryQueueError as error:
            raise TemporaryTargetError(str(error), error.retry_after) from error
        except QueueError as error:
            raise TemporaryTargetError(str(error), RETRY) from error

    def _silence(self, asking: Asking | None) -> TemporaryTargetError:
        since = asking.since if asking is not None else self._clock.now()
        name = self._settings.orders_to.name
        message = (
            f"no controller has answered through the queue `{name}` since {since:%Y-%m-%d %H:%M} UTC —"
            " see whether a DeployQueue names it, and whether its controller runs"
        )
        return TemporaryTargetError(message, RETRY)

    @property
    def _ledger(self) -> Ledger:
        if self._surroundings.ledger is None:
            message = "no store is open, so that nothing can be deployed"
            raise PermanentTargetError(message)
        return self._surroundings.ledger

    @property
    def _exchange(self) -> Exchange:
        if self._surroundings.exchange is None:
            message = "no queues are open, so that nothing can be deployed"
            raise PermanentTargetError(message)
        return self._surroundings.exchange
