"""How things look on Slack's wire."""

from funade.playground.errors import Json
from funade.playground.nouns import App, Channel, Message, Person, Team, UserGroup, View, merged
from funade.playground.workspace import Workspace

#: what an app without a picture has
ICON = "https://a.slack-edge.com/80588/img/plugins/app/bot_{size}.png"


def user_json(person: Person, *, with_email: bool = True) -> Json:
    """Return a user object."""
    first, _, last = person.real_name.partition(" ")
    profile = {
        "title": person.title,
        "phone": "",
        "real_name": person.real_name,
        "real_name_normalized": person.real_name,
        "display_name": person.name,
        "display_name_normalized": person.name,
        "first_name": first,
        "last_name": last,
        "status_text": "",
        "status_emoji": "",
        "avatar_hash": f"g{person.id.lower()}",
        "image_72": ICON.format(size=72),
        "team": person.team_id,
    }
    if person.email and with_email:
        profile["email"] = person.email
    if person.is_bot:
        profile |= {"api_app_id": person.app_id, "bot_id": person.bot_id}
    user: Json = {
        "id": person.id,
        "team_id": person.team_id,
        "name": person.name,
        "deleted": person.deleted,
        "color": "9f69e7",
        "real_name": person.real_name,
        "tz": person.time_zone,
        "tz_label": person.time_zone,
        "tz_offset": 0,
        "profile": profile,
        "is_admin": person.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.is_restricted,
        "is_ultra_restricted": person.is_ultra_restricted,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": person.updated,
        "is_email_confirmed": bool(person.email),
        "who_can_share_contact_card": "EVERYONE",
    }
    if person.is_stranger:
        user["is_stranger"] = True
    if person.deleted:
        for gone in ("color", "real_name", "tz", "tz_label", "tz_offset", "is_admin", "is_owner"):
            user.pop(gone, None)
    return user


def channel_json(workspace: Workspace, channel: Channel, viewer: str) -> Json:
    """Return a conversation object as that bot or person sees it."""
    common: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.is_archived,
        "is_im": channel.is_im,
        "is_org_shared": False,
        "context_team_id": workspace.team.id,
        "updated": channel.created * 1000,
    }
    if channel.is_im:
        other = next((one for one in channel.members if one != viewer), viewer)
        return {**common, "user": other, "is_user_deleted": workspace.people[other].deleted, "priority": 0}
    return {
        **common,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.is_public or not channel.is_mpim,
        "is_group": False,
        "is_mpim": channel.is_mpim,
        "is_private": channel.is_private,
        "is_general": channel.is_general,
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "parent_conversation": None,
        "unlinked": 0,
        "creator": channel.creator,
        "is_member": viewer in channel.members,
        "shared_team_ids": [workspace.team.id, *([workspace.other_team.id] if channel.is_ext_shared else [])],
        "topic": {"value": channel.topic, "creator": channel.creator, "last_set": channel.created},
        "purpose": {"value": channel.purpose, "creator": channel.creator, "last_set": channel.created},
        "previous_names": [],
    }


def bot_profile(workspace: Workspace, app: App) -> Json:
    """Return what a bot's messages say of it."""
    return {
        "id": app.bot_id,
        "app_id": app.id,
        "name": app.name,
        "icons": {f"image_{size}": ICON.format(size=size) for size in (36, 48, 72)},
        "deleted": False,
        "updated": 1_700_000_000,
        "team_id": workspace.team.id,
    }


def message_json(workspace: Workspace, message: Message, *, with_metadata: bool = True) -> Json:
    """Return a message as history and events have it."""
    channel = workspace.channels[message.channel]
    app = workspace.apps.get(message.app_id)
    shown = merged(
        {"subtype": message.subtype, "user": message.user},
        {"type": "message", "ts": message.ts, "client_msg_id": message.client_msg_id},
    )
    shown["text"] = message.text
    shown["team"] = message.team or workspace.team.id
    if message.bot_id:
        shown["bot_id"] = message.bot_id
    if app and message.bot_id and message.subtype != "bot_message":
        shown |= {"app_id": app.id, "bot_profile": bot_profile(workspace, app)}
    shown |= merged({"username": message.username})
    for name in ("icons", "blocks", "attachments", "edited"):
        if value := getattr(message, name):
            shown[name] = value
    if message.metadata and with_metadata:
        shown["metadata"] = message.metadata
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    if message.is_reply:
        root = channel.messages.get(message.thread_ts)
        if root is not None:
            shown["parent_user_id"] = root.user
    elif replies := channel.replies(message.ts):
        users = list(dict.fromkeys(one.user or one.bot_id for one in replies))
        shown |= {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users_count": len(users),
            "latest_reply": replies[-1].ts,
            "reply_users": users,
            "is_locked": False,
            "subscribed": False,
        }
    if message.reactions:
        shown["reactions"] = [
            {"name": name, "users": list(users), "count": len(users)}
            for name, users in message.reactions.items()
        ]
    return {**shown, **message.extra}


def group_json(workspace: Workspace, group: UserGroup, *, with_users: bool = False) -> Json:
    """Return a user group object."""
    shown: Json = {
        "id": group.id,
        "team_id": workspace.team.id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": group.updated,
        "date_update": group.updated,
        "date_delete": group.disabled_at,
        "auto_type": None,
        "auto_provision": False,
        "enterprise_subteam_id": "",
        "created_by": "U0ADA",
        "updated_by": "U0ADA",
        "deleted_by": None,
        "prefs": {"channels": [], "groups": []},
        "user_count": len(group.members),
    }
    if with_users:
        shown["users"] = list(group.members)
    return shown


def team_json(team: Team) -> Json:
    """Return a team object."""
    return {
        "id": team.id,
        "name": team.name,
        "url": f"https://{team.domain}.slack.com/",
        "domain": team.domain,
        "email_domain": "",
        "icon": {"image_34": ICON.format(size=36), "image_default": True},
        "avatar_base_url": "https://ca.slack-edge.com/",
        "is_verified": False,
    }


def view_json(workspace: Workspace, view: View) -> Json:
    """Return a view with everything that Slack adds to what the app sent."""
    sent = view.payload
    shown: Json = {
        "id": view.id,
        "team_id": view.team_id,
        "type": sent["type"],
        "blocks": sent.get("blocks", []),
        "private_metadata": sent.get("private_metadata", ""),
        "callback_id": sent.get("callback_id", ""),
        "state": {"values": view.state},
        "hash": view.hash,
        "title": sent.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
        "clear_on_close": bool(sent.get("clear_on_close", False)),
        "notify_on_close": bool(sent.get("notify_on_close", False)),
        "close": sent.get("close"),
        "submit": sent.get("submit"),
        "previous_view_id": view.previous_view_id or None,
        "root_view_id": view.root_view_id,
        "app_id": view.app_id,
        "external_id": sent.get("external_id", ""),
        "app_installed_team_id": workspace.team.id,
        "bot_id": view.bot_id,
    }
    if not view.is_home:
        shown["submit_disabled"] = bool(sent.get("submit_disabled", False))
    return shown


def permalink(workspace: Workspace, channel: Channel, message: Message) -> str:
    """Return a message's address in Slack's client."""
    link = f"https://{workspace.team.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    return f"{link}?thread_ts={message.thread_ts}&cid={channel.id}" if message.is_reply else link
