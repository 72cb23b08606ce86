"""Changes of facts that came through queues; part of `SqlTransaction`, which every change of the ledger is."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, func, update

from funade.domain.messages import Fact
from funade.domain.orders import Execution
from funade.store import values
from funade.store.door_changes import SqlDoorTransaction
from funade.store.fact_reading import SqlFactReading
from funade.store.fact_rows import early_row, fact_row
from funade.store.schema import early_output, facts, orders
from funade.usecases.fact_ports import EarlyOutput

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

    def forget_facts(self, deployments: Sequence[str]) -> None:
        """Forget all facts and waiting pieces of these."""
        for statement in _FORGET if deployments else ():
            self._connection.execute(statement, {"ids": list(deployments)})
