"""A site on a port of this machine, in the test's own process, and a client that says exactly what it is told."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.routing import BaseRoute

from funade.domain.application import Site
from funade.web.doors import HttpDoor
from funade.web.health import Health, Report
from funade.web.listener import Listener
from funade.web.site import make_site


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass(frozen=True)
class Said:
    """One answer, as it came over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def plain(self) -> dict[str, object]:
        return dict(json.loads(self.body))


@asynccontextmanager
async def listening(
    *,
    doors: Sequence[HttpDoor] = (),
    pages: Sequence[BaseRoute] = (),
    reports: Mapping[str, Report] | None = None,
    url: str = "https://funade.acme.example",
    proxies: tuple[str, ...] = (),
    hush: Callable[[], None] = lambda: None,
) -> AsyncIterator[tuple[Site, Health]]:
    site = Site(host="127.0.0.1", port=free_port(), url=url, proxies=proxies)
    health = Health(reports=reports or {})
    app = make_site(site, health, doors=doors, pages=pages)
    async with Listener(app, site.host, site.port, proxies=site.proxies, hush=hush):
        yield site, health


async def ask(site: Site, raw: bytes) -> Said:
    """Return the answer to these bytes; the connection is closed behind it."""
    reader, writer = await asyncio.open_connection(site.host, site.port)
    try:
        writer.write(raw)
        await writer.drain()
        return await read_answer(reader)
    finally:
        writer.close()


async def get(site: Site, path: str, **headers: str) -> Said:
    given = {
        "host": "funade.acme.example",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return await ask(site, f"GET {path} HTTP/1.1\r\n{lines}connection: close\r\n\r\n".encode())


async def read_answer(reader: asyncio.StreamReader) -> Said:
    async with asyncio.timeout(60):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])
        }
        status, length = int(head[0].split()[1]), int(headers.get("content-length", "0"))
        if "chunked" not in headers.get("transfer-encoding", ""):
            return Said(status, headers, await reader.readexactly(length))
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        return Said(status, headers, body)
