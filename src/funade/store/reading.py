"""Questions to the ledger: one connection, one consistent look. Rows that cannot be read are noted and left out."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Select, and_, select
from sqlalchemy.sql.elements import ColumnElement

from funade.domain.answers import Quarantined
from funade.domain.deployment import ENDED, Deployment, State
from funade.domain.environment import Berth
from funade.domain.errors import StoreError
from funade.domain.events import Event
from funade.domain.orders import Ending
from funade.domain.wire import Unreadable
from funade.store import rows
from funade.store.schema import (
    berths,
    deployments,
    endings,
    events,
    obligations,
    outbox,
    processes,
    quarantine,
    roles,
)
from funade.usecases.ports import Announcement, Entry, Obligation, Process

T = TypeVar("T")
VERIFIED_SHOWN = 10

_OPEN = [state.value for state in State if state not in ENDED]
_CLOSED = [state.value for state in ENDED]
_ENTRY = (
    *(deployments.c.id, deployments.c.number, deployments.c.application, deployments.c.environment),
    *(deployments.c.state, deployments.c.phase, deployments.c.owner, deployments.c.due_at),
    *(deployments.c.wish, deployments.c.format),
)
_SET_ASIDE = select(quarantine.c.key).where(quarantine.c.table == "deployments")


class SqlReading:
    """The `Reading` port on a connection that is inside a transaction."""

    def __init__(self, connection: Connection, parser: rows.DeploymentRows) -> None:
        self._connection = connection
        self._parser = parser
        #: (table, key, problem) of every row that could not be read.
        self.unreadable: list[tuple[str, str, str]] = []

    def berth(self, application: str, environment: str) -> Berth:
        """Return the environment's row; a new one where there is none yet."""
        wanted = and_(berths.c.application == application, berths.c.environment == environment)
        row = self._connection.execute(select(berths).where(wanted)).mappings().first()
        if row is None:
            return Berth(application=application, environment=environment)
        try:
            return rows.read_berth(row)
        except Unreadable as error:
            self._note("berths", f"{application}/{environment}", error)
            problem = f"the record of {application}/{environment} cannot be read: {error}"
            raise StoreError(problem) from error

    def berths(self) -> Sequence[Berth]:
        """Return all of them that can be read."""
        return self._all(
            select(berths),
            rows.read_berth,
            "berths",
            lambda row: f"{row['application']}/{row['environment']}",
        )

    def deployment(self, number: int) -> Deployment | None:
        """Return the deployment of that number."""
        return self._one_deployment(deployments.c.number == number)

    def deployment_by_id(self, id: str) -> Deployment | None:
        """Return the deployment of that id."""
        return self._one_deployment(deployments.c.id == id)

    def number_of(self, id: str) -> int | None:
        """Return a deployment's number, even where the rest of it cannot be read."""
        return self._connection.execute(
            select(deployments.c.number).where(deployments.c.id == id)
        ).scalar_one_or_none()

    def entries(self, application: str | None = None, environment: str | None = None) -> Sequence[Entry]:
        """Return what is not at its end, oldest request first."""
        query = self._where(select(*_ENTRY), application, environment).where(
            deployments.c.state.in_(_OPEN), deployments.c.id.not_in(_SET_ASIDE)
        )
        return self._all(query.order_by(deployments.c.number), rows.read_entry, "deployments", _id)

    def unended(self, application: str | None = None, environment: str | None = None) -> Sequence[Deployment]:
        """Return those not at their end, oldest request first."""
        query = self._where(select(deployments), application, environment)
        query = query.where(deployments.c.state.in_(_OPEN)).order_by(deployments.c.number)
        return self._deployments(query)

    def ended(
        self, application: str | None, environment: str | None, *, limit: int, before: int | None = None
    ) -> Sequence[Deployment]:
        """Return the latest that ended, newest number first."""
        query = self._where(select(deployments), application, environment)
        if before is not None:
            query = query.where(deployments.c.number < before)
        query = query.where(deployments.c.state.in_(_CLOSED))
        return self._deployments(query.order_by(deployments.c.number.desc()).limit(limit))

    def last_verified(self, application: str, environment: str) -> Sequence[Deployment]:
        """Return the latest that succeeded and were seen healthy, newest end first."""
        query = self._where(select(deployments), application, environment).where(
            deployments.c.state == State.SUCCEEDED.value, deployments.c.verified
        )
        return self._deployments(query.order_by(deployments.c.ended_at.desc()).limit(VERIFIED_SHOWN))

    def last_started(self, application: str, environment: str) -> Deployment | None:
        """Return the one whose execution began last."""
        query = self._where(select(deployments), application, environment)
        query = query.where(deployments.c.started_at.is_not(None))
        found = self._deployments(query.order_by(deployments.c.started_at.desc()).limit(1))
        return found[0] if found else None

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
        """Return events by their sequence."""
        query = select(events).where(events.c.sequence > after)
        if application is not None:
            query = query.where(events.c.application == application)
        if environment is not None:
            query = query.where(events.c.environment == environment)
        if deployment is not None:
            query = query.where(events.c.deployment == deployment)
        if before is not None:
            query = query.where(events.c.sequence < before)
        order = events.c.sequence.desc() if newest_first else events.c.sequence
        return self._all(query.order_by(order).limit(limit), rows.read_event, "events", _sequence)

    def ending(self, deployment: str, attempt: int) -> Ending | None:
        """Return the stored fact of how that attempt ended."""
        wanted = and_(endings.c.deployment == deployment, endings.c.attempt == attempt)
        found = self._all(
            select(endings).where(wanted), rows.read_ending, "endings", lambda _: f"{deployment}/{attempt}"
        )
        return found[0] if found else None

    def obligations(self) -> Sequence[Obligation]:
        """Return what is still owed."""
        query = select(obligations).order_by(obligations.c.since)
        return self._all(query, rows.read_obligation, "obligations", _id)

    def announcements(self, limit: int) -> Sequence[Announcement]:
        """Return what must still be said, oldest first."""
        query = select(events).join(outbox, outbox.c.sequence == events.c.sequence)
        found = self._all(
            query.order_by(events.c.sequence).limit(limit), rows.read_event, "events", _sequence
        )
        return [Announcement(key=str(one.sequence), event=one) for one in found]

    def processes(self) -> Sequence[Process]:
        """Return every registered process."""
        return self._all(select(processes), rows.read_process, "processes", _id)

    def role(self, role: str) -> str | None:
        """Return the process that holds `role`."""
        query = select(roles.c.process).where(roles.c.role == role)
        return self._connection.execute(query).scalar_one_or_none()

    def quarantined(self) -> Sequence[Quarantined]:
        """Return what was set aside."""
        found = self._connection.execute(select(quarantine)).mappings()
        return [
            Quarantined(
                table=row["table"], key=row["key"], problem=row["problem"], at=rows.parse_moment(row["at"])
            )
            for row in found
        ]

    def answered(self, request: str) -> Deployment | None:
        """Return the deployment that was accepted for this request id."""
        return self._one_deployment(deployments.c.request == request)

    def _one_deployment(self, wanted: ColumnElement[bool]) -> Deployment | None:
        found = self._deployments(select(deployments).where(wanted))
        return found[0] if found else None

    def _deployments(self, query: Select[Any]) -> list[Deployment]:
        return self._all(query, self._parser.read, "deployments", _id)

    def _where(self, query: Select[Any], application: str | None, environment: str | None) -> Select[Any]:
        if application is not None:
            query = query.where(deployments.c.application == application)
        if environment is not None:
            query = query.where(deployments.c.environment == environment)
        return query

    def _all(
        self,
        query: Select[Any],
        read: Callable[[RowMapping], T],
        table: str,
        key: Callable[[RowMapping], str],
    ) -> list[T]:
        found: list[T] = []
        for row in self._rows(query):
            try:
                found.append(read(row))
            except rows.LeftAlone:
                continue
            except Unreadable as error:
                self._note(table, key(row), error)
        return found

    def _rows(self, query: Select[Any]) -> Iterable[RowMapping]:
        return self._connection.execute(query).mappings().all()

    def _note(self, table: str, key: str, error: Unreadable) -> None:
        if not isinstance(error, rows.LeftAlone):
            self.unreadable.append((table, key, str(error)))


def _id(row: RowMapping) -> str:
    return str(row["id"])


def _sequence(row: RowMapping) -> str:
    return str(row["sequence"])
