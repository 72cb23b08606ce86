"""Forms from their opening to what came of them; each step is the desk's own answer, and no form is trusted."""

import asyncio
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from funade.chat.replies import planned
from funade.chat.slack import views
from funade.chat.slack.arrivals import Arrival, HomeOpened, Pressed, Said, Sender, Submitted, Summoned, Typing
from funade.chat.slack.back_form import BackForm
from funade.chat.slack.buttons import BACK_FORM
from funade.chat.slack.client import CallsSlack, OutcomeUnknown, SlackRefused
from funade.chat.slack.conversation import Conversation
from funade.chat.slack.sayings import Block, shielded
from funade.domain.answers import Accepted, Planned, Refused
from funade.domain.commands import Deploy, PlanDeployment
from funade.domain.errors import FunadeError
from funade.domain.people import Actor
from funade.domain.policy import admit
from funade.domain.wire import to_plain
from funade.failpoints import effect
from funade.texts import Reader, slack
from funade.texts.reasons import reason_with_remedy
from funade.usecases.door_ports import Capability, Received
from funade.usecases.ports import Refs

WIDTH = 60
#: A plan that was shown is good for so long; its digest says no before that when anything changes.
LASTS = timedelta(minutes=30)
#: The form has changed since what was sent of it.
HASH_CONFLICT = "hash_conflict"
OPEN_FORM, OPEN_HOME = "funade_open_form", "funade_refresh_home"


class ShowsHome(Protocol):
    """Shows somebody our home."""

    def show(self, sender: Sender) -> Awaitable[None]: ...


@dataclass(kw_only=True)
class Forms:
    """Opens forms and our home; the deploy form itself: choose, look at the plan, confirm."""

    api: CallsSlack
    refs: Refs
    back: BackForm
    _last_choice: dict[str, Pressed] = field(default_factory=dict)

    async def open(self, arrival: Arrival, conversation: Conversation, home: ShowsHome) -> None:
        """Show what was asked to be shown."""
        match arrival:
            case HomeOpened(sender=sender):
                await home.show(sender)
            case Pressed(action=action, sender=sender) if action == OPEN_HOME:
                await home.show(sender)
            case Said(trigger=str() as trigger) | Summoned(trigger=trigger):
                await self._open(trigger, self._choosing(arrival.sender, arrival.channel, conversation))
            case Pressed(action=action, view=str()) if action == views.CHOSEN:
                await self.choose(arrival, conversation)
            case Pressed(trigger=str() as trigger, action=action) if action == BACK_FORM:
                await self._open(trigger, self.back.begin(conversation, arrival))
            case Pressed(action=action, view=str()) if action == views.GOAL:
                await self._follow_choice(arrival, self.back.choose(conversation, arrival))
            case Pressed(trigger=str() as trigger, action=action) if action == OPEN_FORM:
                await self._open(trigger, self._choosing(arrival.sender, arrival.channel, conversation))
            case _:
                pass

    async def answer(self, arrival: Arrival, conversation: Conversation) -> dict[str, Any] | None:
        """Return what an acknowledgement carries: names while somebody types, a sign to wait after a form."""
        match arrival:
            case Typing(action=views.REF):
                return await self._suggest(arrival, conversation)
            case Typing():
                return {"options": []}
            case Submitted(form=views.CHOOSE | views.CONFIRM | views.BACK):
                return {"response_action": "update", "view": views.loading(Reader())}
            case _:
                return None

    async def fill(self, conversation: Conversation, submitted: Submitted, item: Received) -> None:
        """Go on with a form that was sent off."""
        actor, person = await conversation.directory.actor(submitted.sender, None)
        reader = await conversation.reader(submitted.sender, person)
        no = admit(actor, person)
        if no is not None:
            view = views.showing([reason_with_remedy(no, reader)], reader, slack.FORM_REFUSED)
        elif submitted.form == views.CHOOSE:
            view = await self._plan(conversation, submitted, actor, reader)
        elif submitted.form == views.CONFIRM:
            view = await self._confirm(conversation, submitted, actor, item, reader)
        elif submitted.form == views.BACK:
            view = await self.back.confirm(conversation, submitted, actor, item, reader)
        else:
            return
        with effect("slack.update_form"):
            await self.api("views.update", view_id=submitted.view, view=view)

    async def choose(self, pressed: Pressed, conversation: Conversation) -> None:
        """Let the rest of the form follow the application that was chosen."""
        await self._follow_choice(pressed, self._chosen(pressed, conversation))

    async def _chosen(self, pressed: Pressed, conversation: Conversation) -> Block:
        _, person = await conversation.directory.actor(pressed.sender, None)
        reader = await conversation.reader(pressed.sender, person)
        configuration = conversation.configurations.current()
        channel = views.read_note(pressed.note).get("channel")
        return views.choosing(configuration, reader, application=pressed.value, channel=channel)

    async def _follow_choice(self, pressed: Pressed, content: Coroutine[Any, Any, Block]) -> None:
        """Let a form follow what was chosen in it last."""
        key = pressed.view or ""
        self._last_choice[key] = pressed
        try:
            view = await content
            try:
                await self._follow(pressed, view, pressed.view_hash)
            except SlackRefused as error:
                # Somebody who chooses twice at once has sent both from the form as it was: the later choice stands.
                if error.error != HASH_CONFLICT or self._last_choice.get(key) is not pressed:
                    raise
                await self._follow(pressed, view, None)
        finally:
            if self._last_choice.get(key) is pressed:
                del self._last_choice[key]

    async def _follow(self, pressed: Pressed, view: Block, unless_changed_since: str | None) -> None:
        with effect("slack.follow_choice"):
            await self.api("views.update", view_id=pressed.view, hash=unless_changed_since, view=view)

    async def _open(self, trigger: str, content: Coroutine[Any, Any, Block]) -> None:
        """Open a form at once: what allows it is gone in three seconds. What it says is found out meanwhile."""
        finding = asyncio.create_task(content)
        try:
            with effect("slack.open_form"):
                answer = await self.api("views.open", trigger_id=trigger, view=views.loading(Reader()))
        except BaseException:
            finding.cancel()
            raise
        view_id = str((answer.get("view") or {}).get("id") or "")
        try:
            view = await finding
        except (FunadeError, SlackRefused, OutcomeUnknown):
            # Nobody waits for ever before a form that says to wait; whoever called logs it.
            await self._fill(
                view_id, views.showing([Reader().word(slack.NOT_FOUND_OUT)], Reader(), slack.FORM_REFUSED)
            )
            raise
        await self._fill(view_id, view)

    async def _fill(self, view_id: str, view: Block) -> None:
        with effect("slack.fill_form"):
            await self.api("views.update", view_id=view_id, view=view)

    async def _choosing(self, sender: Sender, channel: str | None, conversation: Conversation) -> Block:
        """Return the form in which one chooses what goes where."""
        actor, person = await conversation.directory.actor(sender, channel)
        reader = await conversation.reader(sender, person)
        no = admit(actor, person)
        if no is not None:
            return views.showing([reason_with_remedy(no, reader)], reader, slack.FORM_REFUSED)
        configuration = conversation.configurations.current()
        here = next(
            (
                one.name
                for one in configuration.applications.values()
                if one.channel == actor.channel and channel
            ),
            None,
        )
        return views.choosing(configuration, reader, application=here, channel=channel)

    async def _suggest(self, typing: Typing, conversation: Conversation) -> dict[str, Any]:
        """Return names of branches and tags; a stranger learns none."""
        actor, person = await conversation.directory.actor(typing.sender, None)
        name = typing.values.get(views.APPLICATION) or views.read_note(typing.note).get("application")
        application = conversation.configurations.current().applications.get(name or "")
        if admit(actor, person) is not None or application is None:
            return {"options": []}
        reader = Reader(person.language if person else "en")
        found = await self.refs.find(application.repository, typing.typed, views.MOST_OPTIONS)
        return views.suggestions(found, typing.typed, reader)

    async def _plan(
        self, conversation: Conversation, submitted: Submitted, actor: Actor, reader: Reader
    ) -> Block:
        remembered = views.read_note(submitted.note)
        application = submitted.values.get(views.APPLICATION) or remembered.get("application") or ""
        environment = views.value_of(submitted.values, views.ENVIRONMENT, application)
        if environment is None:
            # Sent off before the fields of that application had come.
            configuration = conversation.configurations.current()
            return views.choosing(
                configuration, reader, application=application, channel=remembered.get("channel")
            )
        ref = views.value_of(submitted.values, views.REF, application)
        command = PlanDeployment(application=application, environment=environment, ref=ref)
        actor = await self._here(conversation, actor, submitted, application)
        answer = await conversation.desk(command, actor, submitted.view)
        if not isinstance(answer, Planned):
            return views.showing(conversation.worded(answer, reader), reader, slack.FORM_REFUSED)
        now = conversation.clock.now()
        wanted = Capability(
            id=conversation.mint.ids.new(),
            subject=f"form:{submitted.view}/{submitted.view_hash}",
            command=_plain(
                Deploy(
                    application=answer.application,
                    environment=answer.environment,
                    ref=answer.ref,
                    digest=answer.digest,
                )
            ),
            until=now + LASTS,
            only_for=actor.id,
        )
        with effect("store.grant_form"):
            granted = await conversation.ledger.change(lambda change: change.grant(wanted))
        kept = views.note(capability=granted.id, channel=remembered.get("channel"))
        return views.confirming(planned(shielded(answer), reader, WIDTH), reader, kept)

    async def _confirm(
        self,
        conversation: Conversation,
        submitted: Submitted,
        actor: Actor,
        item: Received,
        reader: Reader,
    ) -> Block:
        remembered = views.read_note(submitted.note)
        id = remembered.get("capability", "")
        capability = await conversation.ledger.read(lambda look: look.capability(id))
        if capability is None:
            return views.showing([reader.word(slack.BUTTON_UNKNOWN)], reader, slack.FORM_REFUSED)
        application = str(capability.command.get("application") or "")
        actor = await self._here(conversation, actor, submitted, application)
        why_not = await conversation.why_not(capability, actor, reader)
        if why_not is not None:
            return views.showing([why_not], reader, slack.FORM_REFUSED)
        reason = submitted.values.get(views.REASON)
        answer = await conversation.act(capability, actor, item, reader, reason=reason)
        if isinstance(answer, str):
            return views.showing([answer], reader, slack.FORM_REFUSED)
        title = slack.FORM_REFUSED if isinstance(answer, Refused) else slack.FORM_DONE
        if isinstance(answer, Accepted):
            await conversation.place_card(answer, remembered.get("channel"), None)
        return views.showing(conversation.worded(answer, reader), reader, title)

    async def _here(
        self, conversation: Conversation, actor: Actor, submitted: Submitted, application: str
    ) -> Actor:
        """Return the actor in the application's channel, if they read there."""
        return await conversation.at_home(actor, submitted.sender, application)


def _plain(command: Deploy) -> dict[str, Any]:
    plain = to_plain(command, tagged=True)
    assert isinstance(plain, dict), "a command is an object"  # noqa: S101 - narrows
    return plain
