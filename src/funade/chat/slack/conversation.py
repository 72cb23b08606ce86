"""Deals with one thing that came in: who is it, what do they want, the desk's answer, in their own language."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from funade.chat.grammar import parse, spell
from funade.chat.heard import Help, Ignored, Misread, Via
from funade.chat.names import names_of
from funade.chat.replies import reply
from funade.chat.slack.announcer import card_key, home_of, is_card_key
from funade.chat.slack.arrivals import (
    ARRIVALS,
    Arrival,
    Deleted,
    Edited,
    Pressed,
    Said,
    Sender,
    Submitted,
    Vanished,
    Way,
    message_key,
)
from funade.chat.slack.budget import POST, Budget
from funade.chat.slack.buttons import Button, Mint
from funade.chat.slack.client import CallsSlack, SlackRefused, SlackUnavailable
from funade.chat.slack.courier import Courier, may_become
from funade.chat.slack.directory import Directory
from funade.chat.slack.preferences import SETTING, prefer
from funade.chat.slack.sayings import Message, message, shielded
from funade.domain.answers import Accepted, Answer, Refused
from funade.domain.commands import COMMANDS, Command, Lock, Retry, Rollback, Unlock
from funade.domain.errors import VendorUnavailable
from funade.domain.people import Actor, Person
from funade.domain.policy import admit, changes_something
from funade.domain.wire import Unreadable, from_tagged
from funade.failpoints import effect
from funade.texts import Reader, plain, slack
from funade.texts.reasons import reason_with_remedy
from funade.texts.times import moment
from funade.usecases.door_ports import Capability, Post, Received, Use
from funade.usecases.ledger_ports import Ledger, Reading, Transaction
from funade.usecases.ports import Clock, Configurations

#: On a time-out Slack leaves the words in the box, and people press Enter again.
SAME_SECONDS = 30.0
WIDTH = 90
#: So many posts are looked through for one that is just being sent, and after this it is looked for again.
MOST_WANTED = 100
SOON = timedelta(seconds=1)
#: An answer that cannot be sent within it is put off, so that whoever asked can be told that nothing comes.
LONGEST_SLEEP_SECONDS = 5.0


class AsksDesk(Protocol):
    """The one place that every door hands a command to (`usecases.desk`)."""

    def __call__(self, command: Command, actor: Actor, request: str) -> Awaitable[Answer]: ...


Fill = Callable[["Conversation", Submitted, Received], Awaitable[None]]


@dataclass(kw_only=True)
class Conversation:
    """Everything that people say and press, one thing at a time; twice the same thing does it once."""

    api: CallsSlack
    desk: AsksDesk
    ledger: Ledger
    clock: Clock
    configurations: Configurations
    directory: Directory
    courier: Courier
    mint: Mint
    fill: Fill
    budget: Budget
    _just_said: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)

    async def handle(self, item: Received) -> None:
        """Deal with what came in; raises when it has to be tried again."""
        try:
            arrival: Arrival = from_tagged(ARRIVALS, dict(item.body))
        except Unreadable:
            return
        match arrival:
            case Said():
                await self._said(arrival, item)
            case Edited():
                await self._edited(arrival, item)
            case Deleted():
                await self._deleted(arrival)
            case Vanished():
                await self._vanished(arrival)
            case Pressed():
                await self._pressed(arrival, item)
            case Submitted():
                await self.fill(self, arrival, item)
            case _:
                pass

    async def excuse(self, item: Received, wording: str) -> None:
        """Say that nothing came of it; whoever asked must not wait for ever."""
        try:
            arrival: Arrival = from_tagged(ARRIVALS, dict(item.body))
        except Unreadable:
            return
        if isinstance(arrival, (Said, Pressed)):
            begun = await self.ledger.read(lambda look: look.post(_answer_key(item)))
            # An answer that could not be given is none the less one: what was asked for may be done.
            said = slack.ANSWER_LOST if begun is not None and wording == slack.CANNOT_ASK else wording
            await self._answer(arrival, item, [Reader().word(said)])

    # Words

    async def _said(self, said: Said, item: Received) -> None:
        heard = self._understand(said.text, said.way)
        if isinstance(heard, Ignored):
            return
        actor, person = await self.directory.actor(said.sender, said.channel)
        reader = await self.reader(said.sender, person)
        no = admit(actor, person)
        if no is not None:
            # Whoever is a stranger learns nothing, not even which names exist.
            if not isinstance(heard, (Help, Misread)):
                await self.desk(heard, actor, item.id)
            await self._answer(said, item, [reason_with_remedy(no, reader)])
            return
        if isinstance(heard, (Help, Misread)):
            await self._answer(said, item, reply(shielded(heard), reader, width=WIDTH).split("\n"))
            return
        answer = await self.desk(heard, actor, self._request(said, heard, item))
        await self.place_card(answer, said.channel, said.way)
        await self._answer(said, item, self.worded(answer, reader))

    def _understand(self, text: str, way: Way) -> Command | Help | Misread | Ignored:
        via = Via.MENTION if way is Way.MENTION else Via.SLASH
        return parse(text, via=via, names=names_of(self.configurations.current()))

    def _request(self, said: Said, command: Command, item: Received) -> str:
        """Return the id of the request; a slash command typed again at once is the same."""
        if said.way is not Way.SLASH or not changes_something(command):
            return item.id
        now, same = self.clock.steady(), (said.sender.user, f"{said.channel} {spell(command)}")
        self._just_said = {
            key: value for key, value in self._just_said.items() if now - value[0] < SAME_SECONDS
        }
        return self._just_said.setdefault(same, (now, item.id))[1]

    def worded(self, answer: Answer, reader: Reader) -> list[str]:
        """Return an answer in words."""
        return reply(shielded(answer), reader, width=WIDTH).split("\n")

    async def reader(self, sender: Sender, person: Person | None) -> Reader:
        """Return who reads: their language and time."""
        member = await self.directory.member(sender.user)
        zone = member.zone if member else None
        return Reader(person.language if person else "en", self.clock.now(), zone)

    async def place_card(self, answer: Answer, channel: str | None, way: Way | None) -> None:
        """Let the card be where it was asked for, if its application has no channel of its own."""
        if not isinstance(answer, Accepted) or not channel:
            return
        if channel.startswith("D") and way is not Way.DIRECT:
            return
        deployment = answer.deployment
        if home_of(deployment.application, self.configurations.current()) is not None:
            return
        post = Post(key=card_key(deployment.id), deployment=deployment.id, channel=channel)

        def work(change: Transaction) -> None:
            change.want_post(post)
            stored = change.post(post.key)
            # After a death in between, the card was wished for before anybody knew where to.
            if stored is not None and stored.channel is None:
                change.save_post(replace(stored, channel=channel), 0)

        with effect("store.place_card"):
            await self.ledger.change(work)

    async def _answer(
        self,
        asked: Said | Pressed | Edited | Deleted,
        item: Received,
        lines: Sequence[str],
        *more: dict[str, object],
    ) -> None:
        """Answer where it was asked: in the thread for everybody, or to whoever asked where others do not read."""
        said = message(lines, *more)
        match asked:
            case Said(way=Way.SLASH) | Pressed():
                await self._whisper(asked, said)
            case Said(way=Way.DIRECT) | Edited(way=Way.DIRECT):
                await self._reply(item, asked.channel, asked.thread, said)
            case Deleted() if asked.channel.startswith("D"):
                await self._reply(item, asked.channel, asked.thread, said)
            case Said() | Edited() | Deleted():
                await self._reply(item, asked.channel, asked.thread or asked.message, said)

    async def _reply(self, item: Received, channel: str, thread: str | None, said: Message) -> None:
        """Answer for everybody to see, exactly once."""
        post = Post(key=_answer_key(item), channel=channel)
        with effect("store.begin_answer"):
            begun = await self.ledger.change(lambda change: change.begin_post(post))
        if begun.message is not None:
            return
        if (closed := self.budget.closed(POST)) > LONGEST_SLEEP_SECONDS:
            raise SlackUnavailable(POST, f"limits `{POST}`", timedelta(seconds=closed))
        if (wait := self.budget.reserve_post(channel)) > 0:
            # Whatever else is to be said there keeps its distance meanwhile, or the answer might never come.
            await self.clock.sleep(wait)
        try:
            await self.courier.send(begun, said, thread=thread)
        except VendorUnavailable as error:
            self.budget.give_back(channel)
            if isinstance(error, SlackUnavailable) and error.method == POST:
                self.budget.close(POST, error.retry_after.total_seconds())
            raise

    async def _whisper(self, asked: Said | Pressed, said: Message) -> None:
        """Answer whoever asked, and nobody else."""
        if asked.response_url:
            try:
                await self.api.respond(
                    asked.response_url,
                    {
                        "response_type": "ephemeral",
                        "replace_original": False,
                        "text": said.text,
                        "blocks": list(said.blocks),
                        **({"thread_ts": asked.thread} if asked.thread else {}),
                    },
                )
            except SlackRefused:
                # Used up, or over: it lives for half an hour.
                pass
            else:
                return
        await self.tell(asked.sender.user, asked.channel, asked.thread, said)

    async def tell(self, user: str, channel: str | None, thread: str | None, said: Message) -> None:
        """Tell one person: in the channel, or by a direct message where that cannot be."""
        if channel is not None and not channel.startswith("D"):
            try:
                with effect("slack.whisper"):
                    await self.api(
                        "chat.postEphemeral", channel=channel, user=user, thread_ts=thread, **said.arguments()
                    )
            except SlackRefused:
                pass
            else:
                return
        with effect("slack.direct"):
            await self.api("chat.postMessage", channel=user, **said.arguments())

    # Second thoughts

    async def _edited(self, edited: Edited, item: Received) -> None:
        known = await self.ledger.read(
            lambda look: look.is_known(message_key(edited.channel, edited.message))
        )
        actor, person = await self.directory.actor(edited.sender, edited.channel)
        if admit(actor, person) is not None:
            return
        reader = await self.reader(edited.sender, person)
        heard = self._understand(edited.text, edited.way) if edited.text else None
        if known:
            await self._answer(edited, item, [reader.word(slack.EDITED_AFTER)])
        elif heard is not None and not isinstance(heard, (Help, Misread, Ignored)):
            said = reader.word(slack.EDITED_IN, command=shielded(spell(heard)))
            button = Button(
                verb="do", label=slack.DO_IT, command=heard, until=self.clock.now() + timedelta(minutes=15)
            )
            blocks = await self.mint.blocks([button], item.id, reader, only_for=actor.id)
            await self._answer(edited, item, [said], *blocks)

    async def _deleted(self, deleted: Deleted) -> None:
        actor, person = await self.directory.actor(deleted.sender, deleted.channel)
        request = f"{actor.id} {message_key(deleted.channel, deleted.message)}"
        found = await self.ledger.read(lambda look: look.answered(request))
        if found is None or found.has_ended or admit(actor, person) is not None:
            return
        reader = await self.reader(deleted.sender, person)
        said = message([reader.word(slack.DELETED, number=found.number)])
        await self.tell(deleted.sender.user, deleted.channel, deleted.thread, said)

    async def _vanished(self, vanished: Vanished) -> None:
        """One of our messages was deleted: a card is posted anew while its deployment goes on.

        Slack may tell of the deletion before it has answered the post: then it is heard again a little later.
        """

        def work(change: Transaction) -> bool:
            post = change.post_of_message(vanished.channel, vanished.message)
            if post is None:
                return any(
                    may_become(one, vanished.channel, vanished.message)
                    for one in change.wanted_posts(MOST_WANTED)
                )
            if not is_card_key(post.key) or post.deployment is None:
                return False
            row = change.deployment_by_id(post.deployment)
            if row is not None and not row.has_ended:
                gone = replace(post, message=None, shown=None, tried_at=None, round=post.round + 1)
                change.save_post(gone, 0)
                change.want_post(gone)
            return False

        with effect("store.repost"):
            may_be_known_soon = await self.ledger.change(work)
        if may_be_known_soon:
            raise VendorUnavailable("Slack", "the deleted message may be one that is being posted", SOON)  # noqa: EM101 -- short

    # Buttons

    async def _pressed(self, pressed: Pressed, item: Received) -> None:
        actor, person = await self.directory.actor(pressed.sender, pressed.channel)
        reader = await self.reader(pressed.sender, person)
        no = admit(actor, person)
        if no is not None:
            await self._answer(pressed, item, [reason_with_remedy(no, reader)])
            return
        if pressed.action.startswith(SETTING):
            if person is not None:
                await prefer(self.ledger, pressed, person)
            return
        capability = await self.ledger.read(lambda look: look.capability(pressed.value))
        if capability is None:
            await self._answer(pressed, item, [reader.word(slack.BUTTON_UNKNOWN)])
            return
        actor = await self.in_its_channel(actor, pressed.sender, capability, pressed.channel)
        refusal = await self.why_not(capability, actor, reader)
        if refusal is not None:
            await self._answer(pressed, item, [refusal])
            return
        answer = await self.act(capability, actor, item, reader)
        if isinstance(answer, str):
            await self._answer(pressed, item, [answer])
        elif isinstance(answer, Refused) or not _shows_itself(capability) or _is_alone(pressed.channel):
            await self._answer(pressed, item, self.worded(answer, reader))

    async def act(  # noqa: PLR0913 - what is pressed, by whom, and what a form says beside it
        self,
        capability: Capability,
        actor: Actor,
        item: Received,
        reader: Reader,
        *,
        reason: str | None = None,
        to: int | None = None,
        digest: str | None = None,
    ) -> Answer | str:
        """Return the desk's answer to what a capability stands for, or why it cannot be used any more."""
        use = Use(capability=capability.id, by=actor.id, received=item.id, at=self.clock.now())
        with effect("store.use"):
            stands = await self.ledger.change(lambda change: change.use(capability.id, use))
        if stands.received != item.id:
            return self._used(stands, actor, reader)
        command = await self._command(capability)
        if reason:
            command = replace(command, reason=reason)  # type: ignore[arg-type]  # every such command has it
        if to is not None and isinstance(command, Rollback):
            command = replace(command, to=to, digest=digest)
        # Whoever presses, it is this button's one request, or this person's.
        answer = await self.desk(command, actor, f"button {capability.id} {item.id}")
        if isinstance(answer, Refused):
            with effect("store.give_back"):
                await self.ledger.change(lambda change: change.give_back(capability.id, item.id))
        return answer

    async def in_its_channel(
        self, actor: Actor, sender: Sender, capability: Capability, channel: str | None
    ) -> Actor:
        """Return the actor as if in the application's channel, where they read, when they press it elsewhere."""
        if channel is not None and not _is_alone(channel):
            return actor
        application = capability.command.get("application")
        if capability.deployment is not None:
            id = capability.deployment
            row = await self.ledger.read(lambda look: look.deployment_by_id(id))
            application = row.application if row is not None else application
        return await self.at_home(actor, sender, application) if isinstance(application, str) else actor

    async def at_home(self, actor: Actor, sender: Sender, application: str) -> Actor:
        """Return the actor in the application's channel if they are a member there: what they do will be seen there."""
        found = self.configurations.current().applications.get(application)
        named = found.channel if found is not None else None
        if named is None or actor.channel == named:
            return actor
        channel = await self.directory.find_channel(named)
        if channel is None or not await self.directory.is_in(channel, sender.user):
            return actor
        return replace(actor, channel=named)

    async def _command(self, capability: Capability) -> Command:
        """Return what a capability stands for now."""
        command: Command = from_tagged(COMMANDS, dict(capability.command))
        if not isinstance(command, Lock):
            return command
        berth = await self.ledger.read(lambda look: look.berth(command.application, command.environment))
        if berth.lock is None or berth.lock.until is None or command.lasts is None:
            return command
        if capability.digest is not None:
            # Kept for so long from now, whatever was said before.
            return replace(command, reason=berth.lock.reason)
        # One hour more than it has, not one hour from now.
        left = max(timedelta(0), berth.lock.until - self.clock.now())
        return replace(command, lasts=left + command.lasts, reason=berth.lock.reason)

    async def why_not(self, capability: Capability, actor: Actor, reader: Reader) -> str | None:
        """Return why a button means nothing any more."""
        command: Command = from_tagged(COMMANDS, dict(capability.command))
        if capability.only_for not in (None, actor.id):
            return reader.word(slack.BUTTON_NOT_YOURS)
        if self.clock.now() > capability.until:
            until, said = moment(capability.until, reader), shielded(spell(command))
            return reader.word(slack.BUTTON_OVER, until=until, command=said)
        if capability.deployment is None and capability.digest is not None:
            ids = self.configurations.current().people.ids_of(capability.digest)
            return await self.ledger.read(lambda look: _let_go(look, ids, command, reader))
        if capability.deployment is None:
            return None
        return await self.ledger.read(lambda look: _outdated(look, capability, command, reader))

    def _used(self, use: Use, actor: Actor, reader: Reader) -> str:
        at = moment(use.at, reader)
        if use.by == actor.id:
            return reader.word(slack.BUTTON_USED_BY_YOU, at=at)
        person = self.configurations.current().people.find_by_id(use.by)
        return reader.word(slack.BUTTON_USED, by=plain(person.name if person else use.by), at=at)


def _answer_key(item: Received) -> str:
    return f"answer:{item.id}"


def _outdated(look: Reading, capability: Capability, command: Command, reader: Reader) -> str | None:
    """Return why what a button is about is not so any more."""
    row = look.deployment_by_id(capability.deployment or "")
    if row is None:
        return reader.word(slack.BUTTON_UNKNOWN)
    if capability.digest is not None and row.digest != capability.digest:
        return reader.word(slack.PLAN_CHANGED, number=row.number)
    if isinstance(command, (Rollback, Retry)):
        last = look.last_started(row.application, row.environment)
        if last is not None and last.number > row.number:
            values = {"number": row.number, "environment": plain(row.environment)}
            return reader.word(slack.BUTTON_OLD, **values, command=shielded(spell(command)))
    return None


def _let_go(look: Reading, owner: Collection[str], command: Command, reader: Reader) -> str | None:
    """Return why what is known of a lock is not so any more: it was opened, or is somebody else's."""
    if not isinstance(command, (Lock, Unlock)):
        return None
    lock = look.berth(command.application, command.environment).lock
    if lock is not None and lock.by_id in owner:
        return None
    values = {"application": plain(command.application), "environment": plain(command.environment)}
    return reader.word(slack.BUTTON_LOCK_GONE, **values)


def _shows_itself(capability: Capability) -> bool:
    """Tell whether a card or a thread shows what came of it anyway."""
    return capability.only_for is None


def _is_alone(channel: str | None) -> bool:
    """Tell whether it was pressed where one person and we are alone, and nobody sees what comes of it elsewhere."""
    return channel is not None and channel.startswith("D")
