"""Takes in whatever Slack sends, by either transport: stored first, then acknowledged, then dealt with."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import structlog

from funade.chat.slack.arrivals import (
    Arrival,
    Deleted,
    DirectoryChanged,
    Edited,
    HomeOpened,
    Ourselves,
    Pressed,
    Said,
    Submitted,
    Summoned,
    Typing,
    Vanished,
    Way,
    message_key,
)
from funade.chat.slack.buttons import ACTION
from funade.chat.slack.client import OutcomeUnknown, SlackRefused
from funade.chat.slack.payloads import read_arrival
from funade.chat.slack.preferences import SETTING
from funade.domain.errors import StoreError, VendorUnavailable
from funade.domain.wire import to_plain
from funade.failpoints import effect
from funade.usecases.door_ports import Received
from funade.usecases.ledger_ports import Ledger, Transaction
from funade.usecases.ports import Clock, Lease

log = structlog.get_logger()

DOOR = "slack"
#: Only such buttons have consequences.
BUTTON = f"{ACTION}_"

Answer = Mapping[str, Any] | None


async def no_answer(_: Arrival) -> Answer:
    """Answer nothing."""
    return None


async def do_nothing(_: Arrival) -> None:
    """Do nothing."""


@dataclass(kw_only=True)
class Reception:
    """Stores what has consequences, answers what is only asked, and forgets what is not for us.

    `answer` is what an acknowledgement carries; `open` shows a form or our home, which nothing depends on.
    """

    ledger: Ledger
    clock: Clock
    lease: Lease
    us: Ourselves
    forget: Callable[[str | None], None]
    answer: Callable[[Arrival], Awaitable[Answer]] = no_answer
    open: Callable[[Arrival], Awaitable[None]] = do_nothing
    _opening: set["asyncio.Task[None]"] = field(default_factory=set)

    async def take(self, kind: str, payload: Any) -> Answer:
        """Return what the acknowledgement carries, or raise StoreError: then nothing may be acknowledged."""
        arrival, keys = read_arrival(kind, payload, self.us)
        match arrival:
            case None:
                return None
            case DirectoryChanged(user=user):
                self.forget(user)
                return None
            case Typing():
                return await self.answer(arrival)
            case Summoned() | HomeOpened():
                self._open_soon(arrival)
                return None
            case Said(way=Way.SLASH, trigger=str()) if not arrival.text.strip():
                self._open_soon(arrival)
                return None
            case Pressed() if not arrival.action.startswith((BUTTON, SETTING)):
                self._open_soon(arrival)
                return None
            case Said() | Edited() | Deleted() | Vanished() | Pressed() | Submitted():
                await self._store(arrival, keys)
                return await self.answer(arrival) if isinstance(arrival, Submitted) else None

    async def _store(self, arrival: Arrival, keys: tuple[str, ...]) -> None:
        body = to_plain(arrival, tagged=True)
        assert isinstance(body, dict), "an arrival is an object"  # noqa: S101 - narrows
        id = keys[0] if keys else f"slack:{uuid4()}"
        item = Received(
            id=id,
            door=DOOR,
            keys=keys or (id,),
            at=self.clock.now(),
            owner=self.lease.process,
            body=body,
        )
        before = _before(arrival)

        def work(change: Transaction) -> bool:
            if before is not None and not change.is_known(before):
                return False
            return change.receive(item)

        with effect("store.receive"):
            fresh = await self.ledger.change(work)
        if not fresh:
            log.info("known already, or not about us", kind=type(arrival).__name__)

    def _open_soon(self, arrival: Arrival) -> None:
        """Show something after the acknowledgement; what was asked for is only good for three seconds."""
        task = asyncio.create_task(self._open(arrival))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, arrival: Arrival) -> None:
        try:
            await self.open(arrival)
        except (SlackRefused, VendorUnavailable, OutcomeUnknown, StoreError) as error:
            log.warning("could not be shown", kind=type(arrival).__name__, problem=str(error))
        except Exception:
            # The process's loop: a form that breaks us must not go unseen, nor end anything.
            log.exception("our mistake; something could not be shown", kind=type(arrival).__name__)


def _before(arrival: Arrival) -> str | None:
    """Return the key without which an arrival concerns nothing that we did."""
    match arrival:
        case Deleted(channel=channel, message=message):
            return message_key(channel, message)
        case Edited(channel=channel, message=message, text="", way=_):
            return message_key(channel, message)
        case _:
            return None
