"""Somebody asks without end, says too much, or says two things under one name."""

import pytest

from funade.domain.answers import Accepted
from funade.domain.commands import Cancel, Deploy, Retry, Rollback, ShowHistory
from funade.domain.people import Actor, Door, People
from funade.usecases.record_refusal import MOST, SPAN
from tests.scenarios.office import HERE, deploy, events, lock, row

OWNER = Actor(door=Door.TERMINAL, id="local:0", name="root", owns_store=True)


def asks(funade, actor, command):
    return funade.world.loop.answer(funade.process.desk(command, actor, "at-the-terminal"))


# Refusals


def test_a_stranger_cannot_fill_the_history(office):
    for name in range(5 * MOST):
        assert office.hears(f"local:{50_000 + name}", deploy()).because.code == "unknown_person"
    assert len(events(office, "request_refused")) == MOST


def test_who_is_refused_again_and_again_is_written_down_so_often_and_others_still_are(office):
    for _ in range(MOST + 7):
        office.hears("eve", deploy())
    assert office.refuses("dee", lock())[0] == "not_permitted"
    assert [one.by for one in events(office, "request_refused")] == ["eve"] * MOST + ["dee"]


def test_the_next_one_that_is_written_down_says_how_many_were_not(office):
    for _ in range(MOST + 7):
        office.hears("eve", deploy())
    office.lets_pass(seconds=SPAN.total_seconds())
    office.refuses("eve", deploy())
    assert [one.happening.because.detail.get("unrecorded") for one in events(office, "request_refused")] == [
        *[None] * MOST,
        7,
    ]


# Texts


@pytest.mark.parametrize("text", ["x" * 4001, "caf\udce9", "a\0b"])
def test_what_nobody_could_keep_is_refused_before_anything_else_and_leaves_nothing(office, text):
    assert office.refuses("ada", deploy(reason=text))[0] in ("text_too_long", "text_unreadable")
    assert office.refuses("local:9999", Deploy(application=text, environment="production"))[0] in (
        "text_too_long",
        "text_unreadable",
    )
    assert office.history() == []


# Two requests of one id


@pytest.mark.parametrize(
    "other",
    [
        deploy("second"),
        deploy("first", reason="another one"),
        Deploy(application="shop", environment="staging", ref="first"),
        Rollback(**HERE),
        Retry(number=1),
    ],
    ids=lambda command: type(command).__name__,
)
def test_an_id_that_was_used_for_something_else_is_refused(office, other):
    office.says("ada", deploy("first"), request="click-1")
    office.program_ends(1, exit_code=1, live=False)
    answer = office.says("ada", other, request="click-1")
    assert (answer.because.code, answer.because.detail) == ("request_reused", {"number": 1})
    assert office.begun() == [1]


def test_an_id_that_was_used_for_the_same_is_the_same_request(office):
    office.says("ada", Deploy(**HERE), request="click-1")
    assert isinstance(office.says("ada", Deploy(**HERE), request="click-1"), Accepted)
    assert office.begun() == [1]


# What nobody in the file may do any more


def test_what_left_the_file_can_be_stopped_by_whoever_owns_the_store(office):
    running = office.accepts("ada", deploy("first"))
    waiting = office.accepts("ada", deploy("second"))
    office.world.remove_environment("production")
    assert office.refuses("ada", Cancel(number=waiting))[0] == "not_permitted"
    assert isinstance(asks(office, OWNER, Cancel(number=waiting)), Accepted)
    assert isinstance(asks(office, OWNER, Cancel(number=running)), Accepted)
    office.lets_pass(seconds=1)
    assert office.ended(waiting)[:2] == ("cancelled", "cancelled")
    assert office.ended(running)[1] == "cancelled"


def test_the_owner_whom_the_file_does_not_name_may_do_nothing_else(office):
    office.accepts("ada", deploy("first"))
    assert asks(office, OWNER, Cancel(number=1)).because.code == "unknown_person"
    office.world.remove_environment("production")
    assert asks(office, OWNER, Retry(number=1)).because.code == "unknown_person"
    assert asks(office, OWNER, ShowHistory()).because.code == "unknown_person"
    office.program_ends(1)


def test_nobody_stays_somebody_when_the_file_names_nobody_any_more(office):
    running = office.accepts("ada", deploy("first"))
    waiting = office.accepts("ada", deploy("second"))
    people = office.world.configurations.configuration
    office.world.configurations.configuration = type(people)(
        path=people.path, applications=people.applications, people=People(owner="local:0")
    )
    (execution,) = office.world.place.running()
    office.world.program_ends(execution, row(office, running).release)
    office.goes_on()
    assert office.world.place.running() == []
    shown = asks(office, OWNER, ShowHistory())
    assert {one.number: one.has_ended for one in shown.deployments} == {running: True, waiting: False}
    assert isinstance(asks(office, OWNER, Cancel(number=waiting)), Accepted)
    office.world.configurations.configuration = people
    office.goes_on()
