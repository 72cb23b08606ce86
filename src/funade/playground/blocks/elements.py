"""What stands in blocks and can be clicked, chosen or typed into."""

from collections.abc import Callable
from typing import Any

from funade.playground.blocks import composition
from funade.playground.blocks.problems import Problems

LONGEST_ID = 255
_TEXT_INPUTS = ("plain_text_input", "email_text_input", "url_text_input", "number_input")
_PICKERS = ("datepicker", "timepicker", "datetimepicker")
_SELECTS = tuple(
    f"{many}{kind}_select"
    for many in ("", "multi_")
    for kind in ("static", "external", "users", "conversations", "channels")
)

#: where each element may stand
IN_ACTIONS = (
    "button",
    "checkboxes",
    "overflow",
    "radio_buttons",
    "workflow_button",
    *_PICKERS,
    *_SELECTS[:5],
)
IN_ACCESSORY = (
    "button",
    "checkboxes",
    "image",
    "overflow",
    "radio_buttons",
    "workflow_button",
    "datepicker",
    "timepicker",
    *_SELECTS,
)
IN_INPUT = (
    "checkboxes",
    "radio_buttons",
    "rich_text_input",
    "file_input",
    *_PICKERS,
    *_TEXT_INPUTS,
    *_SELECTS,
)

_INITIAL = {
    "checkboxes": ("initial_options",),
    "radio_buttons": ("initial_option",),
    "datepicker": ("initial_date",),
    "timepicker": ("initial_time", "timezone"),
    "datetimepicker": ("initial_date_time",),
    "static_select": ("initial_option",),
    "external_select": ("initial_option", "min_query_length"),
    "users_select": ("initial_user",),
    "conversations_select": (
        "initial_conversation",
        "default_to_current_conversation",
        "filter",
        "response_url_enabled",
    ),
    "channels_select": ("initial_channel", "response_url_enabled"),
    "multi_static_select": ("initial_options", "max_selected_items"),
    "multi_external_select": ("initial_options", "min_query_length", "max_selected_items"),
    "multi_users_select": ("initial_users", "max_selected_items"),
    "multi_conversations_select": (
        "initial_conversations",
        "default_to_current_conversation",
        "filter",
        "max_selected_items",
    ),
    "multi_channels_select": ("initial_channels", "max_selected_items"),
}


def element(problems: Problems, value: Any, at: str, allowed: tuple[str, ...]) -> None:
    """Check one element."""
    if not problems.thing(value, at):
        return
    kind = value.get("type")
    if kind is None:
        problems.add("missing required field: type", at)
    elif kind not in allowed:
        problems.add(f"unsupported type: {kind}", f"{at}/type")
    else:
        _common(problems, value, at)
        _CHECKS.get(kind, _other)(problems, value, at)


def _common(problems: Problems, value: Any, at: str) -> None:
    if "action_id" in value:
        problems.text(value["action_id"], f"{at}/action_id", LONGEST_ID, least=1)
    if "confirm" in value:
        composition.confirmation(problems, value["confirm"], f"{at}/confirm")
    if "placeholder" in value:
        composition.text_object(problems, value["placeholder"], f"{at}/placeholder", 150, plain_only=True)
    if "focus_on_load" in value:
        problems.flag(value["focus_on_load"], f"{at}/focus_on_load")


def _button(problems: Problems, value: Any, at: str) -> None:
    optional = ("action_id", "url", "value", "style", "confirm", "accessibility_label")
    if problems.fields(value, at, ("type", "text"), optional):
        composition.text_object(problems, value["text"], f"{at}/text", 75, plain_only=True)
    if "value" in value:
        problems.text(value["value"], f"{at}/value", 2000)
    if "url" in value:
        problems.text(value["url"], f"{at}/url", 3000)
    if "style" in value:
        problems.choice(value["style"], f"{at}/style", ("primary", "danger"))
    if "accessibility_label" in value:
        problems.text(value["accessibility_label"], f"{at}/accessibility_label", 75)


def _overflow(problems: Problems, value: Any, at: str) -> None:
    if problems.fields(value, at, ("type", "options"), ("action_id", "confirm")):
        composition.options(problems, value["options"], f"{at}/options", 5, has_url=True)


def _choices(problems: Problems, value: Any, at: str) -> None:
    optional = ("action_id", "confirm", "focus_on_load", *_INITIAL[value["type"]])
    if problems.fields(value, at, ("type", "options"), optional):
        composition.options(problems, value["options"], f"{at}/options", 10, may_format=True)
        _initial_options(problems, value, at)


def _static_select(problems: Problems, value: Any, at: str) -> None:
    optional = ("action_id", "placeholder", "confirm", "focus_on_load", "options", "option_groups")
    problems.fields(value, at, ("type",), (*optional, *_INITIAL[value["type"]]))
    if ("options" in value) == ("option_groups" in value):
        problems.add("must provide either options or option_groups", at)
    elif "options" in value:
        composition.options(problems, value["options"], f"{at}/options", composition.MOST_OPTIONS)
    else:
        composition.option_groups(problems, value["option_groups"], f"{at}/option_groups")
    _initial_options(problems, value, at)


def _initial_options(problems: Problems, value: Any, at: str) -> None:
    """What is chosen at first must be one of the options."""
    options = value.get("options") or [
        one
        for group in value.get("option_groups") or ()
        if isinstance(group, dict)
        for one in group.get("options", ())
    ]
    known = {one.get("value") for one in options if isinstance(one, dict)}
    chosen = [("initial_option", value.get("initial_option"))]
    given = value.get("initial_options")
    chosen += [("initial_options", one) for one in given] if isinstance(given, list) else []
    for name, one in chosen:
        if one is not None and (not isinstance(one, dict) or one.get("value") not in known):
            problems.add("must be one of the provided options", f"{at}/{name}")


def _open_select(problems: Problems, value: Any, at: str) -> None:
    optional = ("action_id", "placeholder", "confirm", "focus_on_load", *_INITIAL[value["type"]])
    problems.fields(value, at, ("type",), optional)
    if isinstance(value.get("max_selected_items"), int) and value["max_selected_items"] < 1:
        problems.add("must be greater than 0", f"{at}/max_selected_items")


def _text_input(problems: Problems, value: Any, at: str) -> None:
    more = {
        "plain_text_input": ("multiline", "min_length", "max_length"),
        "number_input": ("is_decimal_allowed", "min_value", "max_value"),
    }
    optional = ("action_id", "placeholder", "initial_value", "dispatch_action_config", "focus_on_load")
    problems.fields(value, at, ("type",), (*optional, *more.get(value["type"], ())))
    for name in ("min_length", "max_length"):
        length = value.get(name)
        if length is not None and (not isinstance(length, int) or not 0 <= length <= 3000):
            problems.add("must be less than 3001", f"{at}/{name}")
    if "initial_value" in value:
        problems.text(value["initial_value"], f"{at}/initial_value", value.get("max_length") or 3000)


def _image(problems: Problems, value: Any, at: str) -> None:
    if problems.fields(value, at, ("type", "alt_text"), ("image_url", "slack_file", "title", "block_id")):
        problems.text(value["alt_text"], f"{at}/alt_text", 2000, least=1)
    if "image_url" in value:
        problems.text(value["image_url"], f"{at}/image_url", 3000, least=1)
    elif "slack_file" not in value:
        problems.add("missing required field: image_url", at)


def _other(problems: Problems, value: Any, at: str) -> None:
    """Elements whose insides are not looked at."""


_CHECKS: dict[str, Callable[[Problems, Any, str], None]] = {
    "button": _button,
    "checkboxes": _choices,
    "image": _image,
    "multi_static_select": _static_select,
    "overflow": _overflow,
    "radio_buttons": _choices,
    "static_select": _static_select,
    **dict.fromkeys(_TEXT_INPUTS, _text_input),
    **{kind: _open_select for kind in (*_PICKERS, *_SELECTS) if "static" not in kind},
}
check_image = _image
