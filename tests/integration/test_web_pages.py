"""The door of pages over a real socket: links that open, have ended, are wrong; streams; downloads."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from funade.domain.application import Site
from funade.domain.deployment import State
from funade.domain.people import Door
from funade.domain.reason import Reason, because
from funade.web import feeds, listener
from funade.web.links import seal
from funade.web.pages.door import SHOWN_BYTES, DeploymentPages
from tests.integration.site_world import Said, ask, get, listening
from tests.unit.web.deployments import ID, NOON
from tests.unit.web.page_desk import PageDesk

KEY, OLD = b"k" * 32, b"o" * 32
NAMED = Site(host="127.0.0.1", port=1, url="https://funade.acme.example")
ENDS = NOON + timedelta(days=7)


@asynccontextmanager
async def showing(desk: PageDesk, now: datetime = NOON, keys=(KEY, OLD)) -> AsyncIterator[Site]:
    pages = DeploymentPages(desk=desk, site=NAMED, keys=lambda: keys, now=lambda: now)
    async with listening(pages=pages.routes(), hush=pages.feeds.close) as (site, _):
        yield site


def address(number: int = 4, key: bytes = KEY, id: str = ID, ends: datetime = ENDS) -> str:
    return f"/d/{number}/{seal(key, id, number, ends)}"


def got(desk: PageDesk, path: str, now: datetime = NOON, **headers: str) -> Said:
    async def story() -> Said:
        async with showing(desk, now) as site:
            return await get(site, path, **headers)

    return asyncio.run(story())


def test_a_link_shows_its_deployment():
    desk = PageDesk()
    said = got(desk, address())
    assert said.status == 200
    assert said.headers["content-type"] == "text/html; charset=utf-8"
    assert said.headers["cache-control"] == "no-store"
    assert said.headers["referrer-policy"] == "no-referrer"
    assert "<title>#4 queued: shop production</title>" in said.body.decode()
    assert {(actor.door, actor.reads, actor.owns_store) for actor in desk.actors} == {(Door.PAGE, ID, False)}


def test_a_link_of_the_key_before_still_opens():
    assert got(PageDesk(), address(key=OLD)).status == 200


@pytest.mark.parametrize(
    "path",
    [
        address(key=b"s" * 32),
        address().replace("/4/", "/5/"),
        address()[:-1],
        address() + "x",
        "/d/4/x",
        "/d/4/%00",
        "/d/99999999999999999999999/x",
        "/d/4/" + "A" * 1500,
    ],
)
@pytest.mark.parametrize("below", ["", "/events", "/log"])
def test_a_wrong_link_opens_nothing_and_tells_nothing(path, below):
    said = got(PageDesk(), path + below)
    assert said.status == 404
    text = said.body.decode()
    assert "This link opens nothing" in text
    assert "shop" not in text
    assert ID not in text


@pytest.mark.parametrize(
    "path", [address(id="ffffffff-5c0e-4b7d-9a1f-2f1f0f6f7a10"), address(number=5)], ids=["id", "number"]
)
def test_a_link_of_another_store_opens_nothing(path):
    # Both may have the same key in their settings.
    for below, status in (("", 404), ("/log", 404), ("/events", 503)):
        said = got(PageDesk(), path + below)
        assert said.status == status
        assert b"shop" not in said.body


@pytest.mark.parametrize("below", ["", "/events", "/log"])
def test_a_link_that_has_ended_says_so_and_shows_nothing(below):
    desk = PageDesk()
    said = got(desk, address() + below, now=ENDS)
    assert said.status == 410
    text = said.body.decode()
    assert "This link has ended" in text
    assert "funade link 4" in text
    assert "shop" not in text
    assert desk.asked == []
    assert got(desk, address(), now=ENDS - timedelta(seconds=1)).status == 200


@pytest.mark.parametrize(
    "path", ["/d", "/d/4", "/d/x/y", "/assets/0/page.css", "/assets/../page.css", "/d/-4/x"]
)
def test_nothing_else_is_there(path):
    said = got(PageDesk(), path)
    assert (said.status, said.body) == (404, b"there is nothing here\n")


def test_nothing_but_reading_is_asked_for():
    async def story() -> None:
        async with showing(PageDesk()) as site:
            for method in ("POST", "PUT", "DELETE"):
                raw = f"{method} {address()} HTTP/1.1\r\nhost: funade.acme.example\r\n\r\n"
                assert (await ask(site, raw.encode())).status == 405

    asyncio.run(story())


def test_a_store_that_cannot_be_read_is_no_broken_link():
    refused = because(Reason.STORE_UNAVAILABLE, problem="/data/store.sqlite: disk full")
    said = got(PageDesk(refuses=refused), address())
    assert said.status == 503
    assert b"This page cannot be shown now" in said.body
    assert b"/data" not in said.body
    assert b'http-equiv="refresh"' in said.body


@pytest.mark.parametrize(
    ("query", "accepts", "language"),
    [
        ("", "", "en"),
        ("", "ja", "ja"),
        ("", "ja-JP,en;q=0.8", "ja"),
        ("", "de, en;q=0.5, ja;q=0.7", "ja"),
        ("", "ja;q=0, en;q=0.1", "en"),
        ("", "ja;q=x", "en"),
        ("?lang=en", "ja", "en"),
        ("?lang=ja", "en", "ja"),
        ("?lang=<script>", "ja", "ja"),
    ],
)
def test_the_language_is_the_readers(query, accepts, language):
    said = got(PageDesk(), address() + query, accept_language=accepts)
    assert said.headers["content-language"] == language
    assert f'<html lang="{language}">' in said.body.decode()
    assert said.headers["vary"] == "Accept-Language"


def test_assets_are_kept_by_their_edition():
    desk = PageDesk()
    text = got(desk, address()).body.decode()
    path = text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    said = got(desk, path)
    assert said.status == 200
    assert said.headers["content-type"].startswith("text/css")
    assert "immutable" in said.headers["cache-control"]


def lines(count: int) -> bytes:
    return b"".join(b"\x1b[32mline\x1b[0m %07d\n" % number for number in range(count))


def test_a_page_shows_the_end_of_a_long_log_and_offers_the_whole():
    desk = PageDesk()
    desk.starts()
    desk.writes(lines(30_000))
    desk.ends()
    text = got(desk, address()).body.decode()
    assert "0029999" in text
    assert "0000000</" not in text
    assert 'id="left-out" class="left-out">' in text
    assert len(text) < 4 * SHOWN_BYTES
    whole = got(desk, address() + "/log")
    assert whole.headers["content-disposition"] == 'attachment; filename="funade-4-1.log"'
    assert whole.headers["content-type"] == "text/plain; charset=utf-8"
    assert whole.body == lines(30_000)


@pytest.mark.parametrize("length", [0, 1, 65_535, 65_536, 65_537, 300_000])
def test_an_earlier_attempts_log_is_shown_to_its_end(length):
    desk = PageDesk()
    desk.starts()
    desk.writes(b"x" * max(0, length - 4) + b"end\n" if length > 4 else b"x" * length)
    desk.starts()
    desk.writes(b"second\n")
    text = got(desk, address() + "?attempt=1").body.decode()
    assert f'data-from="1:{length}"' not in text, "an earlier attempt is not followed"
    assert "second" not in text
    if length > 4:
        assert "end\n</pre>" in text
    assert "second\n</pre>" in got(desk, address() + "?attempt=2").body.decode()
    assert "second\n</pre>" in got(desk, address() + "?attempt=9").body.decode()


async def hear(site: Site, path: str, **headers: str) -> AsyncIterator[dict[str, str]]:
    """Yield each event of a stream."""
    reader, writer = await asyncio.open_connection(site.host, site.port)
    given = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    writer.write(f"GET {path} HTTP/1.1\r\nhost: funade.acme.example\r\n{given}\r\n".encode())
    try:
        async with asyncio.timeout(60):
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"text/event-stream" in head, head
            text = ""
            while size := int(await reader.readline(), 16):
                text += (await reader.readexactly(size + 2))[:-2].decode()
                *whole, text = text.split("\n\n")
                for one in whole:
                    yield dict(line.partition(": ")[::2] for line in one.split("\n"))
    finally:
        writer.close()


def written(events: list[dict[str, str]]) -> str:
    told = [json.loads(one["data"]) for one in events if one.get("event") == "log"]
    return "".join(text for one in told for _, text in one["pieces"])


def test_a_log_is_heard_live_and_taken_up_again_at_a_byte(monkeypatch):
    monkeypatch.setattr(feeds, "LOOK_SECONDS", 0.02)
    desk = PageDesk()
    desk.starts()
    desk.writes(lines(3))

    async def story() -> tuple[list[dict[str, str]], list[dict[str, str]]]:
        async with showing(desk) as site:
            first = []
            async for one in hear(site, address() + "/events?from=1:0"):
                first.append(one)
                if one.get("event") == "log":
                    break
            desk.writes(lines(2_000))
            desk.ends(State.FAILED)
            last_id = first[-1]["id"]
            path = address() + "/events?from=1:0&lang=ja"
            return first, [one async for one in hear(site, path, last_event_id=last_id)]

    first, rest = asyncio.run(story())
    plain = "".join(f"line {number:07d}\n" for number in range(3))
    plain += "".join(f"line {number:07d}\n" for number in range(2_000))
    assert written(first) + written(rest) == plain
    assert rest[-1]["event"] == "end"
    story_told = [json.loads(one["data"]) for one in rest if one.get("event") == "story"]
    assert story_told[-1]["tone"] == "bad"
    assert "失敗" in story_told[-1]["title"]


def test_a_position_that_is_none_begins_at_the_beginning():
    desk = PageDesk()
    desk.starts()
    desk.writes(b"hello\n")
    desk.ends()

    async def story() -> list[dict[str, str]]:
        async with showing(desk) as site:
            path = address() + "/events?from=x"
            return [one async for one in hear(site, path, last_event_id="nonsense")]

    assert written(asyncio.run(story())) == "hello\n"


def test_a_stream_ends_when_the_server_stops_and_its_viewer_comes_back():
    desk = PageDesk()
    desk.starts()

    async def story() -> list[dict[str, str]]:
        heard: list[dict[str, str]] = []

        async def listen(site: Site) -> None:
            heard.extend([one async for one in hear(site, address() + "/events")])

        async with showing(desk) as site:
            listening_ = asyncio.create_task(listen(site))
            while not desk.asked:  # noqa: ASYNC110 - what is waited for happens on the other side of a socket
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
        async with asyncio.timeout(60):
            await listening_
        return heard

    heard = asyncio.run(story())
    assert "end" not in [one.get("event") for one in heard]
    assert heard[0] == {"retry": "2000"}


def test_whoever_does_not_take_what_they_asked_for_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(listener, "STALLED_SECONDS", 0.5)
    desk = PageDesk()
    desk.starts()
    desk.writes((b"x" * 10_000 + b"\n") * 2_000)

    async def story() -> None:
        async with showing(desk) as site:
            reader, writer = await asyncio.open_connection(site.host, site.port, limit=1024)
            writer.write(f"GET {address()}/events HTTP/1.1\r\nhost: funade.acme.example\r\n\r\n".encode())
            async with asyncio.timeout(60):
                while await others(site):  # noqa: ASYNC110 - as above
                    await asyncio.sleep(0.05)
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(100_000_000)
            writer.close()

    async def others(site: Site) -> bool:
        """Tell whether the one who stalls is still among the viewers."""
        return "feed 4" in {task.get_name() for task in asyncio.all_tasks()} or len(desk.asked) < 2

    asyncio.run(story())


def test_too_many_viewers_are_asked_to_come_back(monkeypatch):
    monkeypatch.setattr(feeds, "MOST_VIEWERS", 0)
    said = got(PageDesk(), address() + "/events")
    assert said.status == 503
    assert said.headers["retry-after"] == "15"
