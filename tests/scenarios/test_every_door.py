"""Actor, place, command and door: the whole table, worked out by the policy, and the same answer behind every door.

What a door is given goes the door's own way: a line of chat through the grammar, a body through the API.
"""

import json
from dataclasses import replace
from itertools import count, product
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from funade.chat.grammar import parse as understand
from funade.chat.grammar import spell
from funade.chat.heard import Via
from funade.chat.names import names_of
from funade.domain import policy
from funade.domain.answers import PauseChanged, Refused
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
from funade.domain.reason import Reason
from funade.domain.wire import to_plain
from funade.testing.configurations import FakeConfigurations
from funade.usecases.desk import Desk
from funade.web import api
from tests.scenarios.stepping import SteppingLoop
from tests.unit.domain.examples import deployment

CHANNEL = "#deploy-shop"
RIGHTS = {
    Right.DEPLOY: ("dev",),
    Right.APPROVE: ("sre",),
    Right.ROLLBACK: ("sre", "ada"),
    Right.LOCK: ("dev",),
    Right.OVERRIDE: ("cy",),
}
TARGET = TargetConfiguration(kind="command", settings={})
IN_FORCE = Configuration(
    path="funade.yaml",
    applications={
        "shop": Application(
            name="shop",
            repository=Repository(url="/srv/git/shop.git"),
            channel=CHANNEL,
            environments={
                "production": Environment(name="production", target=TARGET, rights=RIGHTS, approvals=1),
                "staging": Environment(name="staging", target=TARGET, rights={Right.DEPLOY: ("everyone",)}),
                "bare": Environment(name="bare", target=TARGET),
            },
        )
    },
    people=People(
        people={
            name: Person(name=name, ids=frozenset({f"at:{name}"})) for name in ("ada", "bob", "cy", "eve")
        },
        groups={"dev": ("ada", "bob"), "sre": ("bob", "cy")},
    ),
)
#: `moon` has left the file; its deployment has not ended.
PLACES = ("production", "staging", "bare", "moon")
NUMBERS = dict(enumerate(PLACES, 1))
ACTORS = ("ada", "bob", "cy", "eve", "nobody", "the owner", "a guest")
POLICY = {
    Reason.NOT_PERMITTED,
    Reason.OUTSIDER,
    Reason.UNKNOWN_PERSON,
    Reason.CHANNEL_NOT_PERMITTED,
}
DONE = PauseChanged(pause=None)
requests = count()


def said_in(place: str) -> list[Command]:
    """Return everything that can be said about a place."""
    here: dict[str, Any] = {"application": "shop", "environment": place}
    one: dict[str, Any] = {"number": PLACES.index(place) + 1}
    why: dict[str, Any] = {"reason": "it burns"}
    return [
        *(PlanDeployment(**here), Deploy(**here), Deploy(**here, **why, force=True)),
        *(Rollback(**here), Rollback(**here, **why, force=True), Lock(**here, **why)),
        *(Lock(**here, **why, steal=True), Unlock(**here), Unlock(**here, **why, force=True)),
        *(Hold(**here), Resume(**here), Reopen(**here), PauseAll(), ResumeAll()),
        *(Retry(**one), Retry(**one, **why, force=True), Approve(**one), Reject(**one), Cancel(**one)),
        *(Override(**one, **why), ShowDeployment(**one), ReadLog(**one), Why(**one)),
        *(ShowStatus(**here), ShowHistory(**here), ShowRights(**here)),
    ]


class Recorded:
    """Every verb of the desk; what comes through is done, and nothing is."""

    def __getattr__(self, name: str) -> Any:
        async def verb(*_: object) -> PauseChanged:
            return DONE

        return verb


class Shelf:
    """As much of a ledger as finding a deployment takes."""

    async def read(self, work: Any) -> Any:
        def look(number: int) -> Any:
            place = NUMBERS.get(number)
            found = deployment(number)
            return place and replace(found, release=replace(found.release, environment=place))

        return work(SimpleNamespace(deployment=look))


def actor_at(door: Door, who: str, channel: str | None) -> Actor:
    return Actor(
        door=door,
        id="at:bob" if who == "a guest" else f"at:{who}",
        channel=channel,
        is_outsider=who == "a guest",
        owns_store=who == "the owner",
    )


def through(door: Door, command: Command) -> Command:
    """Return what arrives of it behind that door; what has left the file nobody can name in a chat."""
    if door is Door.API:
        plain = to_plain(command, tagged=True)
        assert isinstance(plain, dict)
        return api.parse(json.dumps({**plain, "request": str(uuid4())}).encode())[0]
    if door is Door.SLACK and getattr(command, "environment", None) != "moon":
        names = names_of(IN_FORCE)
        heard = understand(spell(command, names), via=Via.SLASH, names=names)
        assert heard == command
    return command


def expected(actor: Actor, command: Command, place: str) -> Reason | None:
    """Return the policy's own word, worked out without the desk."""
    environment = IN_FORCE.applications["shop"].environments.get(place)
    everywhere = isinstance(command, (PauseAll, ResumeAll, ShowDeployment, ReadLog)) or (
        isinstance(command, Why) and command.application is None
    )
    resource = policy.Resource(
        application=None if everywhere else "shop",
        environment=None if everywhere else place,
        has_left=environment is None and hasattr(command, "number"),
        channel=None if everywhere else CHANNEL,
        rights=environment.rights if environment and not everywhere else {},
        approvals=environment.approvals if environment and not everywhere else 0,
    )
    because = policy.authorize(IN_FORCE, actor, IN_FORCE.people.find(actor), command, resource)
    return because.code if because else None


def test_every_command_is_in_the_table():
    assert {type(one) for one in said_in("staging")} == set(COMMANDS)


#: A page is no person's door: what its links show, and that they do nothing, is in test_links.py.
PEOPLES_DOORS = [one for one in Door if one is not Door.PAGE]


@pytest.mark.parametrize("door", PEOPLES_DOORS)
@pytest.mark.parametrize("who", ACTORS)
def test_S14_the_whole_table_is_the_same_behind_every_door(door, who):
    verbs: Any = Recorded()
    desk = Desk(configurations=FakeConfigurations(IN_FORCE), ledger=Shelf(), verbs=verbs)  # type: ignore[arg-type]
    loop = SteppingLoop()
    channels = (CHANNEL, "#random") if door is Door.SLACK else (None,)
    for place, channel in product(PLACES, channels):
        for command in said_in(place):
            actor = actor_at(door, who, channel)
            answer = loop.answer(desk(through(door, command), actor, f"request-{next(requests)}"))
            code = answer.because.code if isinstance(answer, Refused) else None
            wanted = expected(actor, command, place)
            if code is Reason.UNKNOWN_ENVIRONMENT:
                # Who is known may hear that a place is not there; a stranger may not.
                assert place == "moon", command
                assert policy.admit(actor, IN_FORCE.people.find(actor)) is None
            else:
                assert code == wanted or (code is None and wanted is None), (command, place, channel)
                assert code is None or code in POLICY
    loop.close()
