from pathlib import Path

import pytest

from funade.domain.application import Application, Configuration, Environment, Repository, TargetConfiguration
from funade.domain.commands import PauseAll, ResumeAll
from funade.domain.people import Actor, Door, People, Person, Right
from funade.domain.policy import Resource, authorize


def office(rights: dict[str, dict[Right, tuple[str, ...]]]) -> Configuration:
    environments = {
        name: Environment(
            name=name, target=TargetConfiguration(kind="command", settings={}), rights=rights[name]
        )
        for name in rights
    }
    people = {name: Person(name=name, ids=frozenset({f"local:{name}"})) for name in ("ada", "eve")}
    shop = Application(name="shop", repository=Repository(url="/shop"), environments=environments)
    return Configuration(
        path=str(Path("funade.yaml")), applications={"shop": shop}, people=People(people=people)
    )


OVERRIDE_IN_STAGING_ONLY = office(
    {
        "staging": {Right.LOCK: ("eve",), Right.OVERRIDE: ("ada", "eve")},
        "production": {Right.OVERRIDE: ("ada",)},
        "nobodys": {},
    }
)


@pytest.mark.parametrize(
    ("name", "command", "may"),
    [
        ("eve", PauseAll(), True),
        ("eve", ResumeAll(), False),
        ("ada", ResumeAll(), True),
        ("ada", PauseAll(), False),
    ],
)
def test_one_right_stops_everything_and_only_all_of_them_let_it_go_on(name, command, may):
    actor = Actor(door=Door.TERMINAL, id=f"local:{name}")
    person = OVERRIDE_IN_STAGING_ONLY.people.find(actor)
    no = authorize(OVERRIDE_IN_STAGING_ONLY, actor, person, command, Resource())
    assert (no is None) == may


@pytest.mark.parametrize("command", [PauseAll(), ResumeAll()])
def test_where_nobody_has_the_right_nobody_may(command):
    configuration = office({"staging": {Right.DEPLOY: ("ada",)}})
    actor = Actor(door=Door.TERMINAL, id="local:ada")
    assert authorize(configuration, actor, configuration.people.find(actor), command, Resource()) is not None
