"""What authors are owed becomes posts, when each of them wants to hear it and in nobody's quiet hours.

Writing to the store is all that happens here; the board sends the posts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import structlog

from funade.chat.slack.announcer import card_key
from funade.chat.slack.client import OutcomeUnknown, SlackRefused
from funade.chat.slack.directory import Directory, Member
from funade.domain.errors import VendorUnavailable
from funade.domain.telling import Manner, Preference, Telling
from funade.failpoints import effect
from funade.usecases.door_ports import Notice, Post
from funade.usecases.ports import Clock, Configurations, Ledger, Transaction

log = structlog.get_logger()

BATCH = 200
REMEMBERED = timedelta(days=7)
FORGET_EVERY_SECONDS = 3_600.0


@dataclass(kw_only=True)
class Notices:
    """Finds out who is told where and when."""

    ledger: Ledger
    configurations: Configurations
    directory: Directory
    clock: Clock
    _forgot_at: float | None = None

    async def look(self) -> None:
        """Settle what is due, and plan what is new."""
        now = self.clock.now()
        owed, preferences = await self.ledger.read(
            lambda look: (look.owed_notices(now, BATCH), look.preferences())
        )
        wanted = {one.person: one for one in preferences}
        planned: list[tuple[Notice, Post | None]] = []
        for one in owed:
            try:
                planned.append(await self._plan(one, wanted))
            except (SlackRefused, VendorUnavailable, OutcomeUnknown) as error:
                log.warning("somebody is told later", person=one.person, problem=str(error))
        if planned:
            with effect("store.plan_notices"):
                await self.ledger.change(lambda change: write(change, planned, now))
        await self._forget_old()

    async def _plan(self, notice: Notice, wanted: Mapping[str, Preference]) -> tuple[Notice, Post | None]:
        """Return the notice with when it is due and by which post; and that post, once it is due."""
        settled = replace(notice, settled=True)
        configuration = self.configurations.current()
        person = configuration.people.people.get(notice.person)
        slack = configuration.slack
        account = None if person is None else await self.directory.find_account(person)
        member = None if account is None else await self.directory.member(account)
        if slack is None or member is None or member.is_outsider:
            return settled, None
        manner = wanted.get(notice.person, Preference(person=notice.person)).over(slack.authors)
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
            channel = None if named is None else await self.directory.find_channel(named)
            if channel is not None and await self.directory.is_in(channel, member.user):
                return f"{Telling.THREAD}:{notice.deployment}:{notice.event}:{due:.0f}"
        telling = Telling.DIGEST if manner.telling is Telling.DIGEST else Telling.DIRECT
        return f"{telling}:{notice.person}:{due:.3f}"

    async def _forget_old(self) -> None:
        now = self.clock.steady()
        if self._forgot_at is not None and now - self._forgot_at < FORGET_EVERY_SECONDS:
            return
        self._forgot_at = now
        before = self.clock.now() - REMEMBERED
        with effect("store.forget_notices"):
            await self.ledger.change(lambda change: change.forget_notices(before))


def zone_of(manner: Manner, member: Member) -> tzinfo:
    """Return whose clock counts: the team's, or that of the person as Slack knows it."""
    return ZoneInfo(manner.time_zone) if manner.time_zone is not None else member.zone


def write(change: Transaction, planned: list[tuple[Notice, Post | None]], now: datetime) -> None:
    """Store what was planned, and wish for the posts; what one of them tells is never added to later.

    What another process has planned meanwhile stands: whoever was frozen in between tells nothing twice.
    """
    keys: dict[str, str] = {}
    open_ones = {one.key for one in change.owed_notices(now, 10 * BATCH)}
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
