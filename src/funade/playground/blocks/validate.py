"""Checks whole messages and views."""

from collections.abc import Callable
from typing import Any

from funade.playground.blocks import composition, elements
from funade.playground.blocks.problems import Problems

MOST_IN_MESSAGE, MOST_IN_VIEW = 50, 100
LONGEST_MARKDOWN = 12_000
MOST_ROWS, MOST_CELLS = 100, 20

_IN_BOTH = ("actions", "context", "divider", "header", "image", "input", "rich_text", "section", "video")
IN_MESSAGE = (*_IN_BOTH, "context_actions", "file", "markdown", "table")
IN_VIEW = _IN_BOTH


def message_problems(blocks: Any, *, utf16: bool = False) -> list[str]:
    """Return what Slack would say against the blocks of a message."""
    problems = Problems(utf16=utf16)
    _blocks(problems, blocks, "/blocks", MOST_IN_MESSAGE, IN_MESSAGE)
    return problems.found


def view_problems(view: Any, *, utf16: bool = False) -> list[str]:
    """Return what Slack would say against a modal or a home."""
    problems = Problems(utf16=utf16)
    if not problems.thing(view, "/view"):
        return problems.found
    kind = view.get("type")
    common = ("private_metadata", "callback_id", "external_id")
    if kind == "modal":
        optional = ("submit", "close", "clear_on_close", "notify_on_close", "submit_disabled", *common)
        problems.fields(view, "/view", ("type", "title", "blocks"), optional)
        for name in ("title", "submit", "close"):
            if view.get(name) is not None:
                composition.text_object(problems, view[name], f"/view/{name}", 24, plain_only=True)
    elif kind == "home":
        problems.fields(view, "/view", ("type", "blocks"), (*common, "title", "submit", "close"))
    else:
        problems.add(
            "missing required field: type" if kind is None else f"unsupported type: {kind}", "/view/type"
        )
        return problems.found
    for name, most in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
        if view.get(name) is not None:
            problems.text(view[name], f"/view/{name}", most)
    if "blocks" in view:
        _blocks(problems, view["blocks"], "/view/blocks", MOST_IN_VIEW, IN_VIEW)
        has_input = any(isinstance(one, dict) and one.get("type") == "input" for one in view["blocks"] or ())
        if kind == "modal" and has_input and view.get("submit") is None:
            problems.add("missing required field: submit", "/view")
    return problems.found


def option_problems(answer: Any) -> list[str]:
    """Return what is wrong with an app's answer to a `block_suggestion`."""
    problems = Problems()
    if not isinstance(answer, dict) or ("options" in answer) == ("option_groups" in answer):
        problems.add("must provide either options or option_groups", "/")
    elif "options" in answer:
        for number, one in enumerate(problems.items(answer["options"], "/options", composition.MOST_OPTIONS)):
            composition.option(problems, one, f"/options/{number}")
    else:
        composition.option_groups(problems, answer["option_groups"], "/option_groups")
    return problems.found


def _blocks(problems: Problems, blocks: Any, at: str, most: int, allowed: tuple[str, ...]) -> None:
    seen: dict[str, set[str]] = {"block": set()}
    for number, block in enumerate(problems.items(blocks, at, most)):
        here = f"{at}/{number}"
        if not problems.thing(block, here):
            continue
        kind = block.get("type")
        if kind is None:
            problems.add("missing required field: type", here)
            continue
        if kind not in allowed:
            problems.add(f"unsupported type: {kind}", f"{here}/type")
            continue
        if "block_id" in block and problems.text(block["block_id"], f"{here}/block_id", 255):
            if block["block_id"] in seen["block"]:
                problems.add(f"`block_id` {block['block_id']} already exists", f"{here}/block_id")
            seen["block"].add(block["block_id"])
        if check := _CHECKS.get(kind):
            check(problems, block, here)


def _section(problems: Problems, block: Any, at: str) -> None:
    problems.fields(block, at, ("type",), ("block_id", "text", "fields", "accessory", "expand"))
    if block.get("text") is None and block.get("fields") is None:
        problems.add("missing required field: text", at)
    if block.get("text") is not None:
        composition.text_object(problems, block["text"], f"{at}/text", 3000)
    if block.get("fields") is not None:
        for number, one in enumerate(problems.items(block["fields"], f"{at}/fields", 10, least=1)):
            composition.text_object(problems, one, f"{at}/fields/{number}", 2000)
    if block.get("accessory") is not None:
        elements.element(problems, block["accessory"], f"{at}/accessory", elements.IN_ACCESSORY)


def _header(problems: Problems, block: Any, at: str) -> None:
    if problems.fields(block, at, ("type", "text"), ("block_id", "level")):
        composition.text_object(problems, block["text"], f"{at}/text", 150, plain_only=True)


def _actions(problems: Problems, block: Any, at: str) -> None:
    if not problems.fields(block, at, ("type", "elements"), ("block_id",)):
        return
    names: set[str] = set()
    for number, one in enumerate(problems.items(block["elements"], f"{at}/elements", 25, least=1)):
        elements.element(problems, one, f"{at}/elements/{number}", elements.IN_ACTIONS)
        name = one.get("action_id") if isinstance(one, dict) else None
        if name in names:
            problems.add(f"`action_id` {name} already exists", f"{at}/elements/{number}/action_id")
        if name is not None:
            names.add(name)


def _context(problems: Problems, block: Any, at: str) -> None:
    if not problems.fields(block, at, ("type", "elements"), ("block_id",)):
        return
    for number, one in enumerate(problems.items(block["elements"], f"{at}/elements", 10, least=1)):
        here = f"{at}/elements/{number}"
        if isinstance(one, dict) and one.get("type") == "image":
            elements.check_image(problems, one, here)
        else:
            composition.text_object(problems, one, here, 3000)


def _divider(problems: Problems, block: Any, at: str) -> None:
    problems.fields(block, at, ("type",), ("block_id",))


def _image(problems: Problems, block: Any, at: str) -> None:
    elements.check_image(problems, block, at)
    if block.get("title") is not None:
        composition.text_object(problems, block["title"], f"{at}/title", 2000, plain_only=True)


def _input(problems: Problems, block: Any, at: str) -> None:
    optional = ("block_id", "hint", "optional", "dispatch_action")
    if not problems.fields(block, at, ("type", "label", "element"), optional):
        return
    composition.text_object(problems, block["label"], f"{at}/label", 2000, plain_only=True)
    if block.get("hint") is not None:
        composition.text_object(problems, block["hint"], f"{at}/hint", 2000, plain_only=True)
    elements.element(problems, block["element"], f"{at}/element", elements.IN_INPUT)


def _markdown(problems: Problems, block: Any, at: str) -> None:
    if problems.fields(block, at, ("type", "text"), ("block_id",)):
        problems.text(block["text"], f"{at}/text", LONGEST_MARKDOWN, least=1)


def _rich_text(problems: Problems, block: Any, at: str) -> None:
    if not problems.fields(block, at, ("type", "elements"), ("block_id",)):
        return
    kinds = ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
    for number, one in enumerate(problems.items(block["elements"], f"{at}/elements", 1000)):
        here = f"{at}/elements/{number}"
        if problems.thing(one, here):
            problems.choice(one.get("type"), f"{here}/type", kinds)
            problems.items(one.get("elements"), f"{here}/elements", 10_000)


def _table(problems: Problems, block: Any, at: str) -> None:
    if not problems.fields(block, at, ("type", "rows"), ("block_id", "column_settings")):
        return
    for number, row in enumerate(problems.items(block["rows"], f"{at}/rows", MOST_ROWS, least=1)):
        problems.items(row, f"{at}/rows/{number}", MOST_CELLS, least=1)


_CHECKS: dict[str, Callable[[Problems, Any, str], None]] = {
    "actions": _actions,
    "context": _context,
    "divider": _divider,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "section": _section,
    "table": _table,
}
