"""The app that every client is tried with."""

from typing import Any

MANIFEST: dict[str, Any] = {
    "display_information": {"name": "Story"},
    "features": {
        "bot_user": {"display_name": "story"},
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "slash_commands": [
            {"command": "/story", "description": "Tell one", "usage_hint": "[words]", "should_escape": True}
        ],
        "shortcuts": [
            {"name": "Begin", "type": "global", "callback_id": "begin", "description": "Begin a story"},
            {"name": "Keep", "type": "message", "callback_id": "keep", "description": "Keep a message"},
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                *("app_mentions:read", "channels:history", "channels:read", "chat:write", "commands"),
                *("groups:history", "im:history", "im:write", "reactions:write", "usergroups:read"),
                *("users:read", "users:read.email"),
            ]
        }
    },
    "settings": {
        "event_subscriptions": {
            "bot_events": ["app_home_opened", "app_mention", "message.channels", "message.im"]
        },
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}


def over_http(address: str) -> dict[str, Any]:
    """Return the same app with addresses instead of sockets."""
    command = {**MANIFEST["features"]["slash_commands"][0], "url": address}
    return {
        **MANIFEST,
        "features": {**MANIFEST["features"], "slash_commands": [command]},
        "settings": {
            "event_subscriptions": {
                "request_url": address,
                "bot_events": MANIFEST["settings"]["event_subscriptions"]["bot_events"],
            },
            "interactivity": {
                "is_enabled": True,
                "request_url": address,
                "message_menu_options_url": address,
            },
            "socket_mode_enabled": False,
        },
    }
