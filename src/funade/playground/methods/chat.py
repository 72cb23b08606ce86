"""`chat.*`: what apps say."""

from typing import Any

from funade.playground.blocks import validate
from funade.playground.errors import Json, SlackError
from funade.playground.methods.call import Call, Method
from funade.playground.nouns import Channel, Message
from funade.playground.posted import stored_text, text_of_blocks
from funade.playground.posting import bot_message, with_block_ids
from funade.playground.shapes import message_json, permalink

MOST_ATTACHMENTS = 100
LONGEST_UPDATE = 4000
LONGEST_MARKDOWN = 12_000


def post_message(call: Call) -> Json:
    """Post into a channel, a thread, or a person's direct conversation."""
    channel = _where(call)
    text, blocks, attachments = _content(call)
    shown = call.stage.limits.post(call.app.id, channel.id)
    message = bot_message(
        call.workspace, call.app, channel, text=text, blocks=blocks, attachments=attachments
    )
    message.shown = shown
    message.metadata = _metadata(call)
    _thread(call, channel, message)
    if name := call.text("username"):
        call.demand_scope("chat:write.customize")
        message.subtype, message.username, message.user = "bot_message", name, ""
        icon = {"emoji": call.text("icon_emoji"), "image_48": call.text("icon_url")}
        message.icons = {kind: value for kind, value in icon.items() if value}
    call.stage.board.post(message)
    switches = call.workspace.switches
    if switches.post_errors > 0:
        # "Some aspect of the operation may have succeeded": all of it has.
        switches.post_errors -= 1
        raise SlackError("fatal_error")
    return {"channel": channel.id, "ts": message.ts, "message": message_json(call.workspace, message)}


def update(call: Call) -> Json:
    """Change a message of the app's own; text without blocks takes the blocks away."""
    channel = call.channel()
    message = call.message(channel)
    if message.app_id != call.app.id or message.subtype == "bot_message":
        raise SlackError("cant_update_message")
    text, blocks, attachments = _content(call, is_update=True)
    changes: Json = {"text": text, "blocks": with_block_ids(call.workspace, blocks)}
    if "attachments" in call.arguments:
        changes["attachments"] = attachments
    if "metadata" in call.arguments:
        changes["metadata"] = _metadata(call)
    call.stage.board.edit(message, by=call.app.bot_user, edited=not blocks, **changes)
    return {
        "channel": channel.id,
        "ts": message.ts,
        "text": message.text,
        "message": _without_place(message_json(call.workspace, message)),
    }


def delete(call: Call) -> Json:
    channel = call.channel()
    message = call.message(channel)
    if message.app_id != call.app.id:
        raise SlackError("cant_delete_message")
    call.stage.board.delete(message)
    return {"channel": channel.id, "ts": message.ts}


def post_ephemeral(call: Call) -> Json:
    """Show something to one person; it is never certain that they see it."""
    channel = _where(call)
    person = call.workspace.people.get(call.text("user"))
    if person is None or person.id not in channel.members:
        raise SlackError("user_not_in_channel")
    text, blocks, attachments = _content(call)
    message = bot_message(
        call.workspace, call.app, channel, text=text, blocks=blocks, attachments=attachments
    )
    message.only_for = person.id
    message.thread_ts = call.text("thread_ts")
    if person.active and not call.workspace.switches.loses_ephemerals:
        call.stage.board.post(message)
    return {"message_ts": message.ts}


def get_permalink(call: Call) -> Json:
    channel = call.channel()
    message = call.message(channel, "message_ts")
    return {"channel": channel.id, "permalink": permalink(call.workspace, channel, message)}


def _without_place(message: Json) -> Json:
    """Return what `chat.update` shows of a message: neither its time nor its thread nor what others did to it."""
    gone = ("ts", "thread_ts", "parent_user_id", "latest_reply", "is_locked", "subscribed", "reactions")
    return {
        name: value for name, value in message.items() if name not in gone and not name.startswith("reply_")
    }


def _where(call: Call) -> Channel:
    reference = call.text("channel")
    workspace = call.workspace
    person = workspace.people.get(reference)
    if person is not None:
        if person.deleted:
            raise SlackError("user_not_found" if person.is_stranger else "channel_not_found")
        return workspace.direct_channel([person.id, call.app.bot_user])
    channel = workspace.find_channel(reference) if reference else None
    if channel is None or (not channel.is_public and call.app.bot_user not in channel.members):
        raise SlackError("channel_not_found")
    if channel.is_archived:
        raise SlackError("is_archived")
    if call.app.bot_user not in channel.members and "chat:write.public" not in call.app.scopes:
        raise SlackError("not_in_channel")
    return channel


def _content(call: Call, *, is_update: bool = False) -> tuple[str, list[Json], list[Json]]:
    text = call.text("text")
    markdown = call.text("markdown_text")
    blocks = call.thing("blocks", list, "invalid_blocks_format") or []
    attachments = call.thing("attachments", list, "invalid_attachments") or []
    if markdown:
        if blocks or text:
            raise SlackError("markdown_text_conflict")
        if len(markdown) > LONGEST_MARKDOWN:
            raise SlackError("msg_too_long")
        blocks = [{"type": "markdown", "text": markdown}]
        text = markdown
    if not (text or blocks or attachments):
        raise SlackError("no_text")
    if is_update and len(text) > LONGEST_UPDATE:
        raise SlackError("msg_too_long")
    if len(attachments) > MOST_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    _check_blocks(call, blocks)
    for attachment in attachments:
        if not isinstance(attachment, dict):
            raise SlackError("invalid_attachments")
        _check_blocks(call, attachment.get("blocks") or [])
    return stored_text(text) if text else text_of_blocks(blocks), blocks, attachments


def _check_blocks(call: Call, blocks: Any) -> None:
    if found := validate.message_problems(blocks, utf16=call.workspace.switches.utf16_limits):
        raise SlackError("invalid_blocks", *found, errors=[one.removeprefix("[ERROR] ") for one in found])


def _metadata(call: Call) -> Json:
    found: Json | None = call.thing("metadata", dict, "invalid_metadata_format")
    if found is None:
        return {}
    if set(found) - {"event_type", "event_payload", "entities"} or not isinstance(
        found.get("event_type"), str
    ):
        raise SlackError("invalid_metadata_schema")
    if not isinstance(found.get("event_payload", {}), dict):
        raise SlackError("invalid_metadata_schema")
    return {"event_type": found["event_type"], "event_payload": found.get("event_payload", {})}


def _thread(call: Call, channel: Channel, message: Message) -> None:
    thread = call.text("thread_ts")
    if not thread:
        return
    root = channel.messages.get(thread)
    if root is not None and root.is_reply:
        thread = root.thread_ts
    message.thread_ts = thread
    if call.flag("reply_broadcast"):
        message.subtype = "thread_broadcast"


METHODS = {
    "chat.delete": Method(delete, 3, ("chat:write",)),
    "chat.getPermalink": Method(get_permalink, 5),
    "chat.postEphemeral": Method(post_ephemeral, 4, ("chat:write",)),
    "chat.postMessage": Method(post_message, 5, ("chat:write",)),
    "chat.update": Method(update, 3, ("chat:write",)),
}
