"""Our home in Slack: what is live where, what waits for whoever looks, their own, and what is locked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from funade.chat.barriers import barrier_lines, pause_line
from funade.chat.deployments import numbered
from funade.chat.slack.arrivals import Sender
from funade.chat.slack.buttons import Mint, of_deployment
from funade.chat.slack.client import CallsSlack
from funade.chat.slack.conversation import Conversation
from funade.chat.slack.courier import fingerprint
from funade.chat.slack.forms import OPEN_FORM, OPEN_HOME
from funade.chat.slack.manners import read_manners
from funade.chat.slack.preferences import section
from funade.chat.slack.sayings import Block, context, header, plain_text, rich, shielded
from funade.chat.statuses import status_lines
from funade.domain import policy
from funade.domain.answers import EnvironmentShown, StatusShown
from funade.domain.application import Configuration
from funade.domain.commands import ShowStatus
from funade.domain.deployment import Deployment, State
from funade.domain.people import Person, Right
from funade.failpoints import effect
from funade.texts import Reader, slack
from funade.usecases.door_ports import Onlooker

MOST_BLOCKS = 90
MOST_EACH = 8


@dataclass(kw_only=True)
class Home:
    """Shows itself to one person at a time, from what the desk tells that person."""

    api: CallsSlack
    conversation: Conversation
    mint: Mint
    _shown: dict[str, str] = field(default_factory=dict)

    async def show(self, sender: Sender) -> None:
        """Publish what is so now; whoever has opened it is kept up to date for a while."""
        blocks = await self._view(sender)
        seen = Onlooker(user=sender.user, opened_at=self.conversation.clock.now())
        with effect("store.save_onlooker"):
            await self.conversation.ledger.change(lambda change: change.save_onlooker(seen))
        await self._publish(sender, blocks)

    async def show_anew(self, sender: Sender) -> bool:
        """Publish what is so now if it is something else than was published last; tell whether it was."""
        blocks = await self._view(sender)
        if self._shown.get(sender.user) == fingerprint(blocks):
            return False
        await self._publish(sender, blocks)
        return True

    async def _publish(self, sender: Sender, blocks: Sequence[Block]) -> None:
        with effect("slack.publish_home"):
            await self.api(
                "views.publish", user_id=sender.user, view={"type": "home", "blocks": list(blocks)}
            )
        self._shown[sender.user] = fingerprint(blocks)

    async def _view(self, sender: Sender) -> list[Block]:
        conversation = self.conversation
        actor, person = await conversation.directory.actor(sender, None)
        reader = await conversation.reader(sender, person)
        if person is None or policy.admit(actor, person) is not None:
            return rich([reader.word(slack.HOME_STRANGER)])
        answer = await conversation.desk(ShowStatus(), actor, f"home {sender.user}")
        if not isinstance(answer, StatusShown):
            return rich(conversation.worded(answer, reader))
        configuration = conversation.configurations.current()
        return (await self._blocks(answer, person, configuration, reader))[:MOST_BLOCKS]

    async def _blocks(
        self, status: StatusShown, person: Person, configuration: Configuration, reader: Reader
    ) -> list[Block]:
        shown = shielded(status)
        lines = status_lines(shown, reader, with_barriers=False)
        blocks = [header(reader.word(slack.HOME_TITLE)), *rich(lines), _actions(reader)]
        waiting = [
            one
            for each in status.environments
            for one in each.waiting
            if one.state is State.AWAITING_APPROVAL
        ]
        for_me = [one for one in waiting if _may_approve(one, person, configuration)]
        blocks += await self._section(slack.HOME_WAITING, for_me, reader)
        mine = [
            one
            for each in status.environments
            for one in [*([each.running] if each.running else []), *each.waiting]
            if one.asked_by_id in person.ids
        ]
        blocks += await self._section(slack.HOME_MINE, mine, reader)
        blocks += self._locks(shown.environments, shown, reader)
        workspace = configuration.slack
        if workspace is not None:
            team = workspace.authors
            manners = await self.conversation.ledger.read(lambda look: read_manners(look, team))
            blocks += section(person, manners.own.get(person.name), team, reader)
        return blocks

    async def _section(self, title: str, rows: Sequence[Deployment], reader: Reader) -> list[Block]:
        blocks = [header(reader.word(title))]
        if not rows:
            return [*blocks, context(reader.word(slack.HOME_NOTHING))]
        for one in rows[:MOST_EACH]:
            values = {"application": one.application, "environment": one.environment}
            blocks += rich([numbered(shielded(one), reader)])
            blocks += await self.mint.blocks(
                of_deployment(one), f"{one.id}/{one.digest[:16]}", reader, deployment=one, values=values
            )
        return blocks

    def _locks(
        self, environments: Sequence[EnvironmentShown], status: StatusShown, reader: Reader
    ) -> list[Block]:
        lines = [line for one in environments for line in barrier_lines(one.berth, reader)]
        if status.pause is not None:
            lines.insert(0, pause_line(status.pause, reader))
        blocks = [header(reader.word(slack.HOME_LOCKS))]
        return [*blocks, *(rich(lines) or [context(reader.word(slack.HOME_NOTHING))])]


def _may_approve(deployment: Deployment, person: Person, configuration: Configuration) -> bool:
    application = configuration.applications.get(deployment.application)
    environment = application.environments.get(deployment.environment) if application else None
    if environment is None or deployment.asked_by_id in person.ids:
        return False
    members = environment.rights.get(Right.APPROVE, ())
    return policy.rule_for(configuration.people, person, members) is not None


def _actions(reader: Reader) -> Block:
    def button(action: str, label: str, **more: Any) -> Block:
        return {"type": "button", "action_id": action, "text": plain_text(reader.word(label), 75), **more}

    return {
        "type": "actions",
        "elements": [button(OPEN_FORM, slack.DEPLOY, style="primary"), button(OPEN_HOME, slack.REFRESH)],
    }
