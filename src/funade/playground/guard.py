"""Keeps other people's web pages out: whoever names a foreign host, or comes from one, is refused."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

OWN_NAMES = ("127.0.0.1", "localhost", "::1")


class OwnHostOnly:
    """Lets a request through whose `Host` is ours and whose `Origin`, where it has one, is ours too."""

    def __init__(self, app: ASGIApp, names: Iterable[str] = ()) -> None:
        self._app = app
        self._names = {*OWN_NAMES, *names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name("//" + host) not in self._names:
            problem = "This workspace does not go by that name; --allow-host adds one.\n"
        elif _comes_from_elsewhere(headers, scope["path"], host):
            problem = "Pages of other origins may not talk to this workspace.\n"
        else:
            await self._app(scope, receive, send)
            return
        refusal = PlainTextResponse(problem, 403)
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        await refusal(scope, receive, send)


def _comes_from_elsewhere(headers: Headers, path: str, host: str) -> bool:
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc != host
    # A browser says so also where it names no origin; a link to the page itself may stand anywhere.
    return path != "/" and headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
