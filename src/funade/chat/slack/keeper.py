"""Keeps sockets to Slack open: two of different age, each replaced before it closes, with no moment without one."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aiohttp
import structlog

from funade.chat.slack.client import CallsSlack, OutcomeUnknown, SlackRefused
from funade.chat.slack.socket import NoHello, Socket, Take, Why
from funade.domain.errors import SecretError, VendorUnavailable
from funade.failpoints import effect
from funade.usecases.ports import Clock

log = structlog.get_logger()

SOCKETS = 2
SHORTEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 60.0
#: Slack counts sockets that it has not given up yet; more haste makes it worse, while another one of ours is open.
TOO_MANY_WAIT_SECONDS = 30.0
DIAL_SECONDS = 15.0
#: Until Slack says how long a socket lives.
LIFETIME_SECONDS = 3600.0
#: no use in trying again until somebody has changed something
_FINAL = frozenset(
    {
        "not_authed",
        "invalid_auth",
        "account_inactive",
        "user_removed_from_team",
        "team_disabled",
        "not_allowed_token_type",
        "token_revoked",
        "token_expired",
        "missing_scope",
        "link_disabled",
        "socket_mode_not_enabled",
    }
)


class _Stopped(Exception):
    """Trying again would not help."""


@dataclass(slots=True)
class Status:
    """How the sockets are, for health and for our home; `stopped` says why none is tried for."""

    sockets: int = 0
    stopped: str | None = None
    problem: str | None = None
    last_frame_at: datetime | None = None
    seen_by_slack: int = 0


@dataclass(kw_only=True)
class Keeper:
    """Runs until it is cancelled; `resume` lets it try again after it has stopped by itself."""

    api: CallsSlack
    session: aiohttp.ClientSession
    token: Callable[[], str]
    take: Take
    clock: Clock
    jitter: Callable[[], float] = random.random
    status: Status = field(default_factory=Status)
    _open: list[Socket | None] = field(default_factory=lambda: [None] * SOCKETS)
    _old: set[Socket] = field(default_factory=set)
    _said_hello: asyncio.Event = field(default_factory=asyncio.Event)
    _resumed: asyncio.Event = field(default_factory=asyncio.Event)
    _refused_token: str | None = None
    _is_staggered: bool = False

    async def run(self) -> None:
        """Keep sockets open."""
        slots = [asyncio.create_task(self._keep(slot), name=f"slack-{slot}") for slot in range(SOCKETS)]
        try:
            done, _ = await asyncio.wait(slots, return_when=asyncio.FIRST_EXCEPTION)
            for one in done:
                one.result()
        finally:
            for one in slots:
                one.cancel()
            await asyncio.gather(*slots, return_exceptions=True)
            await asyncio.gather(*(one.close() for one in [*self._open, *self._old] if one is not None))

    def resume(self) -> None:
        """Try again: somebody has changed the configuration."""
        self._resumed.set()

    def look(self) -> Status:
        """Return how things are now."""
        living = [one for one in self._open if one is not None and one.is_open]
        self.status.sockets = len(living)
        return self.status

    async def _keep(self, slot: int) -> None:
        """Keep one socket open; the next is dialled while the one before is still read."""
        if slot:
            await self._said_hello.wait()
        failures = 0
        while True:
            try:
                await self._wait_until_worthwhile()
                fresh = await self._dial()
            except _Stopped:
                continue
            except (VendorUnavailable, OutcomeUnknown, SlackRefused, SecretError, NoHello) as error:
                failures += 1
                await self._pause(error, failures)
                continue
            opened_at = self.clock.steady()
            before, self._open[slot] = self._open[slot], fresh
            if before is not None:
                self._old = {one for one in self._old if one.is_open} | {before}
                before.retire()
            self.status.problem = None
            self._said_hello.set()
            why = await self._wait_for_end(fresh, slot)
            log.info("a socket to Slack is being replaced", why=why)
            if why is Why.DISABLED:
                self._stop("link_disabled")
                self._open[slot] = None
                self._old.add(fresh)
                fresh.retire()
            elif why is Why.TOO_MANY:
                await self._pause(NoHello(why), 1)
            elif why is Why.CLOSED and self.clock.steady() - opened_at < LONGEST_WAIT_SECONDS:
                # Opened and closed at once, again and again: whoever hurries is limited.
                failures += 1
                await self._pause(NoHello(why), failures)
            else:
                failures = 0

    async def _dial(self) -> Socket:
        """Return a socket on which Slack has said hello."""
        try:
            token = self.token()
            url = await self.api.open_socket(token)
        except SlackRefused as error:
            if error.error in _FINAL:
                self._stop(error.error)
                raise _Stopped from error
            raise
        try:
            with effect("slack.dial"):
                async with asyncio.timeout(DIAL_SECONDS):
                    websocket = await self.session.ws_connect(
                        url, autoping=False, heartbeat=None, max_msg_size=0, compress=0
                    )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            problem = f"Slack's socket cannot be opened: {type(error).__name__}"
            raise OutcomeUnknown(problem) from error
        socket = Socket(websocket, self._taking, self.clock)
        socket.start()
        try:
            hello = await socket.wait_for_hello()
        except NoHello as error:
            if error.why is Why.DISABLED:
                self._stop("link_disabled")
                raise _Stopped from error
            raise
        except asyncio.CancelledError:
            await socket.close()
            raise
        self._greet(hello)
        return socket

    def _greet(self, hello: Mapping[str, Any]) -> None:
        seen = hello.get("num_connections")
        self.status.seen_by_slack = seen if isinstance(seen, int) else 0
        self.status.last_frame_at = self.clock.now()
        log.info("connected to Slack", connections=self.status.seen_by_slack)

    async def _taking(self, kind: str, payload: Any) -> Mapping[str, Any] | None:
        self.status.last_frame_at = self.clock.now()
        return await self.take(kind, payload)

    async def _wait_for_end(self, socket: Socket, slot: int) -> Why:
        """Return why `socket` needs a successor; the second one leaves early once, so that both never end together."""
        half = LIFETIME_SECONDS / 2
        said = socket.hello.result().get("debug_info")
        if isinstance(said, dict) and isinstance(said.get("approximate_connection_time"), (int, float)):
            half = max(10.0, float(said["approximate_connection_time"]) / 2)
        if slot == 0 or self._is_staggered:
            return await asyncio.shield(socket.ending)
        done, _ = await asyncio.wait([socket.ending], timeout=half)
        self._is_staggered = True
        return socket.ending.result() if done else Why.AGE

    def _stop(self, why: str) -> None:
        """Stop trying, and say so: a connection that is switched off comes back by a person's hand only."""
        self._resumed.clear()
        if self.status.stopped is not None:
            return
        self.status.stopped = why
        try:
            self._refused_token = self.token()
        except SecretError:
            self._refused_token = None
        log.error(
            "Slack's sockets are off until the configuration is read again (SIGHUP) or the token changes",
            why=why,
        )
        for one in self._open:
            if one is not None:
                one.needs_successor(Why.DISABLED)

    async def _wait_until_worthwhile(self) -> None:
        """Return once there is a reason to try; another token is one."""
        while self.status.stopped is not None:
            try:
                async with asyncio.timeout(LONGEST_WAIT_SECONDS):
                    await self._resumed.wait()
            except TimeoutError:
                try:
                    if self.status.stopped == "link_disabled" or self.token() == self._refused_token:
                        continue
                except SecretError:
                    continue
            self.status.stopped = None

    async def _pause(self, error: Exception, failures: int) -> None:
        """Wait longer with each failure, and never all at the same moment."""
        self.status.problem = str(error)
        if (
            isinstance(error, VendorUnavailable)
            and error.retry_after.total_seconds() > LONGEST_WAIT_SECONDS / 10
        ):
            wait = error.retry_after.total_seconds() * (1 + self.jitter() / 4)
        elif isinstance(error, NoHello) and error.why is Why.TOO_MANY and self.look().sockets:
            wait = TOO_MANY_WAIT_SECONDS * (1 + self.jitter())
        else:
            most = min(LONGEST_WAIT_SECONDS, SHORTEST_WAIT_SECONDS * 2 ** min(failures, 10))
            wait = SHORTEST_WAIT_SECONDS / 2 + self.jitter() * (most - SHORTEST_WAIT_SECONDS / 2)
        log.warning("no socket to Slack yet", problem=str(error), seconds=round(wait, 1))
        await self.clock.sleep(wait)
