"""Requests to an app that has addresses instead of sockets."""

import json
from collections import deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from funade.playground.errors import Json
from funade.playground.nouns import App
from funade.playground.signing import signed_headers
from funade.playground.workspace import Workspace

MOST_REDIRECTS = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What an app's address said, or the reason why nothing good came."""

    status: int = 0
    body: str = ""
    content_type: str = ""
    no_retry: bool = False
    reason: str = ""  #: as in `X-Slack-Retry-Reason`; empty when it is well

    def payload(self) -> Any:
        """Return the body as JSON where it is, the text otherwise, None where there is none."""
        if not self.body.strip():
            return None
        if "json" in self.content_type:
            try:
                return json.loads(self.body)
            except ValueError:
                return None
        return self.body


class Requests:
    """Posts to apps, signed."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._session: aiohttp.ClientSession | None = None
        self.faults: deque[str] = deque()  #: of the next requests, in order

    async def post_json(
        self, app: App, url: str, body: Json, headers: dict[str, str] | None = None
    ) -> Answer:
        raw = json.dumps(body).encode()
        return await self._post(
            app, url, raw, "application/json", name=str(body["type"]), shown=body, more=headers or {}
        )

    async def post_form(self, app: App, url: str, name: str, fields: Json) -> Answer:
        raw = urlencode(fields).encode()
        return await self._post(
            app, url, raw, "application/x-www-form-urlencoded", name=name, shown=fields, more={}
        )

    async def _post(  # noqa: PLR0913 - one request
        self,
        app: App,
        url: str,
        raw: bytes,
        content_type: str,
        *,
        name: str,
        shown: Json,
        more: dict[str, str],
    ) -> Answer:
        fault = self.faults.popleft() if self.faults else ""
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **signed_headers(app.signing_secret, self._workspace.clock.now(), raw, fault),
            **more,
        }
        if fault == "changed_body":
            raw = raw.replace(b"type", b"typo", 1) + b" "
        self._workspace.journal.frame("http", "to app", name, shown, app=app.id, note=fault, connection=url)
        answer = await self._send(url, raw, headers)
        if fault == "duplicate":
            answer = await self._send(url, raw, headers)
        seen = {"status": answer.status, "body": answer.body, "reason": answer.reason}
        self._workspace.journal.frame("http", "from app", name, seen, app=app.id, connection=url)
        return answer

    async def _send(self, url: str, raw: bytes, headers: dict[str, str]) -> Answer:
        seconds = self._workspace.switches.ack_seconds
        try:
            return await self._workspace.clock.within(seconds, self._ask(url, raw, headers))
        except TimeoutError:
            return Answer(reason="http_timeout")
        except aiohttp.TooManyRedirects:
            return Answer(reason="too_many_redirects")
        except aiohttp.ClientSSLError:
            return Answer(reason="ssl_error")
        except (aiohttp.ClientConnectionError, OSError):
            return Answer(reason="connection_failed")
        except (aiohttp.ClientError, ValueError):
            return Answer(reason="unknown_error")

    async def _ask(self, url: str, raw: bytes, headers: dict[str, str]) -> Answer:
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        async with self._session.post(
            url, data=raw, headers=headers, max_redirects=MOST_REDIRECTS + 1
        ) as response:
            body = await response.text(errors="replace")
            return Answer(
                status=response.status,
                body=body,
                content_type=response.content_type,
                no_retry=response.headers.get("X-Slack-No-Retry") == "1",
                reason="" if response.ok else "http_error",
            )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
