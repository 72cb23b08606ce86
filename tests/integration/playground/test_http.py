"""The official Python framework behind HTTP: our signatures are checked by its code, faults and all."""

import asyncio

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from funade.playground import Playground
from tests.integration.playground.listening import served
from tests.integration.playground.manifests import over_http
from tests.integration.playground.story import TRACE, live_through, order, tell_async

pytestmark = pytest.mark.asyncio


async def test_bolt_lives_through_the_story_over_http():
    trace: list[str] = []
    holder: list[AsyncApp] = []

    async def answer(request: web.Request) -> web.Response:
        bolt = await to_bolt_request(request)
        return await to_aiohttp_response(await holder[0].async_dispatch(bolt))

    async with served(answer) as address, Playground(over_http(address)) as playground:
        client = AsyncWebClient(token=playground.app.bot_token, base_url=playground.api_url)
        holder.append(AsyncApp(client=client, signing_secret=playground.app.signing_secret))
        tell_async(holder[0], trace)
        assert (await playground.verify())["verified"]
        await live_through(playground)
        await playground.fault(faults=["wrong_secret"])
        refused = await playground.command(person="ada", command="/story", text="spoiled")
        assert refused == {"ok": False, "error": "dispatch_failed"}
    assert order(trace) == TRACE


class Door:
    """An address that answers as it is told, and keeps what it was asked."""

    def __init__(self, *answers: web.Response) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[dict[str, str], bytes]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append((dict(request.headers), await request.read()))
        return self.answers.pop(0) if self.answers else web.Response()

    def retries(self) -> list[tuple[str | None, str | None]]:
        return [
            (headers.get("X-Slack-Retry-Num"), headers.get("X-Slack-Retry-Reason"))
            for headers, _ in self.asked
        ]


async def test_an_event_comes_again_at_once_after_a_minute_and_after_five_more():
    door = Door(*(web.Response(status=500) for _ in range(3)))
    async with served(door.answer) as address, Playground(over_http(address), frozen=True) as playground:
        await playground.say(person="ada", channel="#general", text="hello")
        await playground.wait(frame="event_callback")
        for seconds in (1, 59, 1, 299, 1):
            await playground.advance(seconds=seconds)
    assert door.retries() == [
        (None, None),
        ("1", "http_error"),
        ("2", "http_error"),
        ("3", "http_error"),
    ]
    bodies = {body for _, body in door.asked}
    assert len(bodies) == 1


async def test_who_says_no_retry_is_not_asked_again():
    door = Door(web.Response(status=500, headers={"X-Slack-No-Retry": "1"}))
    async with served(door.answer) as address, Playground(over_http(address), frozen=True) as playground:
        await playground.say(person="ada", channel="#general", text="hello")
        await playground.advance(seconds=1000)
    assert len(door.asked) == 1


async def test_an_answer_after_three_seconds_is_a_timeout():
    asked: list[str | None] = []
    patience = asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        asked.append(request.headers.get("X-Slack-Retry-Reason"))
        if len(asked) == 1:
            await patience.wait()
        return web.Response()

    async with served(slow) as address, Playground(over_http(address), frozen=True) as playground:
        await playground.say(person="ada", channel="#general", text="hello")
        await playground.wait(frame="event_callback")
        await playground.advance(seconds=3)
        await playground.advance(seconds=1)
        patience.set()
        await playground.advance(seconds=1000)
    assert asked == [None, "http_timeout"]


async def test_nobody_listening_and_too_many_redirects_are_reasons_too():
    async def around(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": request.path})

    async with served(around) as address, Playground(over_http(address), frozen=True) as playground:
        await playground.say(person="ada", channel="#general", text="hello")
        seen = await playground.wait(frame="event_callback")
        await playground.advance(seconds=0)
        answers = (await playground.frames(wire="http", direction="from app"))["frames"]
        assert answers[0]["body"]["reason"] == "too_many_redirects"
        await playground.change_app(changes={"request_url": "http://127.0.0.1:9/"})
        await playground.advance(seconds=1)
        answers = (await playground.frames(wire="http", direction="from app"))["frames"]
        assert answers[1]["body"]["reason"] == "connection_failed"
        assert seen["frame"]["wire"] == "http"


async def test_a_response_url_is_used_five_times_in_thirty_minutes():
    import aiohttp  # noqa: PLC0415 - one test asks by itself

    door = Door(*(web.Response() for _ in range(9)))
    async with served(door.answer) as address, Playground(over_http(address), frozen=True) as playground:
        await playground.command(person="ada", command="/story")
        frames = (await playground.frames(name="/story"))["frames"]
        url = frames[0]["body"]["response_url"]
        async with aiohttp.ClientSession() as session:

            async def post() -> tuple[int, str]:
                async with session.post(url, json={"text": "hi"}) as response:
                    return response.status, await response.text()

            assert [await post() for _ in range(5)] == [(200, "ok")] * 5
            assert await post() == (404, "used_url")
            await playground.command(person="ada", command="/story")
            url = (await playground.frames(name="/story"))["frames"][-2]["body"]["response_url"]
            await playground.advance(seconds=1801)
            assert await post() == (404, "expired_url")


async def test_a_delayed_event_comes_hourly_for_a_day():
    door = Door(*(web.Response(status=500) for _ in range(40)))
    async with served(door.answer) as address, Playground(over_http(address), frozen=True) as playground:
        await playground.switch(switches={"delayed_events": True, "retry_seconds": []})
        await playground.say(person="ada", channel="#general", text="hello")
        for _ in range(26):
            await playground.advance(seconds=3600)
    assert len(door.asked) == 25
