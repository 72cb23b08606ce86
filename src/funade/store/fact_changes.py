"""Changes of facts that came through queues; part of `SqlTransaction`, which every change of the ledger is."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, func, update

from funade.domain.messages import Fact
from funade.domain.orders import Execution
from funade.store import values
from funade.store.door_changes import SqlDoorTransaction
from funade.store.fact_reading import SqlFactReading
from funade.store.fact_rows import early_row, fact_row, told_row
from funade.store.schema import early_output, facts, letters_told, orders
from funade.usecases.fact_ports import EarlyOutput, LettersTold

_GO_ON = (
    update(facts)
    .where(
        facts.c.deployment == bindparam("here_deployment"),
        facts.c.attempt == bindparam("here_attempt"),
        facts.c.name == bindparam("here_name"),
        facts.c.rank < bindparam("here_rank"),
    )
    .values({name: bindparam(name) for name in ("fence", "rank", "at", "format", "document")})
)
_LENGTHEN = (
    update(early_output)
    .where(
        early_output.c.deployment == bindparam("here_deployment"),
        early_output.c.attempt == bindparam("here_attempt"),
        early_output.c.offset == bindparam("here_offset"),
        func.length(early_output.c.data) < bindparam("here_length"),
    )
    .values(data=bindparam("data"))
)
_FORGET_EARLY = delete(early_output).where(
    early_output.c.deployment == bindparam("deployment"),
    early_output.c.attempt == bindparam("attempt"),
    early_output.c.offset < bindparam("until"),
)
_FORGET = tuple(
    delete(table).where(table.c.deployment.in_(bindparam("ids", expanding=True)))
    for table in (facts, early_output)
)

_TOLD_BEFORE = (
    letters_told.c.queue == bindparam("here_queue"),
    letters_told.c.number == bindparam("here_number"),
    letters_told.c.at == bindparam("here_at"),
)
_TELL = update(letters_told).where(*_TOLD_BEFORE).values({name: bindparam(name) for name in ("number", "at")})
_GONE_ANYHOW = delete(letters_told).where(letters_told.c.queue == bindparam("queue"))
_GONE = delete(letters_told).where(*_TOLD_BEFORE)


class SqlFactTransaction(SqlDoorTransaction, SqlFactReading):
    """The `FactTransaction` part of a change."""

    def add_fact(self, fact: Fact, at: datetime) -> None:
        """Keep a fact; the first word under a name stands, but of progress the furthest."""
        row = fact_row(fact, at)
        if self._keep(facts, row) or not row["rank"]:
            return
        here = {f"here_{name}": row[name] for name in ("deployment", "attempt", "name", "rank")}
        changed = {name: row[name] for name in ("fence", "rank", "at", "format", "document")}
        self._connection.execute(_GO_ON, {**changed, **here})

    def claim_order(self, order: str, execution: Execution, at: datetime) -> bool:
        """Keep that this order is about to be given; tell whether nobody had kept that before."""
        row = {
            "deployment": execution.deployment,
            "attempt": execution.attempt,
            "order": order,
            "fence": execution.fence,
            "given_at": values.moment(at),
        }
        return self._keep(orders, row)

    def add_early_output(self, piece: EarlyOutput) -> None:
        """Keep a piece until those in front of it are there; of two at one offset the longer."""
        row = early_row(piece)
        if not self._keep(early_output, row):
            here = {f"here_{name}": row[name] for name in ("deployment", "attempt", "offset")}
            longer = {"here_length": len(piece.content), "data": piece.content}
            self._connection.execute(_LENGTHEN, {**here, **longer})

    def forget_early_output(self, deployment: str, attempt: int, until: int) -> None:
        """Forget pieces that begin before `until`."""
        bound = {"deployment": deployment, "attempt": attempt, "until": until}
        self._connection.execute(_FORGET_EARLY, bound)

    def note_letters(self, before: LettersTold | None, after: LettersTold | None) -> bool:
        """Put `after` in the place of `before`; tell whether nobody else had changed it meanwhile."""
        if before is None:
            if after is None or self.letters_told(after.queue) is not None:
                return after is None
            # What is there now cannot be read: what is new is worth more.
            self._connection.execute(_GONE_ANYHOW, {"queue": values.clean(after.queue)})
            return self._keep(letters_told, told_row(after))
        here = {f"here_{name}": value for name, value in told_row(before).items()}
        if after is None:
            return self._connection.execute(_GONE, here).rowcount == 1
        changed = {name: value for name, value in told_row(after).items() if name != "queue"}
        return self._connection.execute(_TELL, {**here, **changed}).rowcount == 1

    def forget_facts(self, deployments: Sequence[str]) -> None:
        """Forget all facts and waiting pieces of these."""
        for statement in _FORGET if deployments else ():
            self._connection.execute(statement, {"ids": list(deployments)})
