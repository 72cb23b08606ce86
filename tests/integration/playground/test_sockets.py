"""What Slack promises about Socket Mode, and what it does not, looked at by a client that hides nothing."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import websockets
from aiohttp import WSMsgType

from funade.playground import Playground
from funade.playground.errors import Misused
from tests.integration.playground.manifests import MANIFEST

pytestmark = pytest.mark.asyncio

MENTION = "@story hello"


class Client:
    """One socket, frame by frame."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self.websocket = websocket

    async def frame(self) -> Any:
        """Return the next JSON frame, or what the socket said when it closed."""
        async with asyncio.timeout(60):
            message = await self.websocket.receive()
        return json.loads(message.data) if message.type is WSMsgType.TEXT and message.data else message

    async def envelope(self, kind: str = "") -> Any:
        while True:
            frame = await self.frame()
            assert isinstance(frame, dict), frame
            if "envelope_id" in frame and kind in ("", frame["type"]):
                return frame

    async def acknowledge(self, envelope: Any, **more: Any) -> None:
        await self.websocket.send_str(json.dumps({"envelope_id": envelope["envelope_id"], **more}))

    async def nothing_more(self, playground: Playground) -> None:
        """Make sure that no frame is on its way: the next one is the answer to our own question."""
        playground.stage.courier.sockets.disconnect(playground.app, "warning")
        frame = await self.frame()
        assert frame["reason"] == "warning", frame


@contextlib.asynccontextmanager
async def opened(playground: Playground, number: int = 1, query: str = "") -> AsyncIterator[list[Client]]:
    """Open so many sockets, without waiting for their `hello`."""
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        clients = []
        for _ in range(number):
            url = await ticket(playground, session)
            websocket = await stack.enter_async_context(session.ws_connect(url + query, autoping=True))
            clients.append(Client(websocket))
        yield clients


async def ticket(playground: Playground, session: aiohttp.ClientSession) -> str:
    headers = {"Authorization": f"Bearer {playground.app.app_token}"}
    async with session.post(f"{playground.api_url}apps.connections.open", headers=headers) as response:
        answer = await response.json()
    assert answer["ok"], answer
    url: str = answer["url"]
    return url


@contextlib.asynccontextmanager
async def one_socket(**switches: Any) -> AsyncIterator[tuple[Playground, Client]]:
    async with Playground(MANIFEST, frozen=True) as playground:
        await playground.switch(switches=switches)
        async with opened(playground) as [client]:
            hello = await client.frame()
            assert hello["type"] == "hello"
            yield playground, client


async def mention(playground: Playground) -> None:
    """Let something happen that only one event tells of."""
    playground.app.events = ("app_mention",)
    await playground.say(person="ada", channel="#general", text=MENTION)


async def test_hello_counts_the_connections():
    async with Playground(MANIFEST) as playground, opened(playground, 3) as clients:
        hellos = [await client.frame() for client in clients]
    assert [hello["num_connections"] for hello in hellos] == [1, 2, 3]
    assert hellos[0]["connection_info"] == {"app_id": playground.app.id}
    assert hellos[0]["debug_info"]["approximate_connection_time"] == 18060


async def test_a_ticket_opens_one_socket():
    async with Playground(MANIFEST) as playground, aiohttp.ClientSession() as session:
        url = await ticket(playground, session)
        async with session.ws_connect(url):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(url)
    assert refused.value.status == 404


async def test_a_bot_token_opens_nothing():
    async with Playground(MANIFEST) as playground, aiohttp.ClientSession() as session:
        for token, error in [
            (playground.app.bot_token, "not_allowed_token_type"),
            ("xapp-none", "invalid_auth"),
            ("", "not_authed"),
        ]:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            async with session.post(
                f"{playground.api_url}apps.connections.open", headers=headers
            ) as response:
                assert (await response.json())["error"] == error


@pytest.mark.parametrize("before", [True, False])
async def test_the_eleventh_socket_is_one_too_many(before):
    async with Playground(MANIFEST) as playground:
        await playground.switch(switches={"too_many_before_hello": before})
        async with opened(playground, 11) as clients:
            for client in clients[:10]:
                assert (await client.frame())["type"] == "hello"
            if not before:
                assert (await clients[10].frame())["type"] == "hello"
            assert (await clients[10].frame())["reason"] == "too_many_websockets"
            assert (await clients[10].frame()).type is WSMsgType.CLOSE


async def test_each_envelope_goes_to_one_socket_only():
    async with Playground(MANIFEST, seed=3) as playground, opened(playground, 4) as clients:
        for client in clients:
            await client.frame()
        for _ in range(20):
            await mention(playground)
        await playground.advance(seconds=0)
        sent = (await playground.frames(name="events_api"))["frames"]
        playground.stage.courier.sockets.disconnect(playground.app, "warning")
        seen: list[str] = []
        for client in clients:
            while "envelope_id" in (frame := await client.frame()):
                seen.append(frame["envelope_id"])
    assert sorted(seen) == sorted(one["body"]["envelope_id"] for one in sent)
    assert len(set(seen)) == 20
    assert len({one["connection"] for one in sent}) > 1


async def test_what_is_acknowledged_does_not_come_again():
    async with one_socket() as (playground, client):
        await mention(playground)
        envelope = await client.envelope()
        assert (envelope["retry_attempt"], envelope["retry_reason"]) == (0, "")
        await client.acknowledge(envelope)
        await playground.wait(frame="ack")
        await playground.advance(seconds=1000)
        await client.nothing_more(playground)


async def test_what_is_not_acknowledged_comes_three_times_more():
    async with one_socket() as (playground, client):
        await mention(playground)
        seen = [await client.envelope()]
        for seconds in (4, 63, 303):
            await playground.advance(seconds=seconds)
            seen.append(await client.envelope())
        await playground.advance(seconds=90_000)
    assert [one["retry_attempt"] for one in seen] == [0, 1, 2, 3]
    assert {one["retry_reason"] for one in seen[1:]} == {"timeout"}
    assert len({one["envelope_id"] for one in seen}) == 4
    assert len({one["payload"]["event_id"] for one in seen}) == 1


async def test_a_retry_may_keep_its_envelope_id():
    async with one_socket(retry_keeps_envelope_id=True) as (playground, client):
        await mention(playground)
        first = await client.envelope()
        await playground.advance(seconds=4)
        assert (await client.envelope())["envelope_id"] == first["envelope_id"]


async def test_attempt_0_may_come_twice():
    async with one_socket(replays_first_attempt=True, retry_seconds=[]) as (playground, client):
        await mention(playground)
        first = await client.envelope()
        await playground.advance(seconds=15)
        again = await client.envelope()
    assert (again["retry_attempt"], again["envelope_id"]) == (0, first["envelope_id"])


async def test_an_event_waits_for_a_socket():
    async with Playground(MANIFEST, frozen=True) as playground:
        await mention(playground)
        async with opened(playground) as [client]:
            await client.frame()
            await playground.advance(seconds=1)
            assert (await client.envelope())["retry_attempt"] == 1


async def test_a_command_without_a_socket_fails_at_once_and_is_not_kept():
    async with Playground(MANIFEST, frozen=True) as playground:
        failed = await playground.command(person="ada", command="/story", text="hello")
        assert failed == {"ok": False, "error": "dispatch_failed"}
        shown = (await playground.messages(channel="#general", person="ada"))["messages"][-1]
        assert shown["text"] == "/story failed with the error “dispatch_failed”"
        async with opened(playground) as [client]:
            await client.frame()
            await playground.advance(seconds=1000)
            await client.nothing_more(playground)


async def test_a_command_that_nobody_acknowledges_fails_after_three_seconds():
    async with one_socket() as (playground, client):
        asked = asyncio.create_task(playground.command(person="ada", command="/story", text="hello"))
        envelope = await client.envelope()
        await playground.advance(seconds=2.9)
        assert not asked.done()
        await playground.advance(seconds=0.1)
        assert await asked == {"ok": False, "error": "operation_timeout"}
        await client.acknowledge(envelope, payload={"text": "too late"})
        late = await playground.wait(frame="ack")
        assert late["frame"]["note"] == "ignored: late, twice or unknown"


@pytest.mark.parametrize(("letters", "heard"), [(20_479, True), (20_480, False)])
async def test_an_acknowledgement_of_twenty_kilobytes_vanishes(letters, heard):
    async with one_socket() as (playground, client):
        asked = asyncio.create_task(playground.command(person="ada", command="/story", text="hello"))
        envelope = await client.envelope()
        empty = json.dumps({"envelope_id": envelope["envelope_id"], "payload": {"text": ""}})
        await client.acknowledge(envelope, payload={"text": "x" * (letters - len(empty))})
        await playground.wait(frame="ack")
        await playground.advance(seconds=3)
        assert (await asked)["ok"] is heard


@pytest.mark.parametrize("drops", [True, False])
async def test_an_acknowledgement_in_pieces_vanishes_unless_told_otherwise(drops):
    async with Playground(MANIFEST, frozen=True) as playground, aiohttp.ClientSession() as session:
        await playground.switch(switches={"drops_fragmented_acks": drops})
        # This library sends a list as one message in as many frames.
        async with websockets.connect(await ticket(playground, session)) as websocket:
            await websocket.recv()
            asked = asyncio.create_task(playground.command(person="ada", command="/story"))
            envelope = json.loads(await websocket.recv())
            await websocket.send(['{"envelope_id":', json.dumps(envelope["envelope_id"]), "}"])
            await playground.wait(frame="ack")
            await playground.advance(seconds=3)
            assert (await asked)["ok"] is not drops


async def test_acknowledgements_can_get_lost():
    async with one_socket(dropped_acks=1) as (playground, client):
        asked = asyncio.create_task(playground.command(person="ada", command="/story"))
        await client.acknowledge(await client.envelope())
        await playground.wait(frame="ack")
        await playground.advance(seconds=3)
        assert (await asked)["error"] == "operation_timeout"
        asked = asyncio.create_task(playground.command(person="ada", command="/story"))
        await client.acknowledge(await client.envelope())
        assert (await asked)["ok"]


async def test_an_empty_payload_is_none():
    async with one_socket() as (playground, client):
        asked = asyncio.create_task(playground.command(person="ada", command="/story"))
        await client.acknowledge(await client.envelope(), payload={})
        assert (await asked)["ok"]
        assert (await playground.messages(channel="#general"))["messages"] == []


async def test_a_socket_is_warned_refreshed_and_still_carries_until_it_is_closed():
    async with Playground(MANIFEST, frozen=True) as playground, opened(playground) as [client]:
        await client.frame()
        await playground.advance(seconds=18050)
        assert (await client.frame())["reason"] == "warning"
        await playground.advance(seconds=10)
        assert (await client.frame())["reason"] == "refresh_requested"
        await mention(playground)
        assert (await client.envelope())["type"] == "events_api"
        await playground.advance(seconds=10)
        while isinstance(frame := await client.frame(), dict):
            pass
        assert (frame.type, frame.data) == (WSMsgType.CLOSE, 1000)


async def test_debug_reconnects_shorten_its_life():
    async with (
        Playground(MANIFEST, frozen=True) as playground,
        opened(playground, query="&debug_reconnects=true") as [client],
    ):
        assert (await client.frame())["debug_info"]["approximate_connection_time"] == 360
        await playground.advance(seconds=360)
        assert [(await client.frame())["reason"] for _ in range(2)] == ["warning", "refresh_requested"]


async def test_after_link_disabled_no_socket_opens():
    async with one_socket() as (playground, client):
        await playground.disconnect(reason="link_disabled")
        assert (await client.frame())["reason"] == "link_disabled"
        async with aiohttp.ClientSession() as session:
            headers = {"Authorization": f"Bearer {playground.app.app_token}"}
            async with session.post(
                f"{playground.api_url}apps.connections.open", headers=headers
            ) as response:
                assert not (await response.json())["ok"]


async def test_a_socket_can_be_reset_from_below():
    async with one_socket() as (playground, client):
        await playground.cut(how="abort")
        assert (await client.frame()).type in (WSMsgType.CLOSED, WSMsgType.ERROR, WSMsgType.CLOSING)
        await playground.wait(connections=0)


async def test_a_half_open_socket_answers_nothing_and_carries_nothing():
    async with Playground(MANIFEST, frozen=True) as playground, aiohttp.ClientSession() as session:
        websocket = await session.ws_connect(await ticket(playground, session), autoping=False)
        client = Client(websocket)
        await client.frame()
        await websocket.ping(b"one")
        pong = await websocket.receive(5)
        assert (pong.type, bytes(pong.data)) == (WSMsgType.PONG, b"one")
        await playground.cut(how="half_open")
        await websocket.ping(b"two")
        await mention(playground)
        assert (await playground.connections())["connections"] == 0
        with pytest.raises(TimeoutError):
            await websocket.receive(0.3)


async def test_pings_may_go_unanswered():
    async with Playground(MANIFEST) as playground, aiohttp.ClientSession() as session:
        websocket = await session.ws_connect(await ticket(playground, session), autoping=False)
        await websocket.receive(5)
        await playground.cut(how="no_pong")
        await websocket.ping(b"one")
        await mention(playground)
        assert (await websocket.receive(5)).type is WSMsgType.TEXT


@pytest.mark.parametrize("status", [409, 503])
async def test_an_upgrade_may_be_refused(status):
    async with Playground(MANIFEST) as playground, aiohttp.ClientSession() as session:
        await playground.switch(switches={"upgrade_status": status})
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(await ticket(playground, session))
    assert refused.value.status == status


async def test_frames_may_be_empty_or_binary():
    async with one_socket(empty_frames=True, binary_frames=True) as (playground, client):
        await mention(playground)
        assert (await client.frame()).data == ""
        assert (await client.frame()).type is WSMsgType.BINARY
        assert (await client.frame())["type"] == "events_api"


@pytest.mark.parametrize("lingers", [True, False])
async def test_a_socket_may_linger_after_its_closing_handshake(lingers):
    async with Playground(MANIFEST) as playground, aiohttp.ClientSession() as session:
        await playground.switch(switches={"lingering_close": lingers})
        websocket = await session.ws_connect(await ticket(playground, session), autoclose=False)
        await websocket.receive(5)
        connection = websocket._response.connection
        assert connection is not None
        assert isinstance(connection.transport, asyncio.Transport)
        transport = connection.transport
        await websocket._writer.close(1000)
        assert (await websocket.receive(5)).type is WSMsgType.CLOSE
        await playground.wait(connections=0)
        ended = asyncio.create_task(_ended(transport))
        done, _ = await asyncio.wait([ended], timeout=0.3)
        assert bool(done) is not lingers
        ended.cancel()


async def _ended(transport: asyncio.Transport) -> None:
    while not transport.is_closing():  # noqa: ASYNC110 - a transport tells nobody
        await asyncio.sleep(0.01)


async def test_opening_can_be_limited():
    async with Playground(MANIFEST) as playground, aiohttp.ClientSession() as session:
        await playground.refuse(method="apps.connections.open", retry_after=2)
        headers = {"Authorization": f"Bearer {playground.app.app_token}"}
        async with session.post(f"{playground.api_url}apps.connections.open", headers=headers) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "2")
            assert await response.json() == {"ok": False, "error": "ratelimited"}
        await ticket(playground, session)


async def test_a_way_to_cut_that_is_none_is_said():
    async with Playground(MANIFEST) as playground:
        with pytest.raises(Misused, match="abort, close, half_open"):
            await playground.cut(how="scissors")
