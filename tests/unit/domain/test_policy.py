from typing import Any

import pytest

from funade.domain.application import Configuration
from funade.domain.commands import (
    COMMANDS,
    Approve,
    Cancel,
    Deploy,
    PlanDeployment,
    ReadLog,
    Reopen,
    Resume,
    Retry,
    Rollback,
    ShowDeployment,
    ShowHistory,
    ShowStatus,
    Why,
)
from funade.domain.people import Actor, Door, People, Person, Right
from funade.domain.policy import Resource, authorize, right_for
from funade.domain.reason import Reason

HERE: dict[str, Any] = {"application": "shop", "environment": "production"}
WANTS = {
    PlanDeployment(**HERE): None,
    ShowStatus(): None,
    ShowHistory(): None,
    Why(): None,
    ShowDeployment(number=1): None,
    ReadLog(number=1): None,
    Deploy(**HERE): Right.DEPLOY,
    Retry(number=1): Right.DEPLOY,
    Cancel(number=1): Right.DEPLOY,
    Approve(number=1): Right.DEPLOY,
    Rollback(**HERE): Right.ROLLBACK,
    Reopen(**HERE): Right.OVERRIDE,
    Resume(**HERE): Right.OVERRIDE,
}
READING = [command for command, right in WANTS.items() if right is None]
CHANGING = [command for command, right in WANTS.items() if right is not None]

ADA = Person(name="ada", ids=frozenset({"local:1000"}))
BOB = Person(name="bob", ids=frozenset({"local:1001"}))
CY = Person(name="cy", ids=frozenset({"local:1002"}))
ACTORS = {"ada": "local:1000", "bob": "local:1001", "cy": "local:1002", "a stranger": "local:9999"}
PEOPLE = Configuration(
    path="funade.yaml",
    applications={},
    people=People(people={"ada": ADA, "bob": BOB, "cy": CY}, groups={"sre": ("bob",), "all-sre": ("sre",)}),
)
NOBODY = Configuration(path="funade.yaml", applications={})
RIGHTS = {
    "by name": ("ada",),
    "by group": ("sre",),
    "by a group of groups": ("all-sre",),
    "everyone": ("everyone",),
    "nobody": (),
    "somebody unknown": ("zoe", "slack:S0SRE"),
}
MAY = {
    "by name": {"ada"},
    "by group": {"bob"},
    "by a group of groups": {"bob"},
    "everyone": {"ada", "bob", "cy"},
    "nobody": set(),
    "somebody unknown": set(),
}


def answer(configuration, who, command, rights, *, door=Door.TERMINAL, owns_store=False):
    actor = Actor(door=door, id=ACTORS.get(who, who), owns_store=owns_store)
    person = configuration.people.find(actor)
    no = authorize(configuration, actor, person, command, Resource(rights=rights, **HERE))
    return no.code if no else None


def test_every_command_is_in_this_table():
    assert {type(command) for command in WANTS} == set(COMMANDS)


@pytest.mark.parametrize(("command", "right"), [*WANTS.items()])
def test_every_command_wants_its_right(command, right):
    assert right_for(command) is right


@pytest.mark.parametrize("rights", RIGHTS)
@pytest.mark.parametrize("who", ACTORS)
@pytest.mark.parametrize("command", CHANGING, ids=lambda command: type(command).__name__)
def test_only_who_has_the_right_may_change_anything(command, who, rights):
    right = right_for(command)
    others = {other: ("everyone",) for other in Right if other is not right}
    found = answer(PEOPLE, who, command, {**others, right: RIGHTS[rights]})
    if who == "a stranger":
        assert found is Reason.UNKNOWN_PERSON
    else:
        assert found is (None if who in MAY[rights] else Reason.NOT_PERMITTED)


@pytest.mark.parametrize("command", READING, ids=lambda command: type(command).__name__)
def test_everybody_we_know_may_read_and_nobody_else(command):
    assert answer(PEOPLE, "ada", command, {}) is None
    assert answer(PEOPLE, "a stranger", command, {}) is Reason.UNKNOWN_PERSON


@pytest.mark.parametrize("command", [*WANTS], ids=lambda command: type(command).__name__)
@pytest.mark.parametrize("door", Door)
@pytest.mark.parametrize("owns_store", [True, False])
def test_a_file_without_people_is_its_owners_at_the_terminal(command, door, owns_store):
    found = answer(NOBODY, "local:1000", command, {}, door=door, owns_store=owns_store)
    at_home = owns_store and door is Door.TERMINAL
    assert found is (None if at_home else Reason.UNKNOWN_PERSON)


def test_in_a_file_with_people_owning_the_store_gives_no_right():
    assert answer(PEOPLE, "local:0", Deploy(**HERE), {}, owns_store=True) is Reason.UNKNOWN_PERSON
    owner = answer(PEOPLE, "ada", Deploy(**HERE), {Right.DEPLOY: ("sre",)}, owns_store=True)
    assert owner is Reason.NOT_PERMITTED


def test_a_no_names_the_right_and_the_place():
    actor = Actor(door=Door.API, id="local:1002")
    no = authorize(PEOPLE, actor, CY, Rollback(**HERE), Resource(**HERE))
    assert no is not None
    assert no.detail == {"right": "rollback", **HERE}
