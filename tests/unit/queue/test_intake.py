import json
from datetime import timedelta

import pytest

from funade.domain.errors import TemporaryQueueError
from funade.domain.messages import ForeignMessage
from funade.domain.queue_text import read_order
from funade.queue.dead_letters import PROBLEM, DeadLetterQuarantine, QueuedDeadLetters
from funade.queue.intake import LEFT_ALONE_FOR, Intake
from funade.testing.queue import FakeQuarantine, Mischief, StrictQueue
from funade.testing.time import FakeClock
from funade.usecases.queue_ports import Message

pytestmark = pytest.mark.asyncio

HIDDEN = timedelta(seconds=30)
WAIT = timedelta(seconds=1)


def message(body: str, key: str = "", **notes: str) -> Message:
    return Message(body=body, key=key or str(len(body)), group="g", notes=notes)


async def drained(intake: Intake[object], queue: StrictQueue) -> list[object]:
    """Take and delete until nothing is left; return all that could be read."""
    came: list[object] = []
    while queue.bodies:
        try:
            taken = await intake.take(10, WAIT, HIDDEN)
            came += [read for _, read in taken.messages]
            await queue.delete([delivery for delivery, _ in taken.messages])
        except TemporaryQueueError:
            continue
    return came


@pytest.mark.parametrize("is_fifo", [False, True])
async def test_one_that_cannot_be_read_ends_up_beside_with_what_is_wrong(is_fifo):
    queue, quarantine = StrictQueue(is_fifo=is_fifo), FakeQuarantine()
    await queue.send([message("{"), message('{"a":1}')])
    came = await drained(Intake(queue, read_order, quarantine), queue)
    assert came == [ForeignMessage(fields={"a": 1}, body='{"a":1}')]
    assert list(quarantine.kept.values()) == [
        ("{", "no JSON: Expecting property name enclosed in double quotes")
    ]
    assert queue.bodies == []


async def test_without_a_quarantine_it_stays_where_it_is_and_is_not_asked_again_and_again():
    clock = FakeClock()
    queue, quarantine = StrictQueue(clock=clock), FakeQuarantine(broken="away")
    await queue.send([message("{")])
    intake = Intake(queue, read_order, quarantine)
    taken = await intake.take(10, WAIT, HIDDEN)
    [(_, problem)] = taken.left
    assert problem.endswith("; it could not be set aside: away")
    assert queue.bodies == ["{"]
    clock.advance(seconds=LEFT_ALONE_FOR.total_seconds() - 10)
    assert (await intake.take(10, timedelta(0), HIDDEN)).left == []
    clock.advance(seconds=10)
    assert len((await intake.take(10, timedelta(0), HIDDEN)).left) == 1


async def test_what_a_newer_release_wrote_waits_for_a_newer_release():
    clock = FakeClock()
    queue, quarantine = StrictQueue(clock=clock), FakeQuarantine()
    await queue.send([message(json.dumps({"version": 2, "deployment": "x"}))])
    intake = Intake(queue, read_order, quarantine)
    [(_, problem)] = (await intake.take(10, WAIT, HIDDEN)).left
    assert problem == "a newer release wrote it (version 2)"
    assert quarantine.kept == {}
    clock.advance(seconds=LEFT_ALONE_FOR.total_seconds() - 10)
    assert not (await intake.take(10, timedelta(0), HIDDEN)).left
    assert len(queue.bodies) == 1


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("is_fifo", [False, True])
async def test_whatever_a_queue_does_everything_comes_and_nothing_unreadable_is_lost(seed, is_fifo):
    clock = FakeClock()
    mischief = Mischief(seed=seed, duplicates=0.2, holds_back=0.2, expires=0.2, refuses=0.2, breaks=0.2)
    queue = StrictQueue(clock=clock, is_fifo=is_fifo, mischief=mischief)
    quarantine = FakeQuarantine()
    waiting = [
        message(json.dumps({"n": number}) if number % 4 else f"[{number}", str(number))
        for number in range(20)
    ]
    while waiting:
        try:
            undone = {one.which for one in await queue.send(waiting)}
        except TemporaryQueueError:
            continue
        waiting = [one for one in waiting if one.key in undone]
    came = await drained(Intake(queue, read_order, quarantine), queue)
    numbers = {one.fields["n"] for one in came if isinstance(one, ForeignMessage)}
    assert numbers == {number for number in range(20) if number % 4}
    assert {body for body, _ in quarantine.kept.values()} == {f"[{number}" for number in range(0, 20, 4)}


async def test_a_quarantine_of_dead_letters_keeps_body_notes_and_problem():
    home, dead = StrictQueue(), StrictQueue()
    await home.send([message("{", colour="red")])
    await Intake(home, read_order, DeadLetterQuarantine(dead)).take(10, WAIT, HIDDEN)
    [kept] = await dead.receive(1, WAIT, timedelta(0))
    assert (kept.body, kept.notes["colour"]) == ("{", "red")
    assert kept.notes[PROBLEM].startswith("no JSON")

    letters = QueuedDeadLetters(dead, home)
    [letter] = await letters.list(10)
    assert (await letters.redrive([letter.id])).done == (letter.id,)
    [again] = await home.receive(1, WAIT, HIDDEN)
    assert (again.body, dict(again.notes)) == ("{", {"colour": "red"}), "what we noted is not the sender's"


async def test_the_largest_message_has_no_room_for_a_note_and_is_kept_without():
    home, dead = StrictQueue(), StrictQueue()
    body = "x" * (1 << 20)
    await home.send([message(body)])
    taken = await Intake(home, read_order, DeadLetterQuarantine(dead)).take(10, WAIT, HIDDEN)
    assert len(taken.set_aside) == 1
    assert dead.bodies == [body]


async def test_dead_letters_that_cannot_go_home_stay_and_say_why():
    home, dead = StrictQueue(), StrictQueue()
    await dead.send([message("a"), message("b")])
    home.mischief = Mischief(refuses=1)
    letters = QueuedDeadLetters(dead, home)
    found = await letters.list(10)
    moved = await letters.redrive([one.id for one in found])
    assert moved.done == ()
    assert {one.problem for one in moved.undone} == {"InternalError"}
    assert sorted(dead.bodies) == ["a", "b"]
    assert len(await letters.list(10)) == 2, "they are back at once"
    assert (await letters.discard([found[0].id])).done == (found[0].id,)
    assert len(dead.bodies) == 1
