"""What somebody enters into an element, as Slack's state and actions say it."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from funade.playground.errors import Json, Misused
from funade.playground.modals import VALUES, elements_of

_SINGLE_OPTION = ("static_select", "external_select", "radio_buttons", "overflow")
_MANY_OPTIONS = ("multi_static_select", "multi_external_select", "checkboxes")


def find_element(blocks: list[Json], action_id: str, block_id: str = "") -> tuple[Json, Json]:
    """Return the block and the element that are meant, or raise Misused."""
    for block in blocks:
        for element in elements_of(block):
            if element["action_id"] == action_id and block_id in ("", block["block_id"]):
                return block, element
    message = f"there is no element `{action_id}` there"
    raise Misused(message)


def options_of(element: Json) -> list[Json]:
    """Return the options that stand in an element itself."""
    groups = element.get("option_groups") or []
    return [*(element.get("options") or []), *(one for group in groups for one in group["options"])]


def entered(element: Json, value: Any) -> Json:
    """Return the state of an element into which somebody entered `value`.

    An option is given by its value, or whole where it came from an app; several as a list; nothing as None.
    """
    kind = element["type"]
    if kind == "overflow":
        return {"type": kind, "selected_option": _option(element, value)}
    field, _ = VALUES[kind]
    if kind in _SINGLE_OPTION:
        return {"type": kind, field: None if value in (None, "") else _option(element, value)}
    if kind in _MANY_OPTIONS:
        return {"type": kind, field: [_option(element, one) for one in value or []]}
    if kind == "datetimepicker":
        return {"type": kind, field: None if value in (None, "") else int(value)}
    if kind.startswith("multi_"):
        return {"type": kind, field: list(value or [])}
    if kind == "rich_text_input" and isinstance(value, str):
        section = {"type": "rich_text_section", "elements": [{"type": "text", "text": value}]}
        value = {"type": "rich_text", "elements": [section]} if value else None
    return {"type": kind, field: None if value == "" else value}


def action(block: Json, element: Json, value: Any, action_ts: str) -> Json:
    """Return what `actions` holds after a click or a choice."""
    made: Json = {"action_id": element["action_id"], "block_id": block["block_id"]}
    if element["type"] == "button":
        made |= {name: element[name] for name in ("text", "value", "style", "url") if name in element}
        made["type"] = "button"
    else:
        made |= entered(element, value)
        if "placeholder" in element:
            made["placeholder"] = element["placeholder"]
    return {**made, "action_ts": action_ts}


def refusals(blocks: list[Json], state: Json) -> dict[str, str]:
    """Return what Slack's own client has against a form, by block, before it sends it."""
    return {
        block["block_id"]: problem
        for block in blocks
        if block["type"] == "input"
        for problem in _problems(block, state.get(block["block_id"], {}))
    }


def _problems(block: Json, values: Json) -> Iterator[str]:
    element = block["element"]
    found = values.get(element["action_id"]) or {}
    value = found.get(VALUES.get(element["type"], ("value", ""))[0])
    if value in (None, "", []):
        if not block.get("optional"):
            yield "Please complete this required field."
        return
    if element["type"] == "plain_text_input":
        if len(value) < element.get("min_length", 0):
            yield f"Please use at least {element['min_length']} characters."
        elif len(value) > element.get("max_length", 3000):
            yield f"Please use at most {element.get('max_length', 3000)} characters."
    elif element["type"] == "email_text_input" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        yield "Please enter a valid email address."
    elif element["type"] == "url_text_input" and not re.match(r"https?://\S+\.\S+", value):
        yield "Please enter a valid URL."
    elif element["type"] == "number_input":
        yield from _number_problems(element, value)
    elif element["type"] == "datepicker":
        try:
            date.fromisoformat(value)
        except ValueError:
            yield "Please enter a valid date."


def _number_problems(element: Json, value: str) -> Iterator[str]:
    try:
        number = float(value) if element.get("is_decimal_allowed") else int(value)
    except ValueError:
        yield "Please enter a number."
        return
    if "min_value" in element and number < float(element["min_value"]):
        yield f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and number > float(element["max_value"]):
        yield f"Please enter a number of at most {element['max_value']}."


def _option(element: Json, value: Any) -> Json:
    if isinstance(value, dict):
        return {name: value[name] for name in ("text", "value", "description") if name in value}
    for one in options_of(element):
        if one["value"] == value:
            return one
    if element["type"].endswith("external_select"):
        # What an app suggests is not kept here: whoever enters it gives it whole.
        return {"text": {"type": "plain_text", "text": str(value), "emoji": True}, "value": str(value)}
    message = f"`{element['action_id']}` has no option `{value}`"
    raise Misused(message)
