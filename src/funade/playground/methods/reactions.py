"""`reactions.*` and `emoji.*`."""

import re

from funade.playground.errors import Json, SlackError
from funade.playground.methods.call import Call, Method
from funade.playground.nouns import Channel, Message
from funade.playground.shapes import message_json


def add(call: Call) -> Json:
    _, message, name = _target(call)
    if not call.stage.board.react(message, name, call.app.bot_user, add=True):
        raise SlackError("already_reacted")
    return {}


def remove(call: Call) -> Json:
    _, message, name = _target(call)
    if not call.stage.board.react(message, name, call.app.bot_user, add=False):
        raise SlackError("no_reaction")
    return {}


def get(call: Call) -> Json:
    channel = call.channel()
    message = call.message(channel, "timestamp")
    return {"type": "message", "channel": channel.id, "message": message_json(call.workspace, message)}


def emoji(call: Call) -> Json:
    del call
    return {"emoji": {}, "cache_ts": "1700000000.000000"}


def _target(call: Call) -> tuple[Channel, Message, str]:
    name = call.text("name").strip(":")
    if not name:
        raise SlackError("invalid_name")
    if not re.fullmatch(r"[\w+'-]+(::skin-tone-[2-6])?", name):
        raise SlackError("invalid_name")
    if not call.text("timestamp"):
        raise SlackError("no_item_specified")
    channel = call.channel()
    if call.app.bot_user not in channel.members:
        raise SlackError("not_in_channel")
    return channel, call.message(channel, "timestamp"), name


METHODS = {
    "emoji.list": Method(emoji, 2, ("emoji:read",)),
    "reactions.add": Method(add, 3, ("reactions:write",)),
    "reactions.get": Method(get, 3, ("reactions:read",)),
    "reactions.remove": Method(remove, 2, ("reactions:write",)),
}
