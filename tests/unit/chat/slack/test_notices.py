import asyncio
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from funade.chat.slack.notices import write
from funade.store.sqlite import SqliteLedger
from funade.usecases.door_ports import Notice, Post
from tests.unit.domain.examples import NOON


@pytest.fixture
def ledger(tmp_path):
    with closing(SqliteLedger(tmp_path / "store.sqlite")) as opened:
        yield opened


def notice(key: str, **changes) -> Notice:
    made = Notice(key=key, person="ada", deployment="d", event=7, about="live", at=NOON)
    return replace(made, **changes)


def due(one: Notice, key: str) -> tuple[Notice, Post | None]:
    return replace(one, due_at=NOON, post=key, settled=True), Post(key=key, channel="U0ADA")


def posts(ledger) -> list[str]:
    return [one.key for one in asyncio.run(ledger.read(lambda look: look.wanted_posts(10)))]


def written(ledger, planned, now=NOON) -> None:
    asyncio.run(ledger.change(lambda change: write(change, planned, now)))


def test_whoever_planned_the_same_and_was_frozen_meanwhile_tells_nothing_twice(ledger):
    one = notice("n1")
    asyncio.run(ledger.change(lambda change: change.owe_notice(one)))
    for _ in range(2):
        written(ledger, [due(one, "direct:ada:1")])
    assert posts(ledger) == ["direct:ada:1"]


def test_what_is_due_together_is_one_post_and_what_comes_later_another(ledger):
    first, second, third = notice("n1"), notice("n2"), notice("n3")
    asyncio.run(ledger.change(lambda change: [change.owe_notice(one) for one in (first, second, third)]))
    written(ledger, [due(first, "digest:ada:1"), due(second, "digest:ada:1")])
    written(ledger, [due(third, "digest:ada:1")])
    assert posts(ledger) == ["digest:ada:1", "digest:ada:1+"]
    told = asyncio.run(ledger.read(lambda look: look.notices("digest:ada:1+")))
    assert [one.key for one in told] == ["n3"]


def test_what_another_process_has_put_off_stays_put_off(ledger):
    one = notice("n1")
    asyncio.run(ledger.change(lambda change: change.owe_notice(one)))
    later = replace(one, due_at=NOON + timedelta(hours=8), post="direct:ada:2")
    written(ledger, [(later, None)])
    written(ledger, [due(one, "direct:ada:1")])
    assert posts(ledger) == []
    assert asyncio.run(ledger.read(lambda look: look.owed_notices(later.due_at, 9))) == [later]
