"""What authors are owed becomes posts, when each of them wants to hear it and in nobody's quiet hours.

Writing to the store is all that happens here; the board sends the posts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from funade.chat.slack.announcer import card_key
from funade.chat.slack.client import OutcomeUnknown, SlackRefused
from funade.chat.slack.directory import Directory, Member
from funade.chat.slack.manners import Manners, read_manners, zone_of
from funade.domain.errors import FunadeError, VendorUnavailable
from funade.domain.telling import Manner, Telling
from funade.failpoints import effect
from funade.usecases.door_ports import Notice, Post
from funade.usecases.ledger_ports import Ledger, Transaction
from funade.usecases.ports import Clock, Configurations

log = structlog.get_logger()

BATCH = 200
REMEMBERED = timedelta(days=7)
#: What Slack refuses is asked for again this much later, and nobody is asked for so long when it does not answer.
REFUSED_SECONDS, UNKNOWN_SECONDS = 60.0, 30.0
#: Whoever could not be told for so long is not told any more.
GIVEN_UP = timedelta(days=1)
FORGET_EVERY_SECONDS = 3_600.0


@dataclass(kw_only=True)
class Notices:
    """Finds out who is told where and when."""

    ledger: Ledger
    configurations: Configurations
    directory: Directory
    clock: Clock
    _forgot_at: float | None = None
    #: what could not be planned: when it is tried again, and when that was so first
    _paused: dict[str, tuple[float, datetime]] = field(default_factory=dict)
    _closed_until: float = 0.0

    async def look(self) -> None:
        """Settle what is due, and plan what is new."""
        steady = self.clock.steady()
        if steady >= self._closed_until:
            owed = await self._owed(steady)
            planned = await self._planned(owed) if owed else []
            if planned:
                most = 10 * BATCH + len(self._paused)
                with effect("store.plan_notices"):
                    await self.ledger.change(lambda change: write(change, planned, self.clock.now(), most))
        await self._forget_old()

    async def _owed(self, steady: float) -> Sequence[Notice]:
        """Return what may be planned now; what could not be planned lately keeps nobody else from it."""
        now, most = self.clock.now(), BATCH + len(self._paused)
        owed = await self.ledger.read(lambda look: look.owed_notices(now, most))
        known = {one.key for one in owed}
        self._paused = {key: one for key, one in self._paused.items() if key in known}
        # What has failed before comes last: it may be what makes Slack hang.
        fresh = [one for one in owed if one.key not in self._paused]
        again = [one for one in owed if one.key in self._paused and self._paused[one.key][0] <= steady]
        return [*fresh, *again][:BATCH]

    async def _planned(self, owed: Sequence[Notice]) -> list[tuple[Notice, Post | None]]:
        """Return what could be planned; nobody else is asked for once Slack does not answer."""
        slack = self.configurations.current().slack
        if slack is None:
            return [(replace(one, settled=True), None) for one in owed]
        manners = await self.ledger.read(lambda look: read_manners(look, slack.authors))
        planned: list[tuple[Notice, Post | None]] = []
        for one in owed:
            try:
                planned.append(await self._plan(one, manners))
            except SlackRefused as error:
                planned += self._put_off(one, error, REFUSED_SECONDS)
            except (VendorUnavailable, OutcomeUnknown) as error:
                wait = UNKNOWN_SECONDS
                if isinstance(error, VendorUnavailable):
                    wait = error.retry_after.total_seconds()
                self._closed_until = self.clock.steady() + wait
                planned += self._put_off(one, error, wait)
                break
            else:
                self._paused.pop(one.key, None)
        return planned

    def _put_off(
        self, notice: Notice, error: FunadeError, seconds: float
    ) -> list[tuple[Notice, Post | None]]:
        """Try it again later; return how it is settled when that went on for a day."""
        now = self.clock.now()
        _, first = self._paused.get(notice.key, (0.0, now))
        if now - first > GIVEN_UP:
            log.error("somebody is not told", person=notice.person, problem=str(error))
            return [(replace(notice, settled=True), None)]
        log.warning("somebody is told later", person=notice.person, problem=str(error))
        self._paused[notice.key] = (self.clock.steady() + seconds, first)
        return []

    async def _plan(self, notice: Notice, manners: Manners) -> tuple[Notice, Post | None]:
        """Return the notice with when it is due and by which post; and that post, once it is due."""
        settled = replace(notice, settled=True)
        configuration = self.configurations.current()
        person = configuration.people.people.get(notice.person)
        account = None if person is None else await self.directory.find_account(person)
        member = None if account is None else await self.directory.member(account)
        if member is None or member.is_outsider:
            return settled, None
        manner = manners.of(notice.person)
        if manner.telling is Telling.NEVER:
            return settled, None
        if notice.due_at is None:
            due = manner.due(notice.at, zone_of(manner, member))
            notice = replace(
                notice, due_at=due, post=await self._post(notice, manner, member, due.timestamp())
            )
        assert notice.due_at is not None and notice.post is not None, "planned"  # noqa: S101, PT018 - narrows
        if notice.due_at > self.clock.now():
            return notice, None
        in_thread = notice.post.startswith(Telling.THREAD)
        post = Post(
            key=notice.post,
            deployment=notice.deployment if in_thread else None,
            event=notice.event if in_thread else None,
            channel=None if in_thread else member.user,
        )
        return replace(notice, settled=True), post

    async def _post(self, notice: Notice, manner: Manner, member: Member, due: float) -> str:
        """Return the key of the post that tells it; a thread that somebody does not read tells them nothing."""
        if manner.telling is Telling.THREAD:
            root = await self.ledger.read(lambda look: look.post(card_key(notice.deployment)))
            named = None if root is None else root.channel
            channel = None if named is None else await self._find_channel(named)
            if channel is not None and await self.directory.is_in(channel, member.user):
                return f"{Telling.THREAD}:{notice.deployment}:{notice.event}:{due:.0f}"
        telling = Telling.DIGEST if manner.telling is Telling.DIGEST else Telling.DIRECT
        return f"{telling}:{notice.person}:{due:.3f}"

    async def _find_channel(self, named: str) -> str | None:
        """Return the id of a channel; one for which we may not look is one that we cannot see."""
        try:
            return await self.directory.find_channel(named)
        except SlackRefused:
            return None

    async def _forget_old(self) -> None:
        now = self.clock.steady()
        if self._forgot_at is not None and now - self._forgot_at < FORGET_EVERY_SECONDS:
            return
        self._forgot_at = now
        before = self.clock.now() - REMEMBERED
        with effect("store.forget_notices"):
            await self.ledger.change(lambda change: change.forget_notices(before))


def write(
    change: Transaction,
    planned: Sequence[tuple[Notice, Post | None]],
    now: datetime,
    most: int = 10 * BATCH,
) -> None:
    """Store what was planned, and wish for the posts; what one of them tells is never added to later.

    What another process has planned meanwhile stands: whoever was frozen in between tells nothing twice.
    """
    keys: dict[str, str] = {}
    open_ones = {one.key for one in change.owed_notices(now, most)}
    for notice, post in planned:
        if notice.key not in open_ones:
            continue
        if post is None:
            change.save_notice(notice)
            continue
        if post.key not in keys:
            key = post.key
            while change.post(key) is not None:
                key += "+"
            keys[post.key] = key
            change.want_post(replace(post, key=key))
        change.save_notice(replace(notice, post=keys[post.key]))
