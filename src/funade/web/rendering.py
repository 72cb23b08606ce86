"""Templates and assets: what pages look like. Everything is escaped unless it was made here."""

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

HERE = Path(__file__).parent
TONES = ("asks", "waits", "runs", "good", "unsure", "bad", "off")
_COLORS = ("#9a6700", "#57606a", "#0969da", "#1a7f37", "#9a6700", "#cf222e", "#57606a")
_CODE = re.compile("`([^`\n]+)`")
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="{color}"/>'
    '<path d="M6 19h20l-3.5 5h-13zM15 6v11H8zM17.5 9v8H24z" fill="#fff"/></svg>'
)


def prose(text: str) -> Markup:
    """Return a sentence of ours as markup: what stands in backticks is set as code, everything is escaped."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just before


@cache
def templates() -> Environment:
    """Return where templates are; a name that a page does not have is a mistake."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = prose
    return environment


def render(template: str, **context: object) -> str:
    """Return a template filled in."""
    return templates().get_template(template).render(**context)


@cache
def assets() -> Mapping[str, tuple[str, bytes]]:
    """Return every asset by its name: its media type and its bytes."""
    icons = {
        f"icon-{tone}.svg": ("image/svg+xml", _ICON.format(color=color).encode())
        for tone, color in zip(TONES, _COLORS, strict=True)
    }
    return {
        "page.css": ("text/css", (HERE / "static/page.css").read_bytes()),
        "page.js": ("text/javascript", (HERE / "static/page.js").read_bytes()),
        **icons,
    }


@cache
def edition() -> str:
    """Return a name of all assets as they are: a browser keeps them until they change."""
    together = b"\0".join(content for _, content in assets().values())
    return hashlib.sha256(together).hexdigest()[:12]


async def _asset(request: Request) -> Response:
    found = assets().get(request.path_params["name"])
    if found is None or request.path_params["edition"] != edition():
        return Response("there is nothing here\n", 404, media_type="text/plain")
    kind, content = found
    kept = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(content, media_type=kind, headers=kept)


ASSETS = Route("/assets/{edition}/{name}", _asset, methods=["GET"])
