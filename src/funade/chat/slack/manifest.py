"""The app as Slack wants it described: what it may do, what it hears, how it is reached. Pure."""

from typing import Any

DEPLOY_SHORTCUT = "funade_deploy"

#: each with what needs it
SCOPES = {
    "app_mentions:read": "hear `@funade …`",
    "channels:history": "see that a command was edited or deleted, and look for posts in doubt",
    "channels:read": "find channels by their names, and who is in them",
    "chat:write": "answer, and show cards",
    "commands": "the slash command and the shortcuts",
    "groups:history": "the same in private channels",
    "groups:read": "the same for private channels",
    "im:history": "hear direct messages",
    "im:write": "answer where nobody else reads",
    "metadata.message:read": "recognise posts in doubt",
    "usergroups:read": "rights by Slack's user groups",
    "users:read": "know guests, strangers, bots and who has left",
    "users:read.email": "know people by their proven address",
}
EVENTS = (
    "app_home_opened",
    "app_mention",
    "message.channels",
    "message.groups",
    "message.im",
    "subteam_members_changed",
    "subteam_updated",
    "user_change",
)


def manifest(
    *, command: str, request_url: str | None, name: str = "Funade", socket: bool = True
) -> dict[str, Any]:
    """Return the manifest; with `request_url` Slack calls it over HTTPS, with `socket` it listens on sockets too."""

    def at(path: str) -> str | None:
        return None if request_url is None or socket else f"{request_url.rstrip('/')}/slack/{path}"

    slash = {
        "command": command,
        "description": "Deploy, approve, roll back, look; alone it opens the form",
        "usage_hint": "deploy shop to production",
        "should_escape": True,
        "url": at("commands"),
    }
    interactivity = {
        "is_enabled": True,
        "request_url": at("interactions"),
        "message_menu_options_url": at("options"),
    }
    return {
        "display_information": {
            "name": name,
            "description": "Deploys from chat and from git, once and in the open",
            "background_color": "#12355b",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": name.lower(), "always_online": True},
            "shortcuts": [
                {
                    "name": "Deploy",
                    "type": "global",
                    "callback_id": DEPLOY_SHORTCUT,
                    "description": "Choose what goes where",
                },
                {
                    "name": "Deploy from here",
                    "type": "message",
                    "callback_id": f"{DEPLOY_SHORTCUT}_here",
                    "description": "Choose what goes where",
                },
            ],
            "slash_commands": [_without_nothing(slash)],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": _without_nothing(
                {"request_url": at("events"), "bot_events": list(EVENTS)}
            ),
            "interactivity": _without_nothing(interactivity),
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket,
            "token_rotation_enabled": False,
        },
    }


def _without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
