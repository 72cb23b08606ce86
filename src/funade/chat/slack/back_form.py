"""The form to go back: what was seen healthy, what going back to it would do, why, and the last word.

Like a pressed button it stands on a capability: it is trusted with nothing, and used up by the first who confirms.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from funade.chat.layout import clip, indented, table
from funade.chat.replies import planned
from funade.chat.slack import views
from funade.chat.slack.arrivals import Pressed, Sender, Submitted
from funade.chat.slack.authors import passed_since
from funade.chat.slack.conversation import Conversation
from funade.chat.slack.sayings import Block, shielded
from funade.domain.answers import Answer, Planned, Refused
from funade.domain.commands import COMMANDS, Rollback
from funade.domain.deployment import Deployment, State
from funade.domain.people import Actor
from funade.domain.policy import admit
from funade.domain.revision import Commit, short
from funade.domain.wire import from_tagged
from funade.texts import Reader, answers, plain, slack
from funade.texts.happenings import ref_and_revision
from funade.texts.reasons import reason_with_remedy
from funade.texts.times import moment
from funade.usecases.door_ports import Capability, Received
from funade.usecases.ledger_ports import Reading
from funade.usecases.request_deployment import seen_healthy

PlansRollback = Callable[[Rollback, Actor], Awaitable[Answer]]

WIDTH, MOST_GOALS, MOST_COMMITS = 60, 20, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the store says of a place: what was put there last, and what one can go back to."""

    last: Deployment | None
    goals: tuple[Deployment, ...]
    usual: Deployment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackForm:
    """Goes from a pressed button over a choice to a rollback."""

    plan: PlansRollback

    async def begin(self, conversation: Conversation, pressed: Pressed) -> Block:
        """Return the form for whoever pressed the button, or why there is none."""
        opened = _Opened(sender=pressed.sender, capability=pressed.value, channel=pressed.channel)
        return await self._show(conversation, opened, None)

    async def choose(self, conversation: Conversation, pressed: Pressed) -> Block:
        """Return the form with another choice."""
        return await self._show(conversation, _opened(pressed.sender, pressed.note), pressed.value)

    async def confirm(
        self, conversation: Conversation, submitted: Submitted, actor: Actor, item: Received, reader: Reader
    ) -> Block:
        """Return what came of it; of what was not shown before, the form once more."""
        opened = _opened(submitted.sender, submitted.note)
        found = await self._capability(conversation, opened.capability)
        if found is None:
            return _refused(reader.word(slack.BUTTON_UNKNOWN), reader)
        capability, command = found
        goal = submitted.values.get(views.GOAL) or opened.goal
        reason = submitted.values.get(views.REASON)
        actor = await conversation.at_home(actor, submitted.sender, command.application)
        no = await conversation.why_not(capability, actor, reader)
        if no is not None:
            return _refused(no, reader)
        if goal != opened.goal:
            # Slack sends a form off before it has followed the last choice in it.
            return await self._show(conversation, opened, goal, reason)
        answer = await conversation.act(
            capability, actor, item, reader, reason=reason, to=_number(goal), digest=opened.digest
        )
        if isinstance(answer, str):
            return _refused(answer, reader)
        title = slack.FORM_REFUSED if isinstance(answer, Refused) else slack.FORM_DONE
        await conversation.place_card(answer, opened.channel, None)
        return views.showing(conversation.worded(answer, reader), reader, title)

    async def _show(
        self, conversation: Conversation, opened: "_Opened", chosen: str | None, reason: str | None = None
    ) -> Block:
        actor, person = await conversation.directory.actor(opened.sender, opened.channel)
        reader = await conversation.reader(opened.sender, person)
        no = admit(actor, person)
        if no is not None:
            return _refused(reason_with_remedy(no, reader), reader)
        found = await self._capability(conversation, opened.capability)
        if found is None:
            return _refused(reader.word(slack.BUTTON_UNKNOWN), reader)
        capability, command = found
        actor = await conversation.at_home(actor, opened.sender, command.application)
        why_not = await conversation.why_not(capability, actor, reader)
        if why_not is not None:
            return _refused(why_not, reader)
        seen = await conversation.ledger.read(lambda look: _seen(look, command))
        goal = next((one for one in seen.goals if str(one.number) == chosen), seen.usual)
        answer = await self.plan(
            Rollback(
                application=command.application,
                environment=command.environment,
                to=None if goal is None else goal.number,
            ),
            actor,
        )
        if goal is None or not isinstance(answer, Planned):
            return views.showing(conversation.worded(answer, reader), reader, slack.FORM_REFUSED)
        goes = await conversation.ledger.read(
            lambda look: passed_since(look, command.application, command.environment, goal.number)
        )
        lines = [*planned(shielded(answer), reader, WIDTH), *_gone_lines(goes, reader)]
        return views.going_back(
            reader,
            views.note(
                capability=capability.id, channel=opened.channel, goal=str(goal.number), digest=answer.digest
            ),
            top=_top(command, seen.last, reader),
            goals=[(str(one.number), _worded(one, reader)) for one in seen.goals],
            chosen=str(goal.number),
            plan=lines,
            reason=reason,
        )

    async def _capability(self, conversation: Conversation, id: str) -> tuple[Capability, Rollback] | None:
        capability = await conversation.ledger.read(lambda look: look.capability(id))
        command = None if capability is None else from_tagged(COMMANDS, dict(capability.command))
        if capability is None or not isinstance(command, Rollback):
            return None
        return capability, command


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """What an open form remembers: for whom, of which button, and which plan it shows."""

    sender: Sender
    capability: str
    channel: str | None
    goal: str = ""
    digest: str | None = None


def _opened(sender: Sender, remembered: str) -> _Opened:
    found = views.read_note(remembered)
    return _Opened(
        sender=sender,
        capability=found.get("capability", ""),
        channel=found.get("channel"),
        goal=found.get("goal", ""),
        digest=found.get("digest"),
    )


def _number(goal: str) -> int | None:
    """Return the number that was chosen, None for the usual one; what we never offered is no deployment's."""
    if not goal:
        return None
    return int(goal) if goal.isascii() and goal.isdecimal() and len(goal) < 16 else 0


def _refused(said: str, reader: Reader) -> Block:
    return views.showing([said], reader, slack.FORM_REFUSED)


def _seen(look: Reading, command: Rollback) -> Seen:
    last = look.last_started(command.application, command.environment)
    verified, usual = seen_healthy(look, command.application, command.environment, MOST_GOALS)
    is_there = last is not None and last.state is State.SUCCEEDED
    goals = tuple(one for one in verified if last is None or not is_there or one.revision != last.revision)
    return Seen(last=last, goals=goals, usual=usual)


def _gone_lines(commits: Sequence[Commit], reader: Reader) -> list[str]:
    """Return what goes away: to whoever decides it says more than how many."""
    if not commits:
        return []
    rows = [
        (
            short(one.revision),
            clip(plain(shielded(one.subject)), WIDTH - 30),
            clip(plain(shielded(one.author)), 16),
        )
        for one in commits[:MOST_COMMITS]
    ]
    lines = ["", reader.word(slack.BACK_GONE), *indented(table(rows))]
    if len(commits) > MOST_COMMITS:
        lines += indented([reader.word(answers.MORE, number=len(commits) - MOST_COMMITS)])
    return lines


def _worded(goal: Deployment, reader: Reader) -> str:
    """Return a goal in one line."""
    at = moment(goal.ended_at or goal.asked_at, reader)
    what = ref_and_revision(shielded(goal.ref), goal.revision)
    return reader.word(slack.BACK_GOAL, number=goal.number, what=what, at=at)


def _top(command: Rollback, last: Deployment | None, reader: Reader) -> list[str]:
    if last is None:
        return []
    what = ref_and_revision(shielded(last.ref), last.revision)
    place = {"application": plain(command.application), "environment": plain(command.environment)}
    return [reader.word(slack.BACK_FROM, number=last.number, what=what, **place)]
