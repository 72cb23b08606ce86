"""The door of the Web API: arguments, token, scope and rate, then the method, then Slack's kind of answer."""

import json
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from funade.playground.errors import Json, RateLimited, SlackError
from funade.playground.methods import METHODS
from funade.playground.methods.call import Call, Method, missing_scope
from funade.playground.nouns import App
from funade.playground.stage import Stage

FORM, JSON, MULTIPART = "application/x-www-form-urlencoded", "application/json", "multipart/form-data"
LARGEST_BODY = 2_000_000


class WebApi:
    """Answers `/api/METHOD`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def __call__(self, request: Request) -> Response:
        name = request.path_params["method"]
        journal = self._stage.workspace.journal
        app: App | None = None
        arguments: Json = {}
        headers = {"X-Slack-Req-Id": self._stage.workspace.new_id("", 24).lower()}
        try:
            method = METHODS.get(name)
            if method is None:
                raise SlackError("unknown_method", req_method=name)
            arguments, warning = await self._read(request)
            app = self._authenticate(request, arguments, method)
            headers["X-OAuth-Scopes"] = ",".join(app.scopes)
            headers["X-Accepted-OAuth-Scopes"] = ",".join(method.scopes)
            journal.frame("api", "from app", name, arguments, app=app.id)
            self._stage.limits.call(app.id, name, method.tier)
            if method.scopes and not set(method.scopes) & set(app.scopes):
                raise missing_scope(app, *method.scopes)
            body = {"ok": True, **method.act(Call(self._stage, app, name, arguments))}
            status = 200
            if warning:
                body.setdefault("warning", warning)
                body.setdefault("response_metadata", {}).setdefault("warnings", [warning])
        except SlackError as error:
            if app is None:
                journal.frame("api", "from app", name, arguments)
            body, status = error.body, 200
            if isinstance(error, RateLimited):
                status = 429
                headers["Retry-After"] = str(error.retry_after)
        note = str(body.get("error", "")) + (f" {headers['Retry-After']} s" if status == 429 else "")
        if name == "chat.postMessage" and status == 200 and body["ok"] and self._is_silent():
            journal.frame("api", "to app", name, {}, app=app.id if app else "", note="never answered")
            while (await request.receive())["type"] != "http.disconnect":
                pass
            return Response(status_code=504)
        journal.frame("api", "to app", name, body, app=app.id if app else "", note=note)
        return JSONResponse(body, status, headers)

    def _is_silent(self) -> bool:
        """Tell whether this post is one of those that nobody hears of."""
        switches = self._stage.workspace.switches
        if switches.post_silences < 1:
            return False
        switches.post_silences -= 1
        return True

    async def _read(self, request: Request) -> tuple[Json, str]:
        """Return the arguments from wherever they are, and Slack's warning about how they came."""
        arguments: Json = dict(request.query_params)
        raw = await request.body()
        if len(raw) > LARGEST_BODY:
            raise SlackError("request_too_large")
        kind, _, charset = request.headers.get("content-type", "").partition(";")
        kind = kind.strip().lower()
        if not raw.strip():
            # Python's client says JSON and sends nothing.
            return arguments, ""
        if kind == JSON:
            try:
                body = json.loads(raw)
            except ValueError:
                raise SlackError("invalid_json") from None
            if not isinstance(body, dict):
                raise SlackError("json_not_object")
            body.pop("token", None)  # only the header counts
            return {**arguments, **body}, "" if "charset" in charset.lower() else "missing_charset"
        if kind == FORM:
            try:
                form = dict(parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=False))
            except UnicodeDecodeError:
                raise SlackError("invalid_form_data") from None
            return {**arguments, **form}, "superfluous_charset" if "charset" in charset.lower() else ""
        if request.method == "GET":
            return arguments, ""
        raise SlackError("invalid_post_type")

    def _authenticate(self, request: Request, arguments: Json, method: Method) -> App:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        in_header = scheme.lower() == "bearer" and bool(token.strip())
        token = token.strip() if in_header else str(arguments.get("token") or "")
        arguments.pop("token", None)
        if not token:
            raise SlackError("not_authed")
        for app in self._stage.workspace.apps.values():
            if token in (app.bot_token, app.app_token):
                if app.token_error:
                    raise SlackError(app.token_error)
                if (token == app.app_token) != method.needs_app_token:
                    raise SlackError("not_allowed_token_type")
                if method.needs_app_token and not in_header:
                    raise SlackError("not_authed")
                return app
        raise SlackError("invalid_auth")
