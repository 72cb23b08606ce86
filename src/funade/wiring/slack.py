"""Slack beside the rest of a server, when the configuration names a workspace."""

from funade.chat.slack.directory import AcquaintedConfigurations
from funade.chat.slack.room import Ports, SlackRoom
from funade.domain.application import Workspace
from funade.runner.loop import Runner
from funade.secrets import OpenSecrets
from funade.sources import GitSources, RefIndex
from funade.usecases.ports import Configurations
from funade.wiring.parts import Parts

__all__ = ["AcquaintedConfigurations", "build_slack"]


def build_slack(
    parts: Parts, runner: Runner, configurations: Configurations, slack: Workspace, *, listens: bool
) -> SlackRoom:
    """Return Slack's room over these parts; it shares the lease of the runner beside it."""
    secrets, folder = OpenSecrets(), parts.data / "sources"
    ports = Ports(
        ledger=parts.ledger,
        configurations=configurations,
        secrets=secrets,
        desk=parts.desk,
        show=lambda command: parts.desk.verbs.show(command, parts.configurations.current()),
        logs=parts.logs,
        refs=RefIndex(folder, GitSources(folder, secrets)),
        links=parts.links,
        lease=runner.heart,
        living=parts.living,
        clock=parts.clock,
        ids=parts.ids,
    )
    return SlackRoom(
        ports=ports,
        url=slack.url,
        bot_token=slack.bot_token,
        app_token=slack.app_token,
        signing_secrets=slack.signing_secrets,
        listens=listens,
    )
