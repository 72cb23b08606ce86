"""Headers that keep a page to itself: no script, frame, address or cache of anybody else's."""

from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = (
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    # The address of a page is what opens it.
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("x-robots-tag", "noindex, nofollow, noarchive"),
    ("cache-control", "no-store"),
)
_ONE_YEAR = 365 * 24 * 3600


class Armour:
    """Adds to each answer the headers that it does not have; over https, that it stays there."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        more = (("strict-transport-security", f"max-age={_ONE_YEAR}"),) if secure else ()
        self._headers = tuple((name.encode(), value.encode()) for name, value in (*HEADERS, *more))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, and dress what comes back."""

        async def dress(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *self._missing(message["headers"])]}
            await send(message)

        await self._app(scope, receive, dress)

    def _missing(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        there = {name.lower() for name, _ in headers}
        return [(name, value) for name, value in self._headers if name not in there]
