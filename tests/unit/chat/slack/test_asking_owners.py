"""Who has forgotten a lock is asked outside of their quiet hours, whoever else cannot be looked up."""

import asyncio
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from funade.chat.slack import reminding
from funade.chat.slack.announcer import card_key
from funade.chat.slack.arrivals import Sender
from funade.chat.slack.client import OutcomeUnknown, SlackRefused, SlackUnavailable
from funade.chat.slack.directory import AcquaintedConfigurations, Directory
from funade.chat.slack.reminders import held_since
from funade.chat.slack.reminding import Reminding
from funade.domain.environment import Berth
from funade.domain.events import Event, Happening, LockReleased, LockTaken
from funade.domain.lock import Lock
from funade.domain.people import Person
from funade.domain.telling import Manner, read_quiet
from funade.store.sqlite import SqliteLedger
from funade.testing.configurations import FakeConfigurations
from funade.testing.time import FakeClock
from funade.usecases.door_ports import Link, Post
from funade.usecases.ledger_ports import Transaction
from tests.unit.chat.slack.workspace import SmallSlack, configured, directory_of, person
from tests.unit.domain.examples import deployment

HOUR = timedelta(hours=1)
#: three in the night in Tokyo
NIGHT = datetime(2026, 11, 20, 18, tzinfo=UTC)
HANA = Person(name="hana", email="hana@acme.example", language="ja")
QUIET = Manner(quiet=read_quiet("22:00-07:00"))


@pytest.fixture
def clock():
    return FakeClock(NIGHT)


@pytest.fixture
def slack():
    found = SmallSlack()
    found.zones = {"UHANA": "Asia/Tokyo"}
    found.emails = {"UHANA": "hana@acme.example"}
    return found


@pytest.fixture
def ledger(tmp_path):
    with closing(SqliteLedger(tmp_path / "store.sqlite")) as opened:
        yield opened


@pytest.fixture
def reminding_of(ledger, slack, clock):
    def made(people: list[Person], manner: Manner | None = None) -> Reminding:
        configuration = configured(people, manner)
        directory = directory_of(slack, ledger, clock, configuration)
        acquainted = AcquaintedConfigurations(FakeConfigurations(configuration), lambda: directory)
        return Reminding(ledger=ledger, configurations=acquainted, directory=directory, clock=clock)

    return made


def change(ledger: SqliteLedger, work: Any) -> Any:
    return asyncio.run(ledger.change(work))


def lock(ledger: SqliteLedger, by: str, hours: float = 5, environment: str = "production") -> None:
    since = NIGHT - hours * HOUR
    taken = Lock(by=by, by_id=f"slack:T/U{by.upper()}", reason="migrating", since=since)

    def work(transaction: Transaction) -> None:
        berth = transaction.lock_berth("shop", environment)
        transaction.save_berth(replace(berth, lock=taken))

    change(ledger, work)


def wished(ledger: SqliteLedger) -> list[str]:
    posts = asyncio.run(ledger.read(lambda look: look.wanted_posts(99)))
    return [one.key.split(":")[1] for one in posts if one.key.startswith("remind:")]


def linked(directory: Directory, ledger: SqliteLedger) -> None:
    link = Link(actor="slack:T/UHANA", person="hana", email="hana@acme.example", at=NIGHT)
    change(ledger, lambda transaction: transaction.save_link(link))
    asyncio.run(directory.refresh())


def test_whoever_is_known_by_their_address_has_quiet_hours_too(reminding_of, ledger, clock):
    made = reminding_of([HANA], QUIET)
    linked(made.directory, ledger)
    lock(ledger, "hana")
    asyncio.run(made.look())
    assert wished(ledger) == []
    clock.advance(hours=4.5)
    asyncio.run(made.look())
    assert wished(ledger) == ["lock"]


@pytest.mark.parametrize(
    "error",
    [
        SlackRefused("users.info", "missing_scope"),
        OutcomeUnknown("Slack did not answer `users.info`"),
        SlackUnavailable("users.info", "limits `users.info`", HOUR),
    ],
    ids=lambda one: type(one).__name__,
)
def test_an_owner_who_cannot_be_looked_up_keeps_no_reminder_back_that_is_not_theirs(
    reminding_of, ledger, slack, clock, error
):
    def answer(**_: Any) -> Any:
        raise error

    slack.answers["users.info"] = answer
    made = reminding_of([person("ada"), person("bob")])
    lock(ledger, "ada")
    slow = deployment(asked_at=NIGHT - HOUR, due_at=NIGHT + HOUR)

    def work(transaction: Transaction) -> None:
        transaction.add_deployment(slow, "request-1")
        transaction.want_post(
            Post(key=card_key(slow.id), deployment=slow.id, channel="C0SHOP", message="1.0")
        )

    change(ledger, work)
    asyncio.run(made.look())
    assert wished(ledger) == ["start"]
    for _ in range(3):
        clock.advance(seconds=reminding.LOOK_SECONDS)
        asyncio.run(made.look())
    assert slack.times("users.info") == 1, "Slack is left in peace"
    slack.answers.clear()
    clock.advance(hours=1)
    asyncio.run(made.look())
    assert sorted(wished(ledger)) == ["lock", "start"]


def test_an_owner_who_cannot_be_looked_up_keeps_no_other_owner_from_being_asked(reminding_of, ledger, slack):
    def answer(user: str) -> Any:
        if user == "UADA":
            problem = "Slack did not answer"
            raise OutcomeUnknown(problem)
        return {"user": slack.account(user)}

    slack.answers["users.info"] = answer
    made = reminding_of([person("ada"), person("bob")])
    place = made.configurations.current().applications["shop"].environments
    place |= {"staging": replace(place["production"], name="staging")}
    lock(ledger, "ada", environment="production")
    lock(ledger, "bob", environment="staging")
    for _ in range(2):
        asyncio.run(made.look())
        made.clock.advance(seconds=reminding.LOOK_SECONDS)
    assert wished(ledger) == ["lock"]


def test_whoever_is_known_by_their_address_has_their_account_each_time(reminding_of):
    directory = reminding_of([HANA]).directory

    async def go() -> None:
        for _ in range(3):
            actor, known = await directory.actor(Sender(user="UHANA"), None)
            assert known is not None
            assert actor.id in known.ids

    asyncio.run(go())


def told(at: float, happening: Happening, by: str = "ada") -> Event:
    return Event(
        at=NIGHT + at * HOUR, by=by, application="shop", environment="production", happening=happening
    )


TAKEN = LockTaken(reason="migrating")


@pytest.mark.parametrize(
    ("history", "hours"),
    [
        ([told(0, TAKEN), told(5, TAKEN)], 0),
        ([told(0, TAKEN), told(2, TAKEN), told(5, TAKEN)], 0),
        ([told(0, TAKEN), told(2, LockReleased(of="ada")), told(5, TAKEN)], 5),
        ([told(0, TAKEN, by="bob"), told(5, TAKEN)], 5),
        ([told(0, replace(TAKEN, until=NIGHT + 4 * HOUR)), told(5, TAKEN)], 5),
        ([told(0, replace(TAKEN, until=NIGHT + 6 * HOUR)), told(5, TAKEN)], 0),
        ([], 5),
    ],
)
def test_a_lock_that_was_kept_is_as_old_as_it_was(ledger, history, hours):
    def work(transaction: Transaction) -> None:
        for event in history:
            transaction.record(event)

    change(ledger, work)
    kept = Lock(by="ada", by_id="slack:T/UADA", reason="migrating", since=NIGHT + 5 * HOUR)
    berth = Berth(application="shop", environment="production", lock=kept)
    found = asyncio.run(ledger.read(lambda look: held_since(look, berth, kept)))
    assert found == NIGHT + hours * HOUR
