"""Notices that cannot be planned: nobody else waits for them, Slack is left in peace, and each has an end."""

import asyncio
from contextlib import closing
from datetime import timedelta

import pytest

from funade.chat.slack import notices as planning
from funade.chat.slack.announcer import card_key
from funade.chat.slack.client import OutcomeUnknown, SlackRefused
from funade.chat.slack.notices import Notices
from funade.domain.errors import VendorUnavailable
from funade.domain.telling import Manner, Telling
from funade.store.sqlite import SqliteLedger
from funade.testing.configurations import FakeConfigurations
from funade.testing.time import FakeClock
from funade.usecases.door_ports import Notice, Post
from funade.usecases.ledger_ports import Transaction
from tests.unit.chat.slack.workspace import SmallSlack, configured, directory_of, person

PEOPLE = [person(one) for one in ("ada", "bob", "cy")]
DIRECT = Manner(telling=Telling.DIRECT)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def slack():
    return SmallSlack()


@pytest.fixture
def here(tmp_path, slack, clock):
    def notices(manner: Manner = DIRECT) -> Notices:
        configuration = configured(PEOPLE, manner)
        return Notices(
            ledger=opened,
            configurations=FakeConfigurations(configuration),
            directory=directory_of(slack, opened, clock, configuration),
            clock=clock,
        )

    with closing(SqliteLedger(tmp_path / "store.sqlite")) as opened:
        yield notices


def owe(notices: Notices, *names: str, times: int = 1) -> None:
    """Owe notices since a second ago, in that order."""
    first = notices.clock.now() - timedelta(seconds=1)
    made = [
        Notice(
            key=f"{name}:{turn}",
            person=name,
            deployment="d",
            event=7,
            about="live",
            at=first + timedelta(milliseconds=position * times + turn),
        )
        for position, name in enumerate(names)
        for turn in range(times)
    ]

    def work(change: Transaction) -> None:
        for one in made:
            change.owe_notice(one)

    asyncio.run(notices.ledger.change(work))


def look(notices: Notices) -> None:
    asyncio.run(notices.look())


def told(notices: Notices) -> set[str]:
    posts = asyncio.run(notices.ledger.read(lambda look: look.wanted_posts(100)))
    return {one.key.split(":")[1] for one in posts}


def owed(notices: Notices) -> int:
    now = notices.clock.now()
    return len(asyncio.run(notices.ledger.read(lambda look: look.owed_notices(now, 9_999))))


def failing(slack: SmallSlack, user: str, error: Exception) -> None:
    def answer(user: str, broken: str = user):
        if user == broken:
            raise error
        return {"user": slack.account(user)}

    slack.answers["users.info"] = answer


def limited(seconds: float) -> VendorUnavailable:
    return VendorUnavailable("Slack", "limits `users.info`", timedelta(seconds=seconds))


def test_nobody_is_asked_for_while_slack_wants_to_be_left_in_peace(here, slack, clock):
    notices = here()
    owe(notices, "ada", "bob", "cy")

    def answer(**_):
        raise limited(120)

    slack.answers["users.info"] = answer
    look(notices)
    assert slack.times("users.info") == 1
    clock.advance(seconds=119)
    look(notices)
    assert slack.times("users.info") == 1
    slack.answers.clear()
    clock.advance(seconds=1)
    look(notices)
    assert told(notices) == {"ada", "bob", "cy"}


def test_whoever_makes_slack_hang_is_asked_for_last(here, slack, clock):
    notices = here()
    owe(notices, "ada", "bob", "cy")
    failing(slack, "UADA", OutcomeUnknown("Slack did not answer"))
    look(notices)
    assert told(notices) == set()
    assert slack.times("users.info") == 1
    clock.advance(seconds=planning.UNKNOWN_SECONDS)
    look(notices)
    assert told(notices) == {"bob", "cy"}


def test_more_notices_than_a_look_takes_that_cannot_be_planned_keep_nobody_from_being_told(
    here, slack, clock, monkeypatch
):
    monkeypatch.setattr(planning, "BATCH", 3)
    notices = here()
    owe(notices, "ada", times=7)
    owe(notices, "bob")
    failing(slack, "UADA", SlackRefused("users.info", "missing_scope"))
    for _ in range(4):
        look(notices)
        clock.advance(seconds=1)
    assert told(notices) == {"bob"}
    assert owed(notices) == 7


def test_what_slack_refuses_for_a_day_comes_to_its_end(here, slack, clock):
    notices = here()
    owe(notices, "ada")
    failing(slack, "UADA", SlackRefused("users.info", "missing_scope"))
    look(notices)
    clock.advance(hours=23)
    look(notices)
    assert owed(notices) == 1
    clock.advance(hours=2)
    look(notices)
    assert owed(notices) == 0
    assert told(notices) == set()


@pytest.mark.parametrize("named", ["C0GONE", "#gone"])
def test_a_card_in_a_channel_that_we_do_not_see_any_more_is_no_place_to_tell_anybody(here, slack, named):
    notices = here(Manner(telling=Telling.THREAD))
    card = Post(key=card_key("d"), deployment="d", channel=named, message="1.0")
    asyncio.run(notices.ledger.change(lambda change: change.save_post(card, 0)))
    asyncio.run(notices.ledger.change(lambda change: change.want_post(card)))

    error = SlackRefused("conversations.members", "channel_not_found")

    def gone(**_):
        raise error

    slack.answers |= {"conversations.members": gone, "conversations.list": gone}
    owe(notices, "ada")
    look(notices)
    posts = asyncio.run(notices.ledger.read(lambda look: look.wanted_posts(100)))
    assert [one.channel for one in posts if one.key.startswith("direct:ada")] == ["UADA"]
