"""Homes are made anew when there is news, and not to find out that there is none."""

import asyncio
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from funade.chat.slack.arrivals import Sender
from funade.chat.slack.client import SlackUnavailable
from funade.chat.slack.onlookers import AT_LEAST_EVERY_SECONDS, EVERY_SECONDS, Onlookers
from funade.domain.telling import Preference
from funade.store.sqlite import SqliteLedger
from funade.testing.time import FakeClock
from funade.usecases.door_ports import Onlooker
from funade.usecases.ledger_ports import Transaction
from tests.unit.domain.examples import deployment


@dataclass
class Homes:
    """Counts how often each home is made."""

    made: list[str] = field(default_factory=list)
    error: Exception | None = None

    async def show_anew(self, sender: Sender) -> bool:
        self.made.append(sender.user)
        if self.error is not None:
            raise self.error
        return False


@pytest.fixture
def homes():
    return Homes()


@pytest.fixture
def onlookers(tmp_path, homes):
    clock = FakeClock()
    with closing(SqliteLedger(tmp_path / "store.sqlite")) as ledger:
        opened = [Onlooker(user=user, opened_at=clock.now()) for user in ("UADA", "UBOB")]

        def work(change: Transaction) -> None:
            for one in opened:
                change.save_onlooker(one)

        asyncio.run(ledger.change(work))
        yield Onlookers(ledger=ledger, home=cast("Any", homes), clock=clock)


def look(onlookers: Onlookers, after: float = EVERY_SECONDS) -> None:
    cast("FakeClock", onlookers.clock).advance(seconds=after)
    asyncio.run(onlookers.look())


def test_no_home_is_made_anew_while_nothing_happens_but_for_once_a_minute(onlookers, homes):
    for _ in range(11):
        look(onlookers)
    assert sorted(homes.made) == ["UADA", "UBOB"]
    look(onlookers, AT_LEAST_EVERY_SECONDS)
    assert sorted(homes.made) == ["UADA", "UADA", "UBOB", "UBOB"]


@pytest.mark.parametrize(
    "news",
    [
        lambda change: change.add_deployment(deployment(), "request-1"),
        lambda change: change.save_preference(Preference(person="ada", quiet="")),
    ],
    ids=["deployment", "preference"],
)
def test_homes_are_made_anew_when_something_has_happened(onlookers, homes, news):
    look(onlookers)
    asyncio.run(onlookers.ledger.change(news))
    look(onlookers)
    look(onlookers)
    assert sorted(homes.made) == ["UADA", "UADA", "UBOB", "UBOB"]


def test_a_home_that_could_not_be_shown_is_shown_once_slack_takes_it(onlookers, homes):
    homes.error = SlackUnavailable("views.publish", "limits `views.publish`", timedelta(seconds=10))
    look(onlookers)
    homes.error = None
    begun = len(homes.made)
    for _ in range(3):
        look(onlookers, 11)
    assert sorted(homes.made[begun:]) == ["UADA", "UBOB"]
