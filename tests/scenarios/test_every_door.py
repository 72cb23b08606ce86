"""Actor, place, command and door: the whole table, worked out by the policy, and the same answer behind every door.

What a door is given goes the door's own way: a line of chat through the grammar, a body through the API. The same
table goes through all of Slack's room in tests/integration/slack/test_every_door.py.
"""

import json
from itertools import count, product
from uuid import uuid4

import pytest

from funade.chat.grammar import parse as understand
from funade.chat.grammar import spell
from funade.chat.heard import Via
from funade.chat.names import names_of
from funade.domain import policy
from funade.domain.answers import Refused
from funade.domain.commands import COMMANDS, Command
from funade.domain.people import Door
from funade.domain.reason import Reason
from funade.domain.wire import to_plain
from funade.testing.configurations import FakeConfigurations
from funade.web import api
from tests.scenarios.door_table import (
    ACTORS,
    CHANNEL,
    IN_FORCE,
    PLACES,
    POLICY,
    actor_at,
    desk_over,
    expected,
    said_in,
)
from tests.scenarios.stepping import SteppingLoop

requests = count()


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


def test_every_command_is_in_the_table():
    assert {type(one) for one in said_in("staging")} == set(COMMANDS)


#: A page is no person's door: what its links show, and that they do nothing, is in test_links.py.
PEOPLES_DOORS = [one for one in Door if one is not Door.PAGE]


@pytest.mark.parametrize("door", PEOPLES_DOORS)
@pytest.mark.parametrize("who", ACTORS)
def test_S14_the_whole_table_is_the_same_behind_every_door(door, who):
    desk = desk_over(FakeConfigurations(IN_FORCE))
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
