"""The table of every door, through all of Slack's room: what comes in, who it is, what it means, the desk's verdict."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from funade.chat.grammar import spell
from funade.chat.names import names_of
from funade.domain import policy
from funade.domain.answers import Answer, Refused
from funade.domain.commands import Command
from funade.domain.people import Actor, Door
from funade.domain.reason import Reason
from funade.domain.wire import to_plain
from funade.usecases.door_ports import Capability
from tests.integration.slack.harbour import Harbour
from tests.integration.slack.stories import sail
from tests.scenarios.door_table import CHANNEL, PLACES, POLICY, desk_over, expected, said_in

pytestmark = [pytest.mark.needs("git"), pytest.mark.timeout(400)]

#: The table's people, at Slack; the guest is Bob by another account of his, and nobody owns the store from there.
FILE = """
people:
  ada: {{slack: T0ACME/U0ADA, local: 1}}
  bob: {{slack: T0ACME/U0BOB, github: 7}}
  cy: {{slack: T0ACME/U0CY}}
  eve: {{slack: T0ACME/U0EVE}}
  gus: {{slack: T0ACME/U0GUS}}
groups:
  dev: [ada, bob, gus]
  sre: [bob, cy, gus]
slack: {{bot_token: "env:SLACK_BOT", {app_token}signing_secret: "env:SLACK_SECRET", url: "{url}"}}
{web}applications:
  shop:
    repository: repository
    channel: "#deploy-shop"
    environments:
      production:
        rights: {{deploy: [dev], approve: [sre], rollback: [sre, ada], lock: [dev], override: [cy]}}
        approvals: 1
        target: {{kind: command, run: [sh, deploy.sh]}}
      staging: {{rights: {{deploy: [everyone]}}, target: {{kind: command, run: [sh, deploy.sh]}}}}
      bare: {{target: {{kind: command, run: [sh, deploy.sh]}}}}
"""
WHO = {"ada": "U0ADA", "bob": "U0BOB", "cy": "U0CY", "eve": "U0EVE", "zoe": "U0ZOE", "gus": "U0GUS"}
WHERE = {CHANNEL: "C0DEPLOY", "#random": "C0RANDOM"}
#: Behind the reception all ways are one: by the first goes the whole table, by the others each so-many-th row.
WAYS = {"slash": 1, "mention": 4, "button": 4}
numbers = count(1)


@dataclass(frozen=True)
class Row:
    who: str
    channel: str
    place: str
    command: Command


def actor_of(row: Row) -> Actor:
    """Return whom the desk must see."""
    return Actor(
        door=Door.SLACK,
        id=f"slack:T0ACME/{WHO[row.who]}",
        channel=row.channel if row.channel == CHANNEL else WHERE[row.channel],
        is_outsider=row.who == "gus",
    )


class Witness:
    """A desk at which nothing is done; keeps every verdict, by who asked, where, and what."""

    def __init__(self, here: Harbour) -> None:
        room = here.room
        assert room.listening is not None
        self.configurations = room.ports.configurations
        self._desk = desk_over(self.configurations)
        self.verdicts: dict[tuple[str, str | None, Command], Reason | None] = {}
        room.listening.worker.conversation.desk = self
        # Nobody talks that much at Slack, and its pace is proved elsewhere.
        room.listening.worker.conversation.budget.answers_ahead = 1e9

    async def __call__(self, command: Command, actor: Actor, request: str) -> Answer:
        answer = await self._desk(command, actor, request)
        code = answer.because.code if isinstance(answer, Refused) else None
        assert self.verdicts.setdefault((actor.id, actor.channel, command), code) == code
        return answer

    def has(self, row: Row) -> bool:
        """Tell whether it came to the desk."""
        actor = actor_of(row)
        return (actor.id, actor.channel, row.command) in self.verdicts

    def check(self, row: Row) -> None:
        """The verdict is the policy's own."""
        actor = actor_of(row)
        code = self.verdicts[actor.id, actor.channel, row.command]
        if code is Reason.UNKNOWN_ENVIRONMENT:
            assert row.place == "moon"
            assert policy.admit(actor, self.configurations.current().people.find(actor)) is None
            return
        assert code == expected(actor, row.command, row.place, self.configurations.current()), row
        assert code is None or code in POLICY


def rows() -> Iterator[Row]:
    for who in WHO:
        for channel in WHERE:
            for place in PLACES:
                for command in said_in(place):
                    yield Row(who, channel, place, command)


def can_be_said(row: Row) -> bool:
    """Tell whether words can name it: what has left the file nobody can name in a chat."""
    return getattr(row.command, "environment", None) != "moon"


async def moved_in(here: Harbour, *, https: bool) -> Witness:
    """Let the table's people and rules be in force, with a witness at the desk."""
    text = here.path.read_text()
    web = text.partition("\n")[0] + "\n" if https else ""
    app_token = "" if https else 'app_token: "env:SLACK_APP", '
    here.path.write_text(FILE.format(url=here.playground.api_url, web=web, app_token=app_token))
    for name, user in (("eve", "U0EVE"), ("zoe", "U0ZOE")):
        changes = {"id": user, "name": name, "email": f"{name}@elsewhere.example"}
        await here.playground.change_person(person=name, changes=changes)
        await here.playground.join(channel=CHANNEL, person=name)
    for name in (*WHO, "funade"):
        await here.playground.join(channel="#random", person=name)
    await here.start()
    return Witness(here)


async def payload_of(here: Harbour, row: Row, way: str) -> tuple[str, dict[str, Any]]:
    """Return what Slack sends when somebody says it, or presses a button that stands for it."""
    number, channel, user = next(numbers), WHERE[row.channel], WHO[row.who]
    text = spell(row.command, names_of(here.configuration())) if way != "button" else ""
    match way:
        case "slash":
            fields = {"command": "/funade", "user_id": user, "team_id": "T0ACME"}
            return "slash_commands", {
                **fields,
                "channel_id": channel,
                "text": text,
                "trigger_id": f"{number}.1.x",
            }
        case "mention":
            event = {"type": "app_mention", "user": user, "team": "T0ACME", "channel": channel}
            said = {**event, "text": f"<@U0APP1> {text}", "ts": f"1700000000.{number:06}"}
            return "events_api", {"team_id": "T0ACME", "event_id": f"Ev{number}", "event": said}
        case _:
            return "interactive", await a_press(here, row, number)


async def a_press(here: Harbour, row: Row, number: int) -> dict[str, Any]:
    """Return the press of a button that stands for the command."""
    plain = to_plain(row.command, tagged=True)
    assert isinstance(plain, dict)
    assert here.parts is not None
    button = Capability(
        id=f"button-{number}",
        subject=f"row-{number}",
        command=plain,
        until=here.parts.clock.now() + timedelta(hours=1),
    )
    await here.parts.ledger.change(lambda change: change.grant(button))
    action = {
        "action_id": "funade_do_it",
        "block_id": "b",
        "value": button.id,
        "action_ts": f"1700000000.{number:06}",
    }
    return {
        "type": "block_actions",
        "user": {"id": WHO[row.who], "team_id": "T0ACME"},
        "team": {"id": "T0ACME"},
        "channel": {"id": WHERE[row.channel]},
        "trigger_id": f"{number}.1.x",
        "actions": [action],
    }


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_S14_the_whole_table_is_the_same_through_slacks_reception(tmp_path, monkeypatch, way):
    async def story(here):
        witness = await moved_in(here, https=False)
        table = [one for one in rows() if way == "button" or can_be_said(one)][:: WAYS[way]]
        assert here.room.listening is not None
        reception = here.room.listening.reception

        async def go_through(who: str) -> None:
            for row in table:
                if row.who == who:
                    await reception.take(*await payload_of(here, row, way))

        await asyncio.gather(*(go_through(who) for who in WHO))
        await here.until(
            lambda: not here.received(), lambda: f"{len(witness.verdicts)} verdicts", seconds=300
        )
        for row in table:
            # Who is refused before a button is looked at has no verdict of the desk, and no other answer.
            if way == "button" and row.who in ("zoe", "gus"):
                assert not [key for key in witness.verdicts if key[0].endswith(WHO[row.who])]
            else:
                witness.check(row)

    sail(tmp_path, monkeypatch, story, start=False)


@pytest.mark.parametrize("https", [False, True], ids=["sockets", "https"])
def test_S14_each_command_of_the_table_is_the_same_as_people_type_it(tmp_path, monkeypatch, https):
    async def story(here):
        witness = await moved_in(here, https=https)
        names = names_of(here.configuration())
        # Every command once, each by another person in another place and channel.
        people, channels = [one for one in WHO if one != "gus"], list(WHERE)
        sample = [
            Row(people[number % 5], channels[number // 5 % 2], place, said_in(place)[number])
            for number in range(len(said_in("staging")))
            if (place := PLACES[number % 3])
        ]
        for number, row in enumerate(sample):
            text = spell(row.command, names)
            if number % 2:
                await here.say(row.who, f"@funade {text}", channel=row.channel)
            else:
                asked = await here.playground.command(
                    person=row.who, command="/funade", text=text, channel=row.channel
                )
                assert asked["ok"], asked
        await here.until(
            lambda: all(witness.has(one) for one in sample),
            lambda: f"not at the desk: {[one for one in sample if not witness.has(one)]}",
            seconds=120,
        )
        for row in sample:
            witness.check(row)

    sail(tmp_path, monkeypatch, story, start=False, https=https)
