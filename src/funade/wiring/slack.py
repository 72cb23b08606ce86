"""Slack beside the rest of a server, when the configuration names a workspace."""

from collections.abc import Awaitable, Callable

from funade.chat.slack.directory import AcquaintedConfigurations
from funade.chat.slack.room import Ports, SlackRoom
from funade.domain.answers import Answer, Refused
from funade.domain.application import Workspace
from funade.domain.commands import Rollback
from funade.domain.errors import StoreError
from funade.domain.people import Actor
from funade.domain.reason import Reason, because
from funade.runner.loop import Runner
from funade.secrets import OpenSecrets
from funade.sources import GitSources, RefIndex
from funade.usecases.ports import Configurations
from funade.wiring.parts import Parts

__all__ = ["AcquaintedConfigurations", "build_slack"]


def _plan_rollback(parts: Parts) -> Callable[[Rollback, Actor], Awaitable[Answer]]:
    """Return what shows what a rollback would do: to somebody who may read, which is for the caller to see to."""

    async def plan(command: Rollback, actor: Actor) -> Answer:
        application = parts.configurations.current().applications.get(command.application)
        environment = application.environments.get(command.environment) if application else None
        if application is None or environment is None:
            values = {"application": command.application, "environment": command.environment}
            return Refused(because=because(Reason.UNKNOWN_ENVIRONMENT, **values))
        try:
            return await parts.desk.verbs.roll_back.preview(command, application, environment, actor)
        except StoreError as error:
            return Refused(because=because(Reason.STORE_UNAVAILABLE, problem=str(error)))

    return plan


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
        plan_rollback=_plan_rollback(parts),
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
