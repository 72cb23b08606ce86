"""What `/_control` can do: one function each; its parameters are the fields of the JSON object."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

from funade.playground.acts import clicking, speaking
from funade.playground.errors import Json, Misused
from funade.playground.limits import TIERS
from funade.playground.methods import METHODS
from funade.playground.nouns import App, Channel, Message, Person
from funade.playground.picture import picture, picture_of_app, picture_of_channel
from funade.playground.shapes import view_json
from funade.playground.signing import FAULTS
from funade.playground.stage import Stage

# As somebody


async def say(
    stage: Stage, person: str, text: str, channel: str = "", thread_ts: str = "", broadcast: bool = False
) -> Json:
    """Write a message, or a slash command where the text is one; `channel` is an id, `#name` or `@somebody`."""
    who = stage.workspace.person(person)
    place = speaking.where(stage, who, channel or "#general")
    name, _, rest = text.partition(" ")
    if re.fullmatch(r"/[\w-]+", name) and not thread_ts:
        return await speaking.command(stage, who, place, name, rest)
    message = speaking.say(stage, who, place, text, thread_ts=thread_ts, broadcast=broadcast)
    return {"channel": place.id, "ts": message.ts, "message": stage.board.page_json(message)}


async def command(stage: Stage, person: str, command: str, text: str = "", channel: str = "") -> Json:
    """Run a slash command; `ok` is false when the person saw an error."""
    who = stage.workspace.person(person)
    return await speaking.command(
        stage, who, speaking.where(stage, who, channel or "#general"), command, text
    )


def edit(stage: Stage, person: str, channel: str, ts: str, text: str) -> Json:
    """Change one's own message."""
    who = stage.workspace.person(person)
    message = speaking.edit(stage, who, speaking.where(stage, who, channel), ts, text)
    return {"message": stage.board.page_json(message)}


def delete(stage: Stage, person: str, channel: str, ts: str) -> Json:
    """Delete one's own message; an admin deletes anybody's."""
    who = stage.workspace.person(person)
    speaking.delete(stage, who, speaking.where(stage, who, channel), ts)
    return {}


def react(stage: Stage, person: str, channel: str, ts: str, name: str, add: bool = True) -> Json:
    """Add or remove a reaction."""
    who = stage.workspace.person(person)
    return {"changed": speaking.react(stage, who, speaking.where(stage, who, channel), ts, name, add=add)}


async def click(
    stage: Stage,
    person: str,
    action_id: str,
    channel: str = "",
    ts: str = "",
    view_id: str = "",
    block_id: str = "",
    value: Any = None,
) -> Json:
    """Click a button or choose from a menu, under a message (`channel`, `ts`) or in a view (`view_id`)."""
    who = stage.workspace.person(person)
    if view_id:
        view = stage.workspace.view(view_id)
        return await clicking.click_view(stage, who, view, action_id, block_id=block_id, value=value)
    place = speaking.where(stage, who, channel)
    return await clicking.click_message(stage, who, place, ts, action_id, block_id=block_id, value=value)


async def suggest(
    stage: Stage,
    person: str,
    action_id: str,
    value: str = "",
    channel: str = "",
    ts: str = "",
    view_id: str = "",
    block_id: str = "",
) -> Json:
    """Type into an external select; return the options that the app suggests."""
    who = stage.workspace.person(person)
    return await clicking.suggest(
        stage,
        who,
        action_id,
        value,
        view=stage.workspace.view(view_id) if view_id else None,
        channel=speaking.where(stage, who, channel) if channel else None,
        ts=ts,
        block_id=block_id,
    )


def fill(stage: Stage, view_id: str, values: Mapping[str, Any]) -> Json:
    """Enter values into a modal without sending it, by block and action or by action alone."""
    clicking.fill(stage.workspace.view(view_id), dict(values))
    return {}


async def submit(stage: Stage, person: str, view_id: str, values: Mapping[str, Any] | None = None) -> Json:
    """Send a modal; `errors` by block when it may not be sent or the app refuses it."""
    who = stage.workspace.person(person)
    return await clicking.submit(stage, who, stage.workspace.view(view_id), dict(values or {}))


async def close(stage: Stage, person: str, view_id: str, everything: bool = False) -> Json:
    """Cancel a modal, or close the whole stack."""
    who = stage.workspace.person(person)
    return await clicking.close(stage, who, stage.workspace.view(view_id), everything=everything)


async def shortcut(
    stage: Stage, person: str, callback_id: str, app: str = "", channel: str = "", ts: str = ""
) -> Json:
    """Choose a global shortcut, or one of a message (`channel`, `ts`)."""
    who, owner = stage.workspace.person(person), stage.workspace.app(app)
    if not ts:
        return await clicking.shortcut(stage, who, owner, callback_id)
    place = speaking.where(stage, who, channel)
    return await clicking.message_shortcut(stage, who, owner, callback_id, channel=place, ts=ts)


def open_home(stage: Stage, person: str, app: str = "", tab: str = "home") -> Json:
    """Open an app's home; it hears `app_home_opened`."""
    return clicking.open_home(stage, stage.workspace.person(person), stage.workspace.app(app), tab)


def read(stage: Stage, person: str, channel: str) -> Json:
    """Mark a channel as read."""
    who = stage.workspace.person(person)
    place = speaking.where(stage, who, channel)
    newest = max((one for one in place.messages), default="")
    place.read[who.id] = newest
    return {}


def join(stage: Stage, person: str, channel: str) -> Json:
    """Join a channel, or be invited: people and apps alike."""
    added = stage.board.join(stage.workspace.channel(channel), stage.workspace.person(person))
    return {"changed": added}


def leave(stage: Stage, person: str, channel: str) -> Json:
    """Leave a channel."""
    left = stage.board.leave(stage.workspace.channel(channel), stage.workspace.person(person))
    return {"changed": left}


# The workspace


def change_person(stage: Stage, person: str, changes: Mapping[str, Any]) -> Json:
    """Change what somebody is: `deleted`, `is_restricted`, `active`, `email`, …; a new id or name makes somebody."""
    known = {one.name for one in fields(Person)}
    if unknown := set(changes) - known:
        message = f"a person has no `{sorted(unknown)[0]}`; there are {', '.join(sorted(known))}"
        raise Misused(message)
    found = stage.workspace.find_person(person)
    if found is None:
        fresh = {"name": person.lower(), "real_name": person, "team_id": stage.workspace.team.id, **changes}
        found = Person(**{"id": stage.workspace.new_id("U"), **fresh})
        stage.workspace.people[found.id] = found
    for name, value in changes.items():
        setattr(found, name, value)
    found.updated = int(stage.workspace.clock.now())
    stage.events.person_changed(found)
    stage.workspace.journal.tell("workspace", {})
    return {"person": asdict(found)}


def change_group(
    stage: Stage, group: str, members: list[str] | None = None, disabled: bool | None = None
) -> Json:
    """Set a user group's members, or disable it; apps hear of it."""
    workspace = stage.workspace
    found = workspace.groups.get(group) or workspace.find_group(group.removeprefix("@"))
    if found is None:
        message = f"there is no user group `{group}`"
        raise Misused(message)
    now = int(workspace.clock.now())
    before = set(found.members)
    if members is not None:
        found.members = [workspace.person(one).id for one in members]
    if disabled is not None:
        found.disabled_at = now if disabled else 0
    found.updated = now
    after = set(found.members)
    event = {
        "type": "subteam_members_changed",
        "subteam_id": found.id,
        "team_id": workspace.team.id,
        "date_previous_update": now,
        "date_update": now,
        "added_users": sorted(after - before),
        "removed_users": sorted(before - after),
        "added_users_count": len(after - before),
        "removed_users_count": len(before - after),
        "event_ts": workspace.new_ts(),
    }
    stage.events.tell("subteam_members_changed", event, None)
    workspace.journal.tell("workspace", {})
    return {"members": found.members}


def make_channel(stage: Stage, name: str, members: list[str] | None = None, is_private: bool = False) -> Json:
    """Make a channel; without `members` everybody of the team and every app is in it."""
    workspace = stage.workspace
    own = [one.id for one in workspace.people.values() if workspace.shares_team(one) and not one.deleted]
    inside = own if members is None else [workspace.person(one).id for one in members]
    channel = Channel(
        workspace.new_id("C"), name, created=int(workspace.clock.now()), is_private=is_private, members=inside
    )
    workspace.channels[channel.id] = channel
    workspace.journal.tell("workspace", {})
    return {"channel": picture_of_channel(stage, channel)}


def archive(stage: Stage, channel: str, archived: bool = True) -> Json:
    """Archive a channel, or bring it back."""
    found = stage.workspace.channel(channel)
    found.is_archived = archived
    event = {"type": "channel_archive", "channel": found.id, "event_ts": stage.workspace.new_ts()}
    if archived:
        stage.events.tell("channel_archive", event, found)
    stage.workspace.journal.tell("workspace", {})
    return {}


def install(stage: Stage, manifest: Mapping[str, Any] | None = None, **secrets: str) -> Json:
    """Install another app by its Slack manifest; return its tokens."""
    return {"app": picture_of_app(stage.workspace.install(manifest, **secrets))}


async def verify(stage: Stage, app: str = "") -> Json:
    """Send `url_verification` to the app's address of events; tell whether it answered the challenge."""
    return {"verified": await stage.courier.verify(stage.workspace.app(app))}


def change_app(stage: Stage, changes: Mapping[str, Any], app: str = "") -> Json:
    """Change an app: its URLs, `scopes`, `socket_mode`, `token_error` (such as `token_revoked`), secrets."""
    found = stage.workspace.app(app)
    known = {one.name for one in fields(App)} - {"commands", "shortcuts", "id"}
    if unknown := set(changes) - known:
        message = f"an app has no `{sorted(unknown)[0]}`; there are {', '.join(sorted(known))}"
        raise Misused(message)
    for name, value in changes.items():
        setattr(found, name, tuple(value) if isinstance(value, list) else value)
    stage.workspace.journal.tell("workspace", {})
    return {"app": picture_of_app(found)}


# Time, rules and faults


def switch(stage: Stage, switches: Mapping[str, Any]) -> Json:
    """Turn switches; without any, only show them."""
    for name, value in switches.items():
        stage.workspace.switches.set(name, value)
    return {"switches": asdict(stage.workspace.switches)}


async def advance(stage: Stage, seconds: float) -> Json:
    """Let time pass at once; retries, refreshes and expiries in between happen."""
    await stage.workspace.clock.advance(seconds)
    return {"now": stage.workspace.clock.now()}


def limit(stage: Stage, method: str, per_minute: int) -> Json:
    """Give a method its own rate, whatever its tier."""
    _demand_method(method)
    stage.limits.overrides[method] = per_minute
    return {}


def refuse(stage: Stage, method: str, retry_after: int = 1, times: int = 1) -> Json:
    """Answer the next calls of a method with 429."""
    _demand_method(method)
    stage.limits.refusals.setdefault(method, []).extend([retry_after] * times)
    return {}


def disconnect(stage: Stage, reason: str, app: str = "") -> Json:
    """Say `disconnect` on the app's sockets: `warning`, `refresh_requested`, `link_disabled`, `too_many_websockets`."""
    stage.courier.sockets.disconnect(stage.workspace.app(app), reason)
    return {}


def cut(stage: Stage, how: str, app: str = "") -> Json:
    """Break the app's sockets: `abort`, `close`, `half_open`, `no_pong`, `no_ping`."""
    stage.courier.sockets.cut(stage.workspace.app(app), how)
    return {}


def fault(stage: Stage, faults: list[str]) -> Json:
    """Spoil the next requests to addresses of apps, one each."""
    if unknown := set(faults) - {*FAULTS, ""}:
        message = f"there is no fault `{sorted(unknown)[0]}`; there are {', '.join(FAULTS)}"
        raise Misused(message)
    stage.courier.requests.faults.extend(faults)
    return {}


def deliver(stage: Stage, payload: Mapping[str, Any], app: str = "", kind: str = "event") -> Json:
    """Send any event payload as it is, as often as one likes: duplicates and oddities."""
    if kind != "event":
        message = "only events can be sent as they are"
        raise Misused(message)
    stage.courier.event(stage.workspace.app(app), dict(payload))
    return {}


# Looking


def state(stage: Stage) -> Json:
    """Return everything that a page shows, without messages."""
    return picture(stage)


def messages(stage: Stage, channel: str, person: str = "", thread_ts: str = "") -> Json:
    """Return a channel's or a thread's messages, oldest first, as that person sees them; without one, all."""
    workspace = stage.workspace
    who = workspace.person(person) if person else None
    place = speaking.where(stage, who, channel) if who else workspace.channel(channel)
    shown = [
        stage.board.page_json(one)
        for one in place.messages.values()
        if _sees(who, one) and (not thread_ts or thread_ts in (one.ts, one.thread_ts))
    ]
    return {"channel": place.id, "messages": shown}


def views(stage: Stage, person: str = "") -> Json:
    """Return the open modals, lowest first, and the homes."""
    workspace = stage.workspace
    who = workspace.person(person).id if person else ""
    seen = [one for one in workspace.views.values() if who in ("", one.person)]
    return {"views": [{"person": one.person, **view_json(workspace, one)} for one in seen]}


def frames(stage: Stage, since: int = 0, name: str = "", wire: str = "", direction: str = "") -> Json:
    """Return the frames after number `since`, maybe of one kind only."""
    found = [
        one.to_json()
        for one in stage.workspace.journal.frames(since=int(since))
        if name in ("", one.name) and wire in ("", one.wire) and direction in ("", one.direction)
    ]
    return {"frames": found, "last": stage.workspace.journal.last_number}


def connections(stage: Stage, app: str = "") -> Json:
    """Return how many sockets the app has open."""
    return {"connections": len(stage.courier.sockets.sockets(stage.workspace.app(app)))}


async def wait(
    stage: Stage,
    channel: str = "",
    text: str = "",
    frame: str = "",
    view: str = "",
    connections: int = -1,
    since: int = 0,
    seconds: float = 10.0,
) -> Json:
    """Wait for a message with `text` in `channel`, a `frame` by name, a `view` by callback id, or open sockets."""
    workspace = stage.workspace

    def find() -> Json | None:
        if connections >= 0:
            count = sum(len(stage.courier.sockets.sockets(app)) for app in workspace.apps.values())
            return {"connections": count} if count == connections else None
        if frame:
            seen = (one for one in workspace.journal.frames(since=since) if one.name == frame)
            first = next(seen, None)
            return {"frame": first.to_json()} if first else None
        if view:
            opened = [one for one in workspace.views.values() if one.payload.get("callback_id") == view]
            return {"view": view_json(workspace, opened[-1])} if opened else None
        places = [workspace.channel(channel)] if channel else list(workspace.channels.values())
        for place in places:
            for message in place.messages.values():
                if text in message.text and (not since or float(message.ts) > since):
                    return {"message": stage.board.page_json(message)}
        return None

    try:
        return await workspace.journal.wait_for(find, seconds)
    except TimeoutError:
        message = f"that did not come within {seconds:g} s"
        raise Misused(message) from None


def methods(stage: Stage) -> Json:
    """Return the methods of the Web API with their scopes and rates."""
    del stage
    return {
        "methods": {
            name: {"scopes": list(one.scopes), "per_minute": TIERS[one.tier]} for name, one in METHODS.items()
        }
    }


def _sees(who: Person | None, message: Message) -> bool:
    return who is None or (message.only_for in ("", who.id) and message.shown)


def _demand_method(method: str) -> None:
    if method not in METHODS:
        message = f"there is no method `{method}` here"
        raise Misused(message)


#: what changes nothing
LOOKS = ("state", "messages", "views", "frames", "connections", "methods")

CONTROLS: dict[str, Callable[..., Json | Awaitable[Json]]] = {
    one.__name__: one
    for one in (
        *(say, command, edit, delete, react, click, suggest, fill, submit, close, shortcut, open_home, read),
        *(join, leave, change_person, change_group, make_channel, archive, install, change_app, verify),
        *(switch, advance, limit, refuse, disconnect, cut, fault, deliver),
        *(state, messages, views, frames, connections, wait, methods),
    )
}
