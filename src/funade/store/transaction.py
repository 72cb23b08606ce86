"""Changes to the ledger: one transaction, all or nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, insert, select, update

from funade.domain.deployment import Deployment
from funade.domain.environment import Berth
from funade.domain.errors import FencedOut
from funade.domain.events import Event
from funade.domain.lock import Pause
from funade.domain.orders import Ending, Execution
from funade.domain.wire import Unreadable
from funade.store import rows, schema, values
from funade.store.quarantine import SHAPES, Note
from funade.store.queue_changes import SqlQueueTransaction
from funade.store.reading import NUMBER
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
    store,
)
from funade.usecases.ledger_ports import Obligation, Process

#: A column that is damaged must not lead the numbers to where nobody can count on.
_LAST_RESORT = 2**31 - 1

# Bound under names that no column has, so that the values to store can be given beside them.
_THIS_BERTH = (
    update(berths)
    .where(
        berths.c.application == bindparam("here_application"),
        berths.c.environment == bindparam("here_environment"),
        berths.c.fence <= bindparam("here_fence"),
    )
    .values({name: bindparam(name) for name in ("fence", "format", "document")})
)
# SQLite knows no such lock and needs none: the whole transaction has the one right to write.
_LOCKED_BERTH = select(berths).with_for_update()
# After a berth, never before one: everybody locks them in this order.
# Those who only look keep nobody but whoever changes it; the numbers, in the same row, go on.
_LOCKED_PAUSE = select(store.c.pause).with_for_update(read=True, key_share=True)
_PAUSE_TO_CHANGE = select(store.c.pause).with_for_update()
_LAST_NUMBER = select(store.c.last_number).with_for_update(key_share=True)
_LOCKED_ROLE = select(roles.c.process).where(roles.c.role == bindparam("role")).with_for_update()
_HIGHEST_NUMBER = select(func.max(deployments.c.number)).where(deployments.c.number < _LAST_RESORT)
_GIVE_NUMBER = update(store).values(last_number=bindparam("number"))

_MINE = (deployments.c.id == bindparam("here_id"), deployments.c.epoch == bindparam("here_epoch"))
_CHANGED = (
    *("state", "phase", "verified", "owner", "epoch", "attempt", "fence"),
    *("due_at", "started_at", "ended_at", "changing", "machine"),
)
_SAVE = update(deployments).where(*_MINE, schema.UNENDED).values({name: bindparam(name) for name in _CHANGED})
_CLAIM = (
    update(deployments)
    .where(*_MINE, schema.UNENDED)
    .values(owner=bindparam("owner"), epoch=bindparam("epoch"))
)
_WISH = update(deployments).where(deployments.c.id == bindparam("here_id")).values(wish=bindparam("wish"))
_WRITE_OFF = (
    update(deployments)
    .where(deployments.c.number == bindparam("here_number"), schema.UNENDED)
    .values(state="failed", phase="done", owner=None, epoch=deployments.c.epoch + 1)
)

_ADD_DEPLOYMENT = insert(deployments)
_ADD_EVENT = insert(events)
_ANNOUNCE = insert(outbox)
_SETTLE = delete(outbox).where(outbox.c.sequence.in_(bindparam("sequences", expanding=True)))
_UNDONE = delete(obligations).where(obligations.c.id == bindparam("id"))
_COMPLAIN = (
    update(obligations).where(obligations.c.id == bindparam("here_id")).values(problem=bindparam("problem"))
)
_SAID = ~exists().where(outbox.c.sequence == events.c.sequence)
_FORGET_EVENTS = delete(events).where(events.c.deployment.in_(bindparam("ids", expanding=True)), _SAID)
_OTHERS = (
    select(events.c.sequence)
    .where(events.c.deployment.is_(None), events.c.at < bindparam("at_before"), _SAID)
    .order_by(events.c.sequence)
    .limit(bindparam("most", 0))
)
_FORGET_OTHERS = delete(events).where(events.c.sequence.in_(_OTHERS))
_FREE_ROLE = delete(roles).where(roles.c.role == bindparam("role"))
_BEAT = (
    update(processes)
    .where(processes.c.id == bindparam("here_id"))
    .values(counter=processes.c.counter + 1, seen_at=bindparam("seen_at"))
)
_FORGET = delete(processes).where(processes.c.id == bindparam("id"))
_RELEASE = delete(quarantine).where(
    quarantine.c.table == bindparam("table"), quarantine.c.key == bindparam("key")
)


class SqlTransaction(SqlQueueTransaction):
    """The `Transaction` port. Every change of a deployment is fenced by its epoch."""

    def lock_berth(self, application: str, environment: str) -> Berth:
        """Return the environment's row, made when absent, locked until the end of the transaction."""
        found = self._rows(_LOCKED_BERTH, berths, application=application, environment=environment)
        if found:
            return self._read_berth(found[0])
        made = Berth(application=application, environment=environment)
        self._keep(berths, self._shaped(rows.berth_row(made)))
        # Somebody else may have been faster where transactions run side by side.
        found = self._rows(_LOCKED_BERTH, berths, application=application, environment=environment)
        return self._read_berth(found[0]) if found else made

    def save_berth(self, berth: Berth) -> None:
        """Store the environment's row, or raise FencedOut when its fence is higher than this one."""
        row = self._shaped(rows.berth_row(berth))
        here = {
            "here_application": row.pop("application"),
            "here_environment": row.pop("environment"),
            "here_fence": berth.fence,
        }
        if self._connection.execute(_THIS_BERTH, {**row, **here}).rowcount != 1:
            problem = f"{berth.application}/{berth.environment} has moved on meanwhile"
            raise FencedOut(problem)

    def pause(self) -> Pause | None:
        """Return the pause of everything; until the end of the transaction nobody else can change that."""
        return rows.read_pause(self._connection.execute(_LOCKED_PAUSE).scalar_one_or_none())

    def save_pause(self, pause: Pause | None) -> None:
        """Pause everything, or let it go on."""
        self._connection.execute(_PAUSE_TO_CHANGE)
        self._connection.execute(update(schema.store).values(pause=rows.pause_column(pause)))

    def next_number(self) -> int:
        """Return the number for the next deployment; none is given twice, even when rows are deleted."""
        counted = self._connection.execute(_LAST_NUMBER).scalar()
        number = counted + 1 if isinstance(counted, int) and 0 <= counted < _LAST_RESORT else 0
        if number == 0 or self._rows(NUMBER, deployments, number=number):
            number = (self._connection.execute(_HIGHEST_NUMBER).scalar() or 0) + 1
        self._connection.execute(_GIVE_NUMBER, {"number": number})
        return number

    def add_deployment(self, deployment: Deployment, request: str) -> None:
        """Store a new deployment."""
        self._connection.execute(_ADD_DEPLOYMENT, self._shaped(rows.new_deployment_row(deployment, request)))

    def save_deployment(self, deployment: Deployment) -> None:
        """Store it, or raise FencedOut when another process has claimed it or it has ended."""
        self._fenced(_SAVE, deployment, rows.deployment_columns(deployment))

    def wish(self, deployment: Deployment) -> None:
        """Store its wish to be cancelled and nothing else, whoever looks after it."""
        row = {"here_id": deployment.id, "wish": rows.wish_column(deployment.wish)}
        self._connection.execute(_WISH, row)

    def claim(self, deployment: Deployment, owner: str) -> Deployment:
        """Make `owner` look after it, epoch + 1, or raise FencedOut when the row has changed hands since."""
        claimed = replace(deployment, owner=owner, epoch=deployment.epoch + 1)
        self._fenced(_CLAIM, deployment, {"owner": claimed.owner, "epoch": claimed.epoch})
        return claimed

    def _fenced(self, query: Any, deployment: Deployment, columns: dict[str, Any]) -> None:
        here = {"here_id": deployment.id, "here_epoch": deployment.epoch}
        if self._connection.execute(query, {**columns, **here}).rowcount != 1:
            problem = f"#{deployment.number} is looked after by another process, or has ended"
            raise FencedOut(problem)

    def write_off(self, number: int) -> None:
        """End as failed one that cannot be read and has not ended; whoever looked after it is fenced out."""
        self._connection.execute(_WRITE_OFF, {"here_number": number})

    def record(self, event: Event) -> None:
        """Add an event, and with it its announcement."""
        added = self._connection.execute(_ADD_EVENT, self._shaped(rows.event_row(event))).inserted_primary_key
        self._connection.execute(_ANNOUNCE, dict(added._mapping) if added else {})

    def add_order(self, order: str, execution: Execution, given_at: datetime) -> None:
        """Keep that this order was given; the same one twice is one."""
        row = {
            "deployment": execution.deployment,
            "attempt": execution.attempt,
            "order": order,
            "fence": execution.fence,
            "given_at": values.moment(given_at),
        }
        self._keep(orders, row)

    def add_ending(self, deployment: str, attempt: int, ending: Ending) -> None:
        """Keep how an attempt ended; the first word stands."""
        self._keep(endings, self._shaped(rows.ending_row(deployment, attempt, ending)))

    def add_obligation(self, obligation: Obligation) -> None:
        """Keep what is owed; the same one twice is one."""
        self._keep(obligations, self._shaped(rows.obligation_row(obligation)))

    def settle_obligation(self, id: str) -> None:
        """Forget what was undone."""
        self._connection.execute(_UNDONE, {"id": id})

    def complain_of_obligation(self, id: str, problem: str) -> None:
        """Note why it could not be undone."""
        self._connection.execute(_COMPLAIN, {"here_id": id, "problem": values.clean(problem)})

    def settle_announcements(self, keys: Sequence[str]) -> None:
        """Forget what was said."""
        self._connection.execute(_SETTLE, {"sequences": [int(key) for key in keys]})

    def forget_events(self, deployments: Sequence[str]) -> int:
        """Forget what happened to these, but for what must still be said."""
        return (
            self._connection.execute(_FORGET_EVENTS, {"ids": list(deployments)}).rowcount
            if deployments
            else 0
        )

    def forget_other_events(self, before: datetime, limit: int) -> int:
        """Forget up to `limit` old events of no deployment, but for what must still be said."""
        bound = {"at_before": values.moment(before), "most": limit}
        return self._connection.execute(_FORGET_OTHERS, bound).rowcount

    def take_role(self, role: str, process: str, dead: frozenset[str]) -> bool:
        """Give `role` to `process` if nobody has it or its holder is among the dead or gone."""
        holder = self._connection.execute(_LOCKED_ROLE, {"role": role}).scalar_one_or_none()
        if holder == process:
            return True
        known = {one.id for one in self.processes()}
        if holder in known and holder not in dead:
            return False
        self._connection.execute(_FREE_ROLE, {"role": role})
        self._keep(roles, {"role": role, "process": process})
        # Where transactions run side by side, somebody else may have been faster.
        return self.role(role) == process

    def register_process(self, process: Process) -> None:
        """Keep a new process."""
        self._connection.execute(processes.insert(), rows.process_row(process))

    def beat(self, process: str, at: datetime) -> bool:
        """Raise the process's counter; False when its row is gone."""
        row = {"here_id": process, "seen_at": values.moment(at)}
        return self._connection.execute(_BEAT, row).rowcount == 1

    def forget_process(self, process: str) -> None:
        """Strike a process off."""
        self._connection.execute(_FORGET, {"id": process})

    def set_aside(self, notes: Sequence[Note]) -> None:
        """Note rows that cannot be read, each once."""
        at = values.moment(datetime.now(UTC))
        for note in notes:
            problem = values.clean(note.problem)
            self._keep(quarantine, {"table": note.table, "key": note.key, "problem": problem, "at": at})
            if note.table == events.name:
                # It can never be said; it stays in its table for whoever repairs it.
                self.settle_announcements([note.key])

    def try_again(self) -> None:
        """Let go of what can be read after all, is gone, or has turned out to be of a newer release."""
        for one in self.quarantined():
            shape = SHAPES.get(one.table)
            if shape is None:
                continue
            found = self._rows(select(shape.table), shape.table, **shape.parts(one.key))
            try:
                for row in found:
                    shape.read(row)
            except rows.LeftAlone:
                pass
            except Unreadable:
                continue
            self._connection.execute(_RELEASE, {"table": one.table, "key": one.key})
