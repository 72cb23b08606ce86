"""What a reminder says, and how much it asks of Slack for that."""

import asyncio
from contextlib import closing
from datetime import timedelta

import pytest

from funade.chat.slack.announcer import card_key
from funade.chat.slack.buttons import Mint
from funade.chat.slack.client import SlackRefused
from funade.chat.slack.reminders import MOST_CALLED, Reminders
from funade.domain.answers import Answer
from funade.domain.commands import ShowDeployment
from funade.domain.deployment import State
from funade.domain.people import Person
from funade.domain.telling import Manner, read_quiet
from funade.store.sqlite import SqliteLedger
from funade.testing.configurations import FakeConfigurations
from funade.testing.time import CountedIds, FakeClock
from funade.usecases.door_ports import Post
from funade.usecases.ledger_ports import Transaction
from tests.unit.chat.slack.workspace import SmallSlack, configured, directory_of, person
from tests.unit.domain.examples import NOON, deployment


async def nothing(command: ShowDeployment) -> Answer:
    raise AssertionError(command)


@pytest.fixture
def slack():
    return SmallSlack()


@pytest.fixture
def reminders(tmp_path, slack):
    def made(people: list[Person], manner: Manner | None = None) -> Reminders:
        configuration, clock = configured(people, manner), FakeClock(NOON + timedelta(hours=23))
        return Reminders(
            ledger=ledger,
            configurations=FakeConfigurations(configuration),
            directory=directory_of(slack, ledger, clock, configuration),
            mint=Mint(ledger=ledger, clock=clock, ids=CountedIds()),
            show=nothing,
            clock=clock,
        )

    with closing(SqliteLedger(tmp_path / "store.sqlite")) as ledger:
        yield made


def said_of_waiting(reminders: Reminders) -> str:
    """Return what is said of a deployment that waits for approval and has a card."""
    row = deployment(state=State.AWAITING_APPROVAL)
    card = Post(key=card_key(row.id), deployment=row.id, channel="C0SHOP", message="1.0")

    def work(change: Transaction) -> None:
        change.add_deployment(row, "request-1")
        change.want_post(card)
        change.save_post(card, 0)

    async def go() -> str:
        await reminders.ledger.change(work)
        key = f"remind:approval:{row.id}"
        letter = await reminders.write(Post(key=key, deployment=row.id, channel="C0SHOP"))
        return "" if letter is None else f"{letter.message.text}\n{letter.message.blocks}"

    return asyncio.run(go())


def test_no_more_people_are_looked_up_than_are_named_and_the_rest_is_counted(reminders, slack):
    said = said_of_waiting(reminders([person(f"p{number:02}") for number in range(33)]))
    assert slack.times("users.info") == MOST_CALLED
    assert "p19 and 13 more: #1 waits for approval" in said
    assert "p20" not in said


def test_where_all_are_named_nobody_else_is_counted(reminders):
    said = said_of_waiting(reminders([person(f"p{number:02}") for number in range(MOST_CALLED)]))
    assert "p19: #1 waits for approval" in said


def test_nobody_left_to_approve_is_said(reminders):
    assert "nobody is known who may still approve it" in said_of_waiting(reminders([]))


def test_whoever_cannot_be_looked_up_or_has_quiet_hours_is_named_and_not_called(reminders, slack):
    error = SlackRefused("users.info", "missing_scope")

    def answer(user: str):
        if user == "UBOB":
            raise error
        return {"user": slack.account(user)}

    slack.answers["users.info"] = answer
    slack.zones = {"UADA": "UTC", "UCY": "Asia/Tokyo"}
    quiet = Manner(quiet=read_quiet("10:00-12:00"))
    said = said_of_waiting(reminders([person(one) for one in ("ada", "bob", "cy")], quiet))
    assert "ada, bob, " in said
    assert "UADA" not in said
    assert "UBOB" not in said
    assert "UCY" in said
