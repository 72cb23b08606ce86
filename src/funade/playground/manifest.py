"""Reads what a workspace is to hold: people, channels, groups, and apps by their Slack manifests."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from funade.playground.errors import Json, Misused
from funade.playground.nouns import App, Channel, Command, Person, Shortcut, Team, UserGroup
from funade.playground.switches import Switches

TEAM = Team("T0ACME", "Acme", "acme")
OTHER_TEAM = Team("T0OTHER", "Other Inc", "other")

#: what an app that says nothing of it may do
DEFAULT_MANIFEST: Json = {
    "display_information": {"name": "My App"},
    "features": {
        "bot_user": {"display_name": "myapp"},
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                *("app_mentions:read", "channels:history", "channels:join", "channels:read", "chat:write"),
                *("chat:write.customize", "chat:write.public", "commands", "emoji:read", "files:write"),
                *("groups:history", "groups:read", "im:history", "im:read", "im:write", "incoming-webhook"),
                *("metadata.message:read", "mpim:history", "mpim:read", "mpim:write"),
                *("reactions:read", "reactions:write", "team:read", "usergroups:read", "users:read"),
                *("users:read.email", "channels:manage", "groups:write"),
            ]
        }
    },
    "settings": {
        "event_subscriptions": {
            "bot_events": [
                *("app_home_opened", "app_mention", "channel_archive", "channel_rename"),
                *("member_joined_channel", "member_left_channel", "message.channels", "message.groups"),
                *("message.im", "message.mpim", "reaction_added", "reaction_removed"),
                *("subteam_members_changed", "subteam_updated", "user_change", "channel_created"),
            ]
        },
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}


def default_people() -> list[Person]:
    """Return a small team with everybody that an app should have met once."""
    return [
        Person("U0ADA", "ada", "Ada Ito", TEAM.id, "ada@acme.example", "Engineer", is_admin=True),
        Person("U0BOB", "bob", "Bob Reyes", TEAM.id, "bob@acme.example", "Support"),
        Person("U0CY", "cy", "Cy Novak", TEAM.id, "cy@acme.example", "Site reliability"),
        Person(
            *("U0HANA", "hana", "Hana Sato", TEAM.id, "hana@acme.example", "Designer"),
            language="ja",
            time_zone="Asia/Tokyo",
        ),
        Person(
            *("U0GUS", "gus", "Gus Guest", TEAM.id, "gus@guests.example", "Contractor"), is_restricted=True
        ),
        Person(
            *("U0STRANGE", "sam", "Sam Stranger", OTHER_TEAM.id, "sam@other.example", "Partner"),
            is_stranger=True,
        ),
        Person("U0DEE", "dee", "Dee Gone", TEAM.id, "dee@acme.example", "Left", deleted=True),
    ]


def default_channels() -> list[Channel]:
    """Return channels of every kind; apps are added to all but `random`."""
    everyone = ["U0ADA", "U0BOB", "U0CY", "U0HANA"]
    return [
        Channel("C0GENERAL", "general", "U0ADA", is_general=True, members=[*everyone, "U0GUS"]),
        Channel("C0DEPLOY", "deploy-shop", "U0ADA", members=[*everyone, "U0GUS"], topic="What goes live"),
        Channel("C0SHARED", "with-other", "U0ADA", is_ext_shared=True, members=[*everyone, "U0STRANGE"]),
        Channel("C0SECRET", "sre-only", "U0CY", is_private=True, members=["U0ADA", "U0CY"]),
        Channel("C0RANDOM", "random", "U0ADA", invites_apps=False, members=everyone.copy()),
    ]


def default_groups() -> list[UserGroup]:
    """Return the one group that can be mentioned."""
    return [UserGroup("S0SRE", "sre", "Site reliability", ["U0ADA", "U0CY"])]


@dataclass(slots=True)
class Contents:
    """What a new workspace begins with."""

    team: Team = field(default_factory=lambda: TEAM)
    people: list[Person] = field(default_factory=default_people)
    channels: list[Channel] = field(default_factory=default_channels)
    groups: list[UserGroup] = field(default_factory=default_groups)
    apps: list[App] = field(default_factory=list)
    switches: Switches = field(default_factory=Switches)


def app_of(
    manifest: Mapping[str, Any] | None = None,
    *,
    number: int = 1,
    bot_token: str = "",
    app_token: str = "",
    signing_secret: str = "",
) -> App:
    """Return the app that a Slack manifest describes; what secrets it is not given are made up."""
    said = manifest or DEFAULT_MANIFEST
    features, settings = _part(said, "features"), _part(said, "settings")
    name = str(_part(said, "display_information").get("name") or "My App")
    app_id = f"A0APP{number}"
    interactivity, home = _part(settings, "interactivity"), _part(features, "app_home")
    events = _part(settings, "event_subscriptions")
    return App(
        id=app_id,
        name=name,
        bot_id=f"B0APP{number}",
        bot_user=f"U0APP{number}",
        bot_token=bot_token or f"xoxb-{number}-{secrets.token_hex(12)}",
        app_token=app_token or f"xapp-1-{app_id}-{number}-{secrets.token_hex(16)}",
        signing_secret=signing_secret or secrets.token_hex(16),
        scopes=tuple(_part(_part(said, "oauth_config"), "scopes").get("bot") or ()),
        events=tuple(events.get("bot_events") or ()),
        commands=[
            Command(
                name=one["command"],
                description=one.get("description", ""),
                usage_hint=one.get("usage_hint", ""),
                url=one.get("url", ""),
                escapes=bool(one.get("should_escape")),
            )
            for one in features.get("slash_commands") or ()
        ],
        shortcuts=[
            Shortcut(one["name"], one["type"], one["callback_id"], one.get("description", ""))
            for one in features.get("shortcuts") or ()
        ],
        description=str(_part(said, "display_information").get("description") or ""),
        socket_mode=bool(settings.get("socket_mode_enabled")),
        request_url=str(events.get("request_url") or ""),
        interactivity_url=str(interactivity.get("request_url") or ""),
        options_url=str(interactivity.get("message_menu_options_url") or ""),
        home_tab=bool(home.get("home_tab_enabled")),
        messages_tab=bool(home.get("messages_tab_enabled", True)),
    )


def bot_of(app: App, manifest: Mapping[str, Any] | None, team_id: str) -> Person:
    """Return the app's own user."""
    bot_user = _part(_part(manifest or DEFAULT_MANIFEST, "features"), "bot_user")
    shown = str(bot_user.get("display_name") or app.name)
    handle = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in shown.lower())
    return Person(app.bot_user, handle, shown, team_id, bot_id=app.bot_id, app_id=app.id)


def read_document(path: Path) -> Json:
    """Return the one mapping of a YAML or JSON file, or raise Misused."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        message = f"`{path}` cannot be read: {error}"
        raise Misused(message) from error
    if not isinstance(found, dict):
        message = f"`{path}` is not a mapping, — a Slack app manifest begins with `display_information:`"
        raise Misused(message)
    return found


def read_contents(document: Mapping[str, Any]) -> Contents:
    """Return what a playground file describes, or raise Misused; what it leaves out is the default."""
    contents = Contents()
    if unknown := set(document) - {"team", "people", "channels", "user_groups", "apps", "switches"}:
        message = f"a playground file has no `{sorted(unknown)[0]}`"
        raise Misused(message)
    try:
        if "team" in document:
            contents.team = Team(**document["team"])
        if "people" in document:
            contents.people = [Person(**{"team_id": contents.team.id, **one}) for one in document["people"]]
        if "channels" in document:
            contents.channels = [Channel(**one) for one in document["channels"]]
        if "user_groups" in document:
            contents.groups = [UserGroup(**one) for one in document["user_groups"]]
    except TypeError as error:
        message = f"the playground file has a field that is not known: {error}"
        raise Misused(message) from error
    for name, value in _part(document, "switches").items():
        contents.switches.set(name, value)
    return contents


def app_documents(document: Mapping[str, Any]) -> Sequence[Json]:
    """Return the apps of a playground file: each a `manifest` and maybe secrets."""
    return list(document.get("apps") or ())


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}
