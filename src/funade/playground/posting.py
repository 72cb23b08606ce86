"""What happens to messages, whoever does it: posted, changed, deleted, reacted to."""

from dataclasses import dataclass

from funade.playground.errors import Json
from funade.playground.events import Events
from funade.playground.nouns import App, Channel, Message, Person
from funade.playground.shapes import message_json
from funade.playground.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Board:
    """Where messages stand; tells apps and the page of every change."""

    workspace: Workspace
    events: Events

    def post(self, message: Message) -> Message:
        """Put a message into its channel."""
        channel = self.workspace.channels[message.channel]
        channel.messages[message.ts] = message
        if message.user:
            channel.read[message.user] = message.ts
        self._show(message)
        self.events.posted(channel, message)
        return message

    def edit(self, message: Message, *, by: str, edited: bool = True, **changes: object) -> None:
        """Change a message; apps hear what it was and what it is."""
        channel = self.workspace.channels[message.channel]
        before = message_json(self.workspace, message, with_metadata=False)
        for name, value in changes.items():
            setattr(message, name, value)
        if edited:
            message.edited = {"user": by, "ts": self.workspace.new_ts()}
        self._show(message)
        self.events.changed(channel, before, message)

    def delete(self, message: Message) -> None:
        """Take a message away; the root of a thread leaves a tombstone, as long as there are replies."""
        channel = self.workspace.channels[message.channel]
        before = message_json(self.workspace, message, with_metadata=False)
        if channel.replies(message.ts) and not message.is_reply:
            self._bury(message)
            self._show(message)
        else:
            del channel.messages[message.ts]
            self.workspace.journal.tell("deleted", {"channel": channel.id, "ts": message.ts})
        if not message.only_for:
            self.events.deleted(channel, before)

    def react(self, message: Message, name: str, user: str, *, add: bool) -> bool:
        """Add or remove a reaction; return whether that changed anything."""
        users = message.reactions.setdefault(name, [])
        if add == (user in users):
            if not users:
                del message.reactions[name]
            return False
        if add:
            users.append(user)
        else:
            users.remove(user)
        if not users:
            del message.reactions[name]
        self._show(message)
        self.events.reacted(self.workspace.channels[message.channel], message, name, user, added=add)
        return True

    def join(self, channel: Channel, person: Person) -> bool:
        """Make somebody a member; return whether that changed anything."""
        if person.id in channel.members:
            return False
        channel.members.append(person.id)
        self._changed_members(channel, person, added=True)
        return True

    def leave(self, channel: Channel, person: Person) -> bool:
        """Take somebody out; return whether that changed anything."""
        if person.id not in channel.members:
            return False
        # The app that leaves hears of it too.
        self.events.joined(channel, person, added=False)
        channel.members.remove(person.id)
        self.workspace.journal.tell("workspace", {})
        return True

    def _changed_members(self, channel: Channel, person: Person, *, added: bool) -> None:
        self.workspace.journal.tell("workspace", {})
        self.events.joined(channel, person, added=added)

    def _bury(self, message: Message) -> None:
        message.subtype, message.text = "tombstone", "This message was deleted."
        message.user, message.bot_id, message.app_id = "USLACKBOT", "", ""
        message.blocks, message.attachments, message.metadata, message.reactions = [], [], {}, {}

    def _show(self, message: Message) -> None:
        self.workspace.journal.tell("message", self.page_json(message))

    def page_json(self, message: Message) -> Json:
        """Return a message as the page needs it."""
        return {
            **message_json(self.workspace, message),
            "channel": message.channel,
            "only_for": message.only_for,
            "shown": message.shown,
        }


def bot_message(  # noqa: PLR0913 - a message has so many parts
    workspace: Workspace,
    app: App,
    channel: Channel,
    *,
    text: str,
    blocks: list[Json],
    attachments: list[Json],
) -> Message:
    """Return a new message of an app, not posted yet."""
    return Message(
        channel=channel.id,
        ts=workspace.new_ts(),
        user=app.bot_user,
        text=text,
        blocks=with_block_ids(workspace, blocks),
        attachments=[
            {"id": number, "fallback": "[no preview available]", **one}
            for number, one in enumerate(attachments, start=1)
        ],
        bot_id=app.bot_id,
        app_id=app.id,
    )


def with_block_ids(workspace: Workspace, blocks: list[Json]) -> list[Json]:
    """Return the blocks, each with a `block_id` and each of its elements with an `action_id`."""
    made: list[Json] = []
    for block in blocks:
        one = {"block_id": _short(workspace), **block}
        if isinstance(one.get("accessory"), dict):
            one["accessory"] = _with_action_id(workspace, one["accessory"])
        if one["type"] == "actions":
            one["elements"] = [_with_action_id(workspace, element) for element in one["elements"]]
        if one["type"] == "input":
            one["element"] = _with_action_id(workspace, one["element"])
        made.append(one)
    return made


def _with_action_id(workspace: Workspace, element: Json) -> Json:
    return element if element["type"] == "image" else {"action_id": _short(workspace), **element}


def _short(workspace: Workspace) -> str:
    return workspace.new_id("", 5)
