"""Questions to the ledger: one connection, one consistent look. Rows that cannot be read are noted and left out."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Self, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    RowMapping,
    Select,
    Table,
    bindparam,
    exists,
    select,
    text,
)
from sqlalchemy.sql.elements import ColumnElement

from funade.domain.answers import Quarantined
from funade.domain.deployment import Deployment
from funade.domain.environment import Berth
from funade.domain.errors import UnreadableRecord
from funade.domain.events import Event
from funade.domain.lock import Pause
from funade.domain.orders import Ending
from funade.domain.wire import GREATEST, Unreadable
from funade.store import rows, schema, values
from funade.store.quarantine import (
    BERTHS,
    DEPLOYMENTS,
    ENDINGS,
    ENTRIES,
    EVENTS,
    OBLIGATIONS,
    PROCESSES,
    Note,
    Shape,
)
from funade.store.schema import berths, deployments, endings, events, obligations, outbox, processes, roles
from funade.usecases.ledger_ports import Announcement, Entry, Obligation, OldDeployment, Process

T = TypeVar("T")

# Statements are made once: making one takes several times longer than SQLite needs to answer it.
_CONDITIONS: Mapping[str, Callable[[Table], ColumnElement[bool]]] = {
    **{
        name: lambda table, name=name: table.c[name] == bindparam(name)  # type: ignore[misc]  # bound early
        for name in (
            *("application", "environment", "deployment", "attempt", "number"),
            *("id", "request", "role", "sequence"),
            *("key", "subject", "capability", "door", "channel", "message", "post"),
        )
    },
    "before": lambda table: _first_key(table) < bindparam("before"),
    "after": lambda table: _first_key(table) > bindparam("after"),
}


def _first_key(table: Table) -> Column[Any]:
    return next(iter(table.primary_key))


def _fits(given: Any, column: Column[Any]) -> bool:
    """Tell whether a row could hold it, in any store: a question that a store refuses would spoil its transaction."""
    if isinstance(given, int):
        bits = 63 if isinstance(column.type, BigInteger) else 31
        return -(1 << bits) <= given < 1 << bits
    if not isinstance(given, str) or given.isascii():
        return not isinstance(given, str) or "\0" not in given
    return values.clean(given) == given


@cache
def _narrowed(query: Select[Any], table: Table, names: tuple[str, ...]) -> Select[Any]:
    return query.where(*(_CONDITIONS[name](table) for name in names))


def _paged(query: Select[Any]) -> Select[Any]:
    return query.limit(bindparam("limit", 0, BigInteger)).offset(bindparam("offset", 0, BigInteger))


_ENTRY_COLUMNS = (
    "id",
    "number",
    "application",
    "environment",
    "state",
    "phase",
    "owner",
    "due_at",
    "wish",
    "machine",
    "format",
)
_NOT_ASIDE = ~exists().where(
    schema.quarantine.c.table == deployments.name, schema.quarantine.c.key == deployments.c.id
)
_ENTRIES = (
    select(*(deployments.c[name] for name in _ENTRY_COLUMNS))
    .where(schema.UNENDED, _NOT_ASIDE)
    .order_by(deployments.c.number)
)
_DEPLOYMENT = select(deployments)
_UNENDED = select(deployments).where(schema.UNENDED).order_by(deployments.c.number)
_UNENDED_IDS = select(deployments.c.id).where(schema.UNENDED)
_NEWER = deployments.alias("newer")
#: The newest of its environment that is not among the latest so many.
_NEWEST_OLD = (
    select(_NEWER.c.number)
    .where(
        _NEWER.c.application == deployments.c.application,
        _NEWER.c.environment == deployments.c.environment,
        text("newer.state IN ('succeeded', 'failed', 'cancelled')"),
    )
    .order_by(_NEWER.c.number.desc())
    .offset(bindparam("at_least", 0, BigInteger))
    .limit(1)
    .scalar_subquery()
)
_OLD = (
    select(deployments.c.id, deployments.c.number)
    .where(
        text("deployments.state IN ('succeeded', 'failed', 'cancelled')"),
        deployments.c.ended_at < bindparam("ended_before"),
        deployments.c.number > bindparam("after"),
        deployments.c.number <= _NEWEST_OLD,
    )
    .order_by(deployments.c.number)
    .limit(bindparam("limit", 0, BigInteger))
)
_ENDED = _paged(select(deployments).where(schema.ENDED).order_by(deployments.c.number.desc()))
# By fence, because it grows with every start in an environment; a clock may be set back.
_VERIFIED = _paged(select(deployments).where(schema.VERIFIED).order_by(deployments.c.fence.desc()))
_LAST_STARTED = select(deployments).where(schema.STARTED).order_by(deployments.c.fence.desc()).limit(1)
NUMBER = select(deployments.c.number)
_BERTHS = select(berths)
_EVENTS = _paged(select(events).order_by(events.c.sequence))
_NEWEST_EVENTS = _paged(select(events).order_by(events.c.sequence.desc()))
# Not a join: SQLite would go through all events to find the few that are in the outbox.
_UNSAID = (
    select(events)
    .where(events.c.sequence.in_(_paged(select(outbox.c.sequence).order_by(outbox.c.sequence))))
    .order_by(events.c.sequence)
)
_ENDING = select(endings)
_OBLIGATIONS = select(obligations).order_by(obligations.c.since, obligations.c.id)
_PROCESSES = select(processes).order_by(processes.c.started_at, processes.c.id)
_ROLE = select(roles.c.process)
_PAUSE = select(schema.store.c.pause)
_QUARANTINE = select(schema.quarantine).order_by(schema.quarantine.c.at)


class SqlReading:
    """The `Reading` port on a connection that is inside a transaction; what it cannot read it adds to `notes`."""

    def __init__(self, connection: Connection, notes: list[Note]) -> None:
        self._connection = connection
        self._notes = notes
        self._pause: tuple[Pause | None] | None = None

    def tell(self, work: Callable[[Self], T]) -> T:
        """Return what `work` makes of this look; afterwards `notes` are those that nobody has noted before."""
        try:
            return work(self)
        finally:
            if self._notes:
                known = {(row["table"], row["key"]) for row in self._rows(_QUARANTINE, schema.quarantine)}
                fresh = {(note.table, note.key): note for note in self._notes}
                self._notes[:] = [note for key, note in fresh.items() if key not in known]

    def berth(self, application: str, environment: str) -> Berth:
        """Return the environment's row; a new one where there is none yet; or raise UnreadableRecord."""
        found = self._rows(_BERTHS, berths, application=application, environment=environment)
        if not found:
            return Berth(application=application, environment=environment)
        return self._read_berth(found[0])

    def _read_berth(self, row: RowMapping) -> Berth:
        try:
            return rows.read_berth(row)
        except Unreadable as error:
            self._note(BERTHS, row, error)
            problem = f"the record of {BERTHS.key(row)} cannot be read: {error}"
            raise UnreadableRecord(problem) from error

    def berths(self) -> Sequence[Berth]:
        """Return all of them that can be read."""
        return self._all(BERTHS, _BERTHS)

    def deployment(self, number: int) -> Deployment | None:
        """Return the deployment of that number."""
        return self._first(DEPLOYMENTS, _DEPLOYMENT, number=number)

    def deployment_by_id(self, id: str) -> Deployment | None:
        """Return the deployment of that id."""
        return self._first(DEPLOYMENTS, _DEPLOYMENT, id=id)

    def number_of(self, id: str) -> int | None:
        """Return a deployment's number, even where the rest of it cannot be read."""
        found = self._rows(NUMBER, deployments, id=id)
        return found[0]["number"] if found else None

    def entries(self, application: str | None = None, environment: str | None = None) -> Sequence[Entry]:
        """Return what is not at its end and was not set aside, oldest request first."""
        found = self._all(ENTRIES, _ENTRIES, application=application, environment=environment)
        aside = {note.key for note in self._notes}
        return [one for one in found if one.id not in aside] if aside else found

    def unended_ids(self) -> frozenset[str]:
        """Return the ids of all that are not at their end, those that cannot be read among them."""
        return frozenset(str(row["id"]) for row in self._rows(_UNENDED_IDS, deployments))

    def unended(self, application: str | None = None, environment: str | None = None) -> Sequence[Deployment]:
        """Return those not at their end, oldest request first."""
        return self._all(DEPLOYMENTS, _UNENDED, application=application, environment=environment)

    def ended(
        self, application: str | None, environment: str | None, *, limit: int, before: int | None = None
    ) -> Sequence[Deployment]:
        """Return the latest that ended, newest number first."""
        return self._page(
            DEPLOYMENTS, _ENDED, limit, application=application, environment=environment, before=before
        )

    def last_verified(self, application: str, environment: str, limit: int = 10) -> Sequence[Deployment]:
        """Return the latest that succeeded and were seen healthy, newest end first."""
        return self._page(DEPLOYMENTS, _VERIFIED, limit, application=application, environment=environment)

    def last_started(self, application: str, environment: str) -> Deployment | None:
        """Return the one whose execution began last; None too when just that one cannot be read."""
        return self._first(DEPLOYMENTS, _LAST_STARTED, application=application, environment=environment)

    def events(  # noqa: PLR0913 - independent filters
        self,
        *,
        application: str | None = None,
        environment: str | None = None,
        deployment: str | None = None,
        after: int = 0,
        before: int | None = None,
        limit: int = 100,
        newest_first: bool = False,
    ) -> Sequence[Event]:
        """Return events by their sequence; `limit` counts those that can be read."""
        return self._page(
            EVENTS,
            _NEWEST_EVENTS if newest_first else _EVENTS,
            limit,
            application=application,
            environment=environment,
            deployment=deployment,
            after=after or None,
            before=before,
        )

    def ending(self, deployment: str, attempt: int) -> Ending | None:
        """Return the stored fact of how that attempt ended."""
        return self._first(ENDINGS, _ENDING, deployment=deployment, attempt=attempt)

    def obligations(self, deployment: str | None = None) -> Sequence[Obligation]:
        """Return what is still owed, by one deployment or by all."""
        return self._all(OBLIGATIONS, _OBLIGATIONS, deployment=deployment)

    def announcements(self, limit: int) -> Sequence[Announcement]:
        """Return what must still be said, oldest first."""
        found = self._page(EVENTS, _UNSAID, limit)
        return [Announcement(key=str(one.sequence), event=one) for one in found]

    def processes(self) -> Sequence[Process]:
        """Return every registered process."""
        return self._all(PROCESSES, _PROCESSES)

    def role(self, role: str) -> str | None:
        """Return the process that holds `role`."""
        found = self._rows(_ROLE, roles, role=role)
        holder = found[0]["process"] if found else None
        return holder if isinstance(holder, str) else None

    def pause(self) -> Pause | None:
        """Return the pause of everything, while there is one."""
        # Asked for each candidate of a look, in which it cannot change.
        if self._pause is None:
            self._pause = (rows.read_pause(self._connection.execute(_PAUSE).scalar_one_or_none()),)
        return self._pause[0]

    def quarantined(self) -> Sequence[Quarantined]:
        """Return what was set aside, and what this look is about to."""
        shown: dict[tuple[str, str], Quarantined] = {}
        for row in self._rows(_QUARANTINE, schema.quarantine):
            try:
                found = rows.read_quarantined(row)
            except Unreadable:
                continue
            shown[found.table, found.key] = found
        for note in self._notes:
            now = Quarantined(table=note.table, key=note.key, problem=note.problem, at=datetime.now(UTC))
            shown.setdefault((note.table, note.key), now)
        return list(shown.values())

    def old(self, before: datetime, at_least: int, *, after: int, limit: int) -> Sequence[OldDeployment]:
        """Return those that ended before `before` and are not among the latest of their environment."""
        bound = {"ended_before": values.moment(before), "at_least": at_least, "after": after, "limit": limit}
        found = self._connection.execute(_OLD, bound).mappings()
        return [OldDeployment(id=row["id"], number=row["number"]) for row in found]

    def answered(self, request: str) -> Deployment | None:
        """Return the deployment that was accepted for this request id."""
        return self._first(DEPLOYMENTS, _DEPLOYMENT, request=values.clean(request))

    def _first(self, shape: Shape[T], query: Select[Any], **given: Any) -> T | None:
        found = self._all(shape, query, **given)
        return found[0] if found else None

    def _page(self, shape: Shape[T], query: Select[Any], limit: int, **given: Any) -> list[T]:
        """Return up to `limit` of those that can be read, however many lie between them that cannot."""
        wanted, offset = max(0, min(limit, GREATEST)), 0
        if not _fits(given.get("before"), _first_key(shape.table)):
            given["before"] = None
        found: list[T] = []
        while len(found) < wanted:
            missing = wanted - len(found)
            page = self._rows(query, shape.table, limit=missing, offset=offset, **given)
            found += self._readable(shape, page)
            if len(page) < missing:
                break
            offset += len(page)
        return found

    def _all(self, shape: Shape[T], query: Select[Any], **given: Any) -> list[T]:
        return self._readable(shape, self._rows(query, shape.table, **given))

    def _rows(self, query: Select[Any], table: Table, **given: Any) -> Sequence[RowMapping]:
        bound = {name: value for name, value in given.items() if value is not None}
        names = tuple(name for name in bound if name in _CONDITIONS)
        if not all(_fits(bound[name], table.c.get(name, _first_key(table))) for name in names):
            # What no row can hold is in none.
            return []
        return self._connection.execute(_narrowed(query, table, names), bound).mappings().all()

    def _readable(self, shape: Shape[T], page: Sequence[RowMapping]) -> list[T]:
        found: list[T] = []
        for row in page:
            try:
                found.append(shape.read(row))
            except Unreadable as error:
                self._note(shape, row, error)
        return found

    def _note(self, shape: Shape[Any], row: RowMapping, error: Unreadable) -> None:
        if not isinstance(error, rows.LeftAlone):
            self._notes.append(Note(shape.table.name, shape.key(row), str(error)))
