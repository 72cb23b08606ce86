"""All doors of the workspace in one application."""

from collections.abc import Iterable
from importlib.resources import files

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from funade.playground.control import ControlDoor
from funade.playground.guard import OwnHostOnly
from funade.playground.hooks import Hooks
from funade.playground.stage import Stage
from funade.playground.web_api import WebApi

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
#: the page loads nothing from anywhere else; what messages link as pictures is the one exception
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' https: http: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def site(stage: Stage, allowed_hosts: Iterable[str] = ()) -> Starlette:
    """Return the whole application."""
    hooks, control, api = Hooks(stage), ControlDoor(stage), WebApi(stage)
    return Starlette(
        routes=[
            Route("/", _page),
            Route("/static/{name}", _static),
            Route("/api/{method}", api.__call__, methods=["GET", "POST"]),
            Route("/services/{path:path}", hooks.incoming, methods=["POST"]),
            Route("/actions/{path:path}", hooks.response, methods=["POST"]),
            Route("/upload/{file}", hooks.upload, methods=["POST"]),
            Route("/_control/events", control.events),
            Route("/_control/{name}", control.__call__, methods=["GET", "POST"]),
            WebSocketRoute("/link/", stage.courier.sockets.__call__),
        ],
        middleware=[Middleware(OwnHostOnly, names=allowed_hosts)],
    )


async def _page(request: Request) -> Response:
    del request
    return _asset("index.html")


async def _static(request: Request) -> Response:
    return _asset(request.path_params["name"])


def _asset(name: str) -> Response:
    kind = KINDS.get("." + name.rpartition(".")[2])
    found = files("funade.playground") / "static" / name
    if kind is None or "/" in name or not found.is_file():
        return Response("Not found", 404)
    headers = {
        "Content-Security-Policy": POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }
    return Response(found.read_bytes(), media_type=kind, headers=headers)
