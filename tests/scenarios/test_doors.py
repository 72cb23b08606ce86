"""One desk: the same words at any door get the same answer."""

from dataclasses import replace
from itertools import count

import pytest

from funade.domain.answers import Refused
from funade.domain.commands import (
    COMMANDS,
    Cancel,
    Command,
    Deploy,
    Hold,
    PauseAll,
    PlanDeployment,
    ReadLog,
    Reject,
    Reopen,
    Resume,
    ResumeAll,
    Retry,
    ShowDeployment,
    ShowHistory,
    ShowRights,
    ShowStatus,
    Unlock,
    Why,
)
from funade.domain.people import Actor, Door
from funade.domain.wire import kind_of
from tests.scenarios.office import HERE, approve, back, deploy, events, lock, override, want_approvals

#: a page is nobody's: what its link shows has tests of its own
PEOPLES_DOORS = [one for one in Door if one is not Door.PAGE]
CHANNEL = "#deploy-shop"
AT = {"ada": "local:1000", "bob": "local:1001", "cy": "local:1002", "dee": "local:1003", "eve": "local:1004"}
requests = count()


@pytest.fixture
def office(office):
    """Give an office that talks in a channel of its own."""
    before = office.world.configurations.configuration
    shop = replace(before.applications["shop"], channel=CHANNEL)
    office.world.configurations.configuration = replace(before, applications={"shop": shop})
    want_approvals(office.world, 1)
    return office


def says(office, actor: Actor, command: Command) -> str:
    """Return the answer's kind, or why it was refused."""
    answer = office.world.loop.answer(office.process.desk(command, actor, f"at-the-door-{next(requests)}"))
    office.goes_on()
    return answer.because.code.value if isinstance(answer, Refused) else kind_of(type(answer))


#: A day at the desk: who says what, and the answer.
DAY: list[tuple[str, Command, str]] = [
    ("eve", ShowStatus(), "status_shown"),
    ("eve", ShowRights(), "rights_shown"),
    ("ada", PlanDeployment(**HERE, ref="first"), "planned"),
    ("eve", deploy(), "not_permitted"),
    ("ada", deploy(force=True, reason="now"), "not_permitted"),
    ("ada", deploy(), "accepted"),
    ("ada", approve(1), "not_permitted"),
    ("bob", override(1, None), "reason_wanted"),
    ("bob", override(1), "accepted"),
    ("bob", deploy("second"), "accepted"),
    ("bob", approve(2), "own_deployment"),
    ("cy", lock(None), "reason_wanted"),
    ("cy", lock(), "changed"),
    ("cy", approve(2), "accepted"),
    ("bob", Unlock(**HERE), "locked_by_another"),
    ("ada", Unlock(**HERE, force=True, reason="now"), "not_permitted"),
    ("dee", deploy(), "locked"),
    ("dee", back(), "not_permitted"),
    ("dee", Cancel(number=2), "accepted"),
    ("cy", Reject(number=2), "not_waiting"),
    ("cy", Reject(number=9), "unknown_deployment"),
    ("cy", Unlock(**HERE), "changed"),
    ("ada", Retry(number=1), "not_ended"),
    ("ada", Hold(**HERE), "changed"),
    ("ada", Resume(**HERE), "not_permitted"),
    ("bob", Resume(**HERE), "changed"),
    ("bob", Reopen(**HERE), "not_in_doubt"),
    ("dee", PauseAll(), "not_permitted"),
    ("ada", PauseAll(), "pause_changed"),
    ("bob", back(force=True, reason="now"), "nothing_verified"),
    ("bob", deploy(force=True, reason="now"), "paused"),
    ("ada", ResumeAll(), "not_permitted"),
    ("bob", ResumeAll(), "pause_changed"),
    ("eve", Why(number=2), "deployment_shown"),
    ("eve", ShowDeployment(number=1), "deployment_shown"),
    ("eve", ReadLog(number=1), "log_shown"),
    ("eve", ShowHistory(), "history_shown"),
]


def test_every_command_is_said_on_that_day():
    assert {type(command) for _, command, _ in DAY} == set(COMMANDS)


@pytest.mark.parametrize("door", PEOPLES_DOORS)
def test_S14_the_same_day_at_every_door(office, door):
    for who, command, expected in DAY:
        actor = Actor(door=door, id=AT[who], channel=CHANNEL if door is Door.SLACK else None)
        assert says(office, actor, command) == expected, (who, command)
    office.program_ends(1)
    refused = [
        one
        for one in DAY
        if one[2] not in {"accepted", "changed", "pause_changed"} and "_shown" not in one[2]
    ]
    assert len(events(office, "request_refused")) == len(refused) - 1, (
        "every no but that to a question is history"
    )


@pytest.mark.parametrize("door", PEOPLES_DOORS)
@pytest.mark.parametrize("stranger", ["a guest", "a bot", "nobody we know"])
def test_S6_an_outsider_learns_nothing_at_any_door(office, door, stranger):
    actor = Actor(
        door=door,
        id=AT["bob"] if stranger == "a guest" else "slack:T0ELSE/U0MAL",
        channel=CHANNEL,
        is_outsider=stranger != "nobody we know",
        owns_store=True,
    )
    wanted = "unknown_person" if stranger == "nobody we know" else "outsider"
    unknown = [Deploy(application="shp", environment="production"), Cancel(number=99)]
    for command in [*(command for _, command, _ in DAY), *unknown]:
        found = office.world.loop.answer(office.process.desk(command, actor, f"stranger-{next(requests)}"))
        assert isinstance(found, Refused)
        assert found.because.code.value == wanted
        assert found.because.detail == {"actor": actor.id}


@pytest.mark.parametrize("channel", [None, "#random", "deploy-shop", "C0123"])
def test_S6_only_the_applications_channel_changes_anything_at_slack(office, channel):
    bob = Actor(door=Door.SLACK, id=AT["bob"], channel=channel)
    for _, command, expected in DAY:
        if not hasattr(command, "environment") or "_shown" in expected or expected == "planned":
            continue
        assert says(office, bob, command) == "channel_not_permitted", command
    assert says(office, bob, ShowStatus()) == "status_shown"
    assert says(office, bob, PauseAll()) == "pause_changed", "a fire is called out anywhere"
