"""Whatever an app sends, it gets one of Slack's answers, never a fault of ours."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.playground import modals
from funade.playground.blocks.validate import message_problems, option_problems, view_problems
from funade.playground.clock import Clock
from funade.playground.errors import SlackError
from funade.playground.manifest import Contents
from funade.playground.methods import METHODS
from funade.playground.methods.call import Call
from funade.playground.posted import stored_text, text_of_blocks
from funade.playground.posting import bot_message, with_block_ids
from funade.playground.stage import Stage
from funade.playground.workspace import Workspace
from tests.conftest import LONG

# ruff: noqa: SIM905 - a list of words is easier to read as words

TYPES = (
    "section actions context divider header image input rich_text markdown table button static_select overflow "
    "external_select checkboxes radio_buttons plain_text_input multi_static_select datepicker users_select modal home "
    "plain_text mrkdwn number_input conversations_select image video"
).split()
NAMES = (
    "type text block_id action_id elements element accessory fields label options option_groups value confirm title "
    "style placeholder blocks initial_option initial_options alt_text image_url rows submit description url emoji"
).split()

scalars = st.none() | st.booleans() | st.integers(-3, 4000) | st.text(max_size=8) | st.sampled_from(TYPES)
nonsense = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), inner, max_size=4)
        | st.builds(
            lambda kind, more: {**more, "type": kind},
            st.sampled_from(TYPES),
            st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
        )
    ),
    max_leaves=12,
)


def stage() -> Stage:
    workspace = Workspace(Contents(), Clock(frozen=True, start=1_800_000_000.0))
    workspace.address = "http://127.0.0.1:1"
    workspace.switches.rate_limits = False
    app = workspace.install()
    app.events = ()  # nobody is told: there is no loop here
    here = Stage(workspace)
    for ts in ("1800000000.000000", "1800000001.000000"):
        message = bot_message(
            workspace, app, workspace.channels["C0GENERAL"], text="x", blocks=[], attachments=[]
        )
        message.ts = ts
        message.thread_ts = "1800000000.000000"
        here.board.post(message)
    return here


STAGE = stage()


@given(st.lists(nonsense, max_size=4) | nonsense)
def test_blocks_are_refused_or_can_be_used(blocks):
    if message_problems(blocks):
        return
    made = with_block_ids(STAGE.workspace, blocks)
    text_of_blocks(made)
    modals.initial_state({"blocks": made})


@given(nonsense)
def test_views_are_refused_or_can_be_shown(view):
    if view_problems(view):
        return
    modals.initial_state({"blocks": with_block_ids(STAGE.workspace, view["blocks"])})


@given(nonsense)
def test_suggestions_are_refused_or_are_options(answer):
    option_problems(answer)


@given(st.text())
def test_any_text_is_stored_and_stays_as_it_is(text):
    assert stored_text(stored_text(text)) == stored_text(text)


#: what each argument may be, so that many calls get past the first look
ANYTHING: list[Any] = ["abc", "", None, True, 7, -1, [], {}, ["x"], {"a": {}}, "[", "{}", "1e400", "nan"]
ARGUMENTS: dict[str, list[Any]] = {
    "channel": ["C0GENERAL", "C0SECRET", "C0RANDOM", "U0ADA"],
    "channel_id": ["C0GENERAL"],
    "ts": ["1800000000.000000"],
    "timestamp": ["1800000000.000000"],
    "message_ts": ["1800000000.000000"],
    "thread_ts": ["1800000000.000000"],
    "user": ["U0ADA", "U0DEE"],
    "user_id": ["U0ADA"],
    "users": ["U0ADA,U0BOB", ["U0ADA"]],
    "usergroup": ["S0SRE"],
    "bot": ["B0APP1"],
    "team": ["T0ACME"],
    "text": ["hello"],
    "markdown_text": ["*hello*"],
    "blocks": ['[{"type": "divider"}]', [{"type": "divider"}]],
    "attachments": [[{"text": "x"}], [{"blocks": [1]}], [7]],
    "metadata": [{"event_type": "x", "event_payload": {}}, {"event_type": 7}],
    "view": [{"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": []}],
    "trigger_id": ["1.2.3"],
    "view_id": ["V0"],
    "external_id": ["mine"],
    "hash": ["1"],
    "name": ["eyes", "new-channel"],
    "email": ["ada@acme.example"],
    "types": ["public_channel,im"],
    "limit": ["1", 1, 1000],
    "cursor": ["next:1="],
    "oldest": ["1.1"],
    "latest": ["1.1"],
    "filename": ["x"],
    "length": ["3"],
    "files": [[{"id": "F"}], [7]],
    "username": ["x"],
    "inclusive": [True],
    "reply_broadcast": ["1"],
    "icon_emoji": [":eyes:"],
    "topic": ["x"],
}


@pytest.mark.parametrize("name", sorted(METHODS))
def test_any_arguments_get_an_answer_or_a_refusal(name):
    # Hypothesis takes a second to draw what chance draws in a millisecond.
    chance, here = random.Random(name), stage()
    for _ in range(5000 if LONG else 200):
        chosen = chance.sample(sorted(ARGUMENTS), chance.randrange(len(ARGUMENTS)))
        arguments = {one: chance.choice([*ARGUMENTS[one] * 5, *ANYTHING]) for one in chosen}
        if arguments.get("trigger_id") == "1.2.3":
            arguments["trigger_id"] = here.passes.new_trigger(here.workspace.app(), "U0ADA")
        assert answered(here, name, arguments), arguments


def answered(here: Stage, name: str, arguments: dict[str, Any]) -> bool:
    try:
        answer: Any = METHODS[name].act(Call(here, here.workspace.app(), name, arguments))
    except SlackError as error:
        answer = error.body
    json.dumps(answer)
    return isinstance(answer, dict)
