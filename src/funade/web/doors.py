"""Where other rooms let the world in over HTTP: `wiring` mounts their doors beside the pages.

A door is an ASGI application under a path of its own, like `/slack`. Before it hears of a request the site has
checked its host, bounded its head, its body and the time both may take, and put the asker's address, as far as a
trusted proxy told it, into `scope["client"]`. The raw body comes to the door byte for byte, for its signature.
What the door answers gets the site's security headers. A door whose answers never end must end them by itself.
"""

from dataclasses import dataclass

from starlette.types import ASGIApp

#: bytes; what no door wants more of
LONGEST_BODY = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpDoor:
    """One room's door: everything under `path` is handed to `app`, which sees the rest of the path."""

    path: str
    app: ASGIApp
    longest_body: int = LONGEST_BODY
