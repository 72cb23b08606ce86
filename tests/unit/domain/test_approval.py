from dataclasses import replace
from itertools import permutations

from funade.domain.approval import Approval, counting
from funade.domain.people import People, Person
from tests.unit.domain.examples import NOON

PEOPLE = People(
    people={
        "ada": Person(name="ada", ids=frozenset({"local:1000", "slack:ADA"})),
        "bob": Person(name="bob", ids=frozenset({"local:1001", "slack:BOB"})),
        "cy": Person(name="cy", ids=frozenset({"local:1002"})),
    }
)


def yes(by_id, *, by="somebody", digest="d1"):
    return Approval(by=by, by_id=by_id, at=NOON, digest=digest)


def count(*approvals, asker="local:1000", may_not=(), people=PEOPLE):
    counted = counting(
        approvals,
        digest="d1",
        asker=asker,
        ids_of=people.ids_of,
        may_approve=lambda id: id not in may_not,
    )
    return [one.by_id for one in counted]


def test_distinct_people_count_once_each():
    assert count(yes("local:1001"), yes("local:1002")) == ["local:1001", "local:1002"]
    assert count(yes("local:1001"), yes("local:1001")) == ["local:1001"]


def test_S21_one_person_at_two_doors_is_one_person():
    for approvals in permutations([yes("local:1001"), yes("slack:BOB"), yes("local:1001")]):
        assert len(count(*approvals)) == 1


def test_S21_nobody_approves_their_own_deployment_through_another_door_either():
    assert count(yes("local:1000")) == []
    assert count(yes("slack:ADA")) == []
    assert count(yes("local:1000"), asker="slack:ADA") == []


def test_S5_a_name_is_only_for_showing():
    assert count(yes("local:1001", by="ada")) == ["local:1001"]
    assert count(yes("local:1001", by="x"), yes("local:1002", by="x")) == ["local:1001", "local:1002"]
    renamed = People(people={"ada-lovelace": replace(PEOPLE.people["ada"], name="ada-lovelace")})
    assert count(yes("slack:ADA", by="ada-lovelace"), people=renamed) == []


def test_S9_an_approval_is_for_one_digest():
    assert count(yes("local:1001", digest="d2")) == []
    assert count(yes("local:1001", digest="d2"), yes("local:1001")) == ["local:1001"]


def test_whoever_may_not_approve_any_more_does_not_count():
    assert count(yes("local:1001"), yes("local:1002"), may_not={"local:1001"}) == ["local:1002"]


def test_an_id_that_was_taken_away_does_not_shadow_the_others_of_its_person():
    assert count(yes("slack:OLD-BOB"), yes("local:1001"), may_not={"slack:OLD-BOB"}) == ["local:1001"]
