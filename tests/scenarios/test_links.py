"""A link to a deployment's page: made for whoever may look, and good for that deployment alone."""

import pytest

from funade.domain.answers import DeploymentShown, LogShown, Refused
from funade.domain.commands import Cancel, ReadLog, ShowDeployment, ShowStatus
from funade.domain.people import Actor, Door
from funade.domain.reason import Reason
from funade.testing.links import FakeLinks
from tests.scenarios.office import deploy
from tests.scenarios.test_doors import AT


def ask(office, actor, command):
    answer = office.world.loop.answer(
        office.process.desk(command, actor, f"{type(command).__name__} {actor.id}")
    )
    office.goes_on()
    return answer


@pytest.fixture
def two(office):
    """Give an office with two deployments, and the holders of a link to each."""
    ada = Actor(door=Door.TERMINAL, id=AT["ada"])
    for ref in ("first", "second"):
        ask(office, Actor(door=Door.TERMINAL, id=AT["bob"], name=ref), deploy(ref))
    shown = [ask(office, ada, ShowDeployment(number=number)) for number in (1, 2)]
    holders = [
        Actor(door=Door.PAGE, id=f"link:{one.deployment.id}", reads=one.deployment.id)
        for one in shown
        if isinstance(one, DeploymentShown)
    ]
    return office, holders


def test_a_link_is_given_to_whoever_may_look_and_asks_for_it(two):
    office, _ = two
    eve = Actor(door=Door.SLACK, id=AT["eve"])
    assert ask(office, eve, ShowDeployment(number=1, link=True)).link == FakeLinks().link_to(
        ask(office, eve, ShowDeployment(number=1)).deployment
    )
    assert ask(office, eve, ShowDeployment(number=1)).link is None
    stranger = Actor(door=Door.SLACK, id="slack:T0/U0")
    assert isinstance(ask(office, stranger, ShowDeployment(number=1, link=True)), Refused)


def test_a_link_shows_its_own_deployment_and_no_other(two):
    office, holders = two
    for number, holder in enumerate(holders, start=1):
        assert isinstance(ask(office, holder, ShowDeployment(number=number)), DeploymentShown)
        assert isinstance(ask(office, holder, ReadLog(number=number)), LogShown)
        other = 3 - number
        for command in (ShowDeployment(number=other), ReadLog(number=other), ShowStatus()):
            assert ask(office, holder, command).because.code is Reason.UNKNOWN_PERSON


def test_a_link_of_another_store_shows_nothing(two):
    office, _ = two
    id = "ffffffff-0000-4000-8000-000000000001"
    holder = Actor(door=Door.PAGE, id=f"link:{id}", reads=id)
    for number in (1, 2, 3):
        assert ask(office, holder, ShowDeployment(number=number)).because.code is Reason.UNKNOWN_PERSON


def test_whoever_has_a_link_cannot_cancel(two):
    office, holders = two
    assert ask(office, holders[0], Cancel(number=1)).because.code is Reason.UNKNOWN_PERSON
    shown = ask(office, holders[0], ShowDeployment(number=1))
    assert shown.deployment.wish is None
