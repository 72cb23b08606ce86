"""Questions about facts that came through queues; part of the looks of both stores."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, func, select

from funade.domain.messages import Fact, ReportedEnd
from funade.domain.wire import Unreadable
from funade.store import values
from funade.store.door_reading import SqlDoorReading
from funade.store.fact_rows import read_told
from funade.store.quarantine import EARLY_OUTPUT, FACTS
from funade.store.schema import early_output, facts, letters_told
from funade.usecases.fact_ports import EarlyOutput, LettersTold

_FACTS = select(facts)
_FENCE = select(func.max(facts.c.fence).label("fence"))
_ENDS = select(facts).where(facts.c.name == "ended").order_by(facts.c.fence.desc())
_EARLY = select(early_output).order_by(early_output.c.offset).limit(bindparam("limit", 0, BigInteger))
_WAITING = (
    select(early_output.c.deployment, early_output.c.attempt)
    .where(early_output.c.at < bindparam("at_before"))
    .distinct()
    .limit(bindparam("limit", 0, BigInteger))
)

_TOLD = select(letters_told).where(letters_told.c.queue == bindparam("queue"))


class SqlFactReading(SqlDoorReading):
    """The `FactReading` part of a look."""

    def facts(self, deployment: str, attempt: int) -> Sequence[Fact]:
        """Return what is known of an attempt, in no order."""
        return self._all(FACTS, _FACTS, deployment=deployment, attempt=attempt)

    def highest_fence(self, application: str, environment: str) -> int:
        """Return the highest fence that any fact about the environment proves its place to know."""
        found = self._rows(_FENCE, facts, application=application, environment=environment)
        return int(found[0]["fence"] or 0) if found else 0

    def last_end(self, application: str, environment: str) -> ReportedEnd | None:
        """Return the end that was told with the highest fence."""
        for fact in self._all(FACTS, _ENDS.limit(1), application=application, environment=environment):
            if isinstance(fact, ReportedEnd):
                return fact
        return None

    def early_output(self, deployment: str, attempt: int, limit: int) -> Sequence[EarlyOutput]:
        """Return pieces that wait, by their offset."""
        return self._all(EARLY_OUTPUT, _EARLY, deployment=deployment, attempt=attempt, limit=limit)

    def waiting_output(self, before: datetime, limit: int) -> Sequence[tuple[str, int]]:
        """Return attempts of which a piece waits since before then."""
        bound = {"at_before": values.moment(before), "limit": limit}
        found = self._connection.execute(_WAITING, bound).mappings()
        return [(str(row["deployment"]), int(row["attempt"])) for row in found]

    def letters_told(self, queue: str) -> LettersTold | None:
        """Return what people were told of a queue's dead letters; a row that is damaged was never told."""
        row = self._connection.execute(_TOLD, {"queue": queue}).mappings().one_or_none()
        with suppress(Unreadable):
            return None if row is None else read_told(row)
        return None
