"""Somebody clicks, chooses, fills in: blocks, modals, shortcuts, the home."""

from typing import Any

from funade.playground import modals
from funade.playground.acts import payloads
from funade.playground.acts.elements import action, entered, find_element, refusals
from funade.playground.blocks import validate
from funade.playground.errors import Json, Misused, SlackError
from funade.playground.nouns import App, Channel, Message, Person, View
from funade.playground.shapes import message_json, view_json
from funade.playground.sockets import NotAnswered
from funade.playground.stage import Stage

TROUBLE = "We had some trouble connecting. Try again?"


async def click_message(
    stage: Stage,
    person: Person,
    channel: Channel,
    ts: str,
    action_id: str,
    *,
    block_id: str = "",
    value: Any = None,
) -> Json:
    """Click or choose something under a message; return whether the app answered."""
    workspace = stage.workspace
    message = workspace.message(channel, ts)
    app = _app_of(stage, message.app_id)
    block, element = find_element(all_blocks(message), action_id, block_id)
    made = action(block, element, value, workspace.new_ts())
    state = _message_state(stage, message, person)
    if element["type"] in modals.VALUES:
        state.setdefault(block["block_id"], {})[action_id] = entered(element, value)
    payload = {
        "type": "block_actions",
        **payloads.actor(workspace, app, person),
        "container": {
            "type": "message",
            "message_ts": ts,
            "channel_id": channel.id,
            "is_ephemeral": bool(message.only_for),
            **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
        },
        "trigger_id": stage.passes.new_trigger(app, person.id),
        "channel": payloads.place(workspace, channel),
        "message": message_json(workspace, message, with_metadata=True),
        "state": {"values": state},
        "response_url": stage.passes.new_response_url(app, channel.id, person.id, ts),
        "actions": [made],
    }
    return await _tell(stage, app, payload)


async def click_view(
    stage: Stage, person: Person, view: View, action_id: str, *, block_id: str = "", value: Any = None
) -> Json:
    """Click or choose something in a modal or a home."""
    workspace = stage.workspace
    app = _app_of(stage, view.app_id)
    block, element = find_element(view.payload["blocks"], action_id, block_id)
    if element["type"] in modals.VALUES:
        view.state.setdefault(block["block_id"], {})[action_id] = entered(element, value)
    if block["type"] == "input" and not block.get("dispatch_action"):
        return {"ok": True}
    payload = {
        "type": "block_actions",
        **payloads.actor(workspace, app, person),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": stage.passes.new_trigger(app, person.id),
        "view": view_json(workspace, view),
        "actions": [action(block, element, value, workspace.new_ts())],
    }
    return await _tell(stage, app, payload)


async def suggest(
    stage: Stage,
    person: Person,
    action_id: str,
    typed: str,
    *,
    view: View | None = None,
    channel: Channel | None = None,
    ts: str = "",
    block_id: str = "",
) -> Json:
    """Ask the app what could be meant by what is typed into an external select."""
    workspace = stage.workspace
    payload: Json = {"type": "block_suggestion"}
    if view is not None:
        app = _app_of(stage, view.app_id)
        block, element = find_element(view.payload["blocks"], action_id, block_id)
        payload |= {"view": view_json(workspace, view), "container": {"type": "view", "view_id": view.id}}
    elif channel is not None:
        message = workspace.message(channel, ts)
        app = _app_of(stage, message.app_id)
        block, element = find_element(all_blocks(message), action_id, block_id)
        payload |= {
            "message": message_json(workspace, message),
            "channel": payloads.place(workspace, channel),
            "container": {
                "type": "message",
                "message_ts": ts,
                "channel_id": channel.id,
                "is_ephemeral": False,
            },
        }
    else:
        problem = "a suggestion needs a view or a message"
        raise Misused(problem)
    if len(typed) < int(element.get("min_query_length", 3)):
        return {"ok": True, "options": []}
    payload |= {
        **payloads.actor(workspace, app, person),
        "action_id": action_id,
        "block_id": block["block_id"],
        "value": typed,
    }
    try:
        found = await stage.courier.ask(
            app, "interactive", payload, url=app.options_url or app.interactivity_url
        )
    except NotAnswered as error:
        return {"ok": False, "error": error.error, "options": []}
    if problems := validate.option_problems(found):
        return {"ok": False, "error": "invalid_options", "messages": problems, "options": []}
    return {"ok": True, **found}


async def submit(stage: Stage, person: Person, view: View, values: Json) -> Json:
    """Send a form; `values` are by block and action, or by action alone. Return what stands in its way."""
    workspace = stage.workspace
    app = _app_of(stage, view.app_id)
    fill(view, values)
    if found := refusals(view.payload["blocks"], view.state):
        return {"ok": False, "errors": found}
    payload = {
        "type": "view_submission",
        **payloads.actor(workspace, app, person),
        "trigger_id": stage.passes.new_trigger(app, person.id),
        "view": view_json(workspace, view),
        "response_urls": _response_urls(stage, app, person, view),
    }
    try:
        body = await stage.courier.ask(app, "interactive", payload, url=app.interactivity_url)
    except NotAnswered as error:
        return {"ok": False, "error": error.error, "message": TROUBLE}
    try:
        return _after_submission(stage, app, view, body if isinstance(body, dict) else {})
    except SlackError as error:
        return {"ok": False, "error": "invalid_response", "messages": [str(error.body)], "message": TROUBLE}


def fill(view: View, values: Json) -> None:
    """Enter values into a form without sending it."""
    blocks = view.payload["blocks"]
    inside = {block["block_id"]: {one["action_id"] for one in modals.elements_of(block)} for block in blocks}
    for name, value in values.items():
        if isinstance(value, dict) and value and set(value) <= inside.get(name, set()):
            for action_id, inner in value.items():
                _enter(view, action_id, inner, name)
        else:
            _enter(view, name, value)


async def close(stage: Stage, person: Person, view: View, *, everything: bool) -> Json:
    """Close a modal with Cancel, or the whole stack with its cross."""
    workspace = stage.workspace
    app = _app_of(stage, view.app_id)
    cleared = everything or bool(view.payload.get("clear_on_close"))
    gone = modals.close_view(workspace, view, everything=cleared)
    told = next((one for one in gone if one.id == view.root_view_id), view) if cleared else view
    if told.payload.get("notify_on_close") or (
        cleared and any(one.payload.get("notify_on_close") for one in gone)
    ):
        payload = {
            "type": "view_closed",
            **payloads.actor(workspace, app, person),
            "view": view_json(workspace, told),
            "is_cleared": cleared,
        }
        return await _tell(stage, app, payload)
    return {"ok": True}


async def shortcut(stage: Stage, person: Person, app: App, callback_id: str) -> Json:
    """Choose a global shortcut."""
    _demand_shortcut(app, callback_id, "global")
    payload = {
        "type": "shortcut",
        **payloads.actor(stage.workspace, app, person),
        "action_ts": stage.workspace.new_ts(),
        "callback_id": callback_id,
        "trigger_id": stage.passes.new_trigger(app, person.id),
    }
    return await _tell(stage, app, payload)


async def message_shortcut(
    stage: Stage, person: Person, app: App, callback_id: str, *, channel: Channel, ts: str
) -> Json:
    """Choose a shortcut of a message."""
    workspace = stage.workspace
    _demand_shortcut(app, callback_id, "message")
    message = workspace.message(channel, ts)
    payload = {
        "type": "message_action",
        **payloads.actor(workspace, app, person),
        "action_ts": workspace.new_ts(),
        "callback_id": callback_id,
        "trigger_id": stage.passes.new_trigger(app, person.id),
        "response_url": stage.passes.new_response_url(app, channel.id, person.id),
        "message_ts": ts,
        "channel": payloads.place(workspace, channel),
        "message": message_json(workspace, message),
    }
    return await _tell(stage, app, payload)


def open_home(stage: Stage, person: Person, app: App, tab: str = "home") -> Json:
    """Look at an app's home; return the view that is there, if any."""
    workspace = stage.workspace
    view = workspace.views.get(workspace.homes.get((app.id, person.id), ""))
    shown = view_json(workspace, view) if view is not None else None
    stage.events.home_opened(app, person, tab, shown if tab == "home" else None)
    return {"ok": True, "view": shown}


def all_blocks(message: Message) -> list[Json]:
    """Return the blocks of a message and of its attachments."""
    return [*message.blocks, *(block for one in message.attachments for block in one.get("blocks") or [])]


async def _tell(stage: Stage, app: App, payload: Json) -> Json:
    accepts = stage.workspace.switches.buttons_accept_payload
    try:
        await stage.courier.ask(app, "interactive", payload, accepts=accepts, url=app.interactivity_url)
    except NotAnswered as error:
        return {"ok": False, "error": error.error, "message": TROUBLE}
    return {"ok": True}


def _after_submission(stage: Stage, app: App, view: View, body: Json) -> Json:
    workspace = stage.workspace
    match body.get("response_action"):
        case None:
            modals.close_view(workspace, view, everything=False)
        case "clear":
            modals.close_view(workspace, view, everything=True)
        case "errors":
            return {"ok": False, "errors": body.get("errors") or {}}
        case "update":
            modals.update_view(workspace, view, body.get("view") or {})
        case "push":
            modals.push_view(workspace, app, view.person, body.get("view") or {})
        case unknown:
            raise SlackError("invalid_arguments", f"[ERROR] no such response_action: {unknown}")
    return {"ok": True}


def _enter(view: View, action_id: str, value: Any, block_id: str = "") -> None:
    block, element = find_element(view.payload["blocks"], action_id, block_id)
    view.state.setdefault(block["block_id"], {})[action_id] = entered(element, value)


def _message_state(stage: Stage, message: Message, person: Person) -> Json:
    known = stage.entered.setdefault((message.channel, message.ts, person.id), {})
    for block_id, values in modals.initial_state({"blocks": all_blocks(message)}).items():
        for action_id, value in values.items():
            known.setdefault(block_id, {}).setdefault(action_id, value)
    return known


def _response_urls(stage: Stage, app: App, person: Person, view: View) -> list[Json]:
    found: list[Json] = []
    for block in view.payload["blocks"]:
        if block["type"] != "input" or not block["element"].get("response_url_enabled"):
            continue
        element = block["element"]
        value = view.state.get(block["block_id"], {}).get(element["action_id"]) or {}
        channel = value.get("selected_conversation") or value.get("selected_channel")
        if channel in stage.workspace.channels:
            url = stage.passes.new_response_url(app, channel, person.id)
            found.append(
                {
                    "block_id": block["block_id"],
                    "action_id": element["action_id"],
                    "channel_id": channel,
                    "response_url": url,
                }
            )
    return found


def _app_of(stage: Stage, app_id: str) -> App:
    found = stage.workspace.apps.get(app_id)
    if found is None:
        message = "that belongs to no app"
        raise Misused(message)
    return found


def _demand_shortcut(app: App, callback_id: str, kind: str) -> None:
    if not any(one.callback_id == callback_id and one.kind == kind for one in app.shortcuts):
        message = f"{app.name} has no {kind} shortcut `{callback_id}`"
        raise Misused(message)
