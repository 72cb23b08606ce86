import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.chat.slack.arrivals import (
    ARRIVALS,
    Deleted,
    DirectoryChanged,
    Edited,
    HomeOpened,
    Ourselves,
    Pressed,
    Said,
    Submitted,
    Summoned,
    Typing,
    Vanished,
    Way,
)
from funade.chat.slack.payloads import read_arrival
from funade.domain.wire import from_tagged, to_plain

US = Ourselves(team="T1", enterprise=None, user="UBOT", bot="BBOT")
MESSAGE = {"type": "message", "user": "U1", "channel": "C1", "ts": "1.1", "text": "<@UBOT> deploy shop"}


def event(**fields):
    return {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": {**MESSAGE, **fields}}


def read(kind, payload):
    return read_arrival(kind, payload, US)


@pytest.mark.parametrize(
    ("fields", "way"),
    [
        ({}, Way.MENTION),
        ({"type": "app_mention"}, Way.MENTION),
        ({"text": "hey <@UBOT|funade> deploy"}, Way.MENTION),
        ({"channel": "D1", "channel_type": "im", "text": "deploy shop"}, Way.DIRECT),
        ({"channel": "D1", "text": "<@UBOT> deploy shop"}, Way.MENTION),
        ({"subtype": "thread_broadcast", "thread_ts": "1.0"}, Way.MENTION),
    ],
)
def test_words_to_us_are_heard(fields, way):
    said, keys = read("events_api", event(**fields))
    assert isinstance(said, Said)
    assert said.way is way
    assert said.thread == fields.get("thread_ts")
    assert keys == (f"slack:message:{said.channel}/1.1", "slack:event:Ev1")


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "deploy shop"},
        {"text": "<@UOTHER> deploy shop"},
        {"text": "&lt;@UBOT&gt; deploy"},
        {"user": "UBOT"},
        {"user": "USLACKBOT"},
        {"bot_id": "BOTHER"},
        {"bot_id": "BBOT"},
        {"bot_profile": {"id": "BOTHER"}},
        {"subtype": "bot_message"},
        {"subtype": "channel_join"},
        {"subtype": "channel_topic"},
        {"user": None},
        {"ts": None},
        {"channel": 7},
        {"text": ["<@UBOT>"]},
        {"type": "reaction_added"},
        {"type": None},
    ],
)
def test_what_is_not_for_us_is_not_kept(fields):
    assert read("events_api", event(**fields))[0] is None


def changed(now, before, **fields):
    return event(type="message", subtype="message_changed", message=now, previous_message=before, **fields)


def test_an_edit_is_other_words_of_the_same_person_and_nothing_else():
    now = {**MESSAGE, "text": "<@UBOT> deploy blog", "edited": {"user": "U1", "ts": "2.2"}}
    edited, keys = read("events_api", changed(now, MESSAGE))
    assert isinstance(edited, Edited)
    assert edited.text == "<@UBOT> deploy blog"
    assert keys[0] == "slack:edit:C1/1.1/2.2"
    away, _ = read("events_api", changed({**now, "text": "never mind"}, MESSAGE))
    assert isinstance(away, Edited)
    assert away.text == ""
    assert read("events_api", changed({**now, "text": MESSAGE["text"]}, MESSAGE))[0] is None, "an unfurl"
    assert read("events_api", changed({**now, "bot_id": "BBOT"}, MESSAGE))[0] is None, "our own"
    assert read("events_api", changed({**now, "edited": None}, MESSAGE))[0] is None


def test_deletions_are_of_a_command_or_of_ours():
    gone = {"type": "message", "subtype": "message_deleted", "deleted_ts": "1.1"}
    assert isinstance(read("events_api", event(**gone, previous_message=MESSAGE))[0], Deleted)
    ours = {"user": "UBOT", "bot_id": "BBOT", "ts": "1.1"}
    assert read("events_api", event(**gone, previous_message=ours))[0] == Vanished(
        channel="C1", message="1.1"
    )
    assert read("events_api", event(**gone, previous_message={**MESSAGE, "text": "x"}))[0] is None
    assert read("events_api", event(**gone, previous_message=None))[0] is None


def test_everything_else_that_we_listen_to():
    assert isinstance(read("events_api", event(type="app_home_opened", tab="home"))[0], HomeOpened)
    assert read("events_api", event(type="app_home_opened", tab="messages"))[0] is None
    assert read("events_api", event(type="user_change", user={"id": "U9"}))[0] == DirectoryChanged(user="U9")
    assert read("events_api", event(type="subteam_members_changed"))[0] == DirectoryChanged()
    slash = {"user_id": "U1", "team_id": "T1", "channel_id": "C1", "text": "status", "trigger_id": "1.2"}
    said, keys = read("slash_commands", slash)
    assert isinstance(said, Said)
    assert (said.way, keys) == (Way.SLASH, ("slack:trigger:1.2",))


PERSON = {"user": {"id": "U1", "team_id": "T1"}, "trigger_id": "1.2"}


def test_interactions_are_narrowed():
    action = {"action_id": "funade_do_approve", "block_id": "b", "value": "v", "action_ts": "9.9"}
    pressed, keys = read("interactive", {**PERSON, "type": "block_actions", "actions": [action]})
    assert isinstance(pressed, Pressed)
    assert pressed.value == "v"
    assert "slack:press:U1/9.9/b/funade_do_approve" in keys
    view = {
        "id": "V1",
        "hash": "h",
        "callback_id": "funade_choose",
        "private_metadata": "{}",
        "state": {"values": {"a": {"x": {"value": "typed"}}, "b": {"y": {"selected_option": None}}}},
    }
    submitted, _ = read("interactive", {**PERSON, "type": "view_submission", "view": view})
    assert isinstance(submitted, Submitted)
    assert submitted.values == {"a": "typed"}
    typing, _ = read("interactive", {**PERSON, "type": "block_suggestion", "action_id": "ref", "value": "m"})
    assert isinstance(typing, Typing)
    summoned, _ = read("interactive", {**PERSON, "type": "shortcut", "callback_id": "funade_deploy"})
    assert isinstance(summoned, Summoned)


_FIELDS = (
    *("event", "type", "subtype", "user", "message", "previous_message", "actions", "view", "state"),
    *("values", "id", "text", "channel", "ts", "edited", "team", "user_id", "selected_option"),
)


@pytest.mark.parametrize("kind", ["events_api", "slash_commands", "interactive", "hello", ""])
@given(
    payload=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(_FIELDS) | st.text(max_size=4),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
)
def test_S18_no_payload_breaks_us_and_what_is_kept_comes_back(kind, payload):
    arrival, keys = read(kind, payload)
    assert all(isinstance(one, str) for one in keys)
    if arrival is not None:
        assert from_tagged(ARRIVALS, to_plain(arrival, tagged=True)) == arrival
