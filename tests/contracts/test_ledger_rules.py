"""What the rules stand on comes back from every store as it was written: locks, approvals, overrides, the pause."""

from dataclasses import replace
from datetime import timedelta

import pytest

from funade.domain.approval import Approval, Override
from funade.domain.deployment import State
from funade.domain.lock import Lock, Pause
from tests.contracts.ledgers import OPENERS, STORES
from tests.unit.domain.examples import NOON

ODD = "日本 🚢 '\"\\ ; DROP TABLE store"
MOMENT = NOON + timedelta(microseconds=1)
PAUSE = Pause(by="ada", since=MOMENT, reason=ODD)
LOCK = Lock(by=ODD, by_id="slack:T0ACME/U0ADA", reason=ODD, since=MOMENT, until=NOON + timedelta(hours=1))
APPROVAL = Approval(by="bob", by_id="local:1001", at=MOMENT, digest="d" * 64, reason=ODD)
OVERRIDE = Override(
    by="bob", by_id="local:1001", at=MOMENT, reason=ODD, despite=("locked",), covers=("locked x", "frozen y")
)


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    with OPENERS[request.param](tmp_path) as opened:
        yield opened


def test_a_pause_comes_back_until_it_is_ended(store):
    assert store.read(lambda look: look.pause()) is None
    store.change(lambda change: change.save_pause(PAUSE))
    assert store.read(lambda look: look.pause()) == PAUSE
    assert store.change(lambda change: change.pause()) == PAUSE
    store.change(lambda change: change.save_pause(None))
    assert store.read(lambda look: look.pause()) is None
    assert store.change(lambda change: change.pause()) is None


def test_a_transaction_reads_the_pause_that_it_wrote(store):
    def work(change):
        change.save_pause(PAUSE)
        return change.pause()

    assert store.change(work) == PAUSE


@pytest.mark.parametrize("damage", ["burnt", "{}", "[]", "null", "", '{"by": 1}', b"\xff"])
def test_a_pause_that_cannot_be_read_is_a_pause(store, damage):
    store.sql("update store set pause = ?", damage)
    for found in (store.read(lambda look: look.pause()), store.change(lambda change: change.pause())):
        assert found is not None
        assert found.by == "?"
        assert "cannot be read" in found.reason
    store.change(lambda change: change.save_pause(None))
    assert store.read(lambda look: look.pause()) is None


def test_a_lock_comes_back_with_its_environment(store):
    def work(change):
        change.save_berth(replace(change.lock_berth("shop", "production"), lock=LOCK))

    store.change(work)
    assert store.read(lambda look: look.berth("shop", "production")).lock == LOCK
    store.change(
        lambda change: change.save_berth(replace(change.lock_berth("shop", "production"), lock=None))
    )
    assert store.read(lambda look: look.berth("shop", "production")).lock is None


def test_approvals_and_overrides_come_back_in_their_order(store):
    made = store.accept(state=State.AWAITING_APPROVAL)
    assert (made.approvals, made.overrides) == ((), ())
    decided = replace(
        made,
        approvals=(APPROVAL, replace(APPROVAL, by="cy", by_id="local:1002", reason=None)),
        overrides=(OVERRIDE, replace(OVERRIDE, covers=())),
    )
    store.change(lambda change: change.save_deployment(decided))
    assert store.read(lambda look: look.deployment(made.number)) == decided
    store.change(lambda change: change.save_deployment(replace(decided, approvals=())))
    assert store.read(lambda look: look.deployment(made.number)).approvals == ()


@pytest.mark.parametrize("name", ["approvals", "overrides"])
@pytest.mark.parametrize("damage", ['"bob"', "{}", '[{"by": "bob"}]', "[7]", "true"])
def test_what_people_decided_and_nobody_can_read_starts_nothing(store, name, damage):
    made = store.accept()
    store.sql(f"update deployments set changing = '{{\"{name}\": {damage}}}'")
    assert store.read(lambda look: look.deployment(made.number)) is None
    assert [one.key for one in store.read(lambda look: look.quarantined())] == [made.id]


def test_what_was_stored_before_there_were_rules_has_none(store):
    made = store.accept()
    store.sql("update deployments set changing = '{}'")
    found = store.read(lambda look: look.deployment(made.number))
    assert (found.approvals, found.overrides) == ((), ())
