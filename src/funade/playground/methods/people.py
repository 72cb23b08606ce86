"""`users.*`, `usergroups.*`, `bots.*`, `team.*`: who is here."""

from funade.playground.errors import Json, SlackError, missing
from funade.playground.methods.call import Call, Method
from funade.playground.nouns import Person
from funade.playground.shapes import bot_profile, channel_json, group_json, team_json, user_json


def info(call: Call) -> Json:
    if not call.text("user"):
        raise missing("user")
    return {"user": _shown(call, call.person(), with_locale=call.flag("include_locale"))}


def list_people(call: Call) -> Json:
    people = [
        _shown(call, one, with_locale=call.flag("include_locale")) for one in call.workspace.people.values()
    ]
    page, more = call.page(people, default=1000)
    return {"members": page, "cache_ts": int(call.workspace.clock.now()), **more}


def look_up_by_email(call: Call) -> Json:
    email = call.required("email").lower()
    for person in call.workspace.people.values():
        # Strangers and people who left are not found by their addresses.
        if person.email.lower() == email and not person.deleted and not person.is_stranger:
            return {"user": _shown(call, person)}
    raise SlackError("users_not_found")


def conversations(call: Call) -> Json:
    kinds = call.names("types") or ["public_channel"]
    user = call.text("user") or call.app.bot_user
    seen = [
        channel_json(call.workspace, channel, user)
        for channel in call.workspace.channels.values()
        if channel.kind in kinds
        and user in channel.members
        and (channel.is_public or call.app.bot_user in channel.members)
    ]
    page, more = call.page(seen)
    return {"channels": page, **more}


def presence(call: Call) -> Json:
    person = call.person()
    return {"presence": "active" if person.active and not person.deleted else "away"}


def list_groups(call: Call) -> Json:
    with_disabled = call.flag("include_disabled")
    shown = [
        group_json(call.workspace, group, with_users=call.flag("include_users"))
        for group in call.workspace.groups.values()
        if with_disabled or not group.disabled_at
    ]
    return {"usergroups": shown}


def group_members(call: Call) -> Json:
    group = call.workspace.groups.get(call.required("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    if group.disabled_at and not call.flag("include_disabled"):
        raise SlackError("subteam_disabled")
    return {"users": list(group.members)}


def bot(call: Call) -> Json:
    wanted = call.text("bot") or call.app.bot_id
    for app in call.workspace.apps.values():
        if app.bot_id == wanted:
            shown = bot_profile(call.workspace, app)
            shown.pop("team_id")
            return {"bot": {**shown, "user_id": app.bot_user}}
    raise SlackError("bot_not_found")


def team(call: Call) -> Json:
    wanted = call.text("team")
    known = (call.workspace.team, call.workspace.other_team)
    found = next((one for one in known if one.id == wanted), None) if wanted else call.workspace.team
    if found is None:
        raise SlackError("team_not_found")
    return {"team": team_json(found)}


def _shown(call: Call, person: Person, *, with_locale: bool = False) -> Json:
    with_email = "users:read.email" in call.app.scopes
    shown = user_json(person, with_email=with_email)
    if with_locale:
        shown["locale"] = "ja-JP" if person.language == "ja" else "en-US"
    return shown


_CHANNELS = ("channels:read", "groups:read", "im:read", "mpim:read")

METHODS = {
    "bots.info": Method(bot, 3, ("users:read",)),
    "team.info": Method(team, 3, ("team:read",)),
    "usergroups.list": Method(list_groups, 2, ("usergroups:read",)),
    "usergroups.users.list": Method(group_members, 2, ("usergroups:read",)),
    "users.conversations": Method(conversations, 3, _CHANNELS),
    "users.getPresence": Method(presence, 3, ("users:read",)),
    "users.info": Method(info, 4, ("users:read",)),
    "users.list": Method(list_people, 2, ("users:read",)),
    "users.lookupByEmail": Method(look_up_by_email, 3, ("users:read.email",)),
}
