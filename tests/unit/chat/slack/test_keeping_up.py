"""A card is looked at again when its deployment waits for what no event tells."""

import asyncio
from contextlib import closing
from dataclasses import replace

import pytest

from funade.chat.slack.announcer import card_key
from funade.chat.slack.keeping_up import LOOK_SECONDS, KeepingUp
from funade.domain.deployment import Deployment
from funade.domain.reason import Because, Reason, because
from funade.store.sqlite import SqliteLedger
from funade.testing.configurations import FakeConfigurations
from funade.testing.time import FakeClock
from funade.usecases.door_ports import Post
from funade.usecases.ledger_ports import Ledger, Transaction
from tests.unit.chat.slack.workspace import configured, person
from tests.unit.domain.examples import deployment

SILENT = because(Reason.TARGET_NOT_ANSWERING, problem="no controller has answered")


@pytest.fixture
def ledger(tmp_path):
    with closing(SqliteLedger(tmp_path / "store.sqlite")) as opened:
        yield opened


def looking(ledger: Ledger, clock: FakeClock) -> KeepingUp:
    return KeepingUp(
        ledger=ledger, configurations=FakeConfigurations(configured([person("ada")])), clock=clock
    )


def accept(ledger: Ledger, number: int, *, card: bool) -> Deployment:
    row = replace(deployment(number), id=f"d{number}")

    def work(change: Transaction) -> None:
        change.lock_berth(row.application, row.environment)
        change.add_deployment(row, f"request {number}")
        if card:
            post = Post(key=card_key(row.id), deployment=row.id, channel="C", message="1.0")
            change.want_post(post)
            change.save_post(post, 1)

    asyncio.run(ledger.change(work))
    return row


def note(ledger: Ledger, row: Deployment, reason: Because) -> None:
    asyncio.run(ledger.change(lambda change: change.save_deployment(replace(row, because=reason))))


def wanted(ledger: Ledger) -> list[str]:
    """Return the keys that are wished for, and fulfil the wishes."""

    def work(change: Transaction) -> list[str]:
        posts = change.wanted_posts(99)
        for one in posts:
            change.save_post(one, one.wanted)
        return [one.key for one in posts]

    return asyncio.run(ledger.change(work))


def test_a_card_is_wished_for_when_what_is_waited_for_has_changed_and_not_otherwise(ledger):
    clock = FakeClock()
    keeping = looking(ledger, clock)
    row = accept(ledger, 1, card=True)
    accept(ledger, 2, card=False)
    asyncio.run(keeping.look())
    assert wanted(ledger) == []
    prepares, runs = (because(one) for one in (Reason.PREPARING, Reason.PROGRAM_RUNNING))
    for reason, keys in (
        (prepares, []),
        (SILENT, ["card:d1"]),
        (SILENT, []),
        (prepares, ["card:d1"]),
        (runs, []),
    ):
        note(ledger, row, reason)
        asyncio.run(keeping.look())
        assert wanted(ledger) == []
        clock.advance(seconds=LOOK_SECONDS)
        asyncio.run(keeping.look())
        assert wanted(ledger) == keys


def test_whoever_looks_after_somebody_else_misses_nothing(ledger):
    clock = FakeClock()
    row = accept(ledger, 1, card=True)
    note(ledger, row, SILENT)
    for _ in range(2):
        asyncio.run(looking(ledger, clock).look())
        assert wanted(ledger) == ["card:d1"]
