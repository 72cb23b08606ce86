"""What every Announcer promises."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from funade.domain.events import Event, EverythingPaused
from funade.runner.journal import Everybody, Journal
from funade.testing.announcer import FakeAnnouncer
from funade.usecases.ledger_ports import Announcement
from funade.usecases.ports import Announcer

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
#: an announcer, and what it has said so far
Told = tuple[Announcer, Callable[[], list[str]]]


def announcement(key: str) -> Announcement:
    event = Event(at=NOON, by="ada", application="", environment="", happening=EverythingPaused(reason=key))
    return Announcement(key=key, event=event)


def say(announcer: Announcer, *keys: str) -> None:
    asyncio.run(announcer.announce([(announcement(key), None) for key in keys]))


@pytest.fixture(params=["fake", "journal", "everybody"])
def told(request: pytest.FixtureRequest, tmp_path) -> Told:
    fake = FakeAnnouncer()
    if request.param == "fake":
        return fake, lambda: [one.key for one, _ in fake.said]
    path = tmp_path / "announcements.jsonl"
    journal = Journal(path, lambda *_: None)

    def said() -> list[str]:
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line)["key"] for line in lines]

    return (journal if request.param == "journal" else Everybody([journal, fake])), said


def test_everything_is_said_in_its_order(told):
    announcer, said = told
    say(announcer, "a", "b")
    say(announcer, "c")
    assert said() == ["a", "b", "c"]


def test_what_was_said_is_not_said_again_and_what_was_not_is(told):
    announcer, said = told
    say(announcer, "a", "b")
    say(announcer, "b", "c", "a")
    assert said() == ["a", "b", "c"]


def test_nothing_to_say_is_nothing_said(told):
    announcer, said = told
    say(announcer)
    assert said() == []


def test_it_is_the_key_that_tells_one_from_another_not_what_is_said(told):
    announcer, said = told
    first, second = announcement("a"), replace(announcement("b"), event=announcement("a").event)
    asyncio.run(announcer.announce([(first, None), (second, None)]))
    assert said() == ["a", "b"]


def test_the_fake_remembers_the_row_beside_it():
    fake = FakeAnnouncer()
    say(fake, "a")
    assert fake.said == [(announcement("a"), None)]


def test_two_journals_of_one_file_say_nothing_twice_however_they_take_turns(tmp_path):
    path = tmp_path / "announcements.jsonl"
    first, second = (Journal(path, lambda *_: None) for _ in range(2))
    say(first, "a")
    say(second, "a", "b")
    say(first, "b", "c")
    # Somebody moved it away, and a line was cut short in the new one.
    path.rename(tmp_path / "old")
    say(first, "d")
    with path.open("a") as file:
        file.write('{"key": "e')
    say(first, "d", "e")
    say(second, "e", "f")
    assert [json.loads(line)["key"] for line in path.read_text().splitlines()] == ["d", "e", "f"]
    assert [json.loads(line)["key"] for line in (tmp_path / "old").read_text().splitlines()] == [
        "a",
        "b",
        "c",
    ]
