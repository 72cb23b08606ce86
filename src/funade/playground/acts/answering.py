"""An app's answer where somebody typed or clicked: a new message, another one in place of it, or none."""

from typing import Any

from funade.playground.blocks import validate
from funade.playground.errors import Json, SlackError
from funade.playground.nouns import App, Channel, Message
from funade.playground.passes import ResponseUrl
from funade.playground.posted import stored_text, text_of_blocks
from funade.playground.posting import bot_message, with_block_ids
from funade.playground.stage import Stage

SLACKBOT = "USLACKBOT"


def answer(stage: Stage, app: App, where: ResponseUrl, body: Json) -> Message | None:
    """Do what the app answers, or raise SlackError."""
    workspace = stage.workspace
    channel = workspace.channels[where.channel]
    original = channel.messages.get(where.message_ts)
    if _is_true(body.get("delete_original")):
        if original is not None:
            stage.board.delete(original)
        return None
    text, blocks, attachments = _content(stage, body)
    if _is_true(body.get("replace_original")) and original is not None:
        stage.board.edit(
            original,
            by=app.bot_user,
            edited=False,
            text=text,
            blocks=with_block_ids(workspace, blocks),
            attachments=attachments,
        )
        return original
    message = bot_message(workspace, app, channel, text=text, blocks=blocks, attachments=attachments)
    message.thread_ts = str(body.get("thread_ts") or "")
    if body.get("response_type") != "in_channel":
        message.only_for = where.person
    elif original is not None and original.only_for and _is_true(body.get("replace_original")):
        # What one person saw never becomes everybody's.
        message.only_for = where.person
    return stage.board.post(message)


def say_as_slackbot(stage: Stage, channel: Channel, person: str, text: str) -> None:
    """Tell one person what Slack itself would tell them."""
    stage.board.post(
        Message(channel=channel.id, ts=stage.workspace.new_ts(), user=SLACKBOT, text=text, only_for=person)
    )


def _content(stage: Stage, body: Json) -> tuple[str, list[Json], list[Json]]:
    blocks, attachments, text = (
        body.get("blocks") or [],
        body.get("attachments") or [],
        body.get("text") or "",
    )
    if not isinstance(blocks, list) or not isinstance(attachments, list) or not isinstance(text, str):
        raise SlackError("invalid_payload")
    if not (text or blocks or attachments):
        raise SlackError("no_text")
    if found := validate.message_problems(blocks, utf16=stage.workspace.switches.utf16_limits):
        raise SlackError("invalid_blocks", *found)
    return stored_text(text) if text else text_of_blocks(blocks), blocks, attachments


def _is_true(value: Any) -> bool:
    return value in (True, "true")
