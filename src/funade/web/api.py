"""The JSON API: a command in, its answer out. The door, not the request, says who asks.

A refusal is an answer (200). 400: the request cannot be read; 413: too long; 500: our mistake; 503: the
store, a repository or a place cannot be used now. These look like `{"error": {"kind": …, "message": …}}`.
"""

import dataclasses
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Protocol, cast
from urllib.parse import unquote
from uuid import UUID, uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from funade.domain.answers import Answer
from funade.domain.commands import COMMANDS, Command
from funade.domain.durations import LONGEST
from funade.domain.errors import FunadeError
from funade.domain.limits import LARGEST_NUMBER, LONGEST_TEXT, is_text
from funade.domain.people import Actor
from funade.domain.policy import changes_something
from funade.domain.wire import Plain, Unreadable, from_tagged, kind_of, to_plain
from funade.web.peer import SPEAKS_AS

LONGEST_BODY = 1_000_000  #: bytes; the longest sensible command has a few thousand

_FIELDS = {kind_of(one): frozenset(field.name for field in dataclasses.fields(one)) for one in COMMANDS}


class AsksDesk(Protocol):
    """The one place that every door hands a command to (`usecases.desk`)."""

    def __call__(self, command: Command, actor: Actor, request: str) -> Awaitable[Answer]: ...


class BadRequest(Exception):
    """What was sent is no command; the text says what is wrong with it."""


class TooLong(Exception):
    """More bytes than any command has."""


def for_oneself(_: str, __: Actor) -> Actor:
    """Raise BadRequest: nobody speaks in another's name."""
    message = "nobody can speak in another's name here: only the demo's server lets its owner do so"
    raise BadRequest(message)


def make_app(
    desk: AsksDesk,
    who: Callable[[Request], Actor],
    health: Callable[[], Mapping[str, Plain]],
    *,
    speaks_as: Callable[[str, Actor], Actor] = for_oneself,
) -> Starlette:
    """Return the application; `who` tells from the connection who asks, `health` how we are.

    `speaks_as` decides what becomes of somebody who says that they speak as another.
    """

    async def commands(request: Request) -> Response:
        command, asked = parse(await _body(request))
        actor = who(request)
        if SPEAKS_AS in request.headers:
            actor = speaks_as(unquote(request.headers[SPEAKS_AS]), actor)
        answer = await desk(command, actor, asked)
        return _json(to_plain(answer, tagged=True))

    async def show_health(_: Request) -> Response:
        return _json({"status": "ok", **health()})

    return Starlette(
        routes=[
            Route("/v1/commands", commands, methods=["POST"]),
            Route("/v1/health", show_health, methods=["GET"]),
        ],
        exception_handlers={
            BadRequest: _says(400, "bad_request"),
            TooLong: _says(413, "too_long"),
            FunadeError: _says(503),
            Exception: _our_mistake,
        },
    )


def parse(body: bytes) -> tuple[Command, str]:
    """Return the command of a request and the asker's own id of it, or raise BadRequest."""
    plain = _read_json(body)
    if not isinstance(plain, dict) or not isinstance(plain.get("kind"), str):
        message = "an object with `kind` is wanted"
        raise BadRequest(message)
    kind, given = str(plain["kind"]), set(plain) - {"kind", "request"}
    # A field that is silently left out may be the one that made the command safe: `digset`.
    for unknown in sorted(given - _FIELDS.get(kind, given)):
        message = f"`{unknown}` is no field of `{kind}`"
        raise BadRequest(message)
    _refuse_what_no_store_keeps(plain)
    try:
        command: Command = from_tagged(COMMANDS, plain)
    except Unreadable as error:
        raise BadRequest(str(error)) from error
    _refuse_odd_spans(command)
    return command, _request_id(plain.get("request"), command)


def _request_id(given: Plain, command: Command) -> str:
    if given is None and not changes_something(command):
        return str(uuid4())
    try:
        return str(UUID(given if isinstance(given, str) else ""))
    except ValueError:
        message = "`request` must be a UUID of your own: the same one sent twice is one request"
        raise BadRequest(message) from None


def _read_json(body: bytes) -> Plain:
    try:
        return cast(
            "Plain", json.loads(body.decode(), parse_constant=_no_number, object_pairs_hook=_no_key_twice)
        )
    except (ValueError, RecursionError) as error:
        message = f"not JSON: {error}"
        raise BadRequest(message) from error


def _no_key_twice(pairs: list[tuple[str, Plain]]) -> dict[str, Plain]:
    """Refuse what two readers would understand differently."""
    found: dict[str, Plain] = {}
    for key, value in pairs:
        if key in found:
            message = f"`{key[:40]}` is there twice"
            raise ValueError(message)
        found[key] = value
    return found


def _no_number(name: str) -> None:
    message = f"{name} is no number"
    raise ValueError(message)


def _refuse_what_no_store_keeps(plain: dict[str, Plain]) -> None:
    for key, value in plain.items():
        if isinstance(value, str) and not is_text(value):
            message = f"`{key}` holds characters that are no text"
            raise BadRequest(message)
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            message = f"`{key}` has more than {LONGEST_TEXT} characters"
            raise BadRequest(message)
        if isinstance(value, int) and not 0 <= value <= LARGEST_NUMBER:
            message = f"`{key}` is out of range"
            raise BadRequest(message)


def _refuse_odd_spans(command: Command) -> None:
    for field in dataclasses.fields(command):
        value = getattr(command, field.name)
        if isinstance(value, timedelta) and not timedelta(0) < value <= LONGEST:
            message = f"`{field.name}` is out of range"
            raise BadRequest(message)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            message = f"more than {LONGEST_BODY} bytes"
            raise TooLong(message)
    return bytes(body)


def _json(content: Plain, status: int = 200) -> Response:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode(errors="replace"), status, media_type="application/json")


def _says(status: int, kind: str | None = None) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(_: Request, error: Exception) -> Response:
        # What follows a body that was not read to its end is no request.
        response = _json({"error": {"kind": kind or kind_of(type(error)), "message": str(error)}}, status)
        if status == 413:
            response.headers["connection"] = "close"
        return response

    return answer


async def _our_mistake(_: Request, __: Exception) -> Response:
    # Starlette raises it again for the server's log.
    message = "Funade made a mistake; its own log has the details"
    return _json({"error": {"kind": "bug", "message": message}}, 500)
