import asyncio
import hashlib
import time

import pytest
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from funade.domain.errors import FunadeError
from funade.web import limits, listener
from funade.web.armour import HEADERS
from funade.web.doors import HttpDoor
from funade.web.health import Part
from tests.integration.site_world import ask, get, listening, read_answer


class Echo:
    """A door that answers with the digest of what it was sent, and with who asked."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        said = f"{scope['client'][0]} {scope['scheme']} {hashlib.sha256(body).hexdigest()}"
        await PlainTextResponse(said)(scope, receive, send)


DOOR = HttpDoor(path="/slack", app=Echo(), longest_body=100_000)


def post(body: bytes, path: str = "/slack/events", **more: str) -> bytes:
    headers = {"host": "funade.acme.example", "content-length": str(len(body)), **more}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def test_every_answer_keeps_to_itself():
    async def story() -> None:
        async with listening() as (site, _):
            for path in ("/healthz", "/nothing", "/d/nothing"):
                said = await get(site, path)
                for name, value in HEADERS:
                    assert said.headers[name] == value, (path, name)
                assert "max-age" in said.headers["strict-transport-security"]
                assert "server" not in said.headers
            said = await get(site, "/healthz", host="evil.example")
            assert said.headers["x-content-type-options"] == "nosniff"

    asyncio.run(story())


@pytest.mark.parametrize("host", ["evil.example", "funade.acme.example.evil", "", "[::2]"])
def test_nobody_is_answered_under_a_strange_name_but_about_health(host):
    async def story() -> None:
        async with listening() as (site, _):
            assert (await get(site, "/d/x", host=host)).status == 421
            assert (await get(site, "/healthz", host=host)).status == 200

    asyncio.run(story())


def test_a_name_is_known_with_any_port_and_in_any_case():
    async def story() -> None:
        async with listening() as (site, _):
            for host in ("funade.acme.example", "FUNADE.acme.example:443", "funade.acme.example."):
                assert (await get(site, "/d/x", host=host)).status == 404

    asyncio.run(story())


def test_a_door_gets_its_body_byte_for_byte():
    body = bytes(range(256)) * 300

    async def story() -> None:
        async with listening(doors=[DOOR]) as (site, _):
            said = await ask(site, post(body))
            assert said.body.decode().split() == ["127.0.0.1", "http", hashlib.sha256(body).hexdigest()]

    asyncio.run(story())


def test_a_body_that_is_too_long_is_not_read():
    async def story() -> None:
        async with listening(doors=[DOOR]) as (site, _):
            announced = post(b"").replace(b"content-length: 0", b"content-length: 100001")
            assert (await ask(site, announced)).status == 413
            odd = post(b"").replace(b"content-length: 0", b"transfer-encoding: chunked")
            chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
            said = await ask(site, odd + chunk + chunk)
            assert (said.status, said.headers["connection"]) == (413, "close")
            elsewhere = await ask(site, post(b"x", path="/healthz"))
            assert elsewhere.status == 413

    asyncio.run(story())


def test_a_head_that_is_too_long_is_not_read():
    async def story() -> None:
        async with listening() as (site, _):
            long = b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: " + b"x" * 40_000 + b"\r\n\r\n"
            assert (await ask(site, long)).status == 431
            assert (await get(site, "/" + "x" * 3_000)).status == 414

    asyncio.run(story())


@pytest.mark.parametrize("beginning", [b"", b"G", b"GET /healthz HTTP/1.1\r\nx: y\r\n"])
def test_whoever_does_not_come_to_the_end_of_a_head_is_hung_up_on(monkeypatch, beginning):
    monkeypatch.setattr(listener, "HEAD_SECONDS", 0.3)

    async def story() -> None:
        async with listening() as (site, _):
            reader, writer = await asyncio.open_connection(site.host, site.port)
            writer.write(beginning)
            async with asyncio.timeout(60):
                with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                    await reader.readexactly(1)
            writer.close()

    asyncio.run(story())


def test_a_byte_now_and_then_buys_no_time(monkeypatch):
    monkeypatch.setattr(listener, "HEAD_SECONDS", 0.5)

    async def story() -> None:
        async with listening() as (site, _):
            reader, writer = await asyncio.open_connection(site.host, site.port)
            writer.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            assert (await read_answer(reader)).status == 200
            deadline = time.monotonic() + 60
            while not reader.at_eof() and reader.exception() is None:
                assert time.monotonic() < deadline
                writer.write(b"x")
                await asyncio.sleep(0.05)
            writer.close()

    asyncio.run(story())


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(limits, "BODY_SECONDS", 0.3)

    async def story() -> None:
        async with listening(doors=[DOOR]) as (site, _):
            half = post(b"x" * 10).replace(b"x" * 10, b"x" * 5)
            assert (await ask(site, half)).status == 408

    asyncio.run(story())


@pytest.mark.parametrize(
    ("proxies", "seen"),
    [
        ((), ["127.0.0.1", "http"]),
        (("10.0.0.0/8",), ["127.0.0.1", "http"]),
        (("127.0.0.0/8",), ["203.0.113.9", "https"]),
        (("127.0.0.0/8", "203.0.113.0/24"), ["198.51.100.7", "https"]),
    ],
)
def test_only_a_proxy_of_the_configuration_says_for_whom_it_asks(proxies, seen):
    async def story() -> None:
        async with listening(doors=[DOOR], proxies=proxies) as (site, _):
            forwarded = {"x_forwarded_for": "198.51.100.7, 203.0.113.9", "x_forwarded_proto": "https"}
            said = await ask(site, post(b"", **forwarded))
            assert said.body.decode().split()[:2] == seen

    asyncio.run(story())


def test_a_proxy_cannot_choose_the_host():
    async def story() -> None:
        async with listening(doors=[DOOR], proxies=("127.0.0.0/8",)) as (site, _):
            said = await ask(site, post(b"", host="evil.example", x_forwarded_host="funade.acme.example"))
            assert said.status == 421

    asyncio.run(story())


def test_health_says_why_it_is_not_ready_and_lives_all_the_same():
    async def well() -> Part:
        return Part(name="store", well=True, facts={"seconds": 0.1})

    async def unwell() -> Part:
        return Part(name="lease", well=False, why="not_held")

    async def not_needed() -> Part:
        return Part(name="slack", well=False, why="no_socket", needed=False)

    reports = {"store": well, "lease": unwell, "slack": not_needed}

    async def story() -> None:
        async with listening(reports=reports) as (site, _):
            for path in ("/healthz", "/healthz/ready"):
                said = await get(site, path)
                assert said.status == 503
                assert said.plain == {
                    "status": "not_ready",
                    "live": True,
                    "ready": False,
                    "why": ["lease: not_held"],
                    "parts": {
                        "store": {"well": True, "needed": True, "seconds": 0.1},
                        "lease": {"well": False, "needed": True, "why": "not_held"},
                        "slack": {"well": False, "needed": False, "why": "no_socket"},
                    },
                }
            assert (await get(site, "/healthz/live")).status == 200

    asyncio.run(story())


def test_a_part_that_does_not_answer_is_not_well(monkeypatch):
    monkeypatch.setattr("funade.web.health.REPORT_SECONDS", 0.1)

    async def silent() -> Part:
        await asyncio.Event().wait()
        raise AssertionError

    async def story() -> None:
        async with listening(reports={"store": silent}) as (site, _):
            assert (await get(site, "/healthz")).plain["why"] == ["store: no_answer"]

    asyncio.run(story())


def test_a_site_stops_while_a_stream_is_open_and_another_request_hangs():
    begun = asyncio.Event()

    async def endless(_):
        async def stream():
            yield b"x"
            begun.set()
            await asyncio.Event().wait()

        return StreamingResponse(stream())

    async def story() -> float:
        async with listening(pages=[Route("/endless", endless)]) as (site, _):
            _, writer = await asyncio.open_connection(site.host, site.port)
            writer.write(b"GET /endless HTTP/1.1\r\nhost: funade.acme.example\r\n\r\n")
            _, idle = await asyncio.open_connection(site.host, site.port)
            await begun.wait()
            stopping = time.monotonic()
        took = time.monotonic() - stopping
        writer.close()
        idle.close()
        return took

    assert asyncio.run(story()) < 10


def test_an_address_that_somebody_has_is_named_with_what_to_do():
    async def story() -> None:
        async with listening() as (site, _):
            second = listener.Listener(Echo(), site.host, site.port, hush=lambda: None)
            with pytest.raises(FunadeError, match=r"cannot listen at `127.0.0.1:\d+`: .+ `web.listen`"):
                async with second:
                    pass

    asyncio.run(story())
