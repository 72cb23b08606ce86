"""Changes to the ledger: one transaction, all or nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from funade.domain.deployment import Deployment
from funade.domain.environment import Berth
from funade.domain.errors import FencedOut
from funade.domain.events import Event
from funade.domain.orders import Ending, Execution
from funade.domain.wire import to_plain
from funade.store import rows
from funade.store.reading import SqlReading
from funade.store.schema import (
    berths,
    deployments,
    endings,
    events,
    obligations,
    orders,
    outbox,
    processes,
    quarantine,
    roles,
)
from funade.usecases.ports import Obligation, Process


class SqlTransaction(SqlReading):
    """The `Transaction` port. Every change of a deployment is fenced by its epoch."""

    def lock_berth(self, application: str, environment: str) -> Berth:
        """Return the environment's row, made when absent, locked until the end of the transaction."""
        made = rows.berth_row(Berth(application=application, environment=environment))
        self._insert(berths, made, keep_first=True)
        # On SQLite the whole transaction holds the one write lock already (BEGIN IMMEDIATE).
        if self._connection.dialect.name == "postgresql":
            wanted = and_(berths.c.application == application, berths.c.environment == environment)
            self._connection.execute(select(berths.c.fence).where(wanted).with_for_update())
        return self.berth(application, environment)

    def save_berth(self, berth: Berth) -> None:
        """Store the environment's row."""
        wanted = and_(berths.c.application == berth.application, berths.c.environment == berth.environment)
        self._connection.execute(update(berths).where(wanted).values(**rows.berth_row(berth)))

    def next_number(self) -> int:
        """Return the number for the next deployment."""
        return (self._connection.execute(select(func.max(deployments.c.number))).scalar() or 0) + 1

    def add_deployment(self, deployment: Deployment, request: str) -> None:
        """Store a new deployment."""
        self._connection.execute(deployments.insert(), self._parser.new_row(deployment, request))

    def save_deployment(self, deployment: Deployment) -> None:
        """Store it, or raise FencedOut when another process has claimed it."""
        mine = and_(deployments.c.id == deployment.id, deployments.c.epoch == deployment.epoch)
        self._fenced(deployment, mine, self._parser.columns(deployment))

    def wish(self, deployment: Deployment) -> None:
        """Store its wish to be cancelled and nothing else, whoever looks after it."""
        column = rows.wish_column(deployment.wish)
        query = update(deployments).where(deployments.c.id == deployment.id).values(wish=column)
        self._connection.execute(query)

    def claim(self, deployment: Deployment, owner: str) -> Deployment:
        """Make `owner` look after it, epoch + 1, or raise FencedOut when the row has changed hands since."""
        before = and_(deployments.c.id == deployment.id, deployments.c.epoch == deployment.epoch)
        claimed = replace(deployment, owner=owner, epoch=deployment.epoch + 1)
        self._fenced(deployment, before, {"owner": claimed.owner, "epoch": claimed.epoch})
        return claimed

    def _fenced(self, deployment: Deployment, wanted: Any, values: dict[str, Any]) -> None:
        done = self._connection.execute(update(deployments).where(wanted).values(**values))
        if done.rowcount != 1:
            problem = f"#{deployment.number} is looked after by another process"
            raise FencedOut(problem)

    def record(self, event: Event) -> None:
        """Add an event, and with it its announcement."""
        added = self._connection.execute(events.insert(), rows.event_row(event))
        key = added.inserted_primary_key
        self._connection.execute(outbox.insert(), {"sequence": key[0] if key else None})

    def add_order(self, order: str, execution: Execution, given_at: datetime) -> None:
        """Keep that this order was given; the same one twice is one."""
        row = {
            "deployment": execution.deployment,
            "attempt": execution.attempt,
            "order": order,
            "fence": execution.fence,
            "given_at": rows.moment(given_at),
        }
        self._insert(orders, row, keep_first=True)

    def add_ending(self, deployment: str, attempt: int, ending: Ending) -> None:
        """Keep how an attempt ended; the first word stands."""
        row = {"deployment": deployment, "attempt": attempt, "document": rows.dump(to_plain(ending))}
        self._insert(endings, row, keep_first=True)

    def add_obligation(self, obligation: Obligation) -> None:
        """Keep what is owed; the same one twice is one."""
        self._insert(obligations, rows.obligation_row(obligation), keep_first=True)

    def settle_obligation(self, id: str) -> None:
        """Forget what was undone."""
        self._connection.execute(delete(obligations).where(obligations.c.id == id))

    def complain_of_obligation(self, id: str, problem: str) -> None:
        """Note why it could not be undone."""
        query = update(obligations).where(obligations.c.id == id).values(problem=problem)
        self._connection.execute(query)

    def settle_announcement(self, key: str) -> None:
        """Forget what was said."""
        self._connection.execute(delete(outbox).where(outbox.c.sequence == int(key)))

    def take_role(self, role: str, process: str, dead: frozenset[str]) -> bool:
        """Give `role` to `process` if nobody has it or its holder is among the dead or gone."""
        holder = self.role(role)
        known = {one.id for one in self.processes()}
        if holder is not None and holder != process and holder in known and holder not in dead:
            return False
        if holder != process:
            self._connection.execute(delete(roles).where(roles.c.role == role))
            self._connection.execute(roles.insert(), {"role": role, "process": process})
        return True

    def register_process(self, process: Process) -> None:
        """Keep a new process."""
        self._connection.execute(processes.insert(), rows.process_row(process))

    def beat(self, process: str, at: datetime) -> bool:
        """Raise the process's counter; False when its row is gone."""
        query = (
            update(processes)
            .where(processes.c.id == process)
            .values(counter=processes.c.counter + 1, seen_at=rows.moment(at))
        )
        return self._connection.execute(query).rowcount == 1

    def forget_process(self, process: str) -> None:
        """Strike a process off."""
        self._connection.execute(delete(processes).where(processes.c.id == process))

    def set_aside(self, unreadable: Sequence[tuple[str, str, str]]) -> None:
        """Note rows that cannot be read, each once."""
        at = rows.moment(datetime.now(UTC))
        for table, key, problem in unreadable:
            row = {"table": table, "key": key, "problem": problem[:1000], "at": at}
            self._insert(quarantine, row, keep_first=True)
            if table == "events":
                # It can never be announced; it stays in its table for whoever repairs it.
                self._connection.execute(delete(outbox).where(outbox.c.sequence == int(key)))

    def _insert(self, table: Any, row: dict[str, Any], *, keep_first: bool) -> None:
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        query = dialect.insert(table).values(**row)
        self._connection.execute(query.on_conflict_do_nothing() if keep_first else query)
