"""What a post to an author says, made from the rows as they are when it is sent."""

import asyncio
from contextlib import closing
from dataclasses import replace

import pytest

from funade.chat.slack.announcer import card_key
from funade.chat.slack.letters import Letters
from funade.domain.deployment import State
from funade.domain.errors import UnreadableRecord
from funade.store.sqlite import SqliteLedger
from funade.testing.configurations import FakeConfigurations
from funade.testing.links import FakeLinks
from funade.testing.time import FakeClock
from funade.usecases.door_ports import Notice, Post
from tests.unit.chat.slack.workspace import SmallSlack, configured, directory_of, person
from tests.unit.domain.examples import NOON, deployment


@pytest.fixture
def letters(tmp_path):
    with closing(SqliteLedger(tmp_path / "store.sqlite")) as ledger:
        clock, configuration = FakeClock(NOON), configured([person("ada")])
        yield Letters(
            ledger=ledger,
            configurations=FakeConfigurations(configuration),
            directory=directory_of(SmallSlack(), ledger, clock, configuration),
            links=FakeLinks(),
            clock=clock,
        )


def deployed(letters: Letters, kept: dict[str, str], *, verified: bool = True) -> None:
    """Let one deployment be at its end, with its card, and notices about it: each key with what it is about."""
    made = deployment(state=State.QUEUED)
    row = replace(made, state=State.SUCCEEDED, started_at=NOON, ended_at=NOON, verified=verified)
    card = Post(key=card_key(made.id), deployment=made.id, channel="C0SHOP", message="1.0")

    def work(change):
        change.add_deployment(made, "request-1")
        change.save_deployment(row)
        change.want_post(card)
        change.save_post(card, 0)
        for number, (key, about) in enumerate(kept.items()):
            notice = Notice(
                key=f"n{number}",
                person="ada",
                deployment=made.id,
                event=7,
                about=about,
                at=NOON,
                due_at=NOON,
                post=key,
                settled=True,
            )
            change.owe_notice(replace(notice, due_at=None, post=None, settled=False))
            change.save_notice(notice)

    asyncio.run(letters.ledger.change(work))


def written(letters: Letters, key: str) -> str | None:
    letter = asyncio.run(letters.write(Post(key=key, deployment="id-1", channel="C0SHOP")))
    return None if letter is None else letter.message.text


@pytest.mark.parametrize("key", ["thread:id-1:7:0", "direct:ada:0"])
def test_what_nobody_has_seen_live_is_said_to_be_live_neither_in_the_thread_nor_alone(letters, key):
    deployed(letters, {key: "live"}, verified=False)
    said = written(letters, key)
    assert said is not None
    assert "nobody has seen" in said
    assert "live in" not in said


@pytest.mark.parametrize("key", ["thread:id-1:7:0", "direct:ada:0"])
def test_what_was_seen_live_is_said_to_be(letters, key):
    deployed(letters, {key: "live"})
    assert "live in production of shop" in (written(letters, key) or "")


@pytest.mark.parametrize("key", ["thread:id-1:7:0", "direct:ada:0"])
def test_what_only_a_newer_funade_has_words_for_is_left_to_it(letters, key):
    deployed(letters, {key: "paused_for_good"})
    with pytest.raises(UnreadableRecord, match="newer"):
        written(letters, key)
