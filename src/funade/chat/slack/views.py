"""Forms as Slack shows them: choosing what goes where, the plan, and what came of it. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from funade.chat.slack.sayings import Block, clip, plain_text, rich
from funade.domain.application import Application, Configuration
from funade.texts import Reader, slack
from funade.usecases.ports import KnownRef

CHOOSE, CONFIRM, SHOWN, BACK = "funade_choose", "funade_confirm", "funade_shown", "funade_back"
GOAL = "funade_goal"  #: the action of the field of what to go back to: the plan follows it
APPLICATION, ENVIRONMENT, REF, REASON = "application", "environment", "ref", "reason"
CHOSEN = "funade_chosen"  #: the action of the application's field: the rest of the form follows it
MOST_OPTIONS = 100
LONGEST_TITLE, LONGEST_OPTION, LONGEST_VALUE = 24, 75, 150
LONGEST_REASON = 3_000
#: An acknowledgement must stay below 20,000 bytes: a hundred long names, or forty Japanese ones, would not.
MOST_BYTES = 18_000


def note(**values: str | None) -> str:
    """Return what a form remembers; people see nothing in it that they may not know."""
    return json.dumps({name: value for name, value in values.items() if value}, separators=(",", ":"))[:3_000]


def read_note(text: str) -> dict[str, str]:
    """Return what a form remembers; nothing where it cannot be read."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {str(k): v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}


def loading(reader: Reader) -> Block:
    """Return a form that says to wait; so small that it opens at once."""
    return _modal(SHOWN, reader, rich([reader.word(slack.FORM_LOADING)]))


def choosing(
    configuration: Configuration,
    reader: Reader,
    *,
    application: str | None,
    environment: str | None = None,
    channel: str | None = None,
) -> Block:
    """Return the form in which one chooses; the environments are those of the application chosen so far."""
    names = list(configuration.applications)
    chosen = configuration.applications.get(application or "") or (
        configuration.applications[names[0]] if len(names) == 1 else None
    )
    blocks = [_application(names, chosen, reader)]
    if chosen is not None:
        blocks += [_environment(chosen, environment, reader), _ref(chosen, reader)]
    remembered = note(application=chosen.name if chosen else None, channel=channel)
    # Slack takes no form with fields and nothing to send it off with, also where more fields are still to come.
    return _modal(CHOOSE, reader, blocks, submit=reader.word(slack.FORM_NEXT), remembered=remembered)


def confirming(lines: Sequence[str], reader: Reader, remembered: str) -> Block:
    """Return the form that shows the plan and asks for the last word."""
    submit = reader.word(slack.FORM_CONFIRM)
    return _modal(CONFIRM, reader, [*rich(lines), _reason(reader)], submit=submit, remembered=remembered)


def going_back(  # noqa: PLR0913 - a form has that many sides
    reader: Reader,
    remembered: str,
    *,
    top: Sequence[str],
    goals: Sequence[tuple[str, str]],
    chosen: str,
    plan: Sequence[str],
    reason: str | None = None,
) -> Block:
    """Return the form in which one chooses what to go back to (values with their texts), and sees what that does."""
    options = [
        {"text": plain_text(said, LONGEST_OPTION), "value": value} for value, said in goals[:MOST_OPTIONS]
    ]
    goal: Block = {
        "type": "input",
        "block_id": GOAL,
        "dispatch_action": True,
        "label": plain_text(reader.word(slack.BACK_TO), 2_000),
        "hint": plain_text(reader.word(slack.BACK_TO_HINT), 2_000),
        "element": {
            "type": "static_select",
            "action_id": GOAL,
            "options": options,
            "initial_option": next(one for one in options if one["value"] == chosen),
        },
    }
    title = reader.word(slack.BACK_TITLE)
    blocks = [*rich(top), goal, *rich(plan), _reason(reader, reason)]
    return _modal(BACK, reader, blocks, submit=title, remembered=remembered, title=title)


def _reason(reader: Reader, said: str | None = None) -> Block:
    return {
        "type": "input",
        "block_id": REASON,
        "optional": True,
        "label": plain_text(reader.word(slack.FORM_REASON), 2_000),
        "element": {
            "type": "plain_text_input",
            "action_id": REASON,
            "multiline": True,
            "max_length": LONGEST_REASON,
            **({"initial_value": said} if said else {}),
        },
    }


def showing(lines: Sequence[str], reader: Reader, title: str) -> Block:
    """Return a form that only says something."""
    return _modal(SHOWN, reader, rich(lines), title=reader.word(title))


def suggestions(refs: Iterable[KnownRef], typed: str, reader: Reader) -> dict[str, Any]:
    """Return names as groups of options; what was typed can be chosen too, because it may be a commit."""
    groups: dict[str, list[Block]] = {slack.PULL_REQUESTS: [], slack.BRANCHES: [], slack.TAGS: []}
    refs, typed = list(refs), typed.strip()
    left = MOST_BYTES
    if typed and typed not in {one.name for one in refs} and len(typed) <= LONGEST_OPTION:
        groups[slack.AS_TYPED] = [_option(typed)]
        left -= _bytes(groups[slack.AS_TYPED][0])
    asked = set()
    for one in refs:
        # A name that does not fit cannot be chosen here; it can be said in words. Nothing is offered twice.
        if len(one.name) > LONGEST_OPTION or (one.name in asked and not one.is_tag):
            continue
        option = _option(one.name)
        if one.pull_request is not None:
            asked.add(one.name)
            option["text"] = plain_text(f"#{one.pull_request} {one.name}", LONGEST_OPTION)
        left -= _bytes(option)
        if left < 0:
            break
        kind = slack.PULL_REQUESTS if one.pull_request is not None else slack.BRANCHES
        groups[slack.TAGS if one.is_tag else kind].append(option)
    found = [
        {"label": plain_text(reader.word(label), LONGEST_OPTION), "options": options[:MOST_OPTIONS]}
        for label, options in groups.items()
        if options
    ]
    return {"option_groups": found} if found else {"options": []}


def _application(names: Sequence[str], chosen: Application | None, reader: Reader) -> Block:
    element: Block = {
        "type": "static_select",
        "action_id": CHOSEN,
        "placeholder": plain_text(reader.word(slack.FORM_CHOOSE), 150),
        "options": [_option(name) for name in names[:MOST_OPTIONS]],
    }
    if chosen is not None:
        element["initial_option"] = _option(chosen.name)
    label = plain_text(reader.word(slack.FORM_APPLICATION), 2_000)
    return {
        "type": "input",
        "block_id": APPLICATION,
        "dispatch_action": True,
        "label": label,
        "element": element,
    }


def _environment(chosen: Application, environment: str | None, reader: Reader) -> Block:
    names = list(chosen.environments)
    first = environment if environment in chosen.environments else names[0] if len(names) == 1 else None
    element: Block = {
        "type": "static_select",
        "action_id": ENVIRONMENT,
        "placeholder": plain_text(reader.word(slack.FORM_CHOOSE), 150),
        "options": [_option(name) for name in names[:MOST_OPTIONS]],
    }
    if first is not None:
        element["initial_option"] = _option(first)
    # Another application has other environments: what was chosen before must not stay.
    block = f"{ENVIRONMENT}:{chosen.name}"
    return {
        "type": "input",
        "block_id": block,
        "label": plain_text(reader.word(slack.FORM_ENVIRONMENT), 2_000),
        "element": element,
    }


def _ref(chosen: Application, reader: Reader) -> Block:
    hint = reader.word(slack.FORM_REF_HINT, ref=chosen.default_ref)
    return {
        "type": "input",
        "block_id": f"{REF}:{chosen.name}",
        "optional": True,
        "label": plain_text(reader.word(slack.FORM_REF), 2_000),
        "hint": plain_text(hint, 2_000),
        "element": {
            "type": "external_select",
            "action_id": REF,
            "min_query_length": 0,
            "placeholder": plain_text(reader.word(slack.FORM_CHOOSE), 150),
        },
    }


def value_of(values: Mapping[str, str], name: str, application: str | None) -> str | None:
    """Return what was filled into the field of that name, for that application."""
    return values.get(f"{name}:{application}") or values.get(name)


def _option(name: str) -> Block:
    return {"text": plain_text(name, LONGEST_OPTION), "value": clip(name, LONGEST_VALUE)}


def _bytes(option: Block) -> int:
    return len(json.dumps(option, ensure_ascii=False).encode(errors="replace")) + 1


def _modal(  # noqa: PLR0913 - a form has that many sides
    form: str,
    reader: Reader,
    blocks: Sequence[Block],
    *,
    submit: str | None = None,
    remembered: str = "",
    title: str | None = None,
) -> Block:
    modal: Block = {
        "type": "modal",
        "callback_id": form,
        "title": plain_text(title or reader.word(slack.FORM_TITLE), LONGEST_TITLE),
        "close": plain_text(reader.word(slack.FORM_BACK), LONGEST_TITLE),
        "blocks": list(blocks),
        "private_metadata": remembered,
    }
    if submit is not None:
        modal["submit"] = plain_text(submit, LONGEST_TITLE)
    return modal
