"""The small things that blocks are made of: texts, options, confirmations."""

from typing import Any

from funade.playground.blocks.problems import Problems

LONGEST_OPTION_VALUE = 150
MOST_OPTIONS, MOST_GROUPS = 100, 100


def text_object(  # noqa: PLR0913 - its kinds differ in these
    problems: Problems, value: Any, at: str, most: int, *, plain_only: bool = False, least: int = 1
) -> None:
    """Check a text object."""
    if not problems.thing(value, at):
        return
    kind = value.get("type")
    allowed = ("plain_text",) if plain_only else ("plain_text", "mrkdwn")
    if kind is None:
        problems.add("missing required field: type", at)
        return
    if kind not in allowed:
        problems.add(
            f"unsupported type: {kind}"
            if kind not in ("plain_text", "mrkdwn")
            else "must be one of: plain_text",
            f"{at}/type",
        )
        return
    optional = ("emoji",) if kind == "plain_text" else ("verbatim",)
    if problems.fields(value, at, ("type", "text"), optional):
        problems.text(value["text"], f"{at}/text", most, least=least)
    for name in optional:
        if name in value:
            problems.flag(value[name], f"{at}/{name}")


def option(
    problems: Problems, value: Any, at: str, *, may_format: bool = False, has_url: bool = False
) -> None:
    """Check one option of a select, of checkboxes or of an overflow."""
    if not problems.thing(value, at):
        return
    optional = ("description", "url") if has_url else ("description",)
    if not problems.fields(value, at, ("text", "value"), optional):
        return
    text_object(problems, value["text"], f"{at}/text", 75, plain_only=not may_format)
    problems.text(value["value"], f"{at}/value", LONGEST_OPTION_VALUE)
    if "description" in value:
        text_object(problems, value["description"], f"{at}/description", 75, plain_only=not may_format)
    if "url" in value:
        problems.text(value["url"], f"{at}/url", 3000)


def options(problems: Problems, value: Any, at: str, most: int, **how: bool) -> None:
    """Check a list of options."""
    for number, one in enumerate(problems.items(value, at, most, least=1)):
        option(problems, one, f"{at}/{number}", **how)


def option_groups(problems: Problems, value: Any, at: str) -> None:
    """Check a list of groups of options."""
    for number, group in enumerate(problems.items(value, at, MOST_GROUPS, least=1)):
        here = f"{at}/{number}"
        if problems.thing(group, here) and problems.fields(group, here, ("label", "options"), ()):
            text_object(problems, group["label"], f"{here}/label", 75, plain_only=True)
            options(problems, group["options"], f"{here}/options", MOST_OPTIONS)


def confirmation(problems: Problems, value: Any, at: str) -> None:
    """Check the question before a button acts."""
    if not problems.thing(value, at):
        return
    if not problems.fields(value, at, ("title", "text"), ("confirm", "deny", "style")):
        return
    text_object(problems, value["title"], f"{at}/title", 100, plain_only=True)
    text_object(problems, value["text"], f"{at}/text", 300)
    for name in ("confirm", "deny"):
        if name in value:
            text_object(problems, value[name], f"{at}/{name}", 30, plain_only=True)
    if "style" in value:
        problems.choice(value["style"], f"{at}/style", ("primary", "danger"))
