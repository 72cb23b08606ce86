"""What is old is forgotten, each environment's latest and whatever must still be said are not."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from funade.domain.application import Configuration, Keep
from funade.domain.deployment import State
from funade.domain.events import DeploymentStarted, Event, RequestRefused, about
from funade.domain.reason import Reason, because
from funade.store.attempt_logs import AttemptLogs
from funade.store.shared_logs import BringLogs, SharedLogs
from funade.testing.configurations import FakeConfigurations
from funade.testing.time import FakeClock
from funade.usecases.forget_old import EVERY, ForgetOld
from tests.contracts.ledgers import OPENERS, STORES, Store
from tests.unit.domain.examples import NOON

KEPT = 2


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    with OPENERS[request.param](tmp_path) as opened:
        yield opened


def fill(store: Store, folder) -> None:
    for number in range(1, 9):
        environment = "production" if number % 2 else "staging"
        made = store.accept(id=f"d{number}", request=f"r{number}", environment=environment)
        running = made.begin_attempt(number, NOON, because(Reason.PROGRAM_RUNNING))
        ended = running.advance(State.SUCCEEDED, because(Reason.COMPLETED), NOON + timedelta(days=number))

        def work(change, made=made, running=running, ended=ended):
            change.save_deployment(running)
            change.save_deployment(ended)
            change.record(about(made, DeploymentStarted(attempt=1, fence=1), "ada", NOON))

        store.change(work)
        log = folder / "attempts" / made.id / "1" / "output.log"
        log.parent.mkdir(parents=True)
        log.write_text("x" * number)
        (log.parent / "exit.json").write_text("{}")
    refused = RequestRefused(asked="x", because=because(Reason.NOT_PERMITTED))
    event = Event(at=NOON, by="ada", application="shop", environment="production", happening=refused)
    for day in (1, 60):
        later = replace(event, at=NOON + timedelta(days=day))
        store.change(lambda change, later=later: change.record(later))  # type: ignore[misc]  # bound early


def forget(store: Store, logs, keep: Keep, days: float, *, again: bool = False) -> None:
    configuration = Configuration(path="funade.yaml", applications={}, keep=keep)
    forgetting = ForgetOld(
        ledger=store.ledger, logs=logs, clock=At(days), configurations=FakeConfigurations(configuration)
    )
    asyncio.run(twice(forgetting) if again else forgetting())


async def twice(forgetting: ForgetOld) -> None:
    await forgetting()
    await forgetting()


class At(FakeClock):
    """A clock that stands at a day."""

    def __init__(self, days: float) -> None:
        super().__init__()
        self.days = days

    def now(self):
        return NOON + timedelta(days=self.days)


def test_old_output_and_events_go_and_the_latest_of_each_environment_stay(store, tmp_path):
    fill(store, tmp_path)
    here = AttemptLogs(tmp_path)
    logs: AttemptLogs | SharedLogs = here
    if store.kind == "postgres":
        BringLogs(tmp_path, here, store.ledger.logs)()
        logs = SharedLogs(here, store.ledger.logs)
    for one in store.read(lambda look: look.announcements(100)):
        if one.event.deployment != "d2":
            store.change(lambda change, key=one.key: change.settle_announcements([key]))
    keep = Keep(logs=timedelta(days=30), events=timedelta(days=35), at_least=KEPT)
    # d1 … d4 ended at least 35 days ago, and two of each environment came later.
    forget(store, logs, keep, 40, again=True)
    assert [logs.length(f"d{number}", 1) for number in range(1, 9)] == [0, 0, 0, 0, 5, 6, 7, 8]
    if store.kind == "postgres":
        assert [store.ledger.logs.length(f"d{number}", 1) for number in range(1, 9)] == [
            0,
            0,
            0,
            0,
            5,
            6,
            7,
            8,
        ]
    left = [one.deployment for one in store.read(lambda look: look.events())]
    # What was never said is not forgotten.
    assert left == ["d2", "d5", "d6", "d7", "d8", None]
    assert len(store.read(lambda look: look.ended(None, None, limit=20))) == 8
    assert (tmp_path / "attempts" / "d1" / "1" / "exit.json").exists()


def test_without_a_wish_nothing_is_forgotten(store, tmp_path):
    fill(store, tmp_path)
    forget(store, AttemptLogs(tmp_path), Keep(), 10_000)
    assert len(store.read(lambda look: look.events())) == 10
    assert AttemptLogs(tmp_path).length("d1", 1) == 1
    assert timedelta(hours=1) <= EVERY
