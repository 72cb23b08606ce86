"""Questions about the doors of chat; part of `SqlReading`, which every look at the ledger is."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, or_, select

from funade.domain.telling import Preference
from funade.store import values
from funade.store.door_schema import (
    OWED,
    WANTED,
    capabilities,
    capability_uses,
    inbox,
    inbox_keys,
    links,
    notices,
    onlookers,
    posts,
    preferences,
)
from funade.store.quarantine import (
    CAPABILITIES,
    INBOX,
    LINKS,
    NOTICES,
    ONLOOKERS,
    POSTS,
    PREFERENCES,
    USES,
)
from funade.store.reading import SqlReading
from funade.usecases.door_ports import Capability, Link, Notice, Onlooker, Post, Received, Use

_RECEIVED = select(inbox).order_by(inbox.c.at, inbox.c.id)
_KNOWN = select(inbox_keys.c.key)
_POST = select(posts)
_POSTS = select(posts).order_by(posts.c.event, posts.c.key)
_WANTED = select(posts).where(WANTED).order_by(posts.c.since, posts.c.key).limit(bindparam("limit"))
_CAPABILITIES = select(capabilities).order_by(capabilities.c.id)
_USES = select(capability_uses).order_by(capability_uses.c.at)
_LINKS = select(links).order_by(links.c.actor)
_PREFERENCES = select(preferences).order_by(preferences.c.person)
_NOTICES = select(notices).order_by(notices.c.at, notices.c.key)
_OWED = (
    _NOTICES.where(OWED)
    .where(or_(notices.c.due_at.is_(None), notices.c.due_at <= bindparam("due")))
    .limit(bindparam("limit"))
)
_ONLOOKERS = (
    select(onlookers)
    .where(onlookers.c.opened_at >= bindparam("since"))
    .order_by(onlookers.c.opened_at.desc())
)


class SqlDoorReading(SqlReading):
    """The `DoorReading` part of the `Reading` port."""

    def received(self, door: str) -> Sequence[Received]:
        """Return what came in through `door` and is not dealt with, oldest first."""
        return self._all(INBOX, _RECEIVED, door=door)

    def is_known(self, key: str) -> bool:
        """Tell whether anything came in under that key, dealt with or not."""
        return bool(self._rows(_KNOWN, inbox_keys, key=values.clean(key)))

    def post(self, key: str) -> Post | None:
        """Return the post of that key."""
        return self._first(POSTS, _POST, key=key)

    def post_of_message(self, channel: str, message: str) -> Post | None:
        """Return the post that is that message."""
        return self._first(POSTS, _POST, channel=values.clean(channel), message=values.clean(message))

    def posts(self, deployment: str) -> Sequence[Post]:
        """Return all posts about a deployment."""
        return self._all(POSTS, _POSTS, deployment=deployment)

    def wanted_posts(self, limit: int) -> Sequence[Post]:
        """Return posts that do not say what they should, in the order in which that began."""
        return self._all(POSTS, _WANTED, limit=limit)

    def capability(self, id: str) -> Capability | None:
        """Return the capability of that id."""
        return self._first(CAPABILITIES, _CAPABILITIES, id=values.clean(id))

    def capabilities(self, deployment: str) -> Sequence[Capability]:
        """Return all that were ever granted about a deployment."""
        return self._all(CAPABILITIES, _CAPABILITIES, deployment=deployment)

    def uses(self, capability: str) -> Sequence[Use]:
        """Return who has used it, first use first."""
        return self._all(USES, _USES, capability=capability)

    def links(self) -> Sequence[Link]:
        """Return every proven account."""
        return self._all(LINKS, _LINKS)

    def preferences(self) -> Sequence[Preference]:
        """Return what people want for themselves."""
        return self._all(PREFERENCES, _PREFERENCES)

    def owed_notices(self, due: datetime, limit: int) -> Sequence[Notice]:
        """Return those that are due by then, and those of which nobody knows yet when they will be, oldest first."""
        return self._all(NOTICES, _OWED, due=values.moment(due), limit=limit)

    def notices(self, post: str) -> Sequence[Notice]:
        """Return what a post tells, oldest first."""
        return self._all(NOTICES, _NOTICES, post=post)

    def onlookers(self, since: datetime) -> Sequence[Onlooker]:
        """Return who has opened our home since then, latest first."""
        return self._all(ONLOOKERS, _ONLOOKERS, since=values.moment(since))
