import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from funade.chat.slack import sayings
from funade.chat.slack.cards import card, told
from funade.chat.slack.sayings import Message, clip, escape, message, moment_mark, shielded
from funade.domain.answers import DeploymentShown
from funade.domain.deployment import Preview, State
from funade.domain.events import DeploymentFinished, Event
from funade.domain.reason import Reason, because
from funade.domain.revision import Changes, Commit, Revision
from funade.playground.blocks.validate import message_problems
from funade.texts import Reader
from tests.unit.domain.examples import NOON, deployment

READER = Reader("en", spells_moment=moment_mark)
EVIL = "<!channel> <@U1> <http://x.example|y> *b* _i_ ~s~ `c` ```p``` :tada: @here #general &lt;"


def approved_by_everybody(said: Message) -> None:
    """Slack's own models, and the playground's rules, have nothing against it."""
    blocks = json.loads(json.dumps(said.blocks))
    parsed = Block.parse_all(blocks)
    assert [getattr(one, "type", None) for one in parsed] == [one["type"] for one in blocks]
    for one in parsed:
        one.to_dict()
    for utf16 in (False, True):
        assert message_problems(blocks, utf16=utf16) == []
    assert 0 < len(said.text.encode("utf-16-le")) / 2 <= 4_000
    assert len(blocks) <= 50
    assert len(json.dumps(blocks)) < 40_000


def literal(said: Message) -> str:
    found: list[str] = []

    def walk(one):
        if isinstance(one, dict):
            assert one.get("type") not in (
                "mrkdwn",
                "link",
                "user",
                "usergroup",
                "broadcast",
                "emoji",
                "channel",
            )
            if one.get("type") in ("text", "plain_text"):
                found.append(one["text"])
            for value in one.values():
                walk(value)
        elif isinstance(one, (list, tuple)):
            for value in one:
                walk(value)

    walk(said.blocks)
    return "\n".join(found)


@given(st.lists(st.text(max_size=80), max_size=12))
def test_S20_whatever_lines_there_are_it_is_rich_text_in_which_nothing_acts(lines):
    said = message(shielded(lines))
    for sign in "<>":
        assert sign not in said.text
    literal(said)
    if said.blocks:
        approved_by_everybody(said)


def test_S20_what_somebody_typed_stands_there_as_they_typed_it():
    said = message([f"asked for `shop`: {shielded(EVIL)}"])
    assert EVIL in literal(said).replace("\n", "").replace("asked for shop: ", "") or EVIL in "".join(
        one["text"] for one in said.blocks[0]["elements"][0]["elements"]
    )
    codes = [one["text"] for one in said.blocks[0]["elements"][0]["elements"] if "style" in one]
    assert codes == ["shop"]


def commits(number):
    listed = tuple(
        Commit(
            revision=Revision(f"{one:040x}"),
            subject=f"{EVIL} {one} " + "長い" * 200,
            author="Ada " * 40,
            email="ada@acme.example",
            authored_at=NOON,
        )
        for one in range(number)
    )
    return Changes(base=None, head=listed[0].revision, total=number, commits=listed)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_card_of_extremes_stays_within_every_limit(state, language):
    one = replace(
        deployment(1),
        state=state,
        reason=EVIL + "理由" * 1_500,
        ref="f" * 240,
        asked_by=EVIL,
        because=because(Reason.PREPARATION_FAILED, problem="x" * 5_000),
        preview=Preview(live=Revision("a" * 40), live_number=1, changes=commits(100)),
        started_at=NOON,
        ended_at=NOON,
    )
    said = card(DeploymentShown(deployment=one), Reader(language, spells_moment=moment_mark), [])
    approved_by_everybody(said)
    literal(said)


def test_a_failure_carries_the_end_of_its_output_and_no_more():
    finished = DeploymentFinished(
        state=State.FAILED, because=because(Reason.PROGRAM_FAILED, exit_code=1), verified=False
    )
    event = Event(
        at=NOON, by="ada", application="shop", environment="production", number=1, happening=finished
    )
    output = b"".join(b"\x1b[31mline %d <!here> `x`\xff\n" % one for one in range(100_000))
    said = told(event, None, READER, output)
    approved_by_everybody(said)
    assert "line 99999 <!here> `x`" in literal(said)
    assert "line 99000" not in literal(said)


@given(st.text(max_size=60), st.integers(min_value=2, max_value=40))
def test_clipped_text_fits_whatever_slack_counts(text, limit):
    assert len(clip(text, limit).encode("utf-16-le", "surrogatepass")) / 2 <= limit
    assert len(escape(text, limit)) <= limit


def test_a_moment_is_everybodys_own_and_in_words_for_those_who_listen():
    at = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)
    said = message([f"since {moment_mark(at)}"])
    assert said.text == "since 2026-11-21 14:02 UTC"
    [date] = [one for one in said.blocks[0]["elements"][0]["elements"] if one["type"] == "date"]
    assert date["timestamp"] == at.timestamp()


def test_nobody_can_type_a_moment():
    assert shielded("\ue010123\ue011") == "123"
    assert sayings.fallback([shielded("\ue000")]) == "`"


def called(said: Message) -> list[str]:
    found = []

    def walk(one):
        if isinstance(one, dict):
            found.extend([one["user_id"]] if one.get("type") == "user" else [])
            for value in one.values():
                walk(value)
        elif isinstance(one, (list, tuple)):
            for value in one:
                walk(value)

    walk(said.blocks)
    return found


def test_a_card_calls_whoever_asked_by_their_account_and_names_them_in_its_text():
    one = replace(deployment(1), asked_by="ada")
    said = card(DeploymentShown(deployment=one), READER, [], asker="U0ADA")
    approved_by_everybody(said)
    assert called(said) == ["U0ADA"]
    assert "asked by ada at" in said.text


@pytest.mark.parametrize("name", [EVIL, "\ue012U0BOB\ue013bob\ue014", "\ue012", "\ue013x\ue014"])
def test_S20_a_name_calls_nobody_but_its_own_account(name):
    one = replace(deployment(1), asked_by=name, reason=name, ref="main")
    said = card(DeploymentShown(deployment=one), READER, [], asker="U0ADA")
    approved_by_everybody(said)
    assert called(said) == ["U0ADA"]
    assert not any("\ue010" <= sign <= "\ue016" for sign in said.text + json.dumps(said.blocks))
    assert called(card(DeploymentShown(deployment=one), READER, [], asker="U0ADA> <!channel")) == []


def test_a_card_leads_to_its_page_in_one_block_that_nothing_typed_can_reach():
    link = "https://funade.acme.example/d/1/c2VhbA"
    one = replace(deployment(1), reason="<https://evil.example|" + EVIL)
    said = card(DeploymentShown(deployment=one, link=link), READER, [])
    approved_by_everybody(said)
    links = [block for block in said.blocks if '"link"' in json.dumps(block)]
    assert [block["elements"][0]["elements"][0]["url"] for block in links] == [link]
    assert link in said.text
    assert said.arguments()["unfurl_links"] is False


def test_a_step_has_its_number_and_no_other_sign():
    said = message(["Steps", "  1. fetch", "  2. run", "  more"])
    assert said.blocks[0]["elements"][0]["elements"][0]["text"] == "Steps\n1. fetch\n2. run\n• more"
