"""Brings events and people's clicks to an app, over its sockets or to its addresses, and tries again."""

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

from funade.playground.errors import Json
from funade.playground.nouns import App
from funade.playground.requests import Requests
from funade.playground.sockets import NotAnswered, SocketMode
from funade.playground.workspace import Workspace

HOUR, HOURS = 3600.0, 24
REPLAY_SECONDS = 15.0
#: below this many deliveries an hour no app is switched off for failing
FEWEST_DELIVERIES, WORST_SHARE = 1000, 0.95


class Courier:
    """One for all apps."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.sockets = SocketMode(workspace)
        self.requests = Requests(workspace)
        self._under_way: set[asyncio.Task[None]] = set()
        self._deliveries: dict[str, list[tuple[float, bool]]] = {}

    def event(self, app: App, payload: Json) -> None:
        """Bring an event to the app, again and again as Slack does; return at once."""
        self._start(self._over_socket(app, payload) if app.socket_mode else self._to_address(app, payload))

    async def ask(self, app: App, kind: str, payload: Json, *, accepts: bool = True, url: str = "") -> Any:
        """Bring a command or a click to the app, once; return its answer, or raise NotAnswered."""
        if app.socket_mode:
            try:
                return await self.sockets.ask(app, kind, payload, accepts=accepts)
            except NotAnswered as error:
                if error.error != "operation_timeout" or not self._workspace.switches.replays_commands:
                    raise
                return await self.sockets.ask(app, kind, payload, accepts=accepts)
        if not url:
            raise NotAnswered("dispatch_failed")
        if kind == "interactive":
            answer = await self.requests.post_form(
                app, url, str(payload["type"]), {"payload": json.dumps(payload)}
            )
        else:
            answer = await self.requests.post_form(app, url, str(payload.get("command", kind)), payload)
        if answer.reason:
            timed_out = answer.reason == "http_timeout"
            raise NotAnswered("operation_timeout" if timed_out else "dispatch_failed")
        return answer.payload()

    async def verify(self, app: App) -> bool:
        """Ask the app's address of events for the challenge; tell whether it was met."""
        challenge = self._workspace.new_id("", 32)
        body = {"token": "deprecated", "challenge": challenge, "type": "url_verification"}
        answer = await self.requests.post_json(app, app.request_url, body)
        found = answer.payload()
        if isinstance(found, dict):
            found = found.get("challenge")
        elif isinstance(found, str):
            found = found.strip().removeprefix("challenge=")
        return not answer.reason and found == challenge

    async def close(self) -> None:
        """Stop everything that is under way."""
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        self.sockets.close()
        await self.requests.close()

    async def _over_socket(self, app: App, payload: Json) -> None:
        envelope_id = ""
        keeps = self._workspace.switches.retry_keeps_envelope_id
        for attempt, delay in enumerate([0.0, *self._delays()]):
            if delay:
                await self._workspace.clock.sleep(delay)
            if not app.socket_mode:
                return
            envelope_id = envelope_id if keeps and envelope_id else self._workspace.new_uuid()
            if attempt == 0 and self._workspace.switches.replays_first_attempt:
                self._start(self._replay(app, payload, envelope_id))
            if await self._try(app, payload, envelope_id, attempt):
                return

    async def _replay(self, app: App, payload: Json, envelope_id: str) -> None:
        await self._workspace.clock.sleep(REPLAY_SECONDS)
        await self._try(app, payload, envelope_id, 0)

    async def _try(self, app: App, payload: Json, envelope_id: str, attempt: int) -> bool:
        try:
            await self.sockets.ask(
                app, "events_api", payload, envelope_id=envelope_id, accepts=False, attempt=attempt
            )
        except NotAnswered:
            return False
        return True

    async def _to_address(self, app: App, payload: Json) -> None:
        reason = ""
        for attempt, delay in enumerate([0.0, *self._delays()]):
            if delay:
                await self._workspace.clock.sleep(delay)
            if not app.request_url or not app.is_enabled:
                return
            headers = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason} if attempt else {}
            answer = await self.requests.post_json(app, app.request_url, payload, headers)
            self._count(app, failed=bool(answer.reason))
            if not answer.reason or answer.no_retry:
                return
            reason = answer.reason

    def _delays(self) -> list[float]:
        switches = self._workspace.switches
        return [*switches.retry_seconds, *([HOUR] * HOURS if switches.delayed_events else [])]

    def _count(self, app: App, *, failed: bool) -> None:
        """Switch the app's events off when nearly all of an hour have failed."""
        now = self._workspace.clock.now()
        recent = [one for one in self._deliveries.get(app.id, []) if one[0] > now - HOUR]
        recent.append((now, failed))
        self._deliveries[app.id] = recent
        share = sum(one[1] for one in recent) / len(recent)
        if len(recent) >= FEWEST_DELIVERIES and share > WORST_SHARE:
            app.is_enabled = False

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
