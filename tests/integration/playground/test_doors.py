"""Who may come in: this machine's own pages and programs, and nobody's page from elsewhere."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from funade.playground import Playground

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("path", ["/", "/static/page.js", "/_control/state", "/api/auth.test"])
async def test_a_name_that_is_not_ours_is_refused(path):
    async with Playground() as playground, aiohttp.ClientSession() as session:
        for host, status in [("evil.example", 403), ("127.0.0.1.evil.example", 403), ("", 403)]:
            async with session.get(playground.address + path, headers={"Host": host}) as response:
                assert response.status == status
        port = playground.address.rpartition(":")[2]
        async with session.get(playground.address + path, headers={"Host": f"localhost:{port}"}) as response:
            assert response.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_page_from_elsewhere_is_refused(headers):
    async with Playground() as playground, aiohttp.ClientSession() as session:
        for path in ("/_control/state", "/_control/events", "/services/x", "/api/auth.test"):
            async with session.post(playground.address + path, json={}, headers=headers) as response:
                assert response.status == 403, path
        url = playground.stage.courier.sockets.open(playground.app)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url, headers=headers)


async def test_another_name_can_be_allowed():
    async with (
        Playground(allowed_hosts=["slack.test"]) as playground,
        aiohttp.ClientSession() as session,
        session.get(playground.address, headers={"Host": "slack.test"}) as response,
    ):
        assert response.status == 200


async def test_a_get_changes_nothing():
    async with Playground() as playground, aiohttp.ClientSession() as session:
        address = f"{playground.address}/_control"
        async with session.get(f"{address}/say?person=ada&text=hello") as response:
            assert response.status == 400
        async with session.post(f"{address}/say", data="{}") as response:
            assert "application/json" in (await response.json())["message"]
        async with session.get(f"{address}/messages?channel=general") as response:
            assert (await response.json())["messages"] == []
        async with session.post(f"{address}/say", json={"person": "ada", "text": "hello"}) as response:
            assert (await response.json())["message"]["text"] == "hello"
        async with session.post(f"{address}/shout", json={}) as response:
            assert "there is no control `shout`" in (await response.json())["message"]
        async with session.post(f"{address}/say", json={"person": "ada", "words": "x"}) as response:
            assert response.status == 400


async def test_what_happens_can_be_followed():
    async with Playground() as playground, aiohttp.ClientSession() as session:
        async with session.get(f"{playground.address}/_control/events") as stream:
            assert stream.content_type == "text/event-stream"
            await stream.content.readuntil(b"\n\n")
            await playground.say(person="ada", channel="#general", text="hello")
            news = await stream.content.readuntil(b"\n\n")
        assert news.startswith(b"event: message\ndata: {")


async def test_the_page_may_load_nothing_but_itself():
    async with Playground() as playground, aiohttp.ClientSession() as session:
        async with session.get(playground.address) as response:
            policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'" in policy
        for path in ("/static/%2e%2e%2fserver.py", "/static/server.py", "/static/none.js"):
            async with session.get(playground.address + path) as response:
                assert response.status == 404


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_command_says_what_an_app_needs_and_ends_when_it_is_told(tmp_path, number):
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text("display_information: {name: Mine}\nsettings: {socket_mode_enabled: true}\n")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "funade", "playground", str(manifest), "--port", "0"),
        *("--bot-token", "xoxb-mine"),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    said = ""
    while "SIGNING_SECRET" not in said:
        said += (await process.stdout.readline()).decode()
    address = said.splitlines()[0].rpartition(" ")[2]
    assert "Mine (A0APP1)" in said
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": "Bearer xoxb-mine"}
        async with session.post(f"{address}/api/auth.test", headers=headers) as response:
            assert (await response.json())["user"] == "mine"
        async with session.get(f"{address}/_control/events") as stream:
            await stream.content.readuntil(b"\n\n")
            process.send_signal(number)
            async with asyncio.timeout(60):
                assert await process.wait() == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "is not a mapping"),
        ("{", "cannot be read"),
        (None, "cannot be read"),
    ],
)
async def test_a_manifest_that_is_none_is_said(tmp_path: Path, text, problem):
    manifest = tmp_path / "manifest.yaml"
    if text is not None:
        manifest.write_text(text)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "funade", "playground", str(manifest), "--port", "0"),
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode not in (0, None)
    assert problem in said.decode()
    assert "Traceback" not in said.decode()
