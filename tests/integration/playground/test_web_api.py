"""The Web API as the official client meets it: answers, refusals, scopes, rates, pages."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.models.blocks import SectionBlock
from slack_sdk.models.metadata import Metadata
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from funade.playground import Playground
from tests.integration.playground.manifests import MANIFEST
from tests.integration.playground.story import BUTTONS, modal

pytestmark = pytest.mark.asyncio

GENERAL, SECRET, RANDOM = "C0GENERAL", "C0SECRET", "C0RANDOM"


@contextlib.asynccontextmanager
async def workspace(
    manifest: dict[str, Any] | None = None, **switches: Any
) -> AsyncIterator[tuple[Playground, AsyncWebClient]]:
    async with Playground(*([manifest] if manifest else []), frozen=True) as playground:
        await playground.switch(switches=switches)
        yield playground, AsyncWebClient(token=playground.app.bot_token, base_url=playground.api_url)


async def refusal(call: Any) -> Any:
    with pytest.raises(SlackApiError) as error:
        await call
    return error.value.response


async def test_an_app_finds_out_who_it_is():
    async with workspace() as (playground, client):
        answer = await client.auth_test()
        assert answer["team_id"] == "T0ACME"
        assert (answer["user_id"], answer["bot_id"]) == (playground.app.bot_user, playground.app.bot_id)
        bot = await client.bots_info(bot=answer["bot_id"])
        assert bot["bot"]["app_id"] == playground.app.id
        assert (await client.team_info())["team"]["domain"] == "acme"


@pytest.mark.parametrize(
    ("token", "error"),
    [("xoxb-wrong", "invalid_auth"), ("", "not_authed"), ("APP", "not_allowed_token_type")],
)
async def test_a_wrong_token_is_told_what_is_wrong(token, error):
    async with workspace() as (playground, _):
        wrong = playground.app.app_token if token == "APP" else token
        client = AsyncWebClient(token=wrong, base_url=playground.api_url)
        assert (await refusal(client.auth_test()))["error"] == error


async def test_a_revoked_token_does_nothing_more():
    async with workspace() as (playground, client):
        await playground.change_app(changes={"token_error": "token_revoked"})
        assert (await refusal(client.auth_test()))["error"] == "token_revoked"


async def test_a_missing_scope_is_named():
    async with workspace(MANIFEST) as (playground, client):
        answer = await refusal(client.team_info())
        assert answer["error"] == "missing_scope"
        assert answer["needed"] == "team:read"
        assert "chat:write" in answer["provided"].split(",")
        answer = await refusal(client.conversations_list(types="private_channel"))
        assert (answer["error"], answer["needed"]) == ("missing_scope", "groups:read")
        user = await client.users_info(user="U0ADA")
        assert user["user"]["profile"]["email"] == "ada@acme.example"
        await playground.change_app(changes={"scopes": ["users:read"]})
        assert "email" not in (await client.users_info(user="U0ADA"))["user"]["profile"]


async def test_an_unknown_method_is_one():
    async with workspace() as (_, client):
        assert (await refusal(client.api_call("chat.shout")))["error"] == "unknown_method"


@pytest.mark.parametrize(
    ("body", "kind", "answer"),
    [
        (b"{", "application/json", {"error": "invalid_json"}),
        (b"[]", "application/json", {"error": "json_not_object"}),
        (b"x", "text/plain", {"error": "invalid_post_type"}),
        (b"", "application/json;charset=utf-8", {"ok": True}),
        (b"", "application/x-www-form-urlencoded", {"ok": True}),
        (b"{}", "application/json", {"ok": True, "warning": "missing_charset"}),
        (b"a=b", "application/x-www-form-urlencoded; charset=utf-8", {"warning": "superfluous_charset"}),
    ],
)
async def test_bodies_come_as_forms_and_as_json(body, kind, answer):
    async with workspace() as (playground, _), aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {playground.app.bot_token}", "Content-Type": kind}
        async with session.post(f"{playground.api_url}auth.test", data=body, headers=headers) as response:
            found = await response.json()
    assert {name: found.get(name) for name in answer} == answer


async def test_a_token_may_stand_in_a_form_but_not_in_json():
    async with workspace() as (playground, _), aiohttp.ClientSession() as session:
        token = {"token": playground.app.bot_token}
        async with session.post(f"{playground.api_url}auth.test", data=token) as response:
            assert (await response.json())["ok"]
        async with session.post(f"{playground.api_url}auth.test", json=token) as response:
            assert (await response.json())["error"] == "not_authed"


# Messages


async def test_a_post_is_answered_with_what_was_made_of_it():
    async with workspace() as (playground, client):
        answer = await client.chat_postMessage(channel="#general", text="a & b https://a.example")
        assert answer["channel"] == GENERAL
        message = answer["message"]
        assert message["text"] == "a &amp; b <https://a.example>"
        assert (message["bot_id"], message["user"]) == (playground.app.bot_id, playground.app.bot_user)
        assert "subtype" not in message
        history = await client.conversations_history(channel=GENERAL)
        assert history["messages"][0]["ts"] == answer["ts"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": GENERAL}, "no_text"),
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": "U0NOBODY", "text": "x"}, "channel_not_found"),
        ({"channel": GENERAL, "blocks": "nonsense"}, "invalid_blocks_format"),
        ({"channel": GENERAL, "blocks": [{"type": "carousel"}]}, "invalid_blocks"),
        ({"channel": GENERAL, "text": "x", "metadata": {"event_payload": {}}}, "invalid_metadata_schema"),
        ({"channel": GENERAL, "markdown_text": "x", "text": "y"}, "markdown_text_conflict"),
        ({"channel": GENERAL, "attachments": [{}] * 101}, "too_many_attachments"),
    ],
)
async def test_a_post_that_cannot_be_is_refused(arguments, error):
    async with workspace() as (_, client):
        call = client.api_call("chat.postMessage", json=arguments)
        assert (await refusal(call))["error"] == error


async def test_invalid_blocks_are_explained():
    async with workspace() as (_, client):
        block = SectionBlock(text="x").to_dict()
        block["text"]["text"] = "x" * 3001
        answer = await refusal(client.chat_postMessage(channel=GENERAL, text="x", blocks=[block]))
        assert answer["response_metadata"]["messages"] == [
            "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
        ]


async def test_where_an_app_is_not_it_posts_only_with_a_scope_and_never_in_private():
    async with workspace(MANIFEST) as (playground, client):
        assert (await refusal(client.chat_postMessage(channel=RANDOM, text="x")))["error"] == "not_in_channel"
        await playground.change_app(changes={"scopes": [*playground.app.scopes, "chat:write.public"]})
        await client.chat_postMessage(channel=RANDOM, text="x")
        await playground.leave(person="@story", channel="#sre-only")
        answer = await refusal(client.chat_postMessage(channel=SECRET, text="x"))
        assert answer["error"] == "channel_not_found"
        await playground.archive(channel="#general")
        assert (await refusal(client.chat_postMessage(channel=GENERAL, text="x")))["error"] == "is_archived"


async def test_metadata_is_kept_and_given_to_whoever_asks_for_it():
    async with workspace() as (_, client):
        metadata = Metadata(event_type="deploy", event_payload={"key": "7"})
        posted = await client.chat_postMessage(channel=GENERAL, text="x", metadata=metadata)
        without = await client.conversations_history(channel=GENERAL)
        assert "metadata" not in without["messages"][0]
        found = await client.conversations_replies(
            channel=GENERAL, ts=posted["ts"], include_all_metadata=True
        )
        assert found["messages"][0]["metadata"] == {"event_type": "deploy", "event_payload": {"key": "7"}}


async def test_an_update_with_text_alone_takes_the_blocks_away():
    async with workspace() as (_, client):
        posted = await client.chat_postMessage(channel=GENERAL, text="x", blocks=BUTTONS)
        changed = await client.chat_update(channel=GENERAL, ts=posted["ts"], text="y", blocks=BUTTONS)
        assert changed["message"]["blocks"]
        assert "edited" not in changed["message"]
        changed = await client.chat_update(channel=GENERAL, ts=posted["ts"], text="z")
        assert "blocks" not in changed["message"]
        assert changed["message"]["edited"]["user"]


async def test_only_ones_own_messages_are_changed():
    async with workspace() as (playground, client):
        theirs = (await playground.say(person="ada", channel="#general", text="mine"))["ts"]
        for call, error in [
            (client.chat_update(channel=GENERAL, ts=theirs, text="x"), "cant_update_message"),
            (client.chat_delete(channel=GENERAL, ts=theirs), "cant_delete_message"),
            (client.chat_update(channel=GENERAL, ts="1.1", text="x"), "message_not_found"),
            (client.chat_update(channel=GENERAL, ts=theirs, text="x" * 4001), "cant_update_message"),
        ]:
            assert (await refusal(call))["error"] == error
        posted = await client.chat_postMessage(channel=GENERAL, text="x")
        too_long = client.chat_update(channel=GENERAL, ts=posted["ts"], text="x" * 4001)
        assert (await refusal(too_long))["error"] == "msg_too_long"


async def test_a_post_may_fail_and_be_there_all_the_same():
    async with workspace(post_errors=1) as (_, client):
        answer = await refusal(client.chat_postMessage(channel=GENERAL, text="twice?"))
        assert answer["error"] == "fatal_error"
        history = await client.conversations_history(channel=GENERAL)
        assert [one["text"] for one in history["messages"]] == ["twice?"]


async def test_threads_have_roots_replies_and_broadcasts():
    async with workspace() as (_, client):
        root = (await client.chat_postMessage(channel=GENERAL, text="root"))["ts"]
        reply = await client.chat_postMessage(channel=GENERAL, text="reply", thread_ts=root)
        nested = await client.chat_postMessage(channel=GENERAL, text="nested", thread_ts=reply["ts"])
        assert nested["message"]["thread_ts"] == root
        await client.chat_postMessage(channel=GENERAL, text="loud", thread_ts=root, reply_broadcast=True)
        thread = await client.conversations_replies(channel=GENERAL, ts=root)
        assert [one["text"] for one in thread["messages"]] == ["root", "reply", "nested", "loud"]
        assert thread["messages"][0]["reply_count"] == 3
        history = await client.conversations_history(channel=GENERAL)
        assert [one["text"] for one in history["messages"]] == ["loud", "root"]
        link = await client.chat_getPermalink(channel=GENERAL, message_ts=reply["ts"])
        assert link["permalink"].endswith(f"?thread_ts={root}&cid={GENERAL}")


async def test_a_deleted_root_leaves_a_tombstone():
    async with workspace() as (_, client):
        root = (await client.chat_postMessage(channel=GENERAL, text="root"))["ts"]
        await client.chat_postMessage(channel=GENERAL, text="reply", thread_ts=root)
        await client.chat_delete(channel=GENERAL, ts=root)
        thread = await client.conversations_replies(channel=GENERAL, ts=root)
        assert thread["messages"][0]["subtype"] == "tombstone"


async def test_what_one_person_sees_is_in_no_history_and_cannot_be_changed():
    async with workspace() as (playground, client):
        shown = await client.chat_postEphemeral(channel=GENERAL, user="U0ADA", text="psst")
        assert (await client.conversations_history(channel=GENERAL))["messages"] == []
        wrong = client.chat_update(channel=GENERAL, ts=shown["message_ts"], text="x")
        assert (await refusal(wrong))["error"] == "message_not_found"
        seen = {
            name: [
                one["text"]
                for one in (await playground.messages(channel="#general", person=name))["messages"]
            ]
            for name in ("ada", "bob")
        }
        assert seen == {"ada": ["psst"], "bob": []}
        outside = client.chat_postEphemeral(channel=GENERAL, user="U0STRANGE", text="x")
        assert (await refusal(outside))["error"] == "user_not_in_channel"
        await playground.switch(switches={"loses_ephemerals": True})
        await client.chat_postEphemeral(channel=GENERAL, user="U0BOB", text="lost")
        assert (await playground.messages(channel="#general", person="bob"))["messages"] == []


async def test_reactions_are_added_once_and_removed_once():
    async with workspace() as (_, client):
        ts = (await client.chat_postMessage(channel=GENERAL, text="x"))["ts"]
        await client.reactions_add(channel=GENERAL, timestamp=ts, name="eyes")
        again = client.reactions_add(channel=GENERAL, timestamp=ts, name="eyes")
        assert (await refusal(again))["error"] == "already_reacted"
        await client.reactions_remove(channel=GENERAL, timestamp=ts, name="eyes")
        again = client.reactions_remove(channel=GENERAL, timestamp=ts, name="eyes")
        assert (await refusal(again))["error"] == "no_reaction"


# Who is here


async def test_people_are_told_apart():
    async with workspace() as (_, client):
        people = {one["id"]: one for one in (await client.users_list())["members"]}
        assert people["U0GUS"]["is_restricted"]
        assert people["U0STRANGE"]["is_stranger"]
        assert people["U0STRANGE"]["team_id"] == "T0OTHER"
        assert people["U0DEE"]["deleted"]
        assert people["U0APP1"]["is_bot"]
        found = await client.users_lookupByEmail(email="Ada@acme.example")
        assert found["user"]["id"] == "U0ADA"
        for email in ("sam@other.example", "dee@acme.example", "nobody@acme.example"):
            assert (await refusal(client.users_lookupByEmail(email=email)))["error"] == "users_not_found"
        locale = await client.users_info(user="U0HANA", include_locale=True)
        assert locale["user"]["locale"] == "ja-JP"


async def test_lists_come_in_pages():
    async with workspace() as (_, client):
        seen = []
        cursor = ""
        while True:
            page = await client.users_list(limit=3, cursor=cursor)
            seen += [one["id"] for one in page["members"]]
            cursor = page["response_metadata"]["next_cursor"]
            if not cursor:
                break
        assert len(seen) == len(set(seen)) == 8
        assert (await refusal(client.users_list(cursor="nonsense")))["error"] == "invalid_cursor"
        for number in range(5):
            await client.chat_postMessage(channel=GENERAL, text=str(number))
        first = await client.conversations_history(channel=GENERAL, limit=2)
        assert first["has_more"]
        texts = [one["text"] async for page in first for one in page["messages"]]
        assert texts == ["4", "3", "2", "1", "0"]


async def test_groups_have_members_until_they_are_disabled():
    async with workspace() as (playground, client):
        assert (await client.usergroups_users_list(usergroup="S0SRE"))["users"] == ["U0ADA", "U0CY"]
        await playground.change_group(group="sre", members=["ada"])
        groups = await client.usergroups_list(include_users=True)
        assert groups["usergroups"][0]["users"] == ["U0ADA"]
        await playground.change_group(group="sre", disabled=True)
        assert (await client.usergroups_list())["usergroups"] == []
        gone = client.usergroups_users_list(usergroup="S0NONE")
        assert (await refusal(gone))["error"] == "no_such_subteam"


async def test_channels_that_an_app_is_not_in_are_seen_when_they_are_public():
    async with workspace() as (playground, client):
        await playground.leave(person="@myapp", channel="#sre-only")
        names = {
            one["name"]
            for one in (await client.conversations_list(types="public_channel,private_channel"))["channels"]
        }
        assert names == {"general", "deploy-shop", "with-other", "random"}
        assert (await refusal(client.conversations_info(channel=SECRET)))["error"] == "channel_not_found"
        assert (await refusal(client.conversations_history(channel=RANDOM)))["error"] == "not_in_channel"
        joined = await client.conversations_join(channel=RANDOM)
        assert joined["channel"]["is_member"]
        again = await client.conversations_join(channel=RANDOM)
        assert again["warning"] == "already_in_channel"
        shared = await client.conversations_info(channel="C0SHARED", include_num_members=True)
        assert shared["channel"]["is_ext_shared"]
        direct = await client.conversations_open(users="U0ADA")
        posted = await client.chat_postMessage(channel="U0ADA", text="hello")
        assert posted["channel"] == direct["channel"]["id"]
        members = await client.conversations_members(channel=posted["channel"])
        assert sorted(members["members"]) == ["U0ADA", playground.app.bot_user]


# Views


def clicked(playground: Playground) -> str:
    """Return a trigger that somebody's click has made."""
    return playground.stage.passes.new_trigger(playground.app, "U0ADA")


async def test_a_trigger_opens_one_view_within_three_seconds():
    async with workspace() as (playground, client):
        trigger = clicked(playground)
        await client.views_open(trigger_id=trigger, view=modal("form"))
        again = client.views_open(trigger_id=trigger, view=modal("form"))
        assert (await refusal(again))["error"] == "exchanged_trigger_id"
        late = clicked(playground)
        await playground.advance(seconds=3.1)
        assert (await refusal(client.views_open(trigger_id=late, view=modal("x"))))[
            "error"
        ] == "expired_trigger_id"
        await playground.switch(switches={"trigger_error": "invalid_arguments"})
        answer = await refusal(client.views_open(trigger_id=late, view=modal("x")))
        assert "`trigger_id` expired" in answer["response_metadata"]["messages"][0]
        nonsense = client.views_open(trigger_id="1.2.3", view=modal("x"))
        assert (await refusal(nonsense))["error"] == "invalid_trigger_id"


async def test_an_old_hash_changes_nothing():
    async with workspace() as (playground, client):
        opened = await client.views_open(trigger_id=clicked(playground), view=modal("form"))
        view = opened["view"]
        await client.views_update(view_id=view["id"], hash=view["hash"], view=modal("second"))
        late = client.views_update(view_id=view["id"], hash=view["hash"], view=modal("third"))
        assert (await refusal(late))["error"] == "hash_conflict"
        assert (await playground.views(person="ada"))["views"][0]["callback_id"] == "second"
        gone = client.views_update(view_id="V0NONE", view=modal("x"))
        assert (await refusal(gone))["error"] == "not_found"


async def test_views_stack_three_deep():
    async with workspace() as (playground, client):
        await client.views_open(trigger_id=clicked(playground), view=modal("one"))
        await client.views_push(trigger_id=clicked(playground), view=modal("two"))
        pushed = await client.views_push(trigger_id=clicked(playground), view=modal("three"))
        assert pushed["view"]["root_view_id"] != pushed["view"]["id"]
        fourth = client.views_push(trigger_id=clicked(playground), view=modal("four"))
        assert (await refusal(fourth))["error"] == "push_limit_reached"


async def test_a_view_that_cannot_be_is_explained():
    async with workspace() as (playground, client):
        trigger = clicked(playground)
        wrong = modal("x", title={"type": "plain_text", "text": "x" * 25})
        answer = await refusal(client.views_open(trigger_id=trigger, view=wrong))
        assert answer["error"] == "invalid_arguments"
        assert answer["response_metadata"]["messages"] == [
            "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
        ]
        await client.views_open(trigger_id=trigger, view=modal("form", external_id="mine"))
        twice = client.views_push(trigger_id=clicked(playground), view=modal("y", external_id="mine"))
        assert (await refusal(twice))["error"] == "duplicate_external_id"
        section = {"type": "section", "text": {"type": "mrkdwn", "text": "あ" * 3000}}
        large = modal("z", blocks=[section] * 28)
        answer = await refusal(client.views_update(external_id="mine", view=large))
        assert answer["error"] == "view_too_large"


async def test_a_home_is_published_for_one_person():
    async with workspace() as (playground, client):
        home = View(type="home", blocks=[SectionBlock(text="Welcome")])
        published = await client.views_publish(user_id="U0ADA", view=home)
        late = client.views_publish(user_id="U0ADA", view=home, hash="old")
        assert (await refusal(late))["error"] == "hash_conflict"
        await client.views_publish(user_id="U0ADA", view=home, hash=published["view"]["hash"])
        assert (await playground.open_home(person="ada"))["view"]["id"] == published["view"]["id"]
        assert (await playground.open_home(person="bob"))["view"] is None


# Rates


async def test_a_rate_is_kept_by_the_official_retry_handler():
    async with workspace() as (playground, client):
        await playground.refuse(method="chat.postMessage", retry_after=1)
        client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
        assert (await client.chat_postMessage(channel=GENERAL, text="at last"))["ok"]
        answers = (await playground.frames(name="chat.postMessage", direction="to app"))["frames"]
        assert [one["note"] for one in answers] == ["ratelimited 1 s", ""]


async def test_updates_have_a_budget():
    async with workspace() as (playground, client):
        ts = (await client.chat_postMessage(channel=GENERAL, text="x"))["ts"]
        for number in range(50):
            await client.chat_update(channel=GENERAL, ts=ts, text=str(number))
        answer = await refusal(client.chat_update(channel=GENERAL, ts=ts, text="too many"))
        assert (answer.status_code, answer["error"]) == (429, "ratelimited")
        assert int(answer.headers["Retry-After"]) >= 1
        await playground.advance(seconds=float(answer.headers["Retry-After"]))
        await client.chat_update(channel=GENERAL, ts=ts, text="again")


# Addresses without a token, and files


async def test_the_official_webhook_client_posts_and_is_told_what_is_wrong():
    async with workspace() as (playground, client):
        url = (await playground.state())["webhooks"][0]["url"]
        hook = AsyncWebhookClient(url)
        answer = await hook.send(text="from a hook")
        assert (answer.status_code, answer.body) == (200, "ok")
        message = (await client.conversations_history(channel=GENERAL))["messages"][0]
        assert (message["subtype"], message["text"]) == ("bot_message", "from a hook")
        assert (await hook.send(text="", blocks=[])).body == "no_text"
        await playground.archive(channel="#general")
        assert (await hook.send(text="x")).body == "channel_is_archived"
        assert (await AsyncWebhookClient(url + "x").send(text="x")).body == "no_service"


async def test_a_file_is_uploaded_in_three_steps():
    async with workspace() as (_, client):
        answer = await client.files_upload_v2(
            channel=GENERAL, filename="log.txt", content="line", title="The log", initial_comment="Here"
        )
        assert answer["files"][0]["title"] == "The log"
        message = (await client.conversations_history(channel=GENERAL))["messages"][0]
        assert (message["text"], message["files"][0]["title"]) == ("Here", "The log")
