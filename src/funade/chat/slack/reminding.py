"""What people may have forgotten, and what takes too long: each becomes a post once, whatever dies meanwhile.

Level-triggered: looks at the rows, and wishes for what is due and was never wished for. The post's key is all that is
remembered; what it says is made when it is sent, and nothing is sent that is not so any more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from funade.chat.slack.announcer import card_key, home_of
from funade.chat.slack.client import OutcomeUnknown, SlackRefused
from funade.chat.slack.directory import Directory
from funade.chat.slack.manners import read_manners
from funade.domain.application import Configuration
from funade.domain.deployment import Deployment, State
from funade.domain.environment import Berth
from funade.domain.errors import VendorUnavailable
from funade.domain.lock import Lock
from funade.domain.reminders import NEVER
from funade.failpoints import effect
from funade.usecases.door_ports import Post
from funade.usecases.ledger_ports import Ledger, Reading, Transaction
from funade.usecases.ports import Clock, Configurations

log = structlog.get_logger()

REMIND = "remind"
LOCK, START, END, APPROVAL = "lock", "start", "end", "approval"
#: between two looks at everything
LOOK_SECONDS = 5.0
#: An owner of a lock for whom Slack has no answer is asked for again this much later.
AGAIN_SECONDS = 60.0


@dataclass(kw_only=True)
class Reminding:
    """Finds what is due."""

    ledger: Ledger
    configurations: Configurations
    directory: Directory
    clock: Clock
    _looked_at: float | None = None
    #: questions whose owner could not be looked up: when that is tried again
    _paused: dict[str, float] = field(default_factory=dict)
    _closed_until: float = 0.0

    async def look(self) -> None:
        """Wish for whatever is due now and was not wished for before."""
        steady = self.clock.steady()
        if self._looked_at is not None and steady - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = steady
        configuration, now = self.configurations.current(), self.clock.now()
        due = await self.ledger.read(lambda look: list(_due(look, configuration, now)))
        # Slack is not needed for these, so nothing that it does keeps them back.
        await self._wish([post for post, lock in due if lock is None])
        await self._wish(
            await self._to_be_asked([(post, lock) for post, lock in due if lock is not None], now)
        )

    async def _wish(self, posts: Sequence[Post]) -> None:
        if posts:
            with effect("store.want_reminders"):
                await self.ledger.change(lambda change: _want(change, posts))

    async def _to_be_asked(self, due: Sequence[tuple[Post, Lock]], now: datetime) -> list[Post]:
        """Return the questions for whose owner it is not quiet now; one who cannot be looked up waits alone."""
        steady = self.clock.steady()
        keys = {post.key for post, _ in due}
        self._paused = {key: at for key, at in self._paused.items() if key in keys and at > steady}
        found = []
        for post, lock in due if steady >= self._closed_until else ():
            if post.key in self._paused:
                continue
            try:
                if not await self._is_quiet(lock, now):
                    found.append(post)
            except VendorUnavailable as error:
                self._closed_until = steady + error.retry_after.total_seconds()
                log.warning("owners of locks are asked later", problem=str(error))
                break
            except (SlackRefused, OutcomeUnknown) as error:
                self._paused[post.key] = steady + AGAIN_SECONDS
                log.warning("the owner of a lock is asked later", owner=lock.by_id, problem=str(error))
                if isinstance(error, OutcomeUnknown):
                    # Each further question might take as long.
                    break
        return found

    async def _is_quiet(self, lock: Lock, now: datetime) -> bool:
        """Tell whether it is quiet now for whoever has a lock; they are asked later."""
        configuration = self.configurations.current()
        person = configuration.people.find_by_id(lock.by_id)
        account = await account_of(self.directory, configuration, lock.by_id)
        member = None if account is None else await self.directory.member(account)
        if person is None or member is None or configuration.slack is None:
            return False
        team = configuration.slack.authors
        manners = await self.ledger.read(lambda look: read_manners(look, team))
        return manners.is_quiet(person.name, member, now)


async def account_of(directory: Directory, configuration: Configuration, actor: str) -> str | None:
    """Return the account of whoever has that actor's id, at whatever door that was."""
    known = directory.account_of({actor})
    person = configuration.people.find_by_id(actor)
    return known if known is not None or person is None else await directory.find_account(person)


def lock_key(berth: Berth, lock: Lock, step: int) -> str:
    """Return the key of one question about one lock."""
    return f"{REMIND}:{LOCK}:{berth.application}:{berth.environment}:{lock.since.timestamp():.0f}:{step}"


def _due(look: Reading, configuration: Configuration, now: datetime) -> Iterator[tuple[Post, Lock | None]]:
    """Yield posts that are due and not known, each with the lock that it asks about."""
    for berth in look.berths():
        found = _about_lock(berth, configuration, now)
        if found is not None and berth.lock is not None and look.post(found.key) is None:
            yield found, berth.lock
    for row in look.unended():
        kind = _overdue(row, configuration, now)
        root = look.post(card_key(row.id)) if kind is not None else None
        key = f"{REMIND}:{kind}:{row.id}"
        if root is not None and root.channel is not None and look.post(key) is None:
            yield Post(key=key, deployment=row.id, channel=root.channel), None


def _about_lock(berth: Berth, configuration: Configuration, now: datetime) -> Post | None:
    lock, application = berth.lock, configuration.applications.get(berth.application)
    channel = home_of(berth.application, configuration)
    is_here = application is not None and berth.environment in application.environments
    after = configuration.reminders_of(berth.application, berth.environment).locks_after
    if lock is None or not lock.holds(now) or not is_here or channel is None or after is None:
        return None
    held, first = now - lock.since, after
    if lock.until is not None:
        # One that ends soon needs no question, and whoever has just said until when has not forgotten it.
        if lock.until - now <= after:
            return None
        first = max(after, (lock.until - lock.since) / 2)
    if held < first:
        return None
    # Asked again when it was held for twice as long: nobody is nagged.
    step = (held // first).bit_length() - 1
    return Post(key=lock_key(berth, lock, step), channel=channel)


def _overdue(row: Deployment, configuration: Configuration, now: datetime) -> str | None:
    """Return what has to be said of a deployment by now."""
    reminders = configuration.reminders_of(row.application, row.environment)
    whole = row.due_at - row.asked_at
    match row.state:
        case State.AWAITING_APPROVAL if row.due_at > now:
            # Where everything must be quick, half of the time is the warning.
            before = _at_most(reminders.approvals_before, whole)
            return APPROVAL if before is not None and row.due_at - now <= before else None
        case State.QUEUED:
            since = max([row.asked_at, *(one.at for one in row.approvals)])
            within = _at_most(reminders.starts_within, whole)
            return START if within is not None and now - since >= within else None
        case State.RUNNING if row.started_at is not None and reminders.ends_within is not None:
            return END if now - row.started_at >= reminders.ends_within else None
        case _:
            return None


def _at_most(span: timedelta | None, whole: timedelta) -> timedelta | None:
    """Return the span, shortened where there is not so much time; None for never."""
    return None if span in (None, NEVER) else min(span or whole, whole / 2)


def _want(change: Transaction, posts: Sequence[Post]) -> None:
    for post in posts:
        if change.post(post.key) is None:
            change.want_post(post)
