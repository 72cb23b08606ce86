"""The workspace as its page sees it."""

from dataclasses import asdict

from funade.playground.errors import Json
from funade.playground.nouns import App, Channel
from funade.playground.stage import Stage


def picture(stage: Stage) -> Json:
    """Return everything but messages."""
    workspace = stage.workspace
    return {
        "team": asdict(workspace.team),
        "now": workspace.clock.now(),
        "frozen": workspace.clock.frozen,
        "people": [asdict(one) for one in workspace.people.values()],
        "channels": [picture_of_channel(stage, one) for one in workspace.channels.values()],
        "groups": [asdict(one) for one in workspace.groups.values()],
        "apps": [
            {**picture_of_app(one), "connections": len(stage.courier.sockets.sockets(one))}
            for one in workspace.apps.values()
        ],
        "webhooks": [
            {"url": f"{workspace.address}/services/{one.path}", "app": one.app_id, "channel": one.channel}
            for one in workspace.webhooks.values()
        ],
        "switches": asdict(workspace.switches),
        "address": workspace.address,
    }


def picture_of_channel(stage: Stage, channel: Channel) -> Json:
    """Return a channel with who has read how far."""
    del stage
    shown = {
        name: getattr(channel, name)
        for name in (
            *("id", "name", "is_private", "is_im", "is_mpim", "is_archived", "is_ext_shared", "is_general"),
            *("topic", "purpose", "members", "read"),
        )
    }
    # Oldest first, and without those that only one person sees.
    return {
        **shown,
        "latest": max((one.ts for one in channel.messages.values() if not one.only_for), default=""),
    }


def picture_of_app(app: App) -> Json:
    """Return an app with its secrets: whoever sees the page owns this workspace."""
    return asdict(app)
