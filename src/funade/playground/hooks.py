"""The addresses that need no token: incoming webhooks, `response_url`s, uploads."""

import json
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from funade.playground.acts.answering import answer
from funade.playground.blocks import validate
from funade.playground.errors import Json, RateLimited, SlackError
from funade.playground.posted import stored_text, text_of_blocks
from funade.playground.posting import bot_message
from funade.playground.stage import Stage


class Hooks:
    """Answers in plain text, as Slack does."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def incoming(self, request: Request) -> Response:
        """Post what an incoming webhook is given."""
        hook = self._stage.workspace.webhooks.get(request.path_params["path"])
        if hook is None:
            return PlainTextResponse("no_service", 404)
        app = self._stage.workspace.apps[hook.app_id]
        body = await _body(request)
        self._stage.workspace.journal.frame("hook", "from app", "incoming webhook", body, app=app.id)
        try:
            self._stage.limits.webhook(hook.path)
        except RateLimited as error:
            return PlainTextResponse("rate_limited", 429, {"Retry-After": str(error.retry_after)})
        channel = self._stage.workspace.channels.get(hook.channel)
        if channel is None:
            return PlainTextResponse("channel_not_found", 404)
        if channel.is_archived:
            return PlainTextResponse("channel_is_archived", 410)
        if body is None:
            return PlainTextResponse("invalid_payload", 400)
        text, blocks = str(body.get("text") or ""), body.get("blocks") or []
        if not (text or blocks or body.get("attachments")):
            return PlainTextResponse("no_text", 400)
        if validate.message_problems(blocks):
            return PlainTextResponse("invalid_blocks", 400)
        message = bot_message(
            self._stage.workspace,
            app,
            channel,
            text=stored_text(text) if text else text_of_blocks(blocks),
            blocks=blocks,
            attachments=body.get("attachments") or [],
        )
        message.subtype, message.user = "bot_message", ""
        message.thread_ts = str(body.get("thread_ts") or "")
        self._stage.board.post(message)
        return PlainTextResponse("ok")

    async def response(self, request: Request) -> Response:
        """Do what an app says at a `response_url`."""
        body = await _body(request)
        found = self._stage.passes.use_response_url(request.path_params["path"])
        app = "" if isinstance(found, str) else found.app
        note = found if isinstance(found, str) else ""
        self._stage.workspace.journal.frame("hook", "from app", "response_url", body, app=app, note=note)
        if isinstance(found, str):
            return PlainTextResponse(found, 404)
        if body is None:
            return PlainTextResponse("invalid_payload", 400)
        try:
            answer(self._stage, self._stage.workspace.apps[found.app], found, body)
        except SlackError as error:
            return PlainTextResponse(error.error, 400)
        return PlainTextResponse("ok")

    async def upload(self, request: Request) -> Response:
        """Take the bytes of a file, raw or in a form."""
        file = self._stage.workspace.files.get(request.path_params["file"])
        if file is None or file["content"] is not None:
            return PlainTextResponse("file_not_found", 404)
        content = file["content"] = await request.body()
        return PlainTextResponse(f"OK - {len(content)}")


async def _body(request: Request) -> Json | None:
    raw = await request.body()
    try:
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raw = dict(parse_qsl(raw.decode())).get("payload", "").encode()
        body = json.loads(raw)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
