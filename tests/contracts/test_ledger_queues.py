"""What queues in the store ask of every store; what they promise together is in `test_queue`."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from funade.usecases.queue_ports import Delivery, Message
from funade.usecases.stored_queue_ports import Taking
from tests.contracts.ledgers import OPENERS, STORES, Store
from tests.unit.domain.examples import NOON

LATER = NOON + timedelta(minutes=1)


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    with OPENERS[request.param](tmp_path) as opened:
        yield opened


def add(store: Store, body: str, *, queue: str = "shop", at=NOON) -> None:
    message = Message(body=body, key="k", group="g", notes={"remark": "船出"})
    store.change(lambda change: change.add_message(queue, str(uuid4()), message, at))


def take(store: Store, *, at=NOON, queue: str = "shop", limit: int = 10, **more) -> list[Delivery]:
    taking = Taking(queue=queue, limit=limit, at=at, until=at + timedelta(seconds=30), **more)
    return list(store.change(lambda change: change.take_messages(taking)))


def test_messages_come_in_their_order_and_are_hidden_meanwhile(store):
    for number in range(3):
        add(store, f"{number}", at=NOON + timedelta(microseconds=number))
    add(store, "other", queue="other")
    assert [one.body for one in take(store, at=LATER, limit=2)] == ["0", "1"]
    [rest] = take(store, at=LATER)
    assert (rest.body, rest.notes, rest.times) == ("2", {"remark": "船出"}, 1)
    assert take(store, at=LATER) == []
    assert store.read(lambda look: look.count_messages("shop", LATER)) == (0, 3)
    assert store.read(lambda look: look.count_messages("shop", LATER + timedelta(minutes=1))) == (3, 0)
    assert store.read(lambda look: look.next_messages()) == {
        "shop": LATER + timedelta(seconds=30),
        "other": NOON,
    }


def test_a_receipt_is_good_until_the_message_is_delivered_again(store):
    add(store, "a")
    [first] = take(store)
    [second] = take(store, at=LATER)
    for receipt in (first.receipt, f"{first.id}/x", f"{first.id}/{'9' * 30}", first.id, "", "a'/1"):
        assert not store.change(lambda change, it=receipt: change.hide_message("shop", it, LATER))
        assert not store.change(lambda change, it=receipt: change.remove_message("shop", it))
    assert not store.change(lambda change: change.remove_message("other", second.receipt))
    assert store.change(lambda change: change.hide_message("shop", second.receipt, NOON))
    [third] = take(store, at=LATER)
    assert third.times == 3
    assert store.change(lambda change: change.remove_message("shop", third.receipt))
    assert store.read(lambda look: look.next_messages()) == {}


def test_what_was_delivered_too_often_goes_to_the_dead_letters(store):
    add(store, "poison")
    for number in range(2):
        assert take(store, at=NOON + number * timedelta(minutes=1), dead="shop-dead", at_most=2)
    assert take(store, at=NOON + timedelta(hours=1), dead="shop-dead", at_most=2) == []
    [letter] = take(store, at=NOON + timedelta(hours=1), queue="shop-dead")
    assert (letter.body, letter.times, letter.sent_at) == ("poison", 1, NOON)


def test_a_message_that_cannot_be_read_is_set_aside_and_holds_up_nobody(store):
    add(store, "broken")
    add(store, "fine", at=NOON + timedelta(seconds=1))
    store.sql("UPDATE queue_messages SET notes = '{' WHERE body = 'broken'")
    assert [one.body for one in take(store, at=LATER, limit=1)] == []
    assert [one.body for one in take(store, at=LATER, limit=1)] == ["fine"]
    [noted] = store.read(lambda look: look.quarantined())
    assert noted.table == "queue_messages"


def test_what_is_old_is_forgotten(store):
    add(store, "old")
    add(store, "new", at=LATER)
    store.change(lambda change: change.forget_messages(LATER))
    assert [one.body for one in take(store, at=LATER)] == ["new"]


def test_many_that_take_at_once_have_each_message_once(store, tmp_path):
    for number in range(40):
        add(store, f"{number}", at=NOON + timedelta(microseconds=number))
    with OPENERS[store.kind](tmp_path) as other, ThreadPoolExecutor(4) as pool:
        takers = [store, other, store, other] * 6
        taken = [
            one.body for found in pool.map(lambda who: take(who, at=LATER, limit=3), takers) for one in found
        ]
    assert sorted(map(int, taken)) == list(range(40))
