"""What a signed link shows: its own deployment, whatever the file says of rights and people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.domain.application import Configuration
from funade.domain.commands import COMMANDS, ReadLog, ShowDeployment
from funade.domain.people import Actor, Door, People, Person, Right
from funade.domain.policy import Resource, authorize
from funade.domain.reason import Reason
from tests.unit.domain.test_policy import HERE, WANTS, name

ID = "4a3c9a52-5c0e-4b7d-9a1f-2f1f0f6f7a10"
HOLDER = Actor(door=Door.PAGE, id=f"link:{ID}", reads=ID)
FILES = [People(), People(people={"ada": Person(name="ada", ids=frozenset({HOLDER.id}))}, owner=HOLDER.id)]
EVERYTHING = dict.fromkeys(Right, ("everyone",))


def said(
    command: object, actor: Actor = HOLDER, *, people: People = FILES[0], readable: int | None = 4
) -> object:
    configuration = Configuration(path="funade.yaml", applications={}, people=people)
    resource = Resource(rights=EVERYTHING, readable=readable, **HERE)
    no = authorize(configuration, actor, people.find(actor), command, resource)  # type: ignore[arg-type] # any command
    return no.code if no else None


@pytest.mark.parametrize("people", FILES, ids=["nobody named", "its holder named"])
def test_a_link_shows_its_own_deployment_and_log(people):
    assert said(ShowDeployment(number=4), people=people) is None
    assert said(ReadLog(number=4, attempt=1, offset=7), people=people) is None


@pytest.mark.parametrize("people", FILES, ids=["nobody named", "its holder named"])
@pytest.mark.parametrize("command", [command for command, _, _ in WANTS], ids=name)
def test_a_link_does_nothing_and_shows_nothing_else(command, people):
    if isinstance(command, ShowDeployment | ReadLog):
        return
    assert said(command, people=people) is Reason.UNKNOWN_PERSON


@given(st.integers(0, 10), st.one_of(st.none(), st.integers(0, 10)))
def test_a_link_shows_no_other_number(number, readable):
    shown = said(ShowDeployment(number=number), readable=readable) is None
    assert shown == (number == readable)
    assert (said(ReadLog(number=number), readable=readable) is None) == shown


def test_a_link_begets_no_link():
    assert said(ShowDeployment(number=4, link=True)) is Reason.UNKNOWN_PERSON


def test_whoever_comes_to_the_page_without_a_link_sees_nothing():
    for actor in (
        Actor(door=Door.PAGE, id="local:1000"),
        Actor(door=Door.PAGE, id="local:1000", owns_store=True),
        Actor(door=Door.PAGE, id=HOLDER.id, reads=ID, is_outsider=True),
    ):
        assert said(ShowDeployment(number=4), actor) is Reason.UNKNOWN_PERSON


def test_at_another_door_a_link_is_worth_nothing():
    for door in Door:
        if door is not Door.PAGE:
            actor = Actor(door=door, id="link:x", reads=ID)
            assert said(ShowDeployment(number=4), actor) is Reason.UNKNOWN_PERSON


def test_every_command_was_tried():
    assert {type(command) for command, _, _ in WANTS} == set(COMMANDS)
