"""Deals with what came in, in order for each person, until it is done: also what another process left behind."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from funade.chat.slack.client import OutcomeUnknown, SlackRefused
from funade.chat.slack.conversation import Conversation
from funade.chat.slack.reception import DOOR
from funade.domain.errors import FencedOut, StoreError, VendorUnavailable
from funade.failpoints import effect
from funade.texts import slack
from funade.usecases.door_ports import Received
from funade.usecases.ledger_ports import Ledger
from funade.usecases.living import Living
from funade.usecases.ports import Clock, Lease

log = structlog.get_logger()

LOOK_SECONDS = 1.0
#: For so long it is tried again while Slack does not answer; whoever asked has gone on by then.
PATIENCE = timedelta(minutes=5)
#: A day, and the hour that the last repetition may be late.
REMEMBERED = timedelta(hours=25)
FORGET_EVERY_SECONDS = 600.0
MOST_AT_ONCE = 50


@dataclass(kw_only=True)
class Worker:
    """The loop over the inbox; only a living process's items are its own."""

    ledger: Ledger
    lease: Lease
    living: Living
    clock: Clock
    conversation: Conversation
    _tasks: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    _busy: set[str] = field(default_factory=set)
    _paused_until: dict[str, float] = field(default_factory=dict)
    # What was settled while somebody was reading may still be in what they have read.
    _settled: set[str] = field(default_factory=set)
    _forgot_at: float | None = None

    async def run(self) -> None:
        """Run until it is cancelled; what is in hand then is finished by whoever comes next."""
        generation = -1
        try:
            while True:
                try:
                    await self.look()
                    generation = await self.ledger.wait_for_change(generation, LOOK_SECONDS)
                except (StoreError, FencedOut) as error:
                    log.error("the inbox cannot be looked at", problem=str(error))
                    await self.clock.sleep(LOOK_SECONDS)
                except Exception:
                    # The process's loop, which survives our own mistakes.
                    log.exception("our mistake; the inbox is looked at again")
                    await self.clock.sleep(LOOK_SECONDS)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def look(self) -> None:
        """Begin with whatever may be begun; one thing at a time for each person."""
        if not self.lease.process:
            return
        await self._forget_old()
        long_settled = frozenset(self._settled)
        items = await self.ledger.read(lambda look: look.received(DOOR))
        items = [item for item in items if item.id not in self._settled]
        self._settled -= long_settled
        now, seen = self.clock.steady(), set(self._busy)
        for item in items:
            who = _sender(item)
            if item.id in self._tasks or who in seen:
                seen.add(who)
                continue
            seen.add(who)
            if self._paused_until.get(item.id, 0.0) > now or len(self._tasks) >= MOST_AT_ONCE:
                continue
            if not await self._claim(item):
                continue
            self._busy.add(who)
            task = asyncio.create_task(self._deal(item, who), name=item.id)
            self._tasks[item.id] = task

    async def _claim(self, item: Received) -> bool:
        """Tell whether it is ours now: it was, or whoever had it is dead."""
        process = self.lease.process
        if item.owner == process:
            return True
        processes = await self.ledger.read(lambda look: look.processes())
        if item.owner in self.living.among(processes):
            return False
        with effect("store.claim_received"):
            return await self.ledger.change(lambda change: change.claim_received(item, process))

    async def _deal(self, item: Received, who: str) -> None:
        try:
            if await self._try(item):
                with effect("store.settle_received"):
                    await self.ledger.change(lambda change: change.settle_received(item.id))
                self._settled.add(item.id)
                self._paused_until.pop(item.id, None)
        except StoreError as error:
            log.error("will be tried again", item=item.id, problem=str(error))
            self._pause(item, 2.0)
        finally:
            self._busy.discard(who)
            self._tasks.pop(item.id, None)

    async def _try(self, item: Received) -> bool:
        """Tell whether it is done with, one way or another."""
        try:
            self.lease.check()
            await self.conversation.handle(item)
        except FencedOut:
            return False
        except (VendorUnavailable, OutcomeUnknown) as error:
            if (left := PATIENCE - (self.clock.now() - item.at)) > timedelta(0):
                wait = error.retry_after.total_seconds() if isinstance(error, VendorUnavailable) else 2.0
                # Whoever asked hears after our patience that nothing came of it, however long Slack says.
                wait = min(wait, left.total_seconds())
                log.warning("will be tried again", item=item.id, problem=str(error))
                self._pause(item, wait)
                return False
            log.error("given up", item=item.id, problem=str(error))
            return await self._excuse(item, slack.CANNOT_ASK)
        except SlackRefused as error:
            log.error("Slack did not take an answer", item=item.id, problem=str(error))
        except StoreError:
            raise
        except Exception:
            # The process's loop: what breaks us is set aside, and everybody else is served.
            log.exception("our mistake; set aside", item=item.id)
            return await self._excuse(item, slack.OUR_MISTAKE)
        return True

    async def _excuse(self, item: Received, wording: str) -> bool:
        try:
            await self.conversation.excuse(item, wording)
        except (SlackRefused, VendorUnavailable, OutcomeUnknown) as error:
            log.error("nobody could be told", item=item.id, problem=str(error))
        return True

    def _pause(self, item: Received, seconds: float) -> None:
        self._paused_until[item.id] = self.clock.steady() + seconds

    async def _forget_old(self) -> None:
        """Forget from time to time what will not come again."""
        now = self.clock.steady()
        if self._forgot_at is not None and now - self._forgot_at < FORGET_EVERY_SECONDS:
            return
        self._forgot_at = now
        before = self.clock.now() - REMEMBERED
        with effect("store.forget_received"):
            await self.ledger.change(lambda change: change.forget_received(before))


def _sender(item: Received) -> str:
    sender = item.body.get("sender")
    user = sender.get("user") if isinstance(sender, Mapping) else None
    return user if isinstance(user, str) else item.id
