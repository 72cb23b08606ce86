from dataclasses import replace
from datetime import timedelta

import pytest

from funade.domain.telling import Preference, Telling
from funade.usecases.door_ports import Capability, Link, Notice, Onlooker, Post, Received, Use
from tests.contracts.ledgers import OPENERS
from tests.unit.domain.examples import NOON

ODD = "日本 🚢 \0 \udcff '\"\\ ; DROP TABLE store"


@pytest.fixture(params=OPENERS)
def store(request, tmp_path):
    with OPENERS[request.param](tmp_path) as opened:
        yield opened


def item(id: str = "i1", *keys: str, **changes) -> Received:
    made = Received(
        id=id, door="slack", keys=keys or (id,), at=NOON, owner="p1", body={"text": "deploy shop", "n": [1]}
    )
    return replace(made, **changes)


def receive(store, one: Received) -> bool:
    return bool(store.change(lambda change: change.receive(one)))


# The inbox


def test_what_came_in_comes_back_whole_until_it_is_dealt_with(store):
    assert receive(store, item())
    assert store.read(lambda look: look.received("slack")) == [item()]
    assert store.read(lambda look: look.received("another")) == []
    store.change(lambda change: change.settle_received("i1"))
    assert store.read(lambda look: look.received("slack")) == []
    assert store.sql("SELECT count(*) FROM inbox") == [(0,)], "its body is forgotten"


def test_the_same_thing_comes_in_once_under_any_of_its_names(store):
    assert receive(store, item("i1", "event:1", "message:C/1"))
    assert not receive(store, item("i2", "event:2", "message:C/1")), "the twin of one message"
    assert not receive(store, item("i3", "event:2")), "the twin's own name is known by then"
    assert [one.id for one in store.read(lambda look: look.received("slack"))] == ["i1"]


def test_what_was_dealt_with_stays_known_for_as_long_as_it_is_wanted(store):
    receive(store, item("i1"))
    receive(store, item("i2", at=NOON + timedelta(hours=1)))
    store.change(lambda change: change.settle_received("i1"))
    assert not receive(store, item("i1"))
    store.change(lambda change: change.forget_received(NOON + timedelta(hours=2)))
    assert not store.read(lambda look: look.is_known("i1"))
    assert store.read(lambda look: look.is_known("i2")), "nobody has dealt with it yet"


def test_only_one_process_takes_over_what_another_left_behind(store):
    receive(store, item())
    assert store.change(lambda change: change.claim_received(item(), "p2"))
    assert not store.change(lambda change: change.claim_received(item(), "p3"))
    assert store.read(lambda look: look.received("slack")) == [item(owner="p2")]


def test_what_came_in_may_hold_anything_that_can_be_typed(store):
    assert receive(store, item("odd", "k" + ODD, body={"text": ODD}))
    assert store.read(lambda look: look.is_known("k" + ODD))
    assert len(store.read(lambda look: look.received("slack"))) == 1


def test_what_cannot_be_read_is_set_aside_and_the_rest_is_dealt_with(store):
    receive(store, item("i1"))
    receive(store, item("i2"))
    store.sql("UPDATE inbox SET document = 'broken' WHERE id = 'i1'")
    assert [one.id for one in store.read(lambda look: look.received("slack"))] == ["i2"]
    assert [one.table for one in store.read(lambda look: look.quarantined())] == ["inbox"]


# Posts


def test_a_post_is_wanted_until_as_many_wishes_are_fulfilled(store):
    post = Post(key="card:d", deployment="d", channel="#deploys")
    store.change(lambda change: change.want_post(post))
    [wanted] = store.read(lambda look: look.wanted_posts(10))
    assert wanted == replace(post, wanted=1)
    store.change(lambda change: change.want_post(post))
    sent = replace(wanted, channel="C1", message="1.2", shown="abc", tried_at=NOON)
    store.change(lambda change: change.save_post(sent, 1))
    assert store.read(lambda look: look.wanted_posts(10)) == [replace(sent, wanted=1)], (
        "another wish came meanwhile"
    )
    store.change(lambda change: change.save_post(sent, 1))
    assert store.read(lambda look: look.wanted_posts(10)) == []
    done = replace(sent, wanted=0)
    assert store.read(lambda look: look.post("card:d")) == done
    assert store.read(lambda look: look.post_of_message("C1", "1.2")) == done
    assert store.read(lambda look: look.posts("d")) == [done]


def test_a_wish_finds_a_channel_for_a_post_that_has_none_and_never_moves_one(store):
    for channel in (None, "C1", "C2"):
        store.change(lambda change, channel=channel: change.want_post(Post(key="k", channel=channel)))
    assert store.read(lambda look: look.post("k")).channel == "C1"


def test_more_can_not_be_fulfilled_than_was_wished(store):
    store.change(lambda change: change.want_post(Post(key="k")))
    store.change(lambda change: change.save_post(Post(key="k"), 5))
    assert store.read(lambda look: look.post("k")).wanted == 0


def test_the_longest_wanted_comes_first(store):
    for key in ("c", "a", "b"):
        store.change(lambda change, key=key: change.want_post(Post(key=key)))
    store.sql("UPDATE posts SET since = 1 WHERE key = 'b'")
    assert store.read(lambda look: look.wanted_posts(1))[0].key == "b"


def test_a_post_that_its_sender_looks_after_is_begun_once_and_wanted_by_nobody(store):
    begun = store.change(lambda change: change.begin_post(Post(key="answer:1", channel="C1")))
    assert begun == Post(key="answer:1", channel="C1")
    store.change(lambda change: change.save_post(replace(begun, message="1.2"), 0))
    again = store.change(lambda change: change.begin_post(Post(key="answer:1", channel="C9")))
    assert again == replace(begun, message="1.2")
    assert store.read(lambda look: look.wanted_posts(10)) == []


# Capabilities


def capability(id: str = "c1", **changes) -> Capability:
    made = Capability(
        id=id,
        subject="d/approve",
        command={"kind": "approve", "number": 4},
        until=NOON,
        deployment="d",
        digest="abc",
    )
    return replace(made, **changes)


def test_the_same_button_is_made_once(store):
    assert store.change(lambda change: change.grant(capability())) == capability()
    assert store.change(lambda change: change.grant(capability("c2"))) == capability()
    assert store.read(lambda look: look.capability("c1")) == capability()
    assert store.read(lambda look: look.capability("c2")) is None
    assert store.read(lambda look: look.capabilities("d")) == [capability()]


@pytest.mark.parametrize("id", ["", ODD, "\ud800", "x" * 100_000])
def test_no_value_that_somebody_sends_as_a_buttons_does_harm(store, id):
    assert store.read(lambda look: look.capability(id)) is None


def use(by: str, received: str) -> Use:
    return Use(capability="c1", by=by, received=received, at=NOON)


def test_a_single_capability_is_used_by_the_first_and_the_same_press_twice_is_one(store):
    store.change(lambda change: change.grant(capability()))
    assert store.change(lambda change: change.use("c1", use("ada", "i1"))) == use("ada", "i1")
    assert store.change(lambda change: change.use("c1", use("bob", "i2"))) == use("ada", "i1")
    assert store.change(lambda change: change.use("c1", use("ada", "i1"))) == use("ada", "i1")
    store.change(lambda change: change.give_back("c1", "i1"))
    assert store.change(lambda change: change.use("c1", use("bob", "i2"))) == use("bob", "i2")


def test_the_others_are_used_once_by_everybody(store):
    store.change(lambda change: change.grant(capability(single=False)))
    assert store.change(lambda change: change.use("c1", use("ada", "i1"))) == use("ada", "i1")
    assert store.change(lambda change: change.use("c1", use("bob", "i2"))) == use("bob", "i2")
    assert store.change(lambda change: change.use("c1", use("ada", "i3"))) == use("ada", "i1")


# Links


def test_the_last_word_about_an_account_stands_until_it_is_cut(store):
    link = Link(actor="slack:T/U", person="ada", email="ada@acme.example", at=NOON)
    store.change(lambda change: change.save_link(link))
    store.change(lambda change: change.save_link(replace(link, person="bob")))
    assert store.read(lambda look: look.links()) == [replace(link, person="bob")]
    store.change(lambda change: change.cut_link("slack:T/U"))
    assert store.read(lambda look: look.links()) == []


# What authors are owed, and how they want to hear it


def notice(key: str = "n1", **changes) -> Notice:
    made = Notice(key=key, person="ada", deployment="d", event=7, about="live", at=NOON)
    return replace(made, **changes)


def owed(store, due=NOON) -> list[Notice]:
    return list(store.read(lambda look: look.owed_notices(due, 10)))


def test_a_notice_is_owed_once_until_it_is_settled(store):
    store.change(lambda change: change.owe_notice(notice()))
    store.change(lambda change: change.owe_notice(notice(person="bob")))
    assert owed(store) == [notice()], "the first word stands"
    later = NOON + timedelta(hours=8)
    planned = notice(due_at=later, post="direct:ada:1")
    store.change(lambda change: change.save_notice(planned))
    assert owed(store) == [], "it is not due"
    assert owed(store, later) == [planned]
    store.change(lambda change: change.save_notice(replace(planned, settled=True)))
    assert owed(store, later) == []
    assert store.read(lambda look: look.notices("direct:ada:1")) == [replace(planned, settled=True)]


def test_only_what_is_settled_is_forgotten(store):
    store.change(lambda change: change.owe_notice(notice("open")))
    store.change(lambda change: change.owe_notice(notice("told", settled=True, post="p")))
    store.change(lambda change: change.owe_notice(notice("new", at=NOON + timedelta(days=1), settled=True)))
    store.change(lambda change: change.forget_notices(NOON + timedelta(hours=1)))
    assert store.sql("SELECT key FROM notices ORDER BY key") == [("new",), ("open",)]


def test_notices_come_in_the_order_in_which_things_happened(store):
    for key, minutes in (("c", 3), ("a", 1), ("b", 2)):
        one = notice(key, at=NOON + timedelta(minutes=minutes))
        store.change(lambda change, one=one: change.owe_notice(one))
    assert [one.key for one in owed(store)] == ["a", "b", "c"]


def test_the_last_word_about_how_somebody_wants_to_hear_it_stands(store):
    wanted = Preference(person="ada", telling=Telling.DIGEST, quiet="22:00-07:00")
    store.change(lambda change: change.save_preference(Preference(person="ada")))
    store.change(lambda change: change.save_preference(wanted))
    store.change(lambda change: change.save_preference(Preference(person="bob", quiet="")))
    assert store.read(lambda look: look.preferences()) == [wanted, Preference(person="bob", quiet="")]


def test_a_preference_that_cannot_be_read_is_set_aside(store):
    store.change(lambda change: change.save_preference(Preference(person="ada")))
    store.sql('UPDATE preferences SET document = \'{"person": "bob"}\'')
    assert store.read(lambda look: look.preferences()) == []
    assert [one.table for one in store.read(lambda look: look.quarantined())] == ["preferences"]


def test_who_looks_at_our_home_is_known_by_the_last_time(store):
    for user, minutes in (("U1", 0), ("U2", 5), ("U1", 9)):
        one = Onlooker(user=user, opened_at=NOON + timedelta(minutes=minutes))
        store.change(lambda change, one=one: change.save_onlooker(one))
    assert [one.user for one in store.read(lambda look: look.onlookers(NOON))] == ["U1", "U2"]
    since = NOON + timedelta(minutes=6)
    assert [one.user for one in store.read(lambda look: look.onlookers(since))] == ["U1"]
