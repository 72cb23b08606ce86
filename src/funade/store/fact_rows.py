"""Facts as rows, in the words in which they came, and back."""

from datetime import datetime
from typing import Any

from funade.domain.messages import BrokenMessage, Fact, NewerMessage, ReportedProgress, fence_told, name_of
from funade.domain.queue_text import read_fact as read_text
from funade.domain.queue_text import to_text
from funade.store import values
from funade.store.rows import FIRST_FORMAT, LeftAlone, check_format
from funade.usecases.fact_ports import EarlyOutput, LettersTold


def fact_row(fact: Fact, at: datetime) -> dict[str, Any]:
    """Return the row of a fact."""
    return {
        "deployment": fact.execution.deployment,
        "attempt": fact.execution.attempt,
        "name": name_of(fact),
        "application": values.clean(fact.execution.application),
        "environment": values.clean(fact.execution.environment),
        "fence": fence_told(fact),
        "rank": fact.sequence if isinstance(fact, ReportedProgress) else 0,
        "at": values.moment(at),
        "format": FIRST_FORMAT,
        "document": values.clean(to_text(fact)),
    }


def read_fact(row: values.Row) -> Fact:
    """Return the fact of a row, or raise Unreadable."""
    check_format(row)
    fact = read_text(values.text(row, "document"))
    if isinstance(fact, NewerMessage):
        problem = f"written by a newer release (version {fact.version})"
        raise LeftAlone(problem)
    if isinstance(fact, BrokenMessage):
        values.refuse(fact.problem)
    for name in ("deployment", "attempt"):
        if row[name] != getattr(fact.execution, name):
            values.refuse(f"`{name}` is another than in the document")
    return fact


def early_row(piece: EarlyOutput) -> dict[str, Any]:
    """Return the row of a piece that waits."""
    return {
        "deployment": piece.deployment,
        "attempt": piece.attempt,
        "offset": piece.offset,
        "at": values.moment(piece.at),
        "data": piece.content,
    }


def read_early(row: values.Row) -> EarlyOutput:
    """Return the piece of a row, or raise Unreadable."""
    data = row["data"]
    if not isinstance(data, bytes | memoryview):
        values.refuse("`data` are no bytes")
    return EarlyOutput(
        deployment=values.text(row, "deployment"),
        attempt=values.number(row, "attempt"),
        offset=values.number(row, "offset"),
        content=bytes(data),
        at=values.read_moment(row, "at"),
    )


def told_row(told: LettersTold) -> dict[str, Any]:
    """Return the row of what people were told."""
    return {"queue": values.clean(told.queue), "number": told.number, "at": values.moment(told.at)}


def read_told(row: values.Row) -> LettersTold:
    """Return what people were told, or raise Unreadable."""
    return LettersTold(
        queue=values.text(row, "queue"), number=values.number(row, "number"), at=values.read_moment(row, "at")
    )
