import asyncio
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
from funade.usecases.queue_ports import Message
from funade.usecases.watch_queues import WatchQueues

URL = "https://sqs.eu-central-1.amazonaws.com/1/"


def environment(name: str, queue: str) -> Environment:
    settings, problems = KINDS["kubernetes-job"].parse({"queue": URL + queue, "facts": URL + "told"}, "")
    assert not problems
    return Environment(name=name, target=TargetConfiguration(kind="kubernetes-job", settings=settings))


def watching(exchange: FakeExchange, clock: FakeClock, *names: str) -> tuple[WatchQueues, list[QueueShown]]:
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
