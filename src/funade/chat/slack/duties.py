"""What is due without anybody asking: one process of all looks after it, again and again."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from funade.chat.slack.client import OutcomeUnknown, SlackRefused
from funade.domain.errors import FencedOut, StoreError, VendorUnavailable
from funade.failpoints import effect
from funade.usecases.ledger_ports import Ledger
from funade.usecases.ports import Clock
from funade.usecases.role import Role

log = structlog.get_logger()

ROLE = "slack_duties"

#: between two looks: what is due may be so much late
BREATH_SECONDS, LOOK_SECONDS = 0.5, 1.0

Duty = Callable[[], Awaitable[None]]


@dataclass(kw_only=True)
class Duties:
    """Looks at each duty while it holds the role; what one meets keeps no other from being looked at."""

    ledger: Ledger
    clock: Clock
    role: Role
    each: Sequence[Duty]

    async def run(self) -> None:
        """Look until it is cancelled."""
        generation = -1
        while True:
            try:
                await self.look()
            except FencedOut:
                pass
            except StoreError as error:
                log.error("the store cannot be used", problem=str(error))
            await self.clock.sleep(BREATH_SECONDS)
            try:
                generation = await self.ledger.wait_for_change(generation, LOOK_SECONDS)
            except StoreError:
                await self.clock.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Look once, if it is ours to look."""
        for duty in self.each:
            if not await self.role.hold(self._take):
                return
            try:
                await duty()
            except (FencedOut, StoreError):
                raise
            except (SlackRefused, VendorUnavailable, OutcomeUnknown) as error:
                log.warning("is looked at again", problem=str(error))
            except Exception:
                # The process's loop: whatever one duty does to us, the others go on.
                log.exception("our mistake; is looked at again")

    async def _take(self, process: str, dead: frozenset[str]) -> bool:
        with effect("store.take_duties"):
            return await self.ledger.change(lambda change: change.take_role(ROLE, process, dead))
