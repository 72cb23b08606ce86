"""What the use cases and the places ask of the store about facts that came through a queue; part of `ledger_ports`.

Facts are a set: each is kept once under its name, whoever brings it, however late. Output is kept elsewhere; only
pieces that came before those in front of them wait here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from funade.domain.messages import Fact, ReportedEnd
from funade.domain.orders import Execution


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyOutput:
    """A piece of an attempt's output that came before the one in front of it."""

    deployment: str
    attempt: int
    offset: int
    content: bytes = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LettersTold:
    """That people were told of the dead letters at a place: how many there were then, and when that was."""

    queue: str
    number: int
    at: datetime


class FactReading(Protocol):
    """What a look tells of facts; one that cannot be read is set aside and left out."""

    def facts(self, deployment: str, attempt: int) -> Sequence[Fact]:
        """Return what is known of an attempt, in no order."""

    def highest_fence(self, application: str, environment: str) -> int:
        """Return the highest fence that any fact about the environment proves its place to know; 0 for none."""

    def last_end(self, application: str, environment: str) -> ReportedEnd | None:
        """Return the end that was told of the environment with the highest fence."""

    def early_output(self, deployment: str, attempt: int, limit: int) -> Sequence[EarlyOutput]:
        """Return pieces that wait, by their offset."""

    def waiting_output(self, before: datetime, limit: int) -> Sequence[tuple[str, int]]:
        """Return attempts of which a piece waits since before then."""

    def letters_told(self, queue: str) -> LettersTold | None:
        """Return what people were told of a queue's dead letters; None where that was never, or they are gone."""


class FactTransaction(FactReading, Protocol):
    """What a change does with facts."""

    def add_fact(self, fact: Fact, at: datetime) -> None:
        """Keep a fact; the first word under a name stands, but of progress the furthest."""

    def claim_order(self, order: str, execution: Execution, at: datetime) -> bool:
        """Keep that this order is about to be given; tell whether nobody had kept that before."""

    def add_early_output(self, piece: EarlyOutput) -> None:
        """Keep a piece until those in front of it are there; of two at one offset the longer."""

    def forget_early_output(self, deployment: str, attempt: int, until: int) -> None:
        """Forget pieces that begin before `until`."""

    def note_letters(self, before: LettersTold | None, after: LettersTold | None) -> bool:
        """Put `after` in the place of `before`; tell whether nobody else had changed it meanwhile."""

    def forget_facts(self, deployments: Sequence[str]) -> None:
        """Forget all facts and waiting pieces of these."""
