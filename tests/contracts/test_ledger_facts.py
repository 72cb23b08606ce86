"""What places behind queues tell is kept by every store: once, in any order, for as long as its deployment."""

from dataclasses import replace
from datetime import timedelta

import pytest

from funade.domain.messages import (
    Fact,
    ReportedEnd,
    ReportedProgress,
    ReportedSighting,
    ReportedStart,
)
from funade.domain.orders import EndedBy, Ending, Execution, Observed, Sighting, Standing
from funade.usecases.fact_ports import EarlyOutput
from funade.usecases.ledger_ports import Transaction
from tests.contracts.ledgers import OPENERS, STORES, Store
from tests.unit.domain.examples import NOON

ODD = "日本 🚢 '\"\\ ; DROP TABLE store"
IT = Execution(
    deployment="0b54ea1e-6b0c-4a3a-9f9c-9b1d8a4c2e11",
    number=12,
    attempt=1,
    fence=7,
    application="shop",
    environment="production",
)
STARTED = ReportedStart(execution=IT, at=NOON, rest={"newer": [1, ODD]})
ENDED = ReportedEnd(
    execution=IT,
    ending=Ending(by=EndedBy.ITSELF, exit_code=0, at=NOON, problem="a\0b" + ODD),
    observed=Observed(matches=True, shown=ODD),
    template="3f2a",
    output=3,
)
LOOKED = ReportedSighting(
    execution=IT, question="q1", sighting=Sighting(standing=Standing.RUNNING, highest_fence=7)
)


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    with OPENERS[request.param](tmp_path) as opened:
        yield opened


def told(store: Store, *facts: Fact) -> None:
    def work(change: Transaction) -> None:
        for fact in facts:
            change.add_fact(fact, NOON)

    store.change(work)


def known(store: Store, attempt: int = 1) -> list[Fact]:
    return sorted(store.read(lambda look: look.facts(IT.deployment, attempt)), key=str)


def test_facts_come_back_as_they_were_told_and_each_once(store):
    told(store, ENDED, STARTED, LOOKED, STARTED, ENDED)
    assert known(store) == sorted([STARTED, ENDED, LOOKED], key=str)
    assert known(store, 2) == []


def test_the_first_word_stands_but_of_progress_the_furthest(store):
    other = replace(ENDED, ending=replace(ENDED.ending, exit_code=3))
    steps = [
        ReportedProgress(execution=IT, sequence=number, shown=f"step {number}", at=NOON)
        for number in (2, 3, 1)
    ]
    told(store, ENDED, other, *steps)
    assert known(store) == sorted([ENDED, steps[1]], key=str)


def test_a_fence_counts_where_the_place_knows_it(store):
    def highest(environment: str = "production") -> int:
        found: int = store.read(lambda look: look.highest_fence("shop", environment))
        return found

    assert highest() == 0
    asked = replace(LOOKED, execution=replace(IT, fence=99), sighting=Sighting(standing=Standing.UNSEEN))
    told(store, asked)
    assert highest() == 0
    told(store, replace(LOOKED, question="q2"))
    assert highest() == 7
    told(store, replace(STARTED, execution=replace(IT, attempt=2, fence=2**53 - 1)))
    assert highest() == 2**53 - 1
    assert highest("staging") == 0


def test_the_latest_end_of_an_environment_is_that_with_the_highest_fence(store):
    def last(environment: str = "production") -> ReportedEnd | None:
        found: ReportedEnd | None = store.read(lambda look: look.last_end("shop", environment))
        return found

    assert last() is None
    newer = replace(ENDED, execution=replace(IT, attempt=2, fence=9))
    told(store, newer, ENDED, replace(STARTED, execution=replace(IT, attempt=3, fence=10)))
    assert last() == newer
    assert last("staging") is None


def test_a_fact_that_cannot_be_read_is_set_aside_and_hides_no_other(store):
    told(store, STARTED, ENDED)
    store.sql("update facts set document = '{' where name = 'ended'")
    assert known(store) == [STARTED]
    assert [one.table for one in store.read(lambda look: look.quarantined())] == ["facts"]
    assert store.read(lambda look: look.last_end("shop", "production")) is None


def test_what_a_newer_release_wrote_is_left_alone(store):
    told(store, STARTED, ENDED)
    store.sql("update facts set format = 99 where name = 'ended'")
    assert known(store) == [STARTED]
    assert list(store.read(lambda look: look.quarantined())) == []


def test_an_order_is_claimed_once(store):
    def claim(order: str = "sent", *, fence: int = 7, attempt: int = 1) -> bool:
        it = replace(IT, fence=fence, attempt=attempt)
        is_new: bool = store.change(lambda change: change.claim_order(order, it, NOON))
        return is_new

    assert [claim(), claim(), claim(fence=8), claim(attempt=2), claim("start")] == [
        True,
        False,
        False,
        True,
        True,
    ]


def piece(offset: int, content: bytes, **later: float) -> EarlyOutput:
    at = NOON + timedelta(**later)
    return EarlyOutput(deployment=IT.deployment, attempt=1, offset=offset, content=content, at=at)


def test_output_that_came_too_early_waits_in_its_order(store):
    for one in (
        piece(9, b"\x00\xffc"),
        piece(2**40, b"d"),
        piece(5, b"abc"),
        piece(5, b"abcd"),
        piece(5, b"a"),
    ):
        store.change(lambda change, one=one: change.add_early_output(one))

    def waiting(limit: int = 10) -> list[tuple[int, bytes]]:
        found = store.read(lambda look: look.early_output(IT.deployment, 1, limit))
        return [(one.offset, one.content) for one in found]

    assert waiting() == [(5, b"abcd"), (9, b"\x00\xffc"), (2**40, b"d")]
    assert waiting(1) == [(5, b"abcd")]
    assert store.read(lambda look: look.early_output(IT.deployment, 2, 10)) == []
    assert list(store.read(lambda look: look.waiting_output(NOON, 10))) == []
    later = NOON + timedelta(seconds=1)
    assert list(store.read(lambda look: look.waiting_output(later, 10))) == [(IT.deployment, 1)]
    store.change(lambda change: change.forget_early_output(IT.deployment, 1, 9))
    assert waiting() == [(9, b"\x00\xffc"), (2**40, b"d")]


def test_facts_are_forgotten_with_their_deployment(store):
    told(store, STARTED, ENDED)
    store.change(lambda change: change.add_early_output(piece(5, b"abc")))
    store.change(lambda change: change.forget_facts([]))
    store.change(lambda change: change.forget_facts(["another"]))
    assert len(known(store)) == 2
    store.change(lambda change: change.forget_facts(["another", IT.deployment]))
    assert known(store) == []
    assert store.read(lambda look: look.early_output(IT.deployment, 1, 10)) == []
