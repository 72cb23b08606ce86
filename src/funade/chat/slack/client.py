"""Slack's Web API, called through `slack_sdk`; the only file that imports it, and the map of its errors to ours."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from funade.domain.errors import FunadeError, VendorUnavailable
from funade.failpoints import effect

#: Slack's own limit for answers to a command; whoever waits longer has lost the person who asked.
PATIENCE_SECONDS = 10
#: Slack says this much later when it does not say when.
RETRY_AFTER = timedelta(seconds=30)
#: answers that do not tell whether the call did what it should
_UNCERTAIN = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
SLACK, RESPONSE_URL = "Slack", "response_url"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

Plainly = Mapping[str, Any]


class SlackRefused(FunadeError):
    """Slack says no; `error` is its code for why."""

    def __init__(self, method: str, error: str, messages: tuple[str, ...] = ()) -> None:
        self.method, self.error, self.messages = method, error, messages
        more = f" ({'; '.join(messages)[:300]})" if messages else ""
        super().__init__(f"Slack refused `{method}`: {error}{more}")


class SlackUnavailable(VendorUnavailable):
    """Slack limits `method`, or cannot be reached: nothing was done."""

    def __init__(self, method: str, message: str, retry_after: timedelta) -> None:
        self.method = method
        super().__init__(SLACK, message, retry_after)


class OutcomeUnknown(FunadeError):
    """Nobody knows whether Slack did it: it has to be looked for before it is done again."""


class CallsSlack(Protocol):
    """Calls one method of the Web API."""

    async def __call__(self, method: str, /, **arguments: Any) -> Plainly:
        """Return Slack's answer; raise SlackRefused, VendorUnavailable (nothing was done) or OutcomeUnknown."""

    async def respond(self, url: str, message: Plainly, /) -> None:
        """Answer to a `response_url`; raise as above. Any other host than Slack's is refused."""

    async def open_socket(self, token: str, /) -> str:
        """Return the address of a new socket for that app-level token; raise as above."""


class WebApi:
    """The Web API of one workspace; `token` is asked for each call, so that a new one is used at once."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: Callable[[], str]) -> None:
        self._session, self._token, self._url = session, token, url
        # Its own retries would post twice what was posted and not answered, and with a session of ours its own
        # `timeout` is not used.
        self._client = AsyncWebClient(base_url=url, session=session, retry_handlers=[])
        if is_loopback(url):
            # `slack_sdk` takes a proxy from the environment even for this machine.
            self._client.proxy = None

    async def __call__(self, method: str, /, **arguments: Any) -> Plainly:
        """Return Slack's answer."""
        return await self._call(method, self._token(), arguments)

    async def scopes(self) -> frozenset[str] | None:
        """Return what the bot's token may do; None where Slack does not say."""
        with _mapped("auth.test"):
            async with asyncio.timeout(PATIENCE_SECONDS):
                answer = await self._client.api_call(
                    "auth.test", headers={"Authorization": f"Bearer {self._token()}"}
                )
        headers = {str(name).lower(): str(value) for name, value in (answer.headers or {}).items()}
        said = headers.get("x-oauth-scopes")
        return None if said is None else frozenset(one.strip() for one in said.split(",") if one.strip())

    async def open_socket(self, token: str, /) -> str:
        """Return the address of a new socket."""
        with effect("slack.open_socket"):
            answer = await self._call("apps.connections.open", token, {})
        return str(answer.get("url") or "")

    async def respond(self, url: str, message: Plainly, /) -> None:
        """Answer to a `response_url`."""
        if not may_respond_to(url, self._url):
            raise SlackRefused(RESPONSE_URL, "not_an_address_of_slack")
        with effect("slack.respond"), _mapped(RESPONSE_URL):
            async with self._session.post(
                url,
                json=message,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS),
            ) as answer:
                if answer.status == 429:
                    raise _limited(RESPONSE_URL, answer.headers)
                if answer.status >= 500:
                    problem = f"Slack answered {answer.status} to `response_url`"
                    raise OutcomeUnknown(problem)
                if answer.status >= 300:
                    raise SlackRefused(RESPONSE_URL, (await answer.text())[:100] or str(answer.status))

    async def _call(self, method: str, token: str, arguments: Plainly) -> Plainly:
        # As a form, with nested values as JSON: the one way that every method takes.
        form = {
            name: json.dumps(value) if isinstance(value, (dict, list, tuple, bool)) else str(value)
            for name, value in arguments.items()
            if value is not None
        }
        with _mapped(method):
            async with asyncio.timeout(PATIENCE_SECONDS):
                answer = await self._client.api_call(
                    method, data=form, headers={"Authorization": f"Bearer {token}"}
                )
        found = answer.data
        return found if isinstance(found, dict) else {}


@contextmanager
def _mapped(method: str) -> Iterator[None]:
    """Raise what happens as one of ours; texts of Slack's may hold what was sent and are not repeated."""
    try:
        yield
    except SlackApiError as error:
        raise _ours(method, error.response) from error
    except aiohttp.ClientConnectorError as error:
        # The connection was never made, so nothing was sent.
        raise SlackUnavailable(method, f"cannot be reached: {error.strerror}", RETRY_AFTER / 10) from error
    except (aiohttp.ClientError, TimeoutError, SlackClientError, OSError) as error:
        problem = f"Slack did not answer `{method}`: {type(error).__name__}"
        raise OutcomeUnknown(problem) from error


def _ours(method: str, answer: Any) -> FunadeError:
    data = getattr(answer, "data", None)
    status = int(getattr(answer, "status_code", 0) or getattr(answer, "status", 0) or 0)
    code = str(data.get("error") or "") if isinstance(data, dict) else ""
    if status == 429 or code in _LIMITED:
        return _limited(method, getattr(answer, "headers", None) or {})
    if not code or code in _UNCERTAIN or status >= 500:
        return OutcomeUnknown(f"Slack answered {status} {code} to `{method}`".replace("  ", " "))
    metadata = data.get("response_metadata") if isinstance(data, dict) else None
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    return SlackRefused(method, code, tuple(str(one) for one in messages or ()))


def _limited(method: str, headers: Mapping[str, str]) -> SlackUnavailable:
    found = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    seconds = int(found) if str(found).isdecimal() else RETRY_AFTER.total_seconds()
    return SlackUnavailable(method, f"limits `{method}`", timedelta(seconds=min(seconds, 3600)))


def is_loopback(url: str) -> bool:
    """Tell whether `url` leads to this machine."""
    return urlsplit(url).hostname in _LOOPBACK


def may_respond_to(url: str, api: str) -> bool:
    """Tell whether `url` is one of Slack's, or of the workspace to try things in that `api` leads to."""
    parts, own = urlsplit(url), urlsplit(api)
    if own.hostname in _LOOPBACK:
        return (parts.scheme, parts.hostname, parts.port) == (own.scheme, own.hostname, own.port)
    return parts.scheme == "https" and parts.hostname == "hooks.slack.com" and parts.port is None
