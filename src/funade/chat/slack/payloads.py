"""What Slack sends, read as arrivals: raw payloads come in here and go no further.

Pure. Whatever is not for us, or cannot be read, is None: it is acknowledged and forgotten.
"""

from collections.abc import Mapping
from typing import Any

from funade.chat.slack.arrivals import (
    Arrival,
    Deleted,
    DirectoryChanged,
    Edited,
    HomeOpened,
    Ourselves,
    Pressed,
    Said,
    Sender,
    Submitted,
    Summoned,
    Typing,
    Vanished,
    Way,
    message_key,
)

Raw = Mapping[str, Any]

#: messages of people; all other subtypes are notices
_SPOKEN = frozenset({"", "thread_broadcast", "file_share", "me_message"})


def read_arrival(kind: str, payload: Any, us: Ourselves) -> tuple[Arrival | None, tuple[str, ...]]:
    """Return what a payload means, with every key under which the same may come again."""
    if not isinstance(payload, dict):
        return None, ()
    match kind:
        case "events_api":
            return _event(payload, us)
        case "slash_commands":
            return _command(payload)
        case "interactive":
            return _interaction(payload)
        case _:
            return None, ()


def text_of(raw: Raw, *path: str) -> str:
    """Return the text at the end of `path`, or nothing."""
    found: Any = raw
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


# Events


def _event(payload: Raw, us: Ourselves) -> tuple[Arrival | None, tuple[str, ...]]:
    event = payload.get("event")
    if not isinstance(event, dict):
        return None, ()
    id = text_of(payload, "event_id")
    keys = (f"slack:event:{id}",) if id else ()
    match text_of(event, "type"):
        case "app_mention" | "message":
            found, own = _message(event, text_of(payload, "team_id"), us)
            return found, (*own, *keys)
        case "app_home_opened":
            if text_of(event, "tab") not in ("home", "") or not text_of(event, "user"):
                return None, ()
            return HomeOpened(sender=Sender(user=text_of(event, "user"))), ()
        case "user_change":
            return DirectoryChanged(user=text_of(event, "user", "id") or None), ()
        case "subteam_members_changed" | "subteam_updated" | "subteam_created":
            return DirectoryChanged(), ()
        case _:
            return None, ()


def _message(event: Raw, team: str, us: Ourselves) -> tuple[Arrival | None, tuple[str, ...]]:
    subtype, channel = text_of(event, "subtype"), text_of(event, "channel")
    if subtype == "message_changed":
        return _edit(event, channel, team, us)
    if subtype == "message_deleted":
        return _deletion(event, channel, team, us)
    message, text = text_of(event, "ts"), text_of(event, "text")
    if subtype not in _SPOKEN or not _is_a_person(event, us) or not channel or not message:
        return None, ()
    way = _way(event, text, us)
    if way is None:
        return None, ()
    said = Said(
        sender=_sender(event, team),
        channel=channel,
        text=text,
        way=way,
        message=message,
        thread=text_of(event, "thread_ts") or None,
    )
    return said, (message_key(channel, message),)


def _edit(event: Raw, channel: str, team: str, us: Ourselves) -> tuple[Arrival | None, tuple[str, ...]]:
    now, before = event.get("message"), event.get("previous_message")
    if not isinstance(now, dict) or not isinstance(now.get("edited"), dict) or not _is_a_person(now, us):
        return None, ()
    text, old = text_of(now, "text"), text_of(before or {}, "text")
    # Unfurls and our own changes make such events too; only other words are an edit.
    if text == old or text_of(now, "edited", "user") not in ("", text_of(now, "user")):
        return None, ()
    way = _way({**now, "channel_type": event.get("channel_type"), "channel": channel}, text, us)
    was = _way({**now, "channel_type": event.get("channel_type"), "channel": channel}, old, us)
    message = text_of(now, "ts")
    if not message or (way or was) is None:
        return None, ()
    edited = Edited(
        sender=_sender(now, team),
        channel=channel,
        message=message,
        thread=text_of(now, "thread_ts") or None,
        text=text if way else "",
        way=way or was or Way.MENTION,
    )
    return edited, (f"slack:edit:{channel}/{message}/{text_of(now, 'edited', 'ts')}",)


def _deletion(event: Raw, channel: str, team: str, us: Ourselves) -> tuple[Arrival | None, tuple[str, ...]]:
    before = event.get("previous_message")
    message = text_of(event, "deleted_ts") or text_of(before or {}, "ts")
    if not message or not channel:
        return None, ()
    keys = (f"slack:deletion:{channel}/{message}",)
    if isinstance(before, dict) and _is_ours(before, us):
        return Vanished(channel=channel, message=message), keys
    if not isinstance(before, dict) or not _is_a_person(before, us):
        return None, ()
    if (
        _way(
            {**before, "channel_type": event.get("channel_type"), "channel": channel},
            text_of(before, "text"),
            us,
        )
        is None
    ):
        return None, ()
    thread = text_of(before, "thread_ts") or None
    return Deleted(sender=_sender(before, team), channel=channel, message=message, thread=thread), keys


def _is_ours(message: Raw, us: Ourselves) -> bool:
    return text_of(message, "bot_id") == us.bot or text_of(message, "user") == us.user


def _is_a_person(message: Raw, us: Ourselves) -> bool:
    """Tell whether a person wrote it: no bot, neither we nor another, and not Slack itself."""
    user = text_of(message, "user")
    is_bot = (
        message.get("bot_id") or message.get("bot_profile") or text_of(message, "subtype") == "bot_message"
    )
    return bool(user) and not is_bot and user not in (us.user, "USLACKBOT")


def _way(message: Raw, text: str, us: Ourselves) -> Way | None:
    """Return how a message speaks to us; None when it does not."""
    mentions = f"<@{us.user}>" in text or f"<@{us.user}|" in text
    if mentions:
        return Way.MENTION
    is_direct = text_of(message, "channel_type") == "im" or text_of(message, "channel").startswith("D")
    return Way.DIRECT if is_direct and text else None


def _sender(message: Raw, team: str) -> Sender:
    own = text_of(message, "user_team") or text_of(message, "team") or team
    return Sender(user=text_of(message, "user"), team=own or None)


# Slash commands


def _command(payload: Raw) -> tuple[Arrival | None, tuple[str, ...]]:
    user, channel, trigger = (text_of(payload, name) for name in ("user_id", "channel_id", "trigger_id"))
    if not user:
        return None, ()
    said = Said(
        sender=Sender(user=user, team=text_of(payload, "team_id") or None),
        channel=channel,
        text=text_of(payload, "text"),
        way=Way.SLASH,
        response_url=text_of(payload, "response_url") or None,
        trigger=trigger or None,
    )
    return said, ((f"slack:trigger:{trigger}",) if trigger else ())


# Interactions


def _interaction(payload: Raw) -> tuple[Arrival | None, tuple[str, ...]]:
    sender = Sender(
        user=text_of(payload, "user", "id"),
        team=text_of(payload, "user", "team_id") or text_of(payload, "team", "id") or None,
    )
    if not sender.user:
        return None, ()
    trigger = text_of(payload, "trigger_id")
    keys = (f"slack:trigger:{trigger}",) if trigger else ()
    match text_of(payload, "type"):
        case "block_actions":
            return _press(payload, sender, trigger, keys)
        case "view_submission":
            return _submission(payload, sender, keys)
        case "block_suggestion":
            return _typing(payload, sender), ()
        case "shortcut" | "message_action":
            summoned = Summoned(
                sender=sender,
                shortcut=text_of(payload, "callback_id"),
                trigger=trigger,
                channel=text_of(payload, "channel", "id") or None,
                message=text_of(payload, "message", "ts") or text_of(payload, "message_ts") or None,
                response_url=text_of(payload, "response_url") or None,
                text=text_of(payload, "message", "text"),
            )
            return summoned, ()
        case _:
            return None, ()


def _press(
    payload: Raw, sender: Sender, trigger: str, keys: tuple[str, ...]
) -> tuple[Arrival | None, tuple[str, ...]]:
    actions = payload.get("actions")
    action = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else None
    if action is None:
        return None, ()
    value = text_of(action, "value") or text_of(action, "selected_option", "value")
    pressed = Pressed(
        sender=sender,
        action=text_of(action, "action_id"),
        value=value,
        channel=text_of(payload, "channel", "id") or text_of(payload, "container", "channel_id") or None,
        message=text_of(payload, "message", "ts") or text_of(payload, "container", "message_ts") or None,
        thread=text_of(payload, "message", "thread_ts") or None,
        response_url=text_of(payload, "response_url") or None,
        trigger=trigger or None,
        view=text_of(payload, "view", "id") or None,
        view_hash=text_of(payload, "view", "hash") or None,
        note=text_of(payload, "view", "private_metadata"),
    )
    at = f"{sender.user}/{text_of(action, 'action_ts')}/{text_of(action, 'block_id')}/{pressed.action}"
    own = (f"slack:press:{at}",) if text_of(action, "action_ts") else ()
    return pressed, (*own, *keys)


def _submission(
    payload: Raw, sender: Sender, keys: tuple[str, ...]
) -> tuple[Arrival | None, tuple[str, ...]]:
    view = payload.get("view")
    if not isinstance(view, dict):
        return None, ()
    submitted = Submitted(
        sender=sender,
        form=text_of(view, "callback_id"),
        view=text_of(view, "id"),
        view_hash=text_of(view, "hash") or None,
        note=text_of(view, "private_metadata"),
        values=_values(view),
    )
    return submitted, (f"slack:submission:{submitted.view}/{submitted.view_hash}", *keys)


def _typing(payload: Raw, sender: Sender) -> Typing:
    view = payload.get("view")
    return Typing(
        sender=sender,
        action=text_of(payload, "action_id"),
        typed=text_of(payload, "value"),
        note=text_of(payload, "view", "private_metadata"),
        values=_values(view) if isinstance(view, dict) else {},
    )


def _values(view: Raw) -> dict[str, str]:
    """Return what was filled in, by block; a field left empty is left out."""
    found: dict[str, str] = {}
    state = view.get("state")
    values = state.get("values") if isinstance(state, dict) else None
    for block, fields in (values or {}).items() if isinstance(values, dict) else ():
        for one in fields.values() if isinstance(fields, dict) else ():
            if not isinstance(one, dict):
                continue
            text = text_of(one, "value") or text_of(one, "selected_option", "value")
            if text:
                found[str(block)] = text
    return found
