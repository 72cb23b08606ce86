"""Whoever uses a queue hears of its dead letters once, however many processes look, on every store."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from funade.domain.answers import QueueShown
from funade.domain.errors import PermanentQueueError
from funade.domain.events import DeadLettersFound, Event
from funade.queue.dead_letters import DeadLetterQuarantine, QueuedDeadLetters
from funade.testing.exchange import FakeExchange
from funade.testing.queue import StrictQueue
from funade.testing.time import FakeClock
from funade.usecases.fact_ports import LettersTold
from funade.usecases.queue_ports import Delivery, QueuePlace
from funade.usecases.tell_dead_letters import Found, TellDeadLetters
from tests.contracts.ledgers import OPENERS, STORES, Store
from tests.unit.domain.examples import NOON

HERE = QueuePlace(url="https://sqs.eu-central-1.amazonaws.com/1/shop-facts")
SHOP = "shop/production"


@dataclass
class Watch:
    """A queue with a queue for dead letters, and processes that look at it."""

    store: Store
    clock: FakeClock = field(default_factory=FakeClock)
    used_by: tuple[str, ...] = (SHOP,)

    def __post_init__(self) -> None:
        self.dead = StrictQueue(clock=self.clock)
        home = StrictQueue(clock=self.clock, dead=self.dead)
        letters = QueuedDeadLetters(self.dead, home)
        self.exchange = FakeExchange({HERE.url: home}, {HERE.url: letters})

    def put(self, *problems: str) -> None:
        async def work() -> None:
            for problem in problems:
                delivery = Delivery(id=problem, body="x", receipt="", times=1, sent_at=NOON)
                await DeadLetterQuarantine(self.dead).set_aside(delivery, problem)

        asyncio.run(work())

    def found(self, number: int | None, *refused: str) -> Found:
        shown = QueueShown(name="shop-facts", holds="facts", seen_at=NOON, dead_letters=number)
        return Found(place=HERE, shown=shown, used_by=self.used_by, refused=refused)

    def look(self, number: int | None, *refused: str, is_gone: bool = False) -> None:
        tell = TellDeadLetters(ledger=self.store.ledger, exchange=self.exchange, clock=self.clock)
        asyncio.run(tell(HERE.url, self.found(number, *refused), is_gone=is_gone))

    @property
    def events(self) -> list[Event]:
        found = self.store.read(lambda look: look.events(limit=100))
        return [one for one in found if isinstance(one.happening, DeadLettersFound)]

    @property
    def numbers(self) -> list[int]:
        told = [one.happening for one in self.events]
        return [one.number for one in told if isinstance(one, DeadLettersFound)]


@pytest.fixture(params=STORES)
def watch(request, tmp_path):
    with OPENERS[request.param](tmp_path) as opened:
        yield Watch(opened)


def test_what_nobody_could_deal_with_is_told_with_what_was_wrong(watch):
    watch.put("no JSON: Expecting value", "no deployment of this store has that id")
    watch.look(2)
    (event,) = watch.events
    assert (event.application, event.environment, event.by) == ("shop", "production", "funade")
    assert event.happening == DeadLettersFound(
        queue="shop-facts",
        holds="facts",
        number=2,
        used_by=(SHOP,),
        problems=("no JSON: Expecting value", "no deployment of this store has that id"),
    )
    assert [one.event for one in watch.store.read(lambda look: look.announcements(10))] == [event]


def test_it_is_told_once_until_they_are_gone_or_there_are_more_a_day_later(watch):
    for number in (1, 2, 5):
        watch.look(number)
        watch.clock.advance(hours=7, minutes=59)
    assert watch.numbers == [1]
    watch.clock.advance(minutes=3)
    watch.look(1)
    assert watch.numbers == [1]
    watch.look(6)
    watch.look(7)
    assert watch.numbers == [1, 6]
    watch.look(0)
    watch.look(7)
    assert watch.numbers == [1, 6]
    watch.look(0, is_gone=True)
    watch.look(1)
    assert watch.numbers == [1, 6, 1]


def test_of_those_that_came_after_some_were_sorted_people_hear_as_of_any_a_day_later(watch):
    watch.look(9)
    watch.look(2)
    watch.clock.advance(days=1)
    watch.look(2)
    assert watch.numbers == [9]
    watch.look(3)
    assert watch.numbers == [9, 3]


def test_several_processes_that_look_at_the_same_time_tell_it_once(watch):
    watch.put("no JSON: Expecting value")

    async def all_at_once() -> None:
        tellers = [
            TellDeadLetters(ledger=watch.store.ledger, exchange=watch.exchange, clock=watch.clock)
            for _ in range(5)
        ]
        await asyncio.gather(*(one(HERE.url, watch.found(1), is_gone=False) for one in tellers))

    asyncio.run(all_at_once())
    assert watch.numbers == [1]


def test_whoever_may_not_look_into_it_still_counts(watch):
    class Closed(FakeExchange):
        async def dead_letters(self, place: QueuePlace) -> None:
            message = "not allowed"
            raise PermanentQueueError(message)

    watch.exchange = Closed()
    watch.look(3)
    (event,) = watch.events
    assert event.happening.number == 3
    assert event.happening.problems == ()


def test_without_a_queue_for_dead_letters_what_was_refused_is_told_once_a_day(watch):
    watch.look(None)
    assert watch.numbers == []
    watch.look(None, "no JSON: Expecting value", "no JSON: Expecting value")
    watch.look(None, "no JSON: Expecting value", "a", "b", "c")
    watch.look(None)
    (event,) = watch.events
    assert event.happening.number == 2
    assert event.happening.problems == ("no JSON: Expecting value",)
    assert not event.happening.is_kept
    watch.clock.advance(days=1)
    watch.look(None, "no JSON: Expecting value", "a", "b", "c")
    assert watch.numbers == [2, 4]


def test_an_event_about_several_places_names_none_and_one_about_an_application_names_that(watch):
    for used_by, place in (
        (("shop/production", "shop/staging"), ("shop", "")),
        (("shop/production", "desk/staging"), ("", "")),
    ):
        watch.used_by = used_by
        watch.look(1)
        watch.look(0, is_gone=True)
        assert (watch.events[-1].application, watch.events[-1].environment) == place


def test_what_was_told_is_kept_by_queue_and_changed_by_whoever_has_seen_it(watch):
    first, other = (LettersTold(queue=name, number=1, at=NOON) for name in ("日本", "b"))
    more = replace(first, number=2, at=NOON + timedelta(days=1))
    change, read = watch.store.change, watch.store.read
    assert change(lambda it: it.note_letters(None, first))
    assert change(lambda it: it.note_letters(None, other))
    assert not change(lambda it: it.note_letters(None, more))
    assert change(lambda it: it.note_letters(first, more))
    assert not change(lambda it: it.note_letters(first, None))
    assert read(lambda it: it.letters_told("日本")) == more
    assert change(lambda it: it.note_letters(more, None))
    assert read(lambda it: it.letters_told("日本")) is None
    assert read(lambda it: it.letters_told("b")) == other


def test_a_damaged_word_about_it_is_none(watch):
    first = LettersTold(queue="a", number=1, at=NOON)
    watch.store.change(lambda it: it.note_letters(None, first))
    watch.store.sql("UPDATE letters_told SET at = 'yesterday'")
    assert watch.store.read(lambda it: it.letters_told("a")) is None
    assert watch.store.change(lambda it: it.note_letters(None, first))
    assert watch.store.read(lambda it: it.letters_told("a")) == first
