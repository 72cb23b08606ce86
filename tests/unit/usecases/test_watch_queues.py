import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from funade.domain.answers import QueueShown
from funade.domain.application import Application, Configuration, Environment, Repository, TargetConfiguration
from funade.targets import KINDS, OpenTargets, Surroundings
from funade.testing.configurations import FakeConfigurations
from funade.testing.exchange import FakeExchange
from funade.testing.queue import StrictQueue
from funade.testing.secrets import FakeSecrets
from funade.testing.time import FakeClock
from funade.usecases.queue_ports import Message, QueuePlace, QueueState
from funade.usecases.tell_dead_letters import Found, TellDeadLetters
from funade.usecases.watch_queues import REMEMBERED, WatchQueues

URL = "https://sqs.eu-central-1.amazonaws.com/1/"


def environment(name: str, queue: str) -> Environment:
    settings, problems = KINDS["kubernetes-job"].parse({"queue": URL + queue, "facts": URL + "told"}, "")
    assert not problems
    return Environment(name=name, target=TargetConfiguration(kind="kubernetes-job", settings=settings))


class Heard(TellDeadLetters):
    """Remembers what people would be told."""

    def __init__(self) -> None:
        self.said: list[tuple[str, int, tuple[str, ...], bool]] = []
        self.holds: list[str] = []

    async def __call__(self, place: str, found: Found, *, is_gone: bool) -> None:
        assert place
        self.holds.append(found.shown.holds)
        self.said.append((found.shown.name, found.number, found.used_by, is_gone))


class Apart(FakeExchange):
    """Each queue has a place of its own for dead letters."""

    async def state(self, place: QueuePlace) -> QueueState:
        return replace(await super().state(place), dead_letters=f"{place.url}-dead")


def watching(
    exchange: FakeExchange, clock: FakeClock, *names: str, tell: TellDeadLetters | None = None
) -> tuple[WatchQueues, list[QueueShown]]:
    surroundings = Surroundings(
        data=Path("nowhere"), store="", secrets=FakeSecrets(), lease=timedelta(seconds=15), clock=clock
    )
    plain = Environment(name="plain", target=TargetConfiguration(kind="command", settings={"run": ["true"]}))
    shop = Application(
        name="shop",
        repository=Repository(url="https://example.invalid/acme/shop.git"),
        environments={"plain": plain, **{name: environment(name, name) for name in names}},
    )
    reported: list[QueueShown] = []
    watch = WatchQueues(
        targets=OpenTargets(surroundings),
        configurations=FakeConfigurations(Configuration(path="funade.yaml", applications={"shop": shop})),
        exchange=exchange,
        clock=clock,
        report=reported.append,
        tell=tell,
    )
    return watch, reported


def put(queue: StrictQueue, number: int) -> None:
    messages = [Message(body=f"{one}", key=f"{one}", group="g") for one in range(number)]
    assert asyncio.run(queue.send(messages)) == []


def test_each_queue_is_seen_once_with_what_lies_in_it_and_a_missing_one_with_its_problem():
    clock = FakeClock()
    home, told = StrictQueue(clock=clock, dead=StrictQueue(clock=clock)), StrictQueue(clock=clock)
    watch, reported = watching(
        FakeExchange({URL + "staging": home, URL + "told": told}), clock, "staging", "production"
    )
    assert watch.seen() == ()
    put(home, 3)
    asyncio.run(watch())
    at = clock.now()
    assert watch.seen() == (
        QueueShown(name="staging", holds="orders", seen_at=at, waiting=3, dead_letters=0),
        QueueShown(name="told", holds="facts", seen_at=at),
        QueueShown(
            name="production",
            holds="orders",
            seen_at=at,
            problem="there is no queue `production` — create it, or correct its address",
        ),
    )
    assert reported == []


def test_dead_letters_are_reported_once_as_long_as_there_are_any():
    clock = FakeClock()
    dead = StrictQueue(clock=clock)
    home = StrictQueue(clock=clock, dead=dead)
    told = StrictQueue(clock=clock)
    watch, reported = watching(FakeExchange({URL + "staging": home, URL + "told": told}), clock, "staging")
    for number in (0, 1, 1, 0, 2):
        put(dead, number)
        clock.advance(minutes=1)
        asyncio.run(watch())
        asyncio.run(watch())
    assert [(one.name, one.dead_letters) for one in reported] == [("staging", 1)]
    for one in dead._kept:
        one.is_deleted = True
    clock.advance(minutes=1)
    asyncio.run(watch())
    put(dead, 1)
    clock.advance(minutes=1)
    asyncio.run(watch())
    assert [one.dead_letters for one in reported] == [1, 1]


def test_whoever_uses_a_queue_is_told_of_it_and_nothing_is_gone_that_was_seen_so_only_once():
    clock, heard = FakeClock(), Heard()
    home = StrictQueue(clock=clock, dead=StrictQueue(clock=clock))
    exchange = Apart({URL + "staging": home, URL + "production": home, URL + "told": home})
    watch, _ = watching(exchange, clock, "staging", "production", tell=heard)
    for _ in range(2):
        asyncio.run(watch())
        clock.advance(minutes=1)
    assert heard.said == [
        (name, 0, used_by, is_gone)
        for is_gone in (False, True)
        for name, used_by in (
            ("staging", ("shop/staging",)),
            ("told", ("shop/staging", "shop/production")),
            ("production", ("shop/production",)),
        )
    ]


def test_dead_letters_of_queues_that_share_a_place_for_them_are_told_once():
    clock, heard = FakeClock(), Heard()
    dead = StrictQueue(clock=clock)
    home = StrictQueue(clock=clock, dead=dead)
    put(dead, 2)
    watch, _ = watching(
        FakeExchange({URL + "staging": home, URL + "production": home, URL + "told": home}),
        clock,
        "staging",
        "production",
        tell=heard,
    )
    asyncio.run(watch())
    assert heard.said == [("staging", 2, ("shop/staging", "shop/production"), False)]
    assert heard.holds == ["both"]


def test_what_was_refused_counts_where_no_dead_letters_are_kept_and_is_looked_at_at_once():
    clock, heard = FakeClock(), Heard()
    exchange = FakeExchange(
        {URL + "staging": StrictQueue(clock=clock), URL + "told": StrictQueue(clock=clock)}
    )
    watch, _ = watching(exchange, clock, "staging", tell=heard)
    asyncio.run(watch())
    for message in ("a", "b", "a"):
        watch.refused(QueuePlace(url=URL + "told"), message, "no JSON")
    asyncio.run(watch())
    clock.advance(seconds=REMEMBERED.total_seconds() + 1)
    asyncio.run(watch())
    assert [number for name, number, _, _ in heard.said if name == "told"] == [0, 2, 0]


def test_of_a_queue_that_cannot_be_used_nobody_is_told_that_its_dead_letters_are_gone():
    heard = Heard()
    watch, _ = watching(FakeExchange(), FakeClock(), "staging", tell=heard)
    asyncio.run(watch())
    assert heard.said == []
