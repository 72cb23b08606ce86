"""A log as it grows: gap-free, from any byte on, and no dearer for many who look or look slowly."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from funade.domain.commands import ReadLog, ShowDeployment
from funade.domain.deployment import State
from funade.domain.reason import Reason, because
from funade.web import feeds, stream
from funade.web.feeds import Feeds, TooManyViewers, Unreadable
from funade.web.stream import Position, events, read_position
from tests.unit.web.page_desk import PageDesk


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(feeds, "LOOK_SECONDS", 0.005)
    monkeypatch.setattr(stream, "HELD_SECONDS", 0.02)


@dataclass
class Heard:
    """What one viewer was told so far."""

    written: str = ""
    ids: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    attempts: list[int] = field(default_factory=list)

    def take(self, raw: bytes) -> None:
        for one in raw.decode().split("\n\n"):
            parts = dict(line.partition(": ")[::2] for line in one.split("\n") if line)
            if "event" not in parts:
                continue
            self.names.append(parts["event"])
            if parts["event"] == "log":
                told: dict[str, Any] = json.loads(parts["data"])
                self.written += "".join(text for _, text in told["pieces"])
                self.attempts.append(told["attempt"])
                self.ids.append(parts["id"])


def story(feed):
    return stream.event("story", {"state": feed.shown.deployment.state.value})


async def look(desk, all_of_them, heard, at=Position(0, 0), *, pause=0.0):  # noqa: B008 - never changed
    async with all_of_them.watch(desk.deployment.id, desk.deployment.number, desk.ask) as feed:
        async for one in events(feed, at, story):
            heard.take(one)
            await asyncio.sleep(pause if heard.names else 0)


async def until(claim):
    async with asyncio.timeout(60):
        while not claim():  # noqa: ASYNC110 - the claim is about what others did
            await asyncio.sleep(0.002)


def test_everything_is_heard_in_order_until_the_end():
    desk, heard, lines = PageDesk(), Heard(), [f"line {n}\n" for n in range(200)]

    async def tell() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(look(desk, Feeds(), heard))
            await until(lambda: "story" in heard.names)
            desk.starts()
            for line in lines:
                desk.writes(line.encode())
                await asyncio.sleep(0.001)
            desk.ends()

    asyncio.run(tell())
    assert heard.written == "".join(lines)
    assert heard.names[0] == "story"
    assert heard.names[-1] == "end"
    assert heard.ids[-1] == f"1:{len(''.join(lines))}"


@pytest.mark.parametrize("cut", [0, 1, 7, 12])
def test_whoever_comes_back_hears_the_rest_and_nothing_twice(cut):
    desk, log = PageDesk(), "船が出る\n" * 20_000
    desk.starts()
    desk.writes(log.encode())
    desk.ends()

    async def tell() -> tuple[Heard, Heard]:
        first, second, everything = Heard(), Heard(), Feeds()
        async with everything.watch(desk.deployment.id, 4, desk.ask) as feed:
            async for one in events(feed, Position(0, 0), story):
                first.take(one)
                if len(first.ids) > cut:
                    break
        at = read_position(first.ids[-1])
        assert at is not None
        await look(desk, everything, second, at)
        return first, second

    first, second = asyncio.run(tell())
    assert first.written + second.written == log


def test_another_attempt_follows_the_first_to_its_end():
    desk, heard = PageDesk(), Heard()
    desk.starts()
    desk.writes(b"never began\n")

    async def tell() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(look(desk, Feeds(), heard))
            await until(lambda: heard.ids)
            desk.writes(b"and its last word\n")
            desk.starts()
            desk.writes(b"again\n")
            desk.ends(State.FAILED)

    asyncio.run(tell())
    assert heard.written == "never began\nand its last word\nagain\n"
    assert heard.attempts == sorted(heard.attempts)
    assert heard.names[-1] == "end"


def test_a_question_without_an_end_of_line_is_shown_after_a_moment():
    desk, heard = PageDesk(), Heard()
    desk.starts()
    desk.writes(b"sure? [y/N] ")

    async def tell() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(look(desk, Feeds(), heard))
            await until(lambda: heard.written == "sure? [y/N] ")
            desk.writes(b"y\n\xe8")
            desk.ends()

    asyncio.run(tell())
    assert heard.written == "sure? [y/N] y\n�"


def test_a_line_that_never_ends_is_shown_in_pieces():
    desk, heard, line = PageDesk(), Heard(), "船" * 100_000
    desk.starts()
    desk.writes(line.encode())
    desk.ends()
    asyncio.run(look(desk, Feeds(), heard))
    assert len(heard.written) == len(line)
    assert set(heard.written) == {"船"}


def test_one_that_never_ran_ends_without_a_word():
    desk, heard = PageDesk(), Heard()
    desk.ends(State.CANCELLED)
    asyncio.run(look(desk, Feeds(), heard))
    assert (heard.written, heard.names) == ("", ["story", "end"])


def test_fifty_who_look_ask_no_more_than_one():
    desk = PageDesk()
    desk.starts()

    async def tell(viewers: int) -> tuple[int, list[Heard]]:
        everything, heard = Feeds(), [Heard() for _ in range(viewers)]
        desk.asked.clear()
        async with asyncio.TaskGroup() as group:
            for one in heard:
                group.create_task(look(desk, everything, one, Position(1, len(desk.logs[1]))))
            await until(lambda: all(one.names for one in heard))
            for number in range(50):
                desk.writes(f"{number}\n".encode())
                await asyncio.sleep(0.005)
            everything.close()
        return len(desk.asked), heard

    asked, heard = asyncio.run(tell(50))
    assert all(one.written == heard[0].written for one in heard)
    looks = len(desk.asks_of(ReadLog))
    assert asked <= looks + len(desk.asks_of(ShowDeployment))
    # The end of the log was read by one task: far fewer questions than fifty viewers with fifty lines.
    assert looks <= 50 * 4


def test_slow_readers_hold_up_neither_the_log_nor_the_quick_ones():
    desk, everything = PageDesk(), Feeds()
    desk.starts()
    quick, slow = Heard(), [Heard() for _ in range(49)]
    log = "".join(f"line {number} {'x' * 200}\n" for number in range(5_000))

    async def tell() -> None:
        async with asyncio.TaskGroup() as group:
            snails = [group.create_task(look(desk, everything, one, pause=3600)) for one in slow]
            hare = group.create_task(look(desk, everything, quick))
            await until(lambda: all(one.names for one in slow))
            for start in range(0, len(log), 10_000):
                desk.writes(log[start : start + 10_000].encode())
                await asyncio.sleep(0)
            desk.ends()
            await hare
            for one in snails:
                one.cancel()

    asyncio.run(tell())
    assert quick.written == log
    assert all(one.names == ["story"] for one in slow)


def test_nothing_is_read_while_nobody_looks():
    desk, everything = PageDesk(), Feeds()
    desk.starts()

    async def tell() -> int:
        task = asyncio.create_task(look(desk, everything, Heard()))
        await until(lambda: len(desk.asked) > 3)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        before = len(desk.asked)
        await asyncio.sleep(0.05)
        return len(desk.asked) - before

    assert asyncio.run(tell()) == 0


def test_more_viewers_than_there_is_room_for_are_turned_away(monkeypatch):
    monkeypatch.setattr(feeds, "MOST_VIEWERS", 2)
    desk, everything = PageDesk(), Feeds()
    desk.starts()

    async def tell() -> None:
        others = [asyncio.create_task(look(desk, everything, Heard())) for _ in range(2)]
        await asyncio.sleep(0.02)
        with pytest.raises(TooManyViewers):
            await look(desk, everything, Heard())
        for one in others:
            one.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        again = asyncio.create_task(look(desk, everything, Heard()))
        await asyncio.sleep(0.02)
        assert not again.done()
        again.cancel()

    asyncio.run(tell())


def test_a_desk_that_cannot_answer_ends_the_stream_and_not_the_server():
    desk, everything, heard = PageDesk(), Feeds(), Heard()
    desk.starts()

    async def tell() -> None:
        task = asyncio.create_task(look(desk, everything, heard))
        await until(lambda: heard.names)
        desk.refuses = because(Reason.STORE_UNAVAILABLE, problem="no disk")
        async with asyncio.timeout(60):
            await asyncio.gather(task, return_exceptions=True)
        assert "end" not in heard.names
        with pytest.raises(Unreadable):
            await look(desk, everything, Heard())
        desk.refuses = None
        desk.ends()
        await look(desk, everything, heard)

    asyncio.run(tell())
    assert heard.names[-1] == "end"


@pytest.mark.parametrize(
    "text", ["", "1", "1:", ":1", "-1:1", "1:-1", "1:99999999999999999", "x:1", "1:1:1", "１:1"]
)
def test_what_is_no_position_is_none(text):
    found = read_position(text)
    assert found is None or str(found) != text
