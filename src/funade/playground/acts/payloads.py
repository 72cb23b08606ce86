"""The parts that all of Slack's payloads about a person's act share."""

from funade.playground.errors import Json
from funade.playground.nouns import App, Channel, Person
from funade.playground.workspace import Workspace


def actor(workspace: Workspace, app: App, person: Person) -> Json:
    """Return who acted, in which app."""
    return {
        "team": {"id": workspace.team.id, "domain": workspace.team.domain},
        "user": {
            "id": person.id,
            "username": person.name,
            "name": person.name,
            "team_id": person.team_id,
        },
        "api_app_id": app.id,
        "token": "deprecated",
        "enterprise": None,
        "is_enterprise_install": False,
    }


def channel_name(workspace: Workspace, channel: Channel) -> str:
    """Return what commands and clicks call the channel."""
    if channel.is_im:
        return workspace.switches.direct_message_name
    if not channel.is_public:
        return workspace.switches.private_channel_name
    return channel.name


def place(workspace: Workspace, channel: Channel) -> Json:
    """Return the channel as payloads have it."""
    return {"id": channel.id, "name": channel_name(workspace, channel)}
