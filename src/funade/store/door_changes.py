"""Changes behind the doors of chat; part of `SqlTransaction`, which every change of the ledger is."""

import time
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, case, delete, func, insert, select, update

from funade.domain.telling import Preference
from funade.store import rows, values
from funade.store.door_reading import SqlDoorReading
from funade.store.door_rows import (
    capability_row,
    link_row,
    notice_row,
    onlooker_row,
    post_row,
    preference_row,
    received_row,
    use_row,
)
from funade.store.door_schema import (
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
from funade.store.quarantine import CAPABILITIES, Note
from funade.store.schema import processes
from funade.usecases.door_ports import Capability, Link, Notice, Onlooker, Post, Received, Use

_LEAST_READ = select(func.min(func.coalesce(processes.c.reads, rows.FIRST_FORMAT)))
_CLAIM = (
    update(inbox)
    .where(inbox.c.id == bindparam("here_id"), inbox.c.owner == bindparam("here_owner"))
    .values(owner=bindparam("owner"))
)
_SETTLE = delete(inbox).where(inbox.c.id == bindparam("id"))
_FORGET = delete(inbox_keys).where(
    inbox_keys.c.at < bindparam("before"), inbox_keys.c.item.not_in(select(inbox.c.id))
)
_WANT = (
    update(posts)
    .where(posts.c.key == bindparam("here_key"))
    .values(
        wanted=posts.c.wanted + 1,
        channel=func.coalesce(posts.c.channel, bindparam("channel")),
        since=case((posts.c.wanted == 0, bindparam("now")), else_=posts.c.since),
    )
)
_SAVE = (
    update(posts)
    .where(posts.c.key == bindparam("here_key"))
    .values(
        **{
            name: bindparam(name)
            for name in ("deployment", "event", "channel", "message", "shown", "tried_at", "round")
        },
        wanted=case(
            (posts.c.wanted > bindparam("fulfilled"), posts.c.wanted - bindparam("fulfilled")), else_=0
        ),
    )
)
_OF_SUBJECT = select(capabilities)
_GIVE_BACK = delete(capability_uses).where(
    capability_uses.c.capability == bindparam("capability"),
    capability_uses.c.received == bindparam("received"),
)
_SAVE_NOTICE = (
    update(notices)
    .where(notices.c.key == bindparam("here_key"))
    .values(**{name: bindparam(name) for name in ("due_at", "post", "settled")})
)
_FORGET_NOTICES = delete(notices).where(notices.c.settled, notices.c.at < bindparam("before"))
_DROP_PREFERENCE = delete(preferences).where(preferences.c.person == bindparam("here"))
_DROP_ONLOOKER = delete(onlookers).where(onlookers.c.user == bindparam("here"))
_CUT = delete(links).where(links.c.actor == bindparam("actor"))


class SqlDoorTransaction(SqlDoorReading):
    """The `DoorTransaction` part of the `Transaction` port.

    `keep_first` makes the insertion into a table that leaves a row of the same key as it is.
    """

    def __init__(self, connection: Connection, notes: list[Note], keep_first: Callable[[Table], Any]) -> None:
        super().__init__(connection, notes)
        self._keep_first = keep_first

    def receive(self, item: Received) -> bool:
        """Keep it; False when anything came in under one of its keys before."""
        at = values.moment(item.at)
        fresh = [
            self._keep(inbox_keys, {"key": values.clean(key), "item": item.id, "at": at}) for key in item.keys
        ]
        if not all(fresh):
            return False
        self._connection.execute(insert(inbox), self._shaped(received_row(item)))
        return True

    def claim_received(self, item: Received, owner: str) -> bool:
        """Let `owner` deal with it, or return False when another process has taken it, or it is done."""
        row = {"here_id": item.id, "here_owner": item.owner, "owner": owner}
        return self._connection.execute(_CLAIM, row).rowcount == 1

    def settle_received(self, id: str) -> None:
        """Forget its body; its keys stay."""
        self._connection.execute(_SETTLE, {"id": id})

    def forget_received(self, before: datetime) -> None:
        """Forget the keys of what came in before that and was dealt with."""
        self._connection.execute(_FORGET, {"before": values.moment(before)})

    def begin_post(self, post: Post) -> Post:
        """Keep a post that nobody but its sender looks after; the one that is there already stands."""
        self._keep(posts, {**self._shaped(post_row(post)), "wanted": 0, "since": 0})
        return self.post(post.key) or post

    def want_post(self, post: Post) -> None:
        """Wish that a post be sent; what is known of it already stands."""
        now = time.time_ns() // 1_000_000
        if not self._keep(posts, {**self._shaped(post_row(post)), "wanted": 1, "since": now}):
            self._connection.execute(_WANT, {"here_key": post.key, "now": now, "channel": post.channel})

    def save_post(self, post: Post, fulfilled: int) -> None:
        """Store what is known of a post, and take off as many wishes as were fulfilled."""
        row = self._shaped(post_row(post))
        self._connection.execute(_SAVE, {**row, "here_key": row.pop("key"), "fulfilled": fulfilled})

    def grant(self, capability: Capability) -> Capability:
        """Keep a capability; the one that was granted first for its subject stands and is returned."""
        if self._keep(capabilities, self._shaped(capability_row(capability))):
            return capability
        return self._first(CAPABILITIES, _OF_SUBJECT, subject=capability.subject) or capability

    def use(self, capability: str, use: Use) -> Use:
        """Note a use and return it; or return the earlier one that forbids it."""
        found = self.capability(capability)
        holder = "" if found is None or found.single else use.by
        if self._keep(capability_uses, self._shaped(use_row(use, holder))):
            return use
        return next((one for one in self.uses(capability) if not holder or one.by == holder), use)

    def give_back(self, capability: str, received: str) -> None:
        """Forget the use that was noted for `received`: nothing came of it."""
        self._connection.execute(_GIVE_BACK, {"capability": capability, "received": received})

    def save_link(self, link: Link) -> None:
        """Keep who somebody is; a later word replaces an earlier one."""
        self.cut_link(link.actor)
        self._connection.execute(insert(links), self._shaped(link_row(link)))

    def cut_link(self, actor: str) -> None:
        """Forget who somebody is."""
        self._connection.execute(_CUT, {"actor": actor})

    def save_preference(self, preference: Preference) -> None:
        """Keep what somebody wants; a later word replaces an earlier one."""
        self._connection.execute(_DROP_PREFERENCE, {"here": preference.person})
        self._connection.execute(insert(preferences), self._shaped(preference_row(preference)))

    def owe_notice(self, notice: Notice) -> None:
        """Keep what somebody is owed to hear; the same one twice is one."""
        self._keep(notices, self._shaped(notice_row(notice)))

    def save_notice(self, notice: Notice) -> None:
        """Store when it is due, what tells it, and whether it is settled."""
        row = self._shaped(notice_row(notice))
        changed = {name: row[name] for name in ("due_at", "post", "settled")}
        self._connection.execute(_SAVE_NOTICE, {"here_key": notice.key, **changed})

    def forget_notices(self, before: datetime) -> None:
        """Forget what happened before that and was settled."""
        self._connection.execute(_FORGET_NOTICES, {"before": values.moment(before)})

    def save_onlooker(self, onlooker: Onlooker) -> None:
        """Keep that somebody has opened our home; a later time replaces an earlier one."""
        self._connection.execute(_DROP_ONLOOKER, {"here": onlooker.user})
        self._connection.execute(insert(onlookers), self._shaped(onlooker_row(onlooker)))

    def _shaped(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row in the newest shape that everybody reads who may have to."""
        return {**row, "format": self.shape()} if "format" in row else row

    def shape(self) -> int:
        """Return the newest shape that we and all registered processes read."""
        if rows.FORMAT == rows.FIRST_FORMAT:
            return rows.FORMAT
        least = self._connection.execute(_LEAST_READ).scalar()
        return rows.FORMAT if least is None else min(rows.FORMAT, least)

    def _keep(self, table: Table, row: dict[str, Any]) -> bool:
        """Insert a row unless one of its key is there; tell whether it was inserted."""
        return self._connection.execute(_telling(self._keep_first(table), table), row).first() is not None


@cache
def _telling(insertion: Any, table: Table) -> Any:
    # A count of rows is not what every driver gives for an insertion.
    return insertion.returning(*table.primary_key)
