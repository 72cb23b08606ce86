"""`conversations.*`: channels, their members and what was said in them."""

import math
from collections.abc import Iterable

from funade.playground.errors import Json, SlackError, missing
from funade.playground.methods.call import Call, Method, missing_scope
from funade.playground.nouns import Channel, Message
from funade.playground.shapes import channel_json, message_json

_PREFIX = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}
LONGEST_NAME = 80


def list_conversations(call: Call) -> Json:
    kinds = call.names("types") or ["public_channel"]
    if unknown := set(kinds) - set(_PREFIX):
        raise SlackError("invalid_types", f"[ERROR] no such type: {sorted(unknown)[0]}")
    for kind in kinds:
        _demand(call, kind, "read")
    seen = [
        channel_json(call.workspace, channel, call.app.bot_user)
        for channel in call.workspace.channels.values()
        if channel.kind in kinds
        and (channel.is_public or call.app.bot_user in channel.members)
        and not (channel.is_archived and call.flag("exclude_archived"))
    ]
    page, more = call.page(seen)
    return {"channels": page, **more}


def info(call: Call) -> Json:
    channel = _channel(call, "read")
    shown = channel_json(call.workspace, channel, call.app.bot_user)
    if call.flag("include_num_members"):
        shown["num_members"] = len(channel.members)
    return {"channel": shown}


def history(call: Call) -> Json:
    channel = _channel(call, "history", member=True)
    found = [
        one for one in channel.messages.values() if not one.is_reply or one.subtype == "thread_broadcast"
    ]
    return _messages(call, _between(call, found), newest_first=True)


def replies(call: Call) -> Json:
    channel = _channel(call, "history", member=True)
    ts = call.required("ts")
    root = channel.messages.get(ts)
    if root is None:
        raise SlackError("thread_not_found")
    if root.is_reply:
        root = channel.messages.get(root.thread_ts, root)
    following = _between(call, channel.replies(root.ts))
    return _messages(call, [root, *following], newest_first=False)


def members(call: Call) -> Json:
    channel = _channel(call, "read")
    page, more = call.page(list(channel.members))
    return {"members": page, **more}


def open_conversation(call: Call) -> Json:
    """Open the direct conversation with one or more people."""
    if call.text("channel"):
        channel = call.channel()
    else:
        users = call.names("users")
        if not users:
            raise SlackError("users_list_not_supplied")
        for user in users:
            person = call.workspace.people.get(user)
            if person is None:
                raise SlackError("user_not_found")
            if person.deleted:
                raise SlackError("user_disabled")
        call.demand_scope("im:write" if len(users) == 1 else "mpim:write")
        channel = call.workspace.direct_channel([*users, call.app.bot_user])
    if call.flag("return_im"):
        return {"channel": channel_json(call.workspace, channel, call.app.bot_user)}
    return {"channel": {"id": channel.id}}


def join(call: Call) -> Json:
    channel = call.channel()
    if not channel.is_public:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    already = not call.stage.board.join(channel, call.bot)
    answer = {"channel": channel_json(call.workspace, channel, call.app.bot_user)}
    if already:
        return {
            **answer,
            "warning": "already_in_channel",
            "response_metadata": {"warnings": ["already_in_channel"]},
        }
    return answer


def leave(call: Call) -> Json:
    channel = call.channel()
    if channel.is_general:
        raise SlackError("cant_leave_general")
    left = call.stage.board.leave(channel, call.bot)
    return {} if left else {"not_in_channel": True}


def create(call: Call) -> Json:
    name = call.required("name")
    if (
        name != name.lower()
        or len(name) > LONGEST_NAME
        or not all(one.isalnum() or one in "-_" for one in name)
    ):
        raise SlackError("invalid_name_specials")
    if any(channel.name == name for channel in call.workspace.channels.values()):
        raise SlackError("name_taken")
    channel = Channel(
        id=call.workspace.new_id("C"),
        name=name,
        creator=call.app.bot_user,
        created=int(call.workspace.clock.now()),
        is_private=call.flag("is_private"),
        members=[call.app.bot_user],
    )
    call.workspace.channels[channel.id] = channel
    call.workspace.journal.tell("workspace", {})
    shown = channel_json(call.workspace, channel, call.app.bot_user)
    event = {"id": channel.id, "name": name, "created": channel.created, "creator": channel.creator}
    call.stage.events.tell("channel_created", {"type": "channel_created", "channel": event}, None)
    return {"channel": shown}


def invite(call: Call) -> Json:
    channel = call.member_channel()
    users = call.names("users")
    if not users:
        raise missing("users")
    people = [call.workspace.people.get(user) for user in users]
    if None in people:
        raise SlackError("user_not_found")
    added = [call.stage.board.join(channel, person) for person in people if person is not None]
    if not any(added):
        raise SlackError("already_in_channel")
    return {"channel": channel_json(call.workspace, channel, call.app.bot_user)}


def set_topic(call: Call) -> Json:
    channel = call.member_channel()
    channel.topic = call.text("topic")
    call.workspace.journal.tell("workspace", {})
    return {"channel": channel_json(call.workspace, channel, call.app.bot_user)}


def _channel(call: Call, verb: str, *, member: bool = False) -> Channel:
    if not call.text("channel"):
        raise missing("channel")
    channel = call.channel()
    _demand(call, channel.kind, verb)
    if member and call.app.bot_user not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _demand(call: Call, kind: str, verb: str) -> None:
    scope = f"{_PREFIX[kind]}:{verb}"
    if scope not in call.app.scopes:
        raise missing_scope(call.app, scope)


def _between(call: Call, messages: Iterable[Message]) -> list[Message]:
    oldest, latest = _moment(call, "oldest"), _moment(call, "latest") or math.inf
    inclusive = call.flag("inclusive")
    found = []
    for message in messages:
        moment = float(message.ts)
        inside = oldest < moment < latest or (inclusive and moment in (oldest, latest))
        if inside and not message.only_for:
            found.append(message)
    return found


def _moment(call: Call, name: str) -> float:
    try:
        found = float(call.text(name) or 0)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        error = f"invalid_ts_{name}"
        raise SlackError(error)
    return found


def _messages(call: Call, found: list[Message], *, newest_first: bool) -> Json:
    with_metadata = call.flag("include_all_metadata")
    ordered = sorted(found, key=lambda one: one.ts, reverse=newest_first)
    page, more = call.page(ordered, default=100, most=999)
    shown = [message_json(call.workspace, one, with_metadata=with_metadata) for one in page]
    has_more = bool(more["response_metadata"]["next_cursor"])
    answer: Json = {"messages": shown, "has_more": has_more}
    if newest_first:
        answer["pin_count"] = 0
    return {**answer, **more} if has_more else answer


_READ = tuple(f"{prefix}:read" for prefix in _PREFIX.values())
_HISTORY = tuple(f"{prefix}:history" for prefix in _PREFIX.values())

METHODS = {
    "conversations.create": Method(create, 2, ("channels:manage", "groups:write")),
    "conversations.history": Method(history, 3, _HISTORY),
    "conversations.info": Method(info, 3, _READ),
    "conversations.invite": Method(invite, 3, ("channels:manage", "groups:write", "channels:write.invites")),
    "conversations.join": Method(join, 3, ("channels:join",)),
    "conversations.leave": Method(leave, 3, ("channels:manage", "channels:join", "groups:write")),
    "conversations.list": Method(list_conversations, 2, _READ),
    "conversations.members": Method(members, 4, _READ),
    "conversations.open": Method(open_conversation, 3, ("im:write", "mpim:write", "channels:manage")),
    "conversations.replies": Method(replies, 3, _HISTORY),
    "conversations.setTopic": Method(set_topic, 2, ("channels:manage", "groups:write")),
}
