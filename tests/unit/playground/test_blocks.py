import pytest
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models import blocks as models

from funade.playground.blocks.validate import message_problems, option_problems, view_problems


def plain(text):
    return {"type": "plain_text", "text": text}


def section(**more):
    return {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}, **more}


def button(**more):
    return {"type": "button", "text": plain("Go"), "action_id": "go", **more}


def actions(*elements):
    return {"type": "actions", "elements": list(elements)}


def option(text="One", value="1"):
    return {"text": plain(text), "value": value}


def select(**more):
    return {"type": "static_select", "action_id": "s", **more}


WELL = [
    [section()],
    [section(accessory=button(style="danger", value="x" * 2000))],
    [section(fields=[plain("a")] * 10)],
    [{"type": "header", "text": plain("x" * 150)}],
    [
        {
            "type": "context",
            "elements": [plain("a"), {"type": "image", "image_url": "https://x/y", "alt_text": "y"}],
        }
    ],
    [actions(*(button(action_id=f"b{number}") for number in range(25)))],
    [actions(select(options=[option(value=str(number)) for number in range(100)]))],
    [{"type": "divider"}],
    [{"type": "markdown", "text": "x" * 12_000}],
    [{"type": "input", "label": plain("L"), "element": {"type": "plain_text_input", "action_id": "x"}}],
    [{"type": "divider"}] * 50,
]

WRONG = [
    ([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    ([{"type": "carousel"}], "unsupported type: carousel [json-pointer:/blocks/0/type]"),
    ([{}], "missing required field: type [json-pointer:/blocks/0]"),
    ({}, "must be an array [json-pointer:/blocks]"),
    ([{"type": "section"}], "missing required field: text [json-pointer:/blocks/0]"),
    (
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}],
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}],
        "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
    ),
    ([section(fields=[plain("a")] * 11)], "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
    (
        [section(fields=[plain("x" * 2001)])],
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    (
        [{"type": "header", "text": plain("x" * 151)}],
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        "must be one of: plain_text [json-pointer:/blocks/0/text/type]",
    ),
    (
        [actions(*(button(action_id=f"b{number}") for number in range(26)))],
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        [actions(button(), button())],
        "`action_id` go already exists [json-pointer:/blocks/0/elements/1/action_id]",
    ),
    (
        [section(accessory=button(value="x" * 2001))],
        "must be less than 2001 characters [json-pointer:/blocks/0/accessory/value]",
    ),
    (
        [actions({"type": "button", "text": plain("x" * 76)})],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    (
        [actions(button(style="success"))],
        "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]",
    ),
    (
        [actions(select(options=[option(value=str(number)) for number in range(101)]))],
        "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        [actions(select(options=[option(text="x" * 76)]))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]",
    ),
    (
        [actions(select(options=[option()], initial_option=option(value="2")))],
        "must be one of the provided options [json-pointer:/blocks/0/elements/0/initial_option]",
    ),
    ([section(colour="red")], "invalid additional property: colour [json-pointer:/blocks/0]"),
    (
        [section(block_id="a"), section(block_id="a")],
        "`block_id` a already exists [json-pointer:/blocks/1/block_id]",
    ),
    (
        [{"type": "markdown", "text": "x" * 12_001}],
        "must be less than 12001 characters [json-pointer:/blocks/0/text]",
    ),
]


@pytest.mark.parametrize("blocks", WELL, ids=str)
def test_what_slack_takes_is_taken(blocks):
    assert message_problems(blocks) == []


@pytest.mark.parametrize(("blocks", "problem"), WRONG, ids=lambda one: str(one)[:60])
def test_what_slack_refuses_is_refused_in_its_words(blocks, problem):
    assert f"[ERROR] {problem}" in message_problems(blocks)


def test_a_limit_may_count_utf16_units():
    blocks = [{"type": "header", "text": plain("🎉" * 76)}]
    assert message_problems(blocks) == []
    assert message_problems(blocks, utf16=True)


def modal(**more):
    return {"type": "modal", "title": plain("Title"), "blocks": [], **more}


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        (modal(title=plain("x" * 25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
        (modal(private_metadata="x" * 3001), "must be less than 3001 characters"),
        (
            modal(blocks=[{"type": "divider"}] * 101),
            "no more than 100 items allowed [json-pointer:/view/blocks]",
        ),
        ({"type": "modal", "blocks": []}, "missing required field: title"),
        (
            modal(blocks=[{"type": "input", "label": plain("L"), "element": {"type": "plain_text_input"}}]),
            "missing required field: submit",
        ),
        ({"type": "window", "blocks": []}, "unsupported type: window"),
        (modal(blocks=[{"type": "markdown", "text": "x"}]), "unsupported type: markdown"),
    ],
)
def test_a_view_is_checked_too(view, problem):
    assert any(problem in one for one in view_problems(view))


def test_suggestions_are_options_or_groups_of_them():
    assert option_problems({"options": [option()]}) == []
    assert option_problems({"option_groups": [{"label": plain("G"), "options": [option()]}]}) == []
    assert option_problems({"options": [option()] * 101})
    assert option_problems({})
    assert option_problems(None)


# The official library draws the same lines.

BY_MODEL = {
    "section text": lambda size: models.SectionBlock(text="x" * size),
    "header": lambda size: models.HeaderBlock(text="x" * size),
    "button text": lambda size: models.ActionsBlock(
        elements=[models.ButtonElement(text="x" * size, action_id="a")]
    ),
    "button value": lambda size: models.ActionsBlock(
        elements=[models.ButtonElement(text="x", action_id="a", value="x" * size)]
    ),
    "actions": lambda size: models.ActionsBlock(
        elements=[models.ButtonElement(text="x", action_id=f"a{number}") for number in range(size)]
    ),
    "context": lambda size: models.ContextBlock(
        elements=[models.PlainTextObject(text="x") for _ in range(size)]
    ),
    "option text": lambda size: models.ActionsBlock(
        elements=[
            models.StaticSelectElement(
                placeholder="p", action_id="a", options=[models.Option(value="1", label="x" * size)]
            )
        ]
    ),
    "options": lambda size: models.ActionsBlock(
        elements=[
            models.StaticSelectElement(
                placeholder="p",
                action_id="a",
                options=[models.Option(value=str(number), label="x") for number in range(size)],
            )
        ]
    ),
    "fields": lambda size: models.SectionBlock(fields=["x"] * size),
    "input label": lambda size: models.InputBlock(
        label="x" * size, element=models.PlainTextInputElement(action_id="a")
    ),
}
LIMITS = {
    "section text": 3000,
    "header": 150,
    "button text": 75,
    "button value": 2000,
    "actions": 25,
    "context": 10,
    "option text": 75,
    "options": 100,
    "fields": 10,
    "input label": 2000,
}


@pytest.mark.parametrize("name", LIMITS)
def test_what_the_official_models_make_passes_and_their_limits_are_ours(name):
    most, make = LIMITS[name], BY_MODEL[name]
    assert message_problems([make(most).to_dict()]) == []
    with pytest.raises(SlackObjectFormationError):
        make(most + 1).to_dict()
