"""Show some of an execution's output."""

import asyncio
import base64
from dataclasses import dataclass

from funade.domain.answers import Answer, LogShown, Refused
from funade.domain.commands import ReadLog
from funade.domain.reason import Reason, because
from funade.usecases.ledger_ports import Ledger
from funade.usecases.ports import Logs

#: One answer carries at most this many bytes; a reader asks again from `next`.
MOST_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOutput:
    """The verb behind `logs`."""

    ledger: Ledger
    logs: Logs

    async def __call__(self, command: ReadLog) -> Answer:
        """Return bytes from the wanted offset, none when there are none yet; or Refused: no such deployment."""
        found = await self.ledger.read(lambda look: look.deployment(command.number))
        if found is None:
            return Refused(because=because(Reason.UNKNOWN_DEPLOYMENT, number=command.number))
        attempt = found.attempt if command.attempt is None else command.attempt
        limit = max(1, min(command.limit, MOST_AT_ONCE))
        offset = max(0, command.offset)
        data = await asyncio.to_thread(self.logs.read, found.id, attempt, offset, limit)
        # The row was read before the bytes: what an ended execution has written is there to be read.
        is_over = found.has_ended or attempt < found.attempt
        return LogShown(
            number=found.number,
            attempt=attempt,
            offset=offset,
            data=base64.b64encode(data).decode("ascii"),
            next=offset + len(data),
            complete=is_over and len(data) < limit,
        )
