"""A ledger small enough to be copied a million times: one environment, no disk, nothing that decides nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from funade.domain.deployment import Deployment
from funade.domain.environment import Berth
from funade.domain.errors import FencedOut
from funade.domain.events import Event
from funade.domain.lock import Pause
from funade.domain.orders import Ending, Execution
from funade.domain.wire import kind_of
from funade.usecases.ledger_ports import Entry, Obligation, Process

#: Which process is which, when it makes no difference which is which.
Names = Mapping[str, int]
LONG_AGO = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Everything that the store holds; equal stores have equal keys."""

    berth: Berth
    rows: tuple[Deployment, ...] = ()
    processes: tuple[str, ...] = ()
    pause: Pause | None = None
    endings: tuple[tuple[str, int, Ending], ...] = ()
    told: tuple[tuple[str, str], ...] = ()
    """What history tells: deployment and kind, in order."""

    def key(self, names: Names) -> tuple[Any, ...]:
        """Return all of it that makes a difference to what can happen."""
        berth = self.berth
        return (
            (berth.turn, berth.fence, berth.doubt is not None, berth.lock, berth.live),
            tuple(row_key(one, names) for one in self.rows),
            frozenset(names.get(one, one) for one in self.processes),
            self.pause,
            tuple((id, attempt, ending.by) for id, attempt, ending in self.endings),
        )


def row_key(row: Deployment, names: Names) -> tuple[Any, ...]:
    """Return what tells two versions of a row apart."""
    return (
        (row.number, row.state, row.phase, row.because and row.because.code, row.epoch),
        (row.attempt, row.fence, row.wish is not None, row.verified, row.confirmed_live),
        (tuple(one.by_id for one in row.approvals), tuple(one.covers for one in row.overrides)),
        row.owner and names.get(row.owner, row.owner),
    )


class SmallTransaction:
    """The Transaction port over a copy of what is stored; `stored` is what it has become."""

    def __init__(self, stored: Stored) -> None:
        self.stored = stored

    # Reading

    def berth(self, application: str, environment: str) -> Berth:
        return self.stored.berth

    lock_berth = berth

    def berths(self) -> Sequence[Berth]:
        return [self.stored.berth]

    def deployment(self, number: int) -> Deployment | None:
        return next((one for one in self.stored.rows if one.number == number), None)

    def deployment_by_id(self, id: str) -> Deployment | None:
        return next((one for one in self.stored.rows if one.id == id), None)

    def entries(self, application: str | None = None, environment: str | None = None) -> Sequence[Entry]:
        return [
            Entry(
                id=one.id,
                number=one.number,
                application=one.application,
                environment=one.environment,
                state=one.state,
                phase=one.phase,
                owner=one.owner,
                due_at=one.due_at,
                is_wished_away=one.wish is not None,
            )
            for one in self.unended(application, environment)
        ]

    def unended(
        self,
        application: str | None = None,
        environment: str | None = None,
    ) -> Sequence[Deployment]:
        return [one for one in self.stored.rows if not one.has_ended]

    def ending(self, deployment: str, attempt: int) -> Ending | None:
        return next((it for id, no, it in self.stored.endings if (id, no) == (deployment, attempt)), None)

    def processes(self) -> Sequence[Process]:
        return [
            Process(
                id=id,
                role="server",
                host="here",
                pid=1,
                boot="b",
                birth="1",
                counter=0,
                started_at=LONG_AGO,
                seen_at=LONG_AGO,
            )
            for id in self.stored.processes
        ]

    def pause(self) -> Pause | None:
        return self.stored.pause

    def obligations(self) -> Sequence[Obligation]:
        return []

    def answered(self, request: str) -> Deployment | None:
        return None

    # Changing

    def save_berth(self, berth: Berth) -> None:
        if berth.fence < self.stored.berth.fence:
            raise FencedOut("the environment has moved on meanwhile")  # noqa: EM101 - the message is not shown
        self.stored = replace(self.stored, berth=berth)

    def save_pause(self, pause: Pause | None) -> None:
        self.stored = replace(self.stored, pause=pause)

    def next_number(self) -> int:
        return len(self.stored.rows) + 1

    def add_deployment(self, deployment: Deployment, request: str) -> None:
        self.stored = replace(self.stored, rows=(*self.stored.rows, deployment))

    def save_deployment(self, deployment: Deployment) -> None:
        before = self._mine(deployment)
        self._put(replace(deployment, wish=before.wish))

    def claim(self, deployment: Deployment, owner: str) -> Deployment:
        before = self._mine(deployment)
        self._put(replace(before, owner=owner, epoch=before.epoch + 1))
        return replace(deployment, owner=owner, epoch=deployment.epoch + 1)

    def wish(self, deployment: Deployment) -> None:
        before = self.deployment_by_id(deployment.id)
        assert before is not None
        self._put(replace(before, wish=deployment.wish))

    def record(self, event: Event) -> None:
        told = (event.deployment or "", kind_of(type(event.happening)))
        self.stored = replace(self.stored, told=(*self.stored.told, told))

    def add_ending(self, deployment: str, attempt: int, ending: Ending) -> None:
        if self.ending(deployment, attempt) is None:
            self.stored = replace(self.stored, endings=(*self.stored.endings, (deployment, attempt, ending)))

    def forget_process(self, process: str) -> None:
        left = tuple(one for one in self.stored.processes if one != process)
        self.stored = replace(self.stored, processes=left)

    def add_order(self, order: str, execution: Execution, given_at: datetime) -> None:
        """Orders are kept for people."""

    def add_obligation(self, obligation: Obligation) -> None:
        """Folders are swept elsewhere."""

    def settle_obligation(self, id: str) -> None:
        """As above."""

    def _mine(self, deployment: Deployment) -> Deployment:
        before = self.deployment_by_id(deployment.id)
        if before is None or before.has_ended or before.epoch != deployment.epoch:
            raise FencedOut("it is looked after by another process, or has ended")  # noqa: EM101 - as above
        return before

    def _put(self, deployment: Deployment) -> None:
        rows = tuple(deployment if one.id == deployment.id else one for one in self.stored.rows)
        self.stored = replace(self.stored, rows=rows)
