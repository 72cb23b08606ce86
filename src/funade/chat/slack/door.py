"""Slack's calls over HTTPS: events, slash commands, interactions. Signature first, on the bytes as they came.

The site has bounded head, body and time before any of this runs.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from funade.chat.slack.signature import Seals, Verdict
from funade.domain.errors import FunadeError

log = structlog.get_logger()

Take = Callable[[str, Any], Awaitable[Mapping[str, Any] | None]]

MOST_FIELDS = 100
ACCEPTED = 200


def make_door(*, take: Take, seals: Seals) -> ASGIApp:
    """Return the application below `/slack`: `/events`, `/commands`, `/interactions`, `/options`."""

    def route(path: str, kind: str) -> Route:
        async def answer(request: Request) -> Response:
            try:
                body = await request.body()
            except ClientDisconnect:
                return Response(status_code=400)
            signatures = _values(request, b"x-slack-signature")
            try:
                refused = await _refused(request, body, signatures, seals)
                if refused is not None:
                    return refused
                answer = await _heard(kind, body, take)
                if answer.status_code == ACCEPTED:
                    await seals.remember(signatures[0])
            except FunadeError as error:
                # What is not stored is not acknowledged: Slack sends it again, or tells whoever asked.
                log.error("a request of Slack's was not acknowledged", kind=kind, problem=str(error))
                return PlainTextResponse("try again\n", 503)
            return answer

        return Route(path, answer, methods=["POST"])

    return Starlette(
        routes=[
            route("/events", "events_api"),
            route("/commands", "slash_commands"),
            route("/interactions", "interactive"),
            route("/options", "interactive"),
        ]
    )


async def _refused(
    request: Request, body: bytes, signatures: Sequence[bytes], seals: Seals
) -> Response | None:
    """Return the no to whatever Slack has not sent just now, for the first time."""
    timestamps = _values(request, b"x-slack-request-timestamp")
    verdict = seals.judge(body, timestamps, signatures)
    if verdict is not Verdict.GOOD:
        log.warning("a request that is not Slack's was turned away", why=verdict.value)
        return PlainTextResponse("this is not signed by Slack just now\n", 401)
    # The same bytes again: acknowledged, and nothing is done twice.
    return Response(status_code=ACCEPTED) if await seals.has_come(signatures[0]) else None


async def _heard(kind: str, body: bytes, take: Take) -> Response:
    payload = _payload(kind, body)
    if payload is None:
        return PlainTextResponse("nothing that Funade knows\n", 400)
    if kind == "events_api" and payload.get("type") == "url_verification":
        challenge = payload.get("challenge")
        return PlainTextResponse(challenge[:1_000] if isinstance(challenge, str) else "")
    if kind == "slash_commands" and payload.get("ssl_check") == "1":
        return Response(status_code=ACCEPTED)
    answer = await take(kind, payload)
    return Response(status_code=ACCEPTED) if not answer else JSONResponse(dict(answer))


def _payload(kind: str, body: bytes) -> Mapping[str, Any] | None:
    """Return what a body says, None for what is no body of Slack's."""
    try:
        if kind == "events_api":
            found = json.loads(body)
        else:
            fields = dict(
                parse_qsl(
                    body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, strict_parsing=False
                )
            )
            found = fields if kind == "slash_commands" else json.loads(fields.get("payload", ""))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _values(request: Request, name: bytes) -> list[bytes]:
    return [value for key, value in request.scope["headers"] if key == name]
