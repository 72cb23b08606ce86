"""What apps hear of what people do, and what they never hear."""

import asyncio

import pytest

from funade.playground import modals
from funade.playground.errors import Misused
from funade.playground.posting import bot_message
from tests.integration.playground.listening import listening, settled
from tests.integration.playground.story import BUTTONS, modal

pytestmark = pytest.mark.asyncio


async def test_a_mention_is_told_twice_with_one_time_and_two_ids():
    async with listening() as (playground, app):
        await playground.say(person="ada", channel="#general", text="@story hello")
        await settled(playground)
        sent = (await playground.frames(name="event_callback", direction="to app"))["frames"]
    message, mention = [one["body"]["event"] for one in sent]
    assert len(app.bodies) == 2
    assert (message["type"], mention["type"]) == ("message", "app_mention")
    assert message["ts"] == mention["ts"]
    assert message["client_msg_id"] == mention["client_msg_id"]
    assert message["channel_type"] == "channel"
    assert message["blocks"][0]["type"] == "rich_text"
    assert len({body["event_id"] for body in app.bodies}) == 2
    outer = app.bodies[0]
    assert (outer["team_id"], outer["api_app_id"]) == ("T0ACME", "A0APP1")
    assert outer["authorizations"][0]["user_id"] == "U0APP1"
    assert outer["is_ext_shared_channel"] is False


async def test_the_mention_may_come_first():
    async with listening(twins="mention_first") as (playground, app):
        await playground.say(person="ada", channel="#general", text="@story hello")
        await settled(playground)
        sent = (await playground.frames(name="event_callback", direction="to app"))["frames"]
    assert [one["body"]["event"]["type"] for one in sent] == ["app_mention", "message"]
    assert len(app.bodies) == 2


async def test_a_mention_in_a_thread_may_be_a_message_only():
    async with listening(mentions_in_threads=False) as (playground, app):
        root = (await playground.say(person="ada", channel="#general", text="root"))["ts"]
        await settled(playground)
        await playground.say(person="ada", channel="#general", text="@story hello", thread_ts=root)
        await settled(playground)
    assert app.events("app_mention") == []
    assert app.events()[1]["thread_ts"] == root


async def test_a_direct_message_is_no_mention():
    async with listening() as (playground, app):
        said = await playground.say(person="ada", channel="@story", text="@story hello")
        await settled(playground)
    [event] = app.events()
    assert (event["channel"], event["channel_type"]) == (said["channel"], "im")
    assert said["channel"].startswith("D")


async def test_an_edit_tells_both_texts_and_a_deletion_what_was_there():
    async with listening() as (playground, app):
        ts = (await playground.say(person="ada", channel="#general", text="one"))["ts"]
        await settled(playground)
        await playground.edit(person="ada", channel="#general", ts=ts, text="two")
        await settled(playground)
        await playground.delete(person="ada", channel="#general", ts=ts)
        await settled(playground)
    _, edited, deleted = app.events()
    assert (edited["subtype"], edited["hidden"]) == ("message_changed", True)
    assert (edited["previous_message"]["text"], edited["message"]["text"]) == ("one", "two")
    assert edited["message"]["edited"]["user"] == "U0ADA"
    assert edited["ts"] != ts == edited["message"]["ts"]
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)
    assert deleted["previous_message"]["text"] == "two"


async def test_an_app_hears_itself_but_never_its_own_mention():
    async with listening() as (playground, app):
        board, workspace = playground.stage.board, playground.workspace
        channel = workspace.channel("#general")
        text = f"<@{playground.app.bot_user}> talks to itself"
        board.post(bot_message(workspace, playground.app, channel, text=text, blocks=[], attachments=[]))
        await settled(playground)
    [event] = app.events()
    assert event["bot_id"] == "B0APP1"
    assert "subtype" not in event


async def test_where_an_app_is_not_it_hears_nothing_and_the_person_is_told():
    async with listening() as (playground, app):
        await playground.say(person="ada", channel="#random", text="@story hello")
        await settled(playground)
        seen = (await playground.messages(channel="#random", person="ada"))["messages"]
    assert app.bodies == []
    assert (seen[-1]["user"], seen[-1]["only_for"]) == ("USLACKBOT", "U0ADA")


async def test_without_a_scope_an_event_does_not_come():
    async with listening() as (playground, app):
        await playground.change_app(changes={"scopes": ["chat:write"]})
        await playground.say(person="ada", channel="#general", text="@story hello")
        await settled(playground)
    assert app.bodies == []


async def test_a_stranger_is_of_another_team_and_has_no_commands_but_buttons():
    async with listening() as (playground, app):
        await playground.say(person="sam", channel="#with-other", text="@story hello")
        refused = await playground.command(person="sam", channel="#with-other", command="/story")
        assert refused["error"] == "no_such_command"
        await settled(playground)
        assert app.payloads("event_callback")[0]["is_ext_shared_channel"] is True
        assert app.events("app_mention")[0]["team"] == "T0OTHER"
        channel = playground.workspace.channel("#with-other")
        posted = playground.stage.board.post(
            bot_message(
                playground.workspace, playground.app, channel, text="x", blocks=BUTTONS, attachments=[]
            )
        )
        await playground.click(person="sam", channel="#with-other", ts=posted.ts, action_id="go")
        [click] = app.payloads("block_actions")
        assert click["user"]["team_id"] == "T0OTHER"
        assert click["team"]["id"] == "T0ACME"


async def test_somebody_deactivated_can_still_be_made_to_click():
    async with listening() as (playground, app):
        channel = playground.workspace.channel("#general")
        posted = playground.stage.board.post(
            bot_message(
                playground.workspace, playground.app, channel, text="x", blocks=BUTTONS, attachments=[]
            )
        )
        await playground.change_person(person="bob", changes={"deleted": True})
        await playground.click(person="bob", channel="#general", ts=posted.ts, action_id="go")
        [click] = app.payloads("block_actions")
    assert click["user"]["id"] == "U0BOB"
    assert click["container"] == {
        "type": "message",
        "message_ts": posted.ts,
        "channel_id": "C0GENERAL",
        "is_ephemeral": False,
    }
    assert click["message"]["blocks"][0]["block_id"] == "row"
    assert click["actions"][0]["value"] == "7"


async def test_two_people_click_at_once_and_both_are_heard():
    async with listening() as (playground, app):
        channel = playground.workspace.channel("#general")
        posted = playground.stage.board.post(
            bot_message(
                playground.workspace, playground.app, channel, text="x", blocks=BUTTONS, attachments=[]
            )
        )
        clicks = [
            playground.click(person=name, channel="#general", ts=posted.ts, action_id="go")
            for name in ("ada", "bob")
        ]
        await asyncio.gather(*clicks)
        seen = app.payloads("block_actions")
    assert {one["user"]["id"] for one in seen} == {"U0ADA", "U0BOB"}
    assert len({one["trigger_id"] for one in seen}) == 2


@pytest.mark.parametrize(
    ("channel", "name"), [("#general", "general"), ("#sre-only", "privategroup"), ("@story", "directmessage")]
)
async def test_a_command_names_its_place(channel, name):
    async with listening() as (playground, app):
        await playground.command(
            person="ada", channel=channel, command="/story", text="  to @bob in #general "
        )
        [command] = app.bodies
    assert command["channel_name"] == name
    assert command["text"] == "to <@U0BOB> in <#C0GENERAL|general>"
    assert command["is_enterprise_install"] == "false"
    assert command["response_url"].startswith("http://127.0.0.1:")


async def test_a_command_may_be_empty_and_is_never_in_a_thread():
    async with listening() as (playground, app):
        await playground.say(person="ada", channel="#general", text="/story")
        [command] = app.bodies
    assert command["text"] == ""
    assert "thread_ts" not in command


async def test_an_answer_to_a_command_is_for_its_asker_unless_it_says_otherwise():
    async with listening() as (playground, app):
        app.answers = [{"text": "psst"}, {"text": "hear ye", "response_type": "in_channel"}]
        await playground.command(person="ada", command="/story")
        await playground.command(person="ada", command="/story")
        seen = (await playground.messages(channel="#general"))["messages"]
    assert [(one["text"], one["only_for"]) for one in seen] == [("psst", "U0ADA"), ("hear ye", "")]


async def test_a_group_that_changes_is_told():
    async with listening() as (playground, app):
        events = [*playground.app.events, "subteam_members_changed"]
        await playground.change_app(changes={"events": events})
        await playground.change_group(group="@sre", members=["ada", "bob"])
        await settled(playground)
    [event] = app.events("subteam_members_changed")
    assert (event["added_users"], event["removed_users"]) == (["U0BOB"], ["U0CY"])


async def test_who_is_not_in_a_channel_says_nothing_there():
    async with listening() as (playground, _):
        with pytest.raises(Misused, match="gus is not in `random`"):
            await playground.say(person="gus", channel="#random", text="hello")
        with pytest.raises(Misused, match="nobody called `zoe`"):
            await playground.say(person="zoe", channel="#random", text="hello")
        with pytest.raises(Misused, match="no channel `#nowhere`"):
            await playground.say(person="ada", channel="#nowhere", text="hello")


async def test_keyboards_may_mean_well():
    async with listening(autocorrect="phone") as (playground, app):
        await playground.say(person="ada", channel="#general", text='@story deploy --force "x"')
        await settled(playground)
    assert app.events("app_mention")[0]["text"] == "<@U0APP1> deploy —force “x” "


async def test_any_event_can_be_sent_again_as_it_was():
    async with listening() as (playground, app):
        await playground.say(person="ada", channel="#general", text="hello")
        await settled(playground)
        await playground.deliver(payload=app.bodies[0])
        await settled(playground)
    assert app.bodies[0] == app.bodies[1]


TEXT = {
    "type": "input",
    "block_id": "why",
    "label": {"type": "plain_text", "text": "Why"},
    "element": {"type": "plain_text_input", "action_id": "text", "min_length": 3},
}


async def test_a_form_is_sent_only_when_it_is_complete():
    async with listening() as (playground, app):
        view = modals.open_view(playground.workspace, playground.app, "U0ADA", modal("form", blocks=[TEXT]))
        for value, problem in [("", "Please complete this required field."), ("x", "at least 3 characters")]:
            refused = await playground.submit(person="ada", view_id=view.id, values={"text": value})
            assert problem in refused["errors"]["why"]
        assert app.bodies == []
        await playground.submit(person="ada", view_id=view.id, values={"why": {"text": "because"}})
        [sent] = app.payloads("view_submission")
        assert sent["view"]["state"]["values"]["why"]["text"] == {
            "type": "plain_text_input",
            "value": "because",
        }
        assert (await playground.views(person="ada"))["views"] == []


async def test_an_app_may_clear_the_whole_stack():
    async with listening() as (playground, app):
        workspace = playground.workspace
        modals.open_view(workspace, playground.app, "U0ADA", modal("one", blocks=[]))
        top = modals.push_view(workspace, playground.app, "U0ADA", modal("two", blocks=[]))
        app.answers = [{"response_action": "clear"}]
        assert (await playground.submit(person="ada", view_id=top.id))["ok"]
        assert (await playground.views(person="ada"))["views"] == []


async def test_the_cross_closes_the_stack_and_tells_of_its_root_cancel_of_its_own_view():
    async with listening() as (playground, app):
        workspace = playground.workspace
        for everything in (False, True):
            root = modals.open_view(workspace, playground.app, "U0ADA", modal("one", blocks=[]))
            top = modals.push_view(workspace, playground.app, "U0ADA", modal("two", blocks=[]))
            await playground.close(person="ada", view_id=top.id, everything=everything)
            told = app.payloads("view_closed")[-1]
            assert told["is_cleared"] is everything
            assert told["view"]["id"] == (root.id if everything else top.id)


async def test_an_answer_that_is_none_of_slacks_is_trouble():
    async with listening() as (playground, app):
        view = modals.open_view(playground.workspace, playground.app, "U0ADA", modal("one", blocks=[]))
        app.answers = [{"response_action": "explode"}]
        answer = await playground.submit(person="ada", view_id=view.id)
        assert (answer["ok"], answer["error"]) == (False, "invalid_response")
        app.answers = [{"options": "all"}]
        form = modals.open_view(playground.workspace, playground.app, "U0ADA", modal("form"))
        answer = await playground.suggest(person="ada", view_id=form.id, action_id="ref", value="x")
        assert (answer["error"], answer["options"]) == ("invalid_options", [])


async def test_nobody_is_asked_before_enough_is_typed():
    async with listening() as (playground, app):
        form = modals.open_view(playground.workspace, playground.app, "U0ADA", modal("form"))
        answer = await playground.suggest(person="ada", view_id=form.id, action_id="ref", value="")
        assert answer == {"ok": True, "options": []}
        assert app.bodies == []
