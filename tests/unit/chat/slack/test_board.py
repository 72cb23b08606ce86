"""What one post meets keeps no other from being sent, and what Slack limits is all that waits."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from funade.chat.slack.announcer import card_key
from funade.chat.slack.board import Board
from funade.chat.slack.budget import Budget
from funade.chat.slack.buttons import Mint
from funade.chat.slack.client import OutcomeUnknown, SlackRefused, SlackUnavailable
from funade.chat.slack.courier import Courier
from funade.chat.slack.letters import Letter
from funade.chat.slack.sayings import message
from funade.domain.answers import Answer
from funade.domain.commands import ShowDeployment
from funade.domain.errors import FencedOut, UnreadableRecord
from funade.domain.events import DeploymentApproved, DeploymentStarted, about
from funade.store.sqlite import SqliteLedger
from funade.testing.configurations import FakeConfigurations
from funade.testing.logs import FakeLogs
from funade.testing.processes import FakeMachine
from funade.testing.time import CountedIds, FakeClock
from funade.usecases.door_ports import Post
from funade.usecases.ledger_ports import Transaction
from funade.usecases.living import Living
from tests.unit.chat.slack.workspace import US, Held, SmallSlack, configured, directory_of, person
from tests.unit.domain.examples import NOON, deployment


@dataclass
class Writer:
    """Writes one line to each post's own channel; `broken` are errors by the post's key."""

    broken: dict[str, Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def writes(self, key: str) -> bool:
        return key.startswith("letter:")

    async def write(self, post: Post) -> Letter | None:
        self.asked.append(post.key)
        if post.key in self.broken:
            raise self.broken[post.key]
        return Letter(message=message([post.key]), channel=f"D{post.key[-1]}")


async def nothing(command: ShowDeployment) -> Answer:
    raise AssertionError(command)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def slack():
    return SmallSlack()


@pytest.fixture
def writer():
    return Writer()


@pytest.fixture
def board(tmp_path, slack, clock, writer):
    with closing(SqliteLedger(tmp_path / "store.sqlite")) as ledger:
        configuration = configured([person("ada")])
        yield Board(
            ledger=ledger,
            configurations=FakeConfigurations(configuration),
            directory=directory_of(slack, ledger, clock, configuration),
            courier=Courier(api=slack, ledger=ledger, clock=clock, us=US),
            mint=Mint(ledger=ledger, clock=clock, ids=CountedIds()),
            show=nothing,
            logs=FakeLogs(),
            lease=Held(),
            living=Living(clock=clock, machine=FakeMachine(), lease=timedelta(seconds=15)),
            clock=clock,
            budget=Budget(clock.steady),
            letters=[writer],
        )


def want(board: Board, *keys: str) -> None:
    def work(change: Transaction) -> None:
        for key in keys:
            change.want_post(Post(key=key, channel="UADA"))

    asyncio.run(board.ledger.change(work))


def write(board: Board, looks: int = 1) -> None:
    async def go() -> None:
        for _ in range(looks):
            await board.write()

    asyncio.run(go())


def sent(slack: SmallSlack) -> list[str]:
    return [more["channel"] for method, more in slack.asked if method == "chat.postMessage"]


def refusing(error: Exception, times: int = 1) -> Callable[..., Any]:
    left = [times]

    def answer(**arguments: Any) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise error
        return {"channel": arguments["channel"], "ts": f"9{left[0]}.0"}

    return answer


@pytest.mark.parametrize(
    "error",
    [ValueError("'paused' is no Fate"), UnreadableRecord("of a newer Funade"), KeyError("surprise")],
    ids=lambda one: type(one).__name__,
)
def test_one_post_that_breaks_us_keeps_no_other_from_being_sent(board, slack, writer, clock, error):
    writer.broken = {"letter:1": error}
    want(board, "letter:1", "letter:2", "letter:3")
    write(board, looks=3)
    assert sent(slack) == ["D2", "D3"]
    assert writer.asked.count("letter:1") == 1
    del writer.broken["letter:1"]
    clock.advance(minutes=2)
    write(board)
    assert sent(slack) == ["D2", "D3", "D1"]


def test_a_post_that_breaks_us_for_a_day_is_given_up_and_no_secret_of_its_error_is_shown(
    board, writer, clock
):
    writer.broken = {"letter:1": ValueError("xoxb-secret")}
    want(board, "letter:1")
    write(board)
    assert "letter:1" in (board.problem or "")
    assert "xoxb" not in (board.problem or "")
    clock.advance(hours=25)
    write(board)
    assert asyncio.run(board.ledger.read(lambda look: look.wanted_posts(9))) == []


def test_whoever_is_fenced_out_stops_at_once(board, writer):
    writer.broken = {"letter:1": FencedOut("somebody else writes now")}
    want(board, "letter:1")
    with pytest.raises(FencedOut):
        write(board)


def test_a_limit_that_a_reminder_meets_while_it_is_written_silences_nothing_else(board, slack, writer, clock):
    writer.broken = {"letter:1": SlackUnavailable("users.info", "limits `users.info`", timedelta(minutes=50))}
    want(board, "letter:1", "letter:2")
    write(board, looks=4)
    assert sent(slack) == ["D2"]
    assert writer.asked.count("letter:1") == 1, "Slack wants to be left in peace"
    assert board.budget.closed("chat.postMessage") == 0
    assert board.budget.reserve_post("C0SHOP") == 0
    clock.advance(minutes=51)
    writer.broken.clear()
    write(board)
    assert sent(slack) == ["D2", "D1"]


def test_nothing_is_written_while_nothing_can_be_sent(board, slack, writer, clock):
    limited = SlackUnavailable("chat.postMessage", "limits `chat.postMessage`", timedelta(seconds=30))
    slack.answers["chat.postMessage"] = refusing(limited)
    want(board, "letter:1", "letter:2")
    write(board, looks=5)
    assert writer.asked == ["letter:1"]
    clock.advance(seconds=31)
    write(board, looks=2)
    assert sent(slack) == ["D1", "D1", "D2"]


def test_what_slack_refuses_is_tried_again_and_given_up_after_a_day(board, slack, clock):
    slack.answers["chat.postMessage"] = refusing(SlackRefused("chat.postMessage", "is_archived"), times=9)
    want(board, "letter:1")
    write(board)
    clock.advance(hours=23)
    write(board)
    assert len(asyncio.run(board.ledger.read(lambda look: look.wanted_posts(9)))) == 1
    clock.advance(hours=2)
    write(board)
    assert asyncio.run(board.ledger.read(lambda look: look.wanted_posts(9))) == []


def story(board: Board, *numbers: int) -> None:
    """Let each deployment have its card, and two things of its story that are still to be said."""

    def work(change: Transaction) -> None:
        for number in numbers:
            row = deployment(number)
            card = Post(key=card_key(row.id), deployment=row.id, channel="C0SHOP", message=f"{number}.5")
            change.add_deployment(row, f"request-{number}")
            change.want_post(card)
            change.save_post(card, 1)
            for happening in (DeploymentApproved(digest="d"), DeploymentStarted(attempt=1, fence=1)):
                change.record(about(row, happening, "cy", NOON))
        for event in change.events():
            key = f"event:{event.sequence}"
            change.want_post(
                Post(key=key, deployment=event.deployment, event=event.sequence, channel="C0SHOP")
            )

    asyncio.run(board.ledger.change(work))


def test_a_story_stays_in_its_order_when_one_line_of_it_is_in_doubt_and_other_stories_go_on(
    board, slack, clock
):
    story(board, 1, 2)
    slack.answers["conversations.replies"] = lambda **_: {"messages": []}
    slack.answers["chat.postMessage"] = refusing(OutcomeUnknown("Slack did not answer"))
    write(board, looks=9)
    clock.advance(seconds=1)
    write(board, looks=9)
    threads = [more["thread_ts"] for method, more in slack.asked if method == "chat.postMessage"]
    assert threads == ["1.5", "2.5", "2.5"]
    clock.advance(seconds=10)
    write(board, looks=9)
    lines = [
        more["text"]
        for method, more in slack.asked
        if method == "chat.postMessage" and more["thread_ts"] == "1.5"
    ]
    assert len(lines) == 3
    assert lines[0] == lines[1] != lines[2]
