"""Whoever follows a deployment hears of news at once, and otherwise after their patience."""

from datetime import timedelta

from funade.domain.commands import Cancel, ShowDeployment
from funade.domain.deployment import State
from funade.domain.people import Actor, Door
from tests.scenarios.office import deploy
from tests.scenarios.test_doors import AT

ADA = Actor(door=Door.TERMINAL, id=AT["ada"])
BOB = Actor(door=Door.TERMINAL, id=AT["bob"])
NEVER_SEEN = 1 << 40
SECOND = timedelta(seconds=1)


def asking(office, command, actor=ADA):
    return office.process.desk(command, actor, f"{command}")


def test_what_was_not_seen_yet_is_told_without_waiting(office):
    office.world.loop.answer(asking(office, deploy("first"), BOB))
    assert office.world.loop.answer(asking(office, ShowDeployment(number=1, patience=SECOND))).events


def test_without_news_the_answer_waits_for_the_end(office):
    office.world.loop.answer(asking(office, deploy("first"), BOB))
    waiting = office.world.loop.create_task(
        asking(office, ShowDeployment(number=1, seen=NEVER_SEEN, patience=SECOND))
    )
    office.world.loop.goes_on()
    assert not waiting.done()
    office.world.loop.answer(asking(office, Cancel(number=1), BOB))
    office.goes_on()
    office.world.loop.goes_on()
    shown = office.world.loop.answer(asking(office, ShowDeployment(number=1, seen=NEVER_SEEN)))
    assert shown.deployment.state is State.CANCELLED
    again = ShowDeployment(number=1, seen=NEVER_SEEN, patience=SECOND)
    assert office.world.loop.answer(asking(office, again)).deployment.has_ended
    waiting.cancel()
    office.world.loop.goes_on()
