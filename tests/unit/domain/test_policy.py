"""Who may do what: the whole table of actor, channel, command and door, with the answer worked out another way."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import pytest

from funade.domain.application import Application, Configuration, Environment, Repository, TargetConfiguration
from funade.domain.commands import (
    COMMANDS,
    Approve,
    Cancel,
    Command,
    Deploy,
    Hold,
    Lock,
    Override,
    PauseAll,
    PlanDeployment,
    ReadLog,
    Reject,
    Reopen,
    Resume,
    ResumeAll,
    Retry,
    Rollback,
    ShowDeployment,
    ShowHistory,
    ShowRights,
    ShowStatus,
    Unlock,
    Why,
)
from funade.domain.people import Actor, Door, People, Person, Right
from funade.domain.policy import Resource, authorize, changes_something, may_now, rights_for, rights_of
from funade.domain.reason import Reason

HERE: dict[str, Any] = {"application": "shop", "environment": "production"}
ONE: dict[str, Any] = {"number": 1}
DEPLOY, APPROVE, ROLLBACK, LOCK, OVERRIDE = (
    Right.DEPLOY,
    Right.APPROVE,
    Right.ROLLBACK,
    Right.LOCK,
    Right.OVERRIDE,
)
#: What each command needs where one approval is wanted, and where none is.
WANTS: list[tuple[Command, set[Right], set[Right]]] = [
    *((read, set(), set()) for read in (PlanDeployment(**HERE), ShowStatus(), ShowHistory(), Why())),
    *((read, set(), set()) for read in (ShowDeployment(**ONE), ReadLog(**ONE), ShowRights())),
    (Deploy(**HERE), {DEPLOY}, {DEPLOY}),
    (Deploy(**HERE, force=True), {DEPLOY, OVERRIDE}, {DEPLOY, OVERRIDE}),
    (Retry(**ONE), {DEPLOY}, {DEPLOY}),
    (Retry(**ONE, force=True), {DEPLOY, OVERRIDE}, {DEPLOY, OVERRIDE}),
    (Rollback(**HERE), {ROLLBACK}, {ROLLBACK}),
    (Rollback(**HERE, force=True), {ROLLBACK, OVERRIDE}, {ROLLBACK, OVERRIDE}),
    (Cancel(**ONE), {DEPLOY}, {DEPLOY}),
    (Approve(**ONE), {APPROVE}, {DEPLOY}),
    (Reject(**ONE), {APPROVE}, {DEPLOY}),
    (Override(**ONE), {OVERRIDE}, {OVERRIDE}),
    (Lock(**HERE), {LOCK}, {LOCK}),
    (Lock(**HERE, steal=True), {LOCK, OVERRIDE}, {LOCK, OVERRIDE}),
    (Hold(**HERE), {LOCK}, {LOCK}),
    (Unlock(**HERE), {LOCK}, {LOCK}),
    (Unlock(**HERE, force=True), {OVERRIDE}, {OVERRIDE}),
    (Reopen(**HERE), {OVERRIDE}, {OVERRIDE}),
    (Resume(**HERE), {OVERRIDE}, {OVERRIDE}),
    (PauseAll(), {LOCK}, {LOCK}),
    (ResumeAll(), {OVERRIDE}, {OVERRIDE}),
]
EVERYWHERE = (PauseAll, ResumeAll)
#: a page is nobody's: what its link shows has tests of its own
PEOPLES_DOORS = [one for one in Door if one is not Door.PAGE]
CHANNEL = "#deploy-shop"
STRANGE = (Reason.OUTSIDER, Reason.UNKNOWN_PERSON)


@dataclass(frozen=True)
class Visitor:
    """Somebody at a door; `through` is the member that is given the right, and `may` says whether that is them."""

    actor: str
    through: str | None = None
    may: bool = False
    is_known: bool = True
    is_outsider: bool = False
    owns_store: bool = False


VISITORS = {
    "a stranger": Visitor("local:9999", through="everyone", is_known=False),
    "the store's owner, whom the file does not name": Visitor(
        "local:0", through="everyone", is_known=False, owns_store=True
    ),
    "a guest with a known id": Visitor("slack:T0ACME/U0CY", through="everyone", is_outsider=True),
    "a bot": Visitor("slack:T0ACME/B0BOT", through="everyone", is_known=False, is_outsider=True),
    "a member without the right": Visitor("local:1002"),
    "a member of no group": Visitor("local:1003", through="sre"),
    "one named": Visitor("local:1000", through="ada", may=True),
    "one named, by another id": Visitor("slack:T0ACME/U0ADA", through="ada", may=True),
    "one in a group": Visitor("local:1001", through="sre", may=True),
    "one in a group of groups": Visitor("local:1001", through="all-sre", may=True),
    "anybody we know": Visitor("local:1002", through="everyone", may=True),
}
PEOPLE = People(
    people={
        "ada": Person(name="ada", ids=frozenset({"local:1000", "slack:T0ACME/U0ADA"})),
        "bob": Person(name="bob", ids=frozenset({"local:1001"})),
        "cy": Person(name="cy", ids=frozenset({"local:1002", "slack:T0ACME/U0CY"})),
        "dee": Person(name="dee", ids=frozenset({"local:1003"})),
    },
    groups={"sre": ("bob", "slack:S0SRE"), "all-sre": ("sre",), "round": ("around",), "around": ("round",)},
)


def configuration(rights: Mapping[Right, tuple[str, ...]], people: People = PEOPLE) -> Configuration:
    target = TargetConfiguration(kind="command", settings={})
    production = Environment(name="production", target=target, rights=rights)
    other = Environment(name="staging", target=target)
    shop = Application(
        name="shop",
        repository=Repository(url="/srv/git/shop.git"),
        environments={"staging": other, "production": production},
    )
    return Configuration(path="funade.yaml", applications={"shop": shop}, people=people)


def name(command: Command) -> str:
    extra = [flag for flag in ("force", "steal") if getattr(command, flag, False)]
    return " ".join([type(command).__name__, *extra])


def ask(
    visitor: Visitor,
    command: Command,
    door: Door,
    *,
    rights: Mapping[Right, tuple[str, ...]],
    approvals: int = 1,
    said_in: str | None = None,
    people: People = PEOPLE,
    wanted_channel: str | None = CHANNEL,
) -> Reason | None:
    in_force = configuration(rights, people)
    actor = Actor(
        door=door,
        id=visitor.actor,
        channel=said_in,
        is_outsider=visitor.is_outsider,
        owns_store=visitor.owns_store,
    )
    resource = Resource(channel=wanted_channel, rights=rights, approvals=approvals, **HERE)
    if isinstance(command, EVERYWHERE):
        resource = Resource()
    no = authorize(in_force, actor, people.find(actor), command, resource)
    return no.code if no else None


def test_every_command_is_in_this_table():
    assert {type(command) for command, _, _ in WANTS} == set(COMMANDS)


@pytest.mark.parametrize("entry", WANTS, ids=lambda entry: name(entry[0]))
def test_every_command_wants_its_rights(entry):
    command, with_approvals, without = entry
    assert set(rights_for(command, Resource(approvals=1, **HERE))) == with_approvals
    assert set(rights_for(command, Resource(**HERE))) == without
    assert changes_something(command) == bool(without)


def expected(visitor: Visitor, command: Command, wanted: set[Right], held: set[Right]) -> Reason | None:
    """Return the answer by the words of the rule, in the right channel: deny is the default."""
    if visitor.is_outsider:
        return Reason.OUTSIDER
    if not visitor.is_known:
        return Reason.UNKNOWN_PERSON
    return None if not wanted or (visitor.may and wanted <= held) else Reason.NOT_PERMITTED


@pytest.mark.parametrize("who", VISITORS)
@pytest.mark.parametrize("approvals", [0, 1])
@pytest.mark.parametrize("entry", WANTS, ids=lambda entry: name(entry[0]))
def test_S6_S14_S21_the_answer_depends_on_who_asks_what_and_is_the_same_at_every_door(who, approvals, entry):
    command, wanted = entry[0], entry[1 if approvals else 2]
    visitor = VISITORS[who]
    for held in (set(), wanted, *({right} for right in wanted), set(Right) - wanted, set(Right)):
        rights = dict.fromkeys(held, (visitor.through or "",))
        answer = expected(visitor, command, wanted, set(rights))
        for door in PEOPLES_DOORS:
            said_in = CHANNEL if door is Door.SLACK else None
            assert ask(visitor, command, door, rights=rights, approvals=approvals, said_in=said_in) is answer
        for said_in in (None, "#random"):
            found = ask(visitor, command, Door.SLACK, rights=rights, approvals=approvals, said_in=said_in)
            anywhere = not wanted or isinstance(command, EVERYWHERE) or answer in STRANGE
            assert found is (answer if anywhere else Reason.CHANNEL_NOT_PERMITTED)


@pytest.mark.parametrize("entry", WANTS, ids=lambda entry: name(entry[0]))
def test_a_file_without_people_is_its_owners_at_the_terminal(entry):
    for door, owns_store in product(PEOPLES_DOORS, [True, False]):
        visitor = Visitor("local:1000", owns_store=owns_store)
        found = ask(visitor, entry[0], door, rights={}, people=People(), wanted_channel=None)
        at_home = owns_store and door is Door.TERMINAL
        assert found is (None if at_home else Reason.UNKNOWN_PERSON)


def test_S5_a_name_is_not_an_id():
    in_force = configuration({DEPLOY: ("ada",)})
    for actor in (Actor(door=Door.SLACK, id="ada", name="ada"), Actor(door=Door.API, id="", name="ada")):
        assert in_force.people.find(actor) is None


@pytest.mark.parametrize(
    "members", [(), ("zoe",), ("slack:S0SRE",), ("round",), ("",), ("ADA",), ("local:1000",)]
)
def test_S13_what_is_empty_unknown_or_goes_round_in_circles_gives_nobody_a_right(members):
    assert (
        ask(VISITORS["one named"], Deploy(**HERE), Door.TERMINAL, rights={DEPLOY: members})
        is Reason.NOT_PERMITTED
    )


@pytest.mark.parametrize("command", [command for command, wanted, _ in WANTS if wanted], ids=name)
def test_what_has_left_the_configuration_gives_nobody_a_right(command):
    in_force = configuration(dict.fromkeys(Right, ("everyone",)))
    actor = Actor(door=Door.TERMINAL, id="local:1000")
    gone = Resource(application="shop", environment="gone")
    no = authorize(in_force, actor, in_force.people.find(actor), command, gone)
    assert (
        no is None if isinstance(command, EVERYWHERE) else no is not None and no.code is Reason.NOT_PERMITTED
    )
    nameless = authorize(in_force, actor, in_force.people.find(actor), command, Resource())
    assert (nameless is None) == isinstance(command, EVERYWHERE)


def test_a_no_names_the_right_and_the_place():
    in_force = configuration({})
    actor = Actor(door=Door.API, id="local:1002")
    no = authorize(in_force, actor, in_force.people.find(actor), Rollback(**HERE), Resource(**HERE))
    assert no is not None
    assert no.detail == {"right": "rollback", **HERE}


def test_a_no_for_the_channel_names_the_right_one():
    in_force = configuration({DEPLOY: ("everyone",)})
    actor = Actor(door=Door.SLACK, id="slack:T0ACME/U0ADA", channel="#random")
    resource = Resource(channel=CHANNEL, rights={DEPLOY: ("everyone",)}, **HERE)
    no = authorize(in_force, actor, in_force.people.find(actor), Deploy(**HERE), resource)
    assert no is not None
    assert no.detail == {"application": "shop", "channel": "#random", "wanted": CHANNEL}


# The same question later, when only an actor's id is known


@pytest.mark.parametrize("who", [who for who in VISITORS if not VISITORS[who].is_outsider])
def test_who_may_now_is_who_may_at_the_door(who):
    visitor = VISITORS[who]
    rights = {DEPLOY: (visitor.through,)} if visitor.through else {}
    in_force = configuration(rights)
    at_the_door = ask(visitor, Deploy(**HERE), Door.TERMINAL, rights=rights) is None
    environment = in_force.applications["shop"].environments["production"]
    assert may_now(in_force, environment, visitor.actor, DEPLOY) == at_the_door
    assert not may_now(in_force, environment, visitor.actor, OVERRIDE)
    assert not may_now(in_force, None, visitor.actor, DEPLOY)


def test_in_a_file_without_people_its_owner_may_go_on_and_nobody_else():
    in_force = configuration({}, People(owner="local:1000"))
    production = in_force.applications["shop"].environments["production"]
    assert may_now(in_force, production, "local:1000", DEPLOY)
    assert not may_now(in_force, None, "local:1000", DEPLOY)
    for nobody_now in ("local:1001", "slack:T0ACME/U0ADA", ""):
        assert not may_now(in_force, production, nobody_now, DEPLOY)


def test_in_a_file_without_people_whose_owner_nobody_knows_nobody_may():
    in_force = configuration({}, People())
    production = in_force.applications["shop"].environments["production"]
    assert not may_now(in_force, production, "local:1000", DEPLOY)


@pytest.mark.parametrize("who", VISITORS)
@pytest.mark.parametrize("door", PEOPLES_DOORS)
@pytest.mark.parametrize("command", [command for command, _, _ in WANTS], ids=name)
def test_what_left_the_file_is_stopped_by_the_owner_at_the_terminal_and_by_nobody_else(who, door, command):
    visitor = VISITORS[who]
    actor = Actor(door=door, id=visitor.actor, owns_store=visitor.owns_store, is_outsider=visitor.is_outsider)
    in_force = configuration({})
    left = Resource(application="shop", environment="moon", has_left=True)
    may = authorize(in_force, actor, in_force.people.find(actor), command, left) is None
    if not rights_for(command, left):
        return
    assert may == (type(command) is Cancel and visitor.owns_store and door is Door.TERMINAL)


# Who may do what, and why


def test_rights_are_shown_for_every_environment_and_right():
    shown = rights_of(configuration({DEPLOY: ("sre", "ada")}), None, ShowRights())
    assert [(one.environment, one.right) for one in shown] == [
        (environment, right.value) for environment in ("staging", "production") for right in Right
    ]
    (deploy,) = [one for one in shown if one.environment == "production" and one.right == "deploy"]
    assert (deploy.members, deploy.may, deploy.by_rule) == (("sre", "ada"), None, None)


@pytest.mark.parametrize(
    ("person", "may", "by_rule"),
    [("ada", True, "ada"), ("bob", True, "all-sre"), ("cy", False, None)],
)
def test_the_rule_that_decides_is_shown(person, may, by_rule):
    in_force = configuration({DEPLOY: ("all-sre", "ada")})
    wanted = ShowRights(person=person, right="deploy", **HERE)
    (shown,) = rights_of(in_force, in_force.people.people[person], wanted)
    assert (shown.may, shown.by_rule, shown.environment) == (may, by_rule, "production")


def test_what_is_shown_is_what_decides():
    for members, person in product(
        [(), ("ada",), ("sre",), ("all-sre",), ("everyone",)], PEOPLE.people.values()
    ):
        in_force = configuration({ROLLBACK: members})
        (shown,) = rights_of(in_force, person, ShowRights(person=person.name, right="rollback", **HERE))
        for id in person.ids:
            found = ask(Visitor(id), Rollback(**HERE), Door.API, rights={ROLLBACK: members})
            assert shown.may == (found is None)


def test_in_a_file_without_people_everything_is_the_owners():
    owner = Person(name="ada", ids=frozenset({"local:1000"}))
    shown = rights_of(replace(configuration({}), people=People()), owner, ShowRights(person="ada"))
    assert all(one.may for one in shown)


# Everything at once


def test_S22_whoever_may_lock_anywhere_may_pause_everything_and_whoever_may_override_may_resume():
    ada = VISITORS["one named"]
    for door in PEOPLES_DOORS:
        assert ask(ada, PauseAll(), door, rights={LOCK: ("ada",)}, said_in="#random") is None
        assert ask(ada, ResumeAll(), door, rights={LOCK: ("ada",)}) is Reason.NOT_PERMITTED
        assert ask(ada, ResumeAll(), door, rights={OVERRIDE: ("ada",)}) is None
        assert ask(ada, PauseAll(), door, rights={DEPLOY: ("ada",)}) is Reason.NOT_PERMITTED
