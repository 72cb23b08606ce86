"""Approvals that the people of the file can give, and those that they cannot."""

from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from funade import settings
from funade.domain.application import Environment
from funade.domain.people import People, Right
from tests.unit.settings.kinds import KINDS

NAMES = ("ada", "bob", "cy", "dan")
GROUPS = ("sre", "all-of-us")


def read(people: object, groups: object, **production: object) -> tuple[People, Environment]:
    tree = {
        "people": people,
        **({"groups": groups} if groups else {}),
        "applications": {
            "shop": {
                "repository": "https://github.com/acme/shop.git",
                "environments": {"production": {"target": {"kind": "command", "run": ["a"]}, **production}},
            }
        },
    }
    found = settings.read(yaml.safe_dump(tree).encode(), Path("/etc/funade/funade.yaml"), KINDS)
    return found.people, found.applications["shop"].environments["production"]


PEOPLE = {name: {"local": 1000 + number} for number, name in enumerate(NAMES)}


@pytest.mark.parametrize(
    ("groups", "rights", "approvals"),
    [
        ({}, {"deploy": ["ada"], "approve": ["bob"]}, 1),
        ({}, {"deploy": ["ada", "bob"], "approve": ["ada", "bob"]}, 1),
        ({}, {"deploy": ["everyone"], "approve": ["everyone"]}, 3),
        ({"sre": ["ada", "bob"]}, {"deploy": ["cy"], "approve": ["sre"]}, 2),
        ({"sre": ["slack:S0SRE"]}, {"deploy": ["ada"], "approve": ["sre"]}, 10),
        ({"sre": ["ada", "slack:S0SRE"]}, {"deploy": ["ada"], "approve": ["sre"]}, 2),
        ({"sre": ["slack:S0SRE"]}, {"deploy": ["ada"], "approve": ["everyone"]}, 5),
        ({}, {"deploy": ["ada"], "approve": ["slack:S0SRE"]}, 2),
        ({"sre": ["slack:S0SRE"]}, {"deploy": ["sre"], "approve": ["ada"]}, 1),
        ({}, {"approve": ["ada"]}, 1),
        ({}, {"deploy": ["everyone"]}, 0),
    ],
)
def test_approvals_that_enough_others_may_give_are_read(groups, rights, approvals):
    _, production = read(PEOPLE, groups, rights=rights, approvals=approvals)
    assert production.approvals == approvals


members = st.lists(st.sampled_from([*NAMES, *GROUPS, "everyone"]), min_size=1, max_size=3)


@given(
    with_ids=st.sets(st.sampled_from(NAMES)),
    sre=st.lists(st.sampled_from(NAMES), min_size=1, max_size=4),
    deploy=members,
    approve=members,
    wanted=st.integers(1, 4),
)
def test_a_rule_is_read_exactly_when_everybody_who_can_ask_finds_enough_others(
    with_ids, sre, deploy, approve, wanted
):
    people = {name: PEOPLE[name] if name in with_ids else {} for name in NAMES}
    groups = {"sre": sre, "all-of-us": ["sre", "dan"]}
    rights = {"deploy": deploy, "approve": approve}
    known, _ = read(people, groups, rights=rights)

    def able(right: Right) -> set[str]:
        return {
            name
            for name, person in known.people.items()
            if person.ids and any(known.belongs(person, member) for member in rights[right.value])
        }

    approvers = able(Right.APPROVE)
    possible = all(len(approvers - {asker}) >= wanted for asker in [*able(Right.DEPLOY), "somebody else"])
    accepted = False
    with suppress(settings.ConfigErrors):
        read(people, groups, rights=rights, approvals=wanted)
        accepted = True
    assert accepted == possible
