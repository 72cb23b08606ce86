"""Which app hears of what, and in which words."""

from collections.abc import Callable

from funade.playground.errors import Json
from funade.playground.nouns import App, Channel, Message, Person
from funade.playground.shapes import message_json, user_json
from funade.playground.workspace import Workspace

#: the scope that an app must have besides its subscription; the others need none that matters here
SCOPES = {
    "app_mention": "app_mentions:read",
    "channel_archive": "channels:read",
    "channel_created": "channels:read",
    "channel_rename": "channels:read",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "subteam_members_changed": "usergroups:read",
    "subteam_updated": "usergroups:read",
    "team_join": "users:read",
    "user_change": "users:read",
}


class Events:
    """Turns what happens into events for the apps that may hear of it."""

    def __init__(self, workspace: Workspace, deliver: Callable[[App, Json], None]) -> None:
        self._workspace = workspace
        self._deliver = deliver

    def posted(self, channel: Channel, message: Message) -> None:
        """Tell of a new message, and of a mention in it besides."""
        if message.only_for:
            return
        told = {
            **message_json(self._workspace, message, with_metadata=False),
            **self._place(channel, message.ts),
        }
        for app in self._workspace.apps.values():
            twins = [("message." + _plural(channel), told)]
            if self._mentions(app, channel, message):
                kept = (
                    "user",
                    "ts",
                    "client_msg_id",
                    "text",
                    "team",
                    "blocks",
                    "thread_ts",
                    "parent_user_id",
                    "bot_id",
                )
                mention = {name: told[name] for name in kept if name in told}
                twins.append(
                    (
                        "app_mention",
                        {"type": "app_mention", **mention, "channel": channel.id, "event_ts": message.ts},
                    )
                )
            order = self._workspace.switches.twins
            if order == "mention_first" or (order == "random" and self._workspace.random.random() < 0.5):
                twins.reverse()
            for name, event in twins:
                self._tell(app, name, event, channel)

    def changed(self, channel: Channel, before: Json, message: Message) -> None:
        """Tell of a message that is other than it was."""
        ts = self._workspace.new_ts()
        event = {
            "type": "message",
            "subtype": "message_changed",
            "hidden": True,
            "message": message_json(self._workspace, message, with_metadata=False),
            "previous_message": before,
            **self._place(channel, ts),
            "ts": ts,
        }
        self.tell("message." + _plural(channel), event, channel)

    def deleted(self, channel: Channel, before: Json) -> None:
        """Tell of a message that is gone."""
        ts = self._workspace.new_ts()
        event = {
            "type": "message",
            "subtype": "message_deleted",
            "hidden": True,
            "deleted_ts": before["ts"],
            "previous_message": before,
            **self._place(channel, ts),
            "ts": ts,
        }
        self.tell("message." + _plural(channel), event, channel)

    def reacted(self, channel: Channel, message: Message, name: str, user: str, *, added: bool) -> None:
        what = "reaction_added" if added else "reaction_removed"
        event = {
            "type": what,
            "user": user,
            "reaction": name,
            "item": {"type": "message", "channel": channel.id, "ts": message.ts},
            "item_user": message.user,
            "event_ts": self._workspace.new_ts(),
        }
        self.tell(what, event, channel)

    def joined(self, channel: Channel, person: Person, *, added: bool) -> None:
        what = "member_joined_channel" if added else "member_left_channel"
        event = {
            "type": what,
            "user": person.id,
            "channel": channel.id,
            "channel_type": "G" if channel.is_private else "C",
            "team": self._workspace.team.id,
            "event_ts": self._workspace.new_ts(),
        }
        self.tell(what, event, channel)

    def home_opened(self, app: App, person: Person, tab: str, view: Json | None) -> None:
        channel = self._workspace.direct_channel([person.id, app.bot_user])
        event: Json = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": channel.id,
            "tab": tab,
            "event_ts": self._workspace.new_ts(),
        }
        if view is not None:
            event["view"] = view
        self._tell(app, "app_home_opened", event, None)

    def person_changed(self, person: Person) -> None:
        event = {
            "type": "user_change",
            "user": user_json(person),
            "cache_ts": int(self._workspace.clock.now()),
            "event_ts": self._workspace.new_ts(),
        }
        self.tell("user_change", event, None)

    def tell(self, name: str, event: Json, channel: Channel | None) -> None:
        """Tell every app that subscribes to `name`, has its scope and is in the channel."""
        for app in self._workspace.apps.values():
            self._tell(app, name, event, channel)

    def _tell(self, app: App, name: str, event: Json, channel: Channel | None) -> None:
        if name not in app.events or not app.is_enabled:
            return
        if SCOPES.get(name, "") not in ("", *app.scopes):
            return
        if channel is not None and app.bot_user not in channel.members:
            return
        self._deliver(app, self._outer(app, event, channel))

    def _outer(self, app: App, event: Json, channel: Channel | None) -> Json:
        team = self._workspace.team.id
        return {
            "token": "deprecated",
            "team_id": team,
            "context_team_id": team,
            "context_enterprise_id": None,
            "api_app_id": app.id,
            "event": event,
            "type": "event_callback",
            "event_id": self._workspace.new_id("Ev"),
            "event_time": int(self._workspace.clock.now()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": team,
                    "user_id": app.bot_user,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": bool(channel and channel.is_ext_shared),
            "event_context": f"4-{self._workspace.new_id('', 40)}",
        }

    def _place(self, channel: Channel, ts: str) -> Json:
        return {"channel": channel.id, "event_ts": ts, "channel_type": channel.event_kind}

    def _mentions(self, app: App, channel: Channel, message: Message) -> bool:
        if channel.is_im or message.user == app.bot_user or message.bot_id == app.bot_id:
            return False
        if message.is_reply and not self._workspace.switches.mentions_in_threads:
            return False
        return f"<@{app.bot_user}>" in message.text or f"<@{app.bot_user}|" in message.text


def _plural(channel: Channel) -> str:
    return {"channel": "channels", "group": "groups"}.get(channel.event_kind, channel.event_kind)
