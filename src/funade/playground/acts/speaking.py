"""Somebody writes: messages, slash commands, edits, reactions."""

from funade.playground.acts import payloads
from funade.playground.acts.answering import answer, say_as_slackbot
from funade.playground.errors import Json, Misused, SlackError
from funade.playground.nouns import App, Channel, Command, Message, Person
from funade.playground.passes import ResponseUrl
from funade.playground.sockets import NotAnswered
from funade.playground.stage import Stage
from funade.playground.typed import corrected, escaped, rich_text, wire_text


def where(stage: Stage, person: Person, reference: str) -> Channel:
    """Return the channel that somebody means: an id, `#name`, or `@somebody` for their direct messages."""
    workspace = stage.workspace
    if reference.startswith("@") or reference in workspace.people:
        return workspace.direct_channel([person.id, workspace.person(reference).id])
    return workspace.channel(reference)


def say(
    stage: Stage, person: Person, channel: Channel, text: str, *, thread_ts: str = "", broadcast: bool = False
) -> Message:
    """Post what somebody types, as Slack passes it on."""
    workspace = stage.workspace
    _demand_member(person, channel)
    names, switches = workspace.names(), workspace.switches
    typed = corrected(text, switches.autocorrect)
    message = Message(
        channel=channel.id,
        ts=workspace.new_ts(),
        user=person.id,
        text=wire_text(typed, names, switches),
        blocks=[rich_text(typed, names, switches, workspace.new_id("", 5))],
        client_msg_id=workspace.new_uuid(),
        team=person.team_id,
        thread_ts=_root(channel, thread_ts),
        subtype="thread_broadcast" if broadcast and thread_ts else "",
    )
    if person.is_stranger:
        message.extra = {"user_team": person.team_id, "source_team": person.team_id}
    stage.board.post(message)
    for app in workspace.apps.values():
        mentioned = f"<@{app.bot_user}>" in message.text
        if mentioned and app.bot_user not in channel.members and not channel.is_im:
            said = f"You mentioned <@{app.bot_user}>, but they’re not in this channel. Invite them first."
            say_as_slackbot(stage, channel, person.id, said)
    return message


def edit(stage: Stage, person: Person, channel: Channel, ts: str, text: str) -> Message:
    """Change what somebody wrote."""
    workspace = stage.workspace
    message = _own(stage, person, channel, ts)
    names, switches = workspace.names(), workspace.switches
    typed = corrected(text, switches.autocorrect)
    block_id = message.blocks[0]["block_id"] if message.blocks else workspace.new_id("", 5)
    stage.board.edit(
        message,
        by=person.id,
        text=wire_text(typed, names, switches),
        blocks=[rich_text(typed, names, switches, block_id)],
    )
    return message


def delete(stage: Stage, person: Person, channel: Channel, ts: str) -> None:
    """Take away what somebody wrote: one's own, or, for whoever looks after the workspace, anybody's."""
    found = stage.workspace.message(channel, ts) if person.is_admin else _own(stage, person, channel, ts)
    stage.board.delete(found)


def react(stage: Stage, person: Person, channel: Channel, ts: str, name: str, *, add: bool) -> bool:
    """Add or remove a reaction; return whether that changed anything."""
    _demand_member(person, channel)
    return stage.board.react(stage.workspace.message(channel, ts), name.strip(":"), person.id, add=add)


def find_command(stage: Stage, name: str) -> tuple[App, Command] | None:
    """Return whose command it is; of two apps with one name the last installed has it."""
    for app in reversed(stage.workspace.apps.values()):
        for command in app.commands:
            if command.name == name:
                return app, command
    return None


async def command(stage: Stage, person: Person, channel: Channel, name: str, text: str) -> Json:
    """Run a slash command; return whether it was answered, and how it failed."""
    workspace = stage.workspace
    _demand_member(person, channel)
    found = find_command(stage, name)
    if found is None or not workspace.shares_team(person):
        say_as_slackbot(stage, channel, person.id, f"`{escaped(name)}` is not a valid command.")
        return {"ok": False, "error": "no_such_command"}
    app, known = found
    typed = corrected(text, workspace.switches.autocorrect)
    response_url = stage.passes.new_response_url(app, channel.id, person.id)
    payload = {
        "token": "deprecated",
        "team_id": workspace.team.id,
        "team_domain": workspace.team.domain,
        "channel_id": channel.id,
        "channel_name": payloads.channel_name(workspace, channel),
        "user_id": person.id,
        "user_name": person.name,
        "command": name,
        "text": (
            wire_text(typed, workspace.names(), workspace.switches) if known.escapes else escaped(typed)
        ).strip(),
        "api_app_id": app.id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": stage.passes.new_trigger(app, person.id),
    }
    try:
        body = await stage.courier.ask(app, "slash_commands", payload, url=known.url)
        if isinstance(body, str):
            body = {"text": body}
        if body:
            place = ResponseUrl(app.id, channel.id, person.id, 0.0, 0)
            answer(stage, app, place, body)
    except NotAnswered as error:
        # The words stay in the box: people press Enter again.
        say_as_slackbot(stage, channel, person.id, f"{name} failed with the error “{error.error}”")
        return {"ok": False, "error": error.error}
    except SlackError as error:
        say_as_slackbot(stage, channel, person.id, f"{name} failed with the error “{error.error}”")
        return {**error.body, "ok": False, "error": "invalid_command_response"}
    return {"ok": True}


def _own(stage: Stage, person: Person, channel: Channel, ts: str) -> Message:
    message = stage.workspace.message(channel, ts)
    if message.user != person.id or message.bot_id:
        problem = f"that message is not {person.name}'s own"
        raise Misused(problem)
    return message


def _root(channel: Channel, thread_ts: str) -> str:
    root = channel.messages.get(thread_ts)
    if thread_ts and root is None:
        message = f"there is no thread `{thread_ts}` here"
        raise Misused(message)
    return root.thread_ts if root is not None and root.is_reply else thread_ts


def _demand_member(person: Person, channel: Channel) -> None:
    if person.id not in channel.members:
        message = f"{person.name} is not in `{channel.name or channel.id}`: join or invite first"
        raise Misused(message)
    if channel.is_archived:
        message = f"`{channel.name}` is archived"
        raise Misused(message)
