"""`/_control`: act as anybody, turn every switch, look at everything; the page and tests stand on it."""

import inspect
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from funade.playground.controls import CONTROLS, LOOKS
from funade.playground.errors import Json, Misused, SlackError
from funade.playground.stage import Stage


async def perform(stage: Stage, name: str, arguments: Json) -> Json:
    """Do one thing by its name, or raise Misused."""
    control = CONTROLS.get(name)
    if control is None:
        message = f"there is no control `{name}`; there are {', '.join(sorted(CONTROLS))}"
        raise Misused(message)
    try:
        bound = inspect.signature(control).bind(stage, **arguments)
    except TypeError as error:
        message = f"`{name}`: {error}"
        raise Misused(message) from None
    try:
        done = control(*bound.args, **bound.kwargs)
        answer: Json = await done if inspect.isawaitable(done) else done
    except SlackError as error:
        message = f"`{name}`: {error.body}"
        raise Misused(message) from error
    return {"ok": True, **answer}


class ControlDoor:
    """Answers `/_control/NAME` and follows what happens at `/_control/events`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def __call__(self, request: Request) -> Response:
        name = request.path_params["name"]
        try:
            if request.method == "POST":
                arguments = await _arguments(request)
            elif name in LOOKS:
                arguments = dict(request.query_params)
            else:
                # A picture on any page can make a browser GET; only looks may be had so.
                message = f"`{name}` takes a POST"
                raise Misused(message)
            answer = await perform(self._stage, name, arguments)
        except Misused as error:
            return JSONResponse({"ok": False, "error": "misused", "message": str(error)}, 400)
        return JSONResponse(answer)

    async def events(self, request: Request) -> Response:
        """Stream what happens as server-sent events."""
        del request

        async def stream() -> Any:
            yield "retry: 1000\n\n"
            async for what, news in self._stage.workspace.journal.follow():
                yield f"event: {what}\ndata: {json.dumps(news)}\n\n"

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)


async def _arguments(request: Request) -> Json:
    # Another origin's page can send anything else without being asked for permission first.
    if not request.headers.get("content-type", "").startswith("application/json"):
        message = "a control takes `application/json`"
        raise Misused(message)
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        message = "that is not JSON"
        raise Misused(message) from None
    if not isinstance(body, dict):
        message = "a control takes a JSON object"
        raise Misused(message)
    return body
