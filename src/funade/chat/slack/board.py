"""The one leased writer: brings every card and every thread in line with the store, at the pace that Slack allows.

Level-triggered: it looks at the rows of wishes, does the most urgent thing that may be done now, and looks again.
"""

from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from funade.chat.slack.announcer import card_key, is_card_key
from funade.chat.slack.budget import EDIT, POST, Budget
from funade.chat.slack.buttons import Mint, of_deployment, of_lock
from funade.chat.slack.cards import card, told, wants_output
from funade.chat.slack.client import OutcomeUnknown, SlackRefused, SlackUnavailable
from funade.chat.slack.courier import DOUBT, Courier, digest
from funade.chat.slack.directory import Directory
from funade.chat.slack.letters import Letter, Show
from funade.chat.slack.sayings import Message, moment_mark
from funade.domain.answers import DeploymentShown
from funade.domain.commands import ShowDeployment
from funade.domain.deployment import Deployment
from funade.domain.errors import FencedOut, StoreError, UnreadableRecord, VendorUnavailable
from funade.domain.events import Event, LockTaken
from funade.domain.wire import GREATEST
from funade.failpoints import effect
from funade.texts import Reader
from funade.usecases.door_ports import Post
from funade.usecases.ledger_ports import Ledger, Reading, Transaction
from funade.usecases.living import Living
from funade.usecases.ports import Clock, Configurations, Lease, Logs
from funade.usecases.role import Role

log = structlog.get_logger()

ROLE = "slack_board"
BATCH = 500
LOOK_SECONDS = 1.0
#: After a takeover whoever wrote before may still have sent something old: what it touched last is sent again.
RECENTLY = timedelta(minutes=2)
#: What Slack does not take is tried again this much later, and given up after a day.
REFUSED_SECONDS = 60.0
GIVEN_UP = timedelta(days=1)
TAIL_BYTES = 8_000

#: the message itself is at fault: it is said in plain words instead
_OURS = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_too_long",
        "metadata_too_large",
        "no_text",
    }
)


class WritesLetters(Protocol):
    """Knows what some posts say that are neither cards nor their story."""

    def writes(self, key: str) -> bool: ...

    def write(self, post: Post) -> Awaitable[Letter | None]: ...


@dataclass(kw_only=True)
class Board:
    """Fulfils wishes for posts while it holds the role; `problem` says what keeps it from doing so."""

    ledger: Ledger
    configurations: Configurations
    directory: Directory
    courier: Courier
    mint: Mint
    show: Show
    logs: Logs
    lease: Lease
    living: Living
    clock: Clock
    budget: Budget
    letters: Sequence[WritesLetters] = ()
    problem: str | None = None
    _held: bool = False
    #: what was put aside: until when, and when it could not be sent first, unless it only had to wait
    _refused: dict[str, tuple[float, datetime | None]] = field(default_factory=dict)

    async def run(self) -> None:
        """Write until it is cancelled."""
        generation = -1
        while True:
            wait = LOOK_SECONDS
            try:
                wait = await self.write()
            except FencedOut:
                self._held = False
            except StoreError as error:
                log.error("the store cannot be used", problem=str(error))
            except Exception:
                # The process's loop, which survives our own mistakes; those of one post are set aside with it.
                log.exception("our mistake; Slack is told later")
            if wait > 0:
                try:
                    generation = await self.ledger.wait_for_change(generation, min(wait, LOOK_SECONDS))
                except StoreError:
                    await self.clock.sleep(LOOK_SECONDS)

    async def write(self) -> float:
        """Do what may be done now; return for how long there is nothing more to do, 0 to be asked again at once."""
        posts = await self.ledger.read(lambda look: look.wanted_posts(BATCH))
        if not posts or not await self._hold_role():
            return LOOK_SECONDS
        soonest, late = LOOK_SECONDS, set()
        for post in await self._in_order(posts):
            self.lease.check()
            if post.event is not None and post.deployment in late:
                continue
            wait = await self._fulfil(post)
            if wait == 0:
                # The rows may say something else by now.
                return 0.0
            soonest = min(soonest, wait)
            if post.event is not None and post.deployment is not None and wait <= DOUBT.total_seconds():
                # What may have been sent is soon known: the story goes on behind it, in its order.
                late.add(post.deployment)
        return soonest

    async def _in_order(self, posts: Sequence[Post]) -> Sequence[Post]:
        """Return the most urgent first: new cards, cards at their end, the story, other cards."""
        ids = {one.deployment for one in posts if one.deployment is not None}
        rows = await self.ledger.read(lambda look: {id: look.deployment_by_id(id) for id in ids})

        def urgency(post: Post) -> tuple[int, int]:
            is_card = is_card_key(post.key)
            if is_card and post.message is None:
                return 0, 0
            row = rows.get(post.deployment or "")
            if is_card and row is not None and row.has_ended:
                return 1, 0
            if is_card:
                return 3, 0
            # In a thread everything stands in its order; what one person alone reads can wait.
            is_letter = any(one.writes(post.key) for one in self.letters)
            return (2, 2 * (post.event or GREATEST) + is_letter)

        return sorted(posts, key=urgency)

    async def _fulfil(self, post: Post) -> float:
        """Do what one post needs; return how long it has to wait, 0 when something was done."""
        until, _ = self._refused.get(post.key, (0.0, None))
        if (left := until - self.clock.steady()) > 0:
            return left
        try:
            return await self._bring(post)
        except VendorUnavailable as error:
            return self._wait_for(post, error)
        except OutcomeUnknown as error:
            # It is looked for when it can be seen.
            self.problem = str(error)
            return self._put_off(post, LOOK_SECONDS)
        except (SlackRefused, UnreadableRecord) as error:
            return await self._bear(post, error)
        except (FencedOut, StoreError):
            raise
        except Exception as error:
            # A process's loop: what breaks us may be one post alone, for example one that a newer Funade wrote. It
            # would be the first again at the next look, and nothing behind it would ever be sent.
            log.exception("our mistake; a post is set aside", key=post.key)
            return await self._bear(post, error)

    async def _bring(self, post: Post) -> float:
        writer = next((one for one in self.letters if one.writes(post.key)), None)
        if writer is not None:
            return await self._bring_letter(post, writer)
        if post.channel is None:
            # Nobody has said where it should be told.
            await self.courier.settle(post, post.wanted)
            return 0.0
        channel = post.channel if post.message else await self.directory.find_channel(post.channel)
        if channel is None:
            raise SlackRefused("chat.postMessage", "channel_not_found")  # noqa: EM101 -- Slack's own word
        post = replace(post, channel=channel)
        if post.event is None:
            return await self._bring_card(post)
        return await self._bring_event(post)

    async def _bring_card(self, post: Post) -> float:
        number = await self.ledger.read(lambda look: look.number_of(post.deployment or ""))
        shown = None if number is None else await self.show(ShowDeployment(number=number, link=True))
        if not isinstance(shown, DeploymentShown):
            await self.courier.settle(post, post.wanted)
            return 0.0
        deployment = shown.deployment
        if post.message is None:
            if wait := self.budget.wait_to_post(post.channel or ""):
                return wait
            message = await self._card(shown)
            self.budget.posted(post.channel or "")
            sent = await self._send(post, message)
        else:
            message = await self._card(shown)
            sent = post
            if post.shown != digest(message):
                if wait := self.budget.wait_to_edit(post.key, is_last=deployment.has_ended):
                    return wait
                self.budget.edited(post.key)
                sent = await self.courier.change(post, message)
        # One that was found, or is gone, is looked at again.
        if sent.message is not None and sent.shown == digest(message):
            await self.courier.settle(sent, post.wanted)
        self._went_well(post)
        return 0.0

    async def _card(self, shown: DeploymentShown) -> Message:
        reader = self._reader()
        deployment = shown.deployment
        values = {"application": deployment.application, "environment": deployment.environment}
        buttons = await self.mint.blocks(
            of_deployment(deployment),
            # What was approved is this plan: another one has other buttons.
            f"{deployment.id}/{deployment.digest[:16]}",
            reader,
            deployment=deployment,
            values=values,
        )
        people = self.configurations.current().people
        asker = self.directory.account_of(people.ids_of(deployment.asked_by_id))
        return card(shown, reader, buttons, asker=asker)

    async def _bring_event(self, post: Post) -> float:
        found = await self.ledger.read(lambda look: self._look(look, post))
        if found is None:
            await self.courier.settle(post, post.wanted)
            return 0.0
        event, row, root = found
        thread = None
        if post.deployment is not None:
            if root is None or root.message is None or root.channel is None:
                return LOOK_SECONDS
            thread, post = root.message, replace(post, channel=root.channel)
        if post.message is None:
            if wait := self.budget.wait_to_post(post.channel or ""):
                return wait
            message = await self._told(event, row)
            self.budget.posted(post.channel or "")
            post = await self._send(post, message, thread=thread, broadcast=wants_output(event))
        await self.courier.settle(post, max(post.wanted, 1))
        self._went_well(post)
        return 0.0

    async def _bring_letter(self, post: Post, writer: WritesLetters) -> float:
        if post.message is None:
            # Before Slack is asked about everybody in it: while nothing can be sent, nobody needs to know.
            if wait := self.budget.closed(POST):
                return wait
            letter = await writer.write(post)
            if letter is not None:
                if letter.waits:
                    return LOOK_SECONDS
                if wait := self.budget.wait_to_post(letter.channel):
                    return self._put_off(post, wait)
                self.budget.posted(letter.channel)
                post = await self._send(
                    replace(post, channel=letter.channel), letter.message, thread=letter.thread
                )
        await self.courier.settle(post, max(post.wanted, 1))
        self._went_well(post)
        return 0.0

    def _look(self, look: Reading, post: Post) -> tuple[Event, Deployment | None, Post | None] | None:
        events = look.events(after=(post.event or 1) - 1, limit=1)
        if not events or events[0].sequence != post.event:
            return None
        if post.deployment is None:
            return events[0], None, None
        root = look.post(card_key(post.deployment))
        return events[0], look.deployment_by_id(post.deployment), root

    async def _told(self, event: Event, row: Deployment | None) -> Message:
        reader = self._reader()
        output = b""
        if row is not None and wants_output(event) and row.attempt:
            length = self.logs.length(row.id, row.attempt)
            output = self.logs.read(row.id, row.attempt, max(0, length - TAIL_BYTES), TAIL_BYTES)
        message = told(event, row, reader, output)
        if not isinstance(event.happening, LockTaken):
            return message
        application, environment = event.application, event.environment
        buttons = await self.mint.blocks(
            of_lock(application, environment, event.happening.reason), f"event/{event.sequence}", reader
        )
        return replace(message, blocks=(*message.blocks, *buttons))

    async def _send(
        self, post: Post, message: Message, *, thread: str | None = None, broadcast: bool = False
    ) -> Post:
        """Send it; in plain words where Slack does not like how it looks."""
        try:
            return await self.courier.send(post, message, thread=thread, broadcast=broadcast)
        except SlackRefused as error:
            if error.error not in _OURS:
                raise
            log.error("our mistake: Slack does not take a message of ours", problem=str(error))
            bare = Message(text=message.text[:3_000])
            sent = await self.courier.send(post, bare, thread=thread, broadcast=broadcast)
            return replace(sent, shown=digest(message))

    def _wait_for(self, post: Post, error: VendorUnavailable) -> float:
        """Wait as Slack says: all that goes the same way, or this post alone where it met something else."""
        self.problem = str(error)
        wait = max(error.retry_after.total_seconds(), 0.05)
        if isinstance(error, SlackUnavailable) and error.method in (POST, EDIT):
            self.budget.close(error.method, wait)
            return wait
        return self._put_off(post, wait)

    def _put_off(self, post: Post, seconds: float) -> float:
        """Do not try it for so long; that says nothing of whether it can be sent."""
        _, first = self._refused.get(post.key, (0.0, None))
        self._refused[post.key] = (self.clock.steady() + seconds, first)
        return seconds

    async def _bear(self, post: Post, error: Exception) -> float:
        """It cannot be sent as things are: say so, try later, and give it up after a day."""
        now = self.clock.now()
        _, known = self._refused.get(post.key, (0.0, None))
        first = known or now
        self.problem = _problem(post, error)
        if post.channel is not None:
            self.directory.forget_channel(post.channel)
        is_over = isinstance(error, SlackRefused) and error.error == "thread_not_found"
        if is_over or now - first > GIVEN_UP:
            log.error("a post was given up", key=post.key, problem=self.problem)
            self._refused.pop(post.key, None)
            await self.courier.settle(post, post.wanted)
            return 0.0
        if known is None:
            log.error("a post cannot be sent", key=post.key, problem=self.problem)
        self._refused[post.key] = (self.clock.steady() + REFUSED_SECONDS, first)
        return REFUSED_SECONDS

    def _went_well(self, post: Post) -> None:
        self.problem = None
        self._refused.pop(post.key, None)

    def _reader(self) -> Reader:
        slack = self.configurations.current().slack
        return Reader(slack.language if slack else "en", spells_moment=moment_mark)

    async def _hold_role(self) -> bool:
        role = Role(name=ROLE, ledger=self.ledger, lease=self.lease, living=self.living)
        self._held = await (role.hold if self._held else role.take_anew)(self._take)
        return self._held

    async def _take(self, process: str, dead: frozenset[str]) -> bool:
        now = self.clock.now()

        def work(change: Transaction) -> bool:
            if not change.take_role(ROLE, process, dead):
                return False
            for one in _touched(change, now):
                change.save_post(replace(one, shown=None), 0)
                change.want_post(one)
            return True

        with effect("store.take_board"):
            return await self.ledger.change(work)


def _touched(look: Reading, now: datetime) -> Iterable[Post]:
    """Return the cards that whoever wrote before may have changed last."""
    ended = [
        one for one in look.ended(None, None, limit=20) if one.ended_at and now - one.ended_at < RECENTLY
    ]
    for one in [*look.unended(), *ended]:
        post = look.post(card_key(one.id))
        if post is not None and post.message is not None:
            yield post


def _problem(post: Post, error: Exception) -> str:
    """Return what is said of a post that cannot be sent; the text of our own mistakes may hold anything."""
    match error:
        case SlackRefused():
            return f"{error} in {post.channel}"
        case UnreadableRecord():
            return str(error)
        case _:
            return f"our mistake with `{post.key}`: {type(error).__name__} — the log has the details"
