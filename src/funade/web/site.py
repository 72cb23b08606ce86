"""Everything that is served over HTTP, put together: limits first, then health, other rooms' doors, pages."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp

from funade.domain.application import Site
from funade.web.armour import Armour
from funade.web.doors import HttpDoor
from funade.web.health import Health
from funade.web.limits import Limits

#: this machine's own names, answered to where only this machine listens
_LOOPBACK = frozenset({"127.0.0.1", "[::1]", "localhost"})


def make_site(
    site: Site, health: Health, *, doors: Sequence[HttpDoor] = (), pages: Sequence[BaseRoute] = ()
) -> ASGIApp:
    """Return the application of a site."""
    routes = [*health.routes(), *(Mount(door.path, door.app) for door in doors), *pages]
    inside = Starlette(routes=routes, exception_handlers={404: _not_there, Exception: _our_mistake})
    bodies = [(door.path, door.longest_body) for door in doors]
    secure = urlsplit(site.url).scheme == "https"
    return Armour(Limits(app=inside, hosts=hosts_of(site), bodies=bodies), secure=secure)


def hosts_of(site: Site) -> frozenset[str]:
    """Return the names under which the site answers."""
    host = urlsplit(site.url).hostname or ""
    named = {f"[{host}]" if ":" in host else host, *site.hosts}
    here = f"[{site.host}]" if ":" in site.host else site.host
    return frozenset(named | (_LOOPBACK if here in _LOOPBACK else set()))


async def _not_there(_: Request, __: Exception) -> Response:
    return PlainTextResponse("there is nothing here\n", 404)


async def _our_mistake(_: Request, __: Exception) -> Response:
    # Starlette raises it again for the server's log.
    return PlainTextResponse("Funade made a mistake; its own log has the details\n", 500)
