"""Views as they stand in front of somebody: opened, pushed, updated, published, closed."""

import json

from funade.playground.blocks import validate
from funade.playground.errors import Json, SlackError
from funade.playground.nouns import App, View
from funade.playground.posting import with_block_ids
from funade.playground.shapes import view_json
from funade.playground.workspace import Workspace

LARGEST_VIEW_BYTES = 250_000
DEEPEST_STACK = 3


def open_view(workspace: Workspace, app: App, person: str, payload: Json) -> View:
    """Put a new modal in front of somebody; what the app had open there before is gone."""
    check(workspace, payload, "modal")
    _check_external_id(workspace, app, payload)
    for old in stack(workspace, app, person):
        del workspace.views[old.id]
    return _show(workspace, app, person, payload)


def push_view(workspace: Workspace, app: App, person: str, payload: Json) -> View:
    """Put another modal onto the ones that are open."""
    check(workspace, payload, "modal")
    _check_external_id(workspace, app, payload)
    below = stack(workspace, app, person)
    if len(below) >= DEEPEST_STACK:
        raise SlackError("push_limit_reached")
    return _show(workspace, app, person, payload, below=below[-1] if below else None)


def update_view(workspace: Workspace, view: View, payload: Json, given_hash: str = "") -> View:
    """Change what a view shows; an old hash is refused."""
    check(workspace, payload, view.payload["type"])
    if given_hash and given_hash != view.hash:
        raise SlackError(workspace.switches.hash_error)
    view.payload = _with_ids(workspace, payload)
    view.hash = _new_hash(workspace)
    view.state = _kept_state(view.payload, view.state)
    tell(workspace, view)
    return view


def publish_view(workspace: Workspace, app: App, person: str, payload: Json, given_hash: str = "") -> View:
    """Show somebody the app's home."""
    check(workspace, payload, "home")
    known = workspace.views.get(workspace.homes.get((app.id, person), ""))
    if known is not None:
        return update_view(workspace, known, payload, given_hash)
    view = _show(workspace, app, person, payload)
    workspace.homes[app.id, person] = view.id
    return view


def close_view(workspace: Workspace, view: View, *, everything: bool) -> list[View]:
    """Take a modal away, or the whole stack; return what was taken, the top first."""
    open_now = stack(workspace, workspace.apps[view.app_id], view.person)
    gone = open_now if everything else [one for one in open_now if one.id == view.id]
    for one in gone:
        del workspace.views[one.id]
    workspace.journal.tell("closed", {"person": view.person, "views": [one.id for one in gone]})
    return gone[::-1]


def stack(workspace: Workspace, app: App, person: str) -> list[View]:
    """Return the modals that an app has open in front of somebody, the lowest first."""
    return [
        one
        for one in workspace.views.values()
        if one.app_id == app.id and one.person == person and not one.is_home
    ]


def find_view(workspace: Workspace, app: App, *, view_id: str, external_id: str) -> View:
    """Return the app's view by one of its two names, or raise SlackError."""
    if view_id:
        found = workspace.views.get(view_id)
        if found is not None and found.app_id == app.id:
            return found
    for one in workspace.views.values():
        if external_id and one.app_id == app.id and one.payload.get("external_id") == external_id:
            return one
    raise SlackError("not_found")


def tell(workspace: Workspace, view: View) -> None:
    """Let the page show the view as it is."""
    workspace.journal.tell("view", {"person": view.person, "view": view_json(workspace, view)})


def initial_state(payload: Json) -> Json:
    """Return the state of a view or message that nobody has touched: every element, with its initial value."""
    state: Json = {}
    for block in payload.get("blocks", []):
        for element in elements_of(block):
            if (value := initial_value(element)) is not None:
                state.setdefault(block["block_id"], {})[element["action_id"]] = value
    return state


def elements_of(block: Json) -> list[Json]:
    """Return the interactive elements of a block."""
    match block["type"]:
        case "input":
            found = [block["element"]]
        case "actions":
            found = block["elements"]
        case _:
            found = [block["accessory"]] if isinstance(block.get("accessory"), dict) else []
    return [one for one in found if "action_id" in one]


#: element type → the field of its value, and the field of its initial value
VALUES = {
    "channels_select": ("selected_channel", "initial_channel"),
    "checkboxes": ("selected_options", "initial_options"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "datepicker": ("selected_date", "initial_date"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "email_text_input": ("value", "initial_value"),
    "external_select": ("selected_option", "initial_option"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_external_select": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "number_input": ("value", "initial_value"),
    "plain_text_input": ("value", "initial_value"),
    "radio_buttons": ("selected_option", "initial_option"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "timepicker": ("selected_time", "initial_time"),
    "url_text_input": ("value", "initial_value"),
    "users_select": ("selected_user", "initial_user"),
}


def initial_value(element: Json) -> Json | None:
    """Return an element's entry in the state, or None for what has no value, such as a button."""
    kind = element["type"]
    if kind not in VALUES:
        return None
    field, initial = VALUES[kind]
    nothing: list[Json] | None = [] if field.endswith("s") and field.startswith("selected_") else None
    return {"type": kind, field: element.get(initial, nothing)}


def _show(workspace: Workspace, app: App, person: str, payload: Json, below: View | None = None) -> View:
    view_id = workspace.new_id("V")
    payload = _with_ids(workspace, payload)
    view = View(
        id=view_id,
        app_id=app.id,
        bot_id=app.bot_id,
        person=person,
        team_id=workspace.people[person].team_id,
        payload=payload,
        hash=_new_hash(workspace),
        root_view_id=below.root_view_id if below else view_id,
        previous_view_id=below.id if below else "",
        state=initial_state(payload),
    )
    workspace.views[view.id] = view
    tell(workspace, view)
    return view


def _kept_state(payload: Json, old: Json) -> Json:
    """Keep what was entered where block and element have the names they had."""
    state = initial_state(payload)
    for block_id, values in state.items():
        for action_id, fresh in values.items():
            entered = old.get(block_id, {}).get(action_id)
            if entered is not None and entered.get("type") == fresh["type"]:
                values[action_id] = entered
    return state


def _with_ids(workspace: Workspace, payload: Json) -> Json:
    return {**payload, "blocks": with_block_ids(workspace, payload.get("blocks", []))}


def _new_hash(workspace: Workspace) -> str:
    return f"{int(workspace.clock.now())}.{workspace.new_id('', 8)}"


def check(workspace: Workspace, payload: Json, kind: str) -> None:
    """Raise SlackError when Slack would not take the view."""
    if found := validate.view_problems(payload, utf16=workspace.switches.utf16_limits):
        raise SlackError("invalid_arguments", *found)
    if payload["type"] != kind:
        message = f"[ERROR] must be one of: {kind} [json-pointer:/view/type]"
        raise SlackError("invalid_arguments", message)
    if len(json.dumps(payload, ensure_ascii=False).encode()) > LARGEST_VIEW_BYTES:
        raise SlackError("view_too_large")


def _check_external_id(workspace: Workspace, app: App, payload: Json) -> None:
    wanted = payload.get("external_id")
    if wanted and any(
        one.app_id == app.id and one.payload.get("external_id") == wanted for one in workspace.views.values()
    ):
        raise SlackError("duplicate_external_id")
