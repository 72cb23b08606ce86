"""Which channels hear what concerns more than one deployment."""

import asyncio
from contextlib import closing
from dataclasses import replace

import pytest

from funade.chat.slack.announcer import SlackAnnouncer
from funade.domain.application import Application, Configuration, Repository
from funade.domain.events import DeadLettersFound, Event
from funade.store.sqlite import SqliteLedger
from funade.testing.configurations import FakeConfigurations
from funade.usecases.ledger_ports import Announcement, Ledger
from tests.unit.chat.slack.workspace import configured, person
from tests.unit.domain.examples import NOON

CHANNELS = {"shop": "#shop", "desk": "#desk", "mill": "#shop", "till": None}


@pytest.fixture
def ledger(tmp_path):
    with closing(SqliteLedger(tmp_path / "store.sqlite")) as opened:
        yield opened


def configuration(channel: str | None) -> Configuration:
    configured_as = configured([person("ada")])
    assert configured_as.slack is not None
    applications = {
        name: Application(
            name=name, repository=Repository(url="https://example.invalid/shop"), channel=own, environments={}
        )
        for name, own in CHANNELS.items()
    }
    return replace(
        configured_as, applications=applications, slack=replace(configured_as.slack, channel=channel)
    )


def told(ledger: Ledger, *used_by: str, channel: str | None = None, times: int = 1) -> list[str | None]:
    """Return the channels that hear of dead letters of a queue that these use."""
    found = DeadLettersFound(queue="q", holds="facts", number=1, used_by=used_by)
    event = Event(at=NOON, by="funade", application="", environment="", happening=found, sequence=7)
    announcer = SlackAnnouncer(ledger=ledger, configurations=FakeConfigurations(configuration(channel)))
    for _ in range(times):
        asyncio.run(announcer.announce([(Announcement(key="7", event=event), None)]))
    posts = asyncio.run(ledger.read(lambda look: look.wanted_posts(99)))
    assert {(post.event, post.deployment) for post in posts} <= {(7, None)}
    return [post.channel for post in posts]


def test_every_channel_of_whoever_uses_the_queue_hears_of_its_dead_letters_once(ledger):
    assert told(ledger, "shop/a", "shop/b", "mill/a", "desk/a", times=2) == ["#desk", "#shop"]


def test_an_application_without_a_channel_is_told_of_in_that_of_all(ledger):
    assert told(ledger, "till/a", "gone/a", channel="#all") == ["#all"]


def test_where_nobody_said_where_nothing_is_told(ledger):
    assert told(ledger, "till/a") == []
