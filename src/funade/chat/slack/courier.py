"""Sends and changes messages of ours, each exactly once: written down before, looked for whenever in doubt."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from funade.chat.slack.arrivals import Ourselves
from funade.chat.slack.client import CallsSlack, SlackRefused
from funade.chat.slack.payloads import text_of
from funade.chat.slack.sayings import Message
from funade.domain.errors import VendorUnavailable
from funade.failpoints import effect
from funade.usecases.door_ports import Post
from funade.usecases.ledger_ports import Ledger, Transaction
from funade.usecases.ports import Clock

#: What Slack has stored without answering can be seen by then.
DOUBT = timedelta(seconds=10)
#: How far Slack's clock and ours may be apart.
SKEW = timedelta(minutes=10)
#: A message appears this soon after it was sent, by two clocks that are kept.
AT_ONCE = timedelta(minutes=1)
EVENT_TYPE = "funade_post"
MOST_PAGES = 10

#: It was deleted, or can be changed no more: what it should say is said anew.
GONE = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive", "no_permission"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Brings messages to Slack and keeps what is known of them."""

    api: CallsSlack
    ledger: Ledger
    clock: Clock
    us: Ourselves
    doubt: timedelta = DOUBT

    async def send(
        self, post: Post, message: Message, *, thread: str | None = None, broadcast: bool = False
    ) -> Post:
        """Return the post with its message; one in doubt is looked for first, and waited for if it is too early.

        `post.channel` is an id. Raises SlackRefused, VendorUnavailable or OutcomeUnknown.
        """
        if post.message is not None:
            return post
        mark = f"{post.key}/{post.round}"
        if post.tried_at is not None:
            found = await self._find(post, mark, thread)
            if found is not None:
                # What it says was rendered then; it is said anew when it is another thing by now.
                return await self._keep(replace(post, message=found, tried_at=None))
            if (wait := post.tried_at + self.doubt - self.clock.now()) > timedelta(0):
                raise VendorUnavailable("Slack", "a post may still appear", wait)  # noqa: EM101 -- short
        with effect("store.try_post"):
            tried = await self._keep(replace(post, tried_at=self.clock.now()))
        try:
            with effect("slack.post"):
                answer = await self.api(
                    "chat.postMessage",
                    channel=post.channel,
                    thread_ts=thread,
                    reply_broadcast=True if thread and broadcast else None,
                    metadata={"event_type": EVENT_TYPE, "event_payload": {"key": mark}},
                    **message.arguments(),
                )
        except (SlackRefused, VendorUnavailable):
            # Nothing was posted: there is nothing to be looked for.
            await self._keep(replace(tried, tried_at=None))
            raise
        channel = text_of(answer, "channel") or tried.channel
        sent = replace(
            tried, channel=channel, message=text_of(answer, "ts"), tried_at=None, shown=digest(message)
        )
        with effect("store.keep_post"):
            return await self._keep(sent)

    async def change(self, post: Post, message: Message) -> Post:
        """Return the post saying `message`; one that is gone comes back without a message, to be sent anew."""
        try:
            with effect("slack.update"):
                await self.api(
                    "chat.update",
                    channel=post.channel,
                    ts=post.message,
                    **{
                        name: value
                        for name, value in message.arguments().items()
                        if name in ("text", "blocks", "link_names", "parse")
                    },
                    metadata={
                        "event_type": EVENT_TYPE,
                        "event_payload": {"key": f"{post.key}/{post.round}"},
                    },
                )
        except SlackRefused as error:
            if error.error not in GONE:
                raise
            return await self._keep(replace(post, message=None, shown=None, round=post.round + 1))
        return await self._keep(replace(post, shown=digest(message)))

    async def settle(self, post: Post, fulfilled: int) -> None:
        """Take off wishes that were fulfilled, or cannot be."""
        with effect("store.settle_post"):
            await self._save(post, fulfilled)

    async def _keep(self, post: Post) -> Post:
        await self._save(post, 0)
        return post

    async def _save(self, post: Post, fulfilled: int) -> None:
        def work(change: Transaction) -> None:
            stored = change.post(post.key)
            # Somebody deleted the message meanwhile: what we know of it is old, and the wish stands.
            if stored is None or stored.round <= post.round:
                # It may have got its place while it was looked at without one.
                place = post.channel or (stored.channel if stored else None)
                change.save_post(replace(post, channel=place), fulfilled)

        with effect("store.save_post"):
            await self.ledger.change(work)

    async def _find(self, post: Post, mark: str, thread: str | None) -> str | None:
        """Return the message that carries `mark` and is ours, if Slack has it."""
        assert post.tried_at is not None, "only what was tried is looked for"  # noqa: S101 - narrows
        oldest = _seconds(post.tried_at - SKEW)
        method = "conversations.history" if thread is None else "conversations.replies"
        cursor = ""
        for _ in range(MOST_PAGES):
            answer = await self.api(
                method,
                channel=post.channel,
                ts=thread,
                oldest=oldest,
                limit=200,
                include_all_metadata=True,
                cursor=cursor or None,
            )
            messages = answer.get("messages")
            for one in messages if isinstance(messages, list) else ():
                if self._is_it(one, mark):
                    return text_of(one, "ts")
            cursor = text_of(answer, "response_metadata", "next_cursor")
            if not cursor:
                return None
        return None

    def _is_it(self, message: Any, mark: str) -> bool:
        if not isinstance(message, dict) or text_of(message, "metadata", "event_type") != EVENT_TYPE:
            return False
        # Anybody's app may write such a mark.
        is_ours = text_of(message, "bot_id") == self.us.bot or text_of(message, "user") == self.us.user
        return is_ours and text_of(message, "metadata", "event_payload", "key") == mark


def may_become(post: Post, channel: str, message: str) -> bool:
    """Tell whether a message that we do not know may be this post, which is being sent."""
    if post.tried_at is None or post.message is not None or post.channel not in (None, channel):
        return False
    try:
        sent_at = datetime.fromtimestamp(float(message), UTC)
    except (ValueError, OverflowError, OSError):
        return False
    return abs(post.tried_at - sent_at) < AT_ONCE


def digest(message: Message) -> str:
    """Return what tells two messages apart."""
    return fingerprint({"text": message.text, "blocks": message.blocks})


def fingerprint(plain: Any) -> str:
    """Return what tells two plain things apart."""
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode(errors="replace")).hexdigest()[:32]


def _seconds(at: datetime) -> str:
    return f"{at.timestamp():.6f}"
