"""Rows to nouns and back; a row that has not the shape it should have raises Unreadable, and only that row."""

import json
from collections import OrderedDict
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping

from funade.domain.deployment import Deployment, Phase, State, Wish
from funade.domain.environment import Berth
from funade.domain.events import Event, Happening
from funade.domain.orders import Ending
from funade.domain.reason import Because
from funade.domain.wire import Plain, Unreadable, from_plain, from_tagged, to_plain
from funade.usecases.ports import Entry, Obligation, Process

#: The shape that this release writes. A row of a higher one is left alone: a newer release wrote it.
FORMAT = 1
HAPPENINGS: tuple[type, ...] = Happening.__args__

_CHANGING = ("because", "confirmed_live")
_COLUMNS = (
    *("state", "phase", "verified", "owner", "epoch", "attempt", "fence", "due_at", "started_at", "ended_at"),
    "wish",
)


class LeftAlone(Unreadable):
    """A newer release wrote this row."""


def moment(at: datetime) -> str:
    """Return a moment as it is stored."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_moment(raw: Any) -> datetime:
    """Return a stored moment, or raise Unreadable."""
    try:
        return datetime.fromisoformat(raw)
    except (TypeError, ValueError) as error:
        raise Unreadable(str(error)) from error


def dump(plain: Plain) -> str:
    """Return plain data as compact JSON."""
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False)


def load(raw: Any) -> Any:
    """Return JSON as plain data, or raise Unreadable."""
    try:
        return json.loads(raw)
    except (TypeError, ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}") from error


def _check_format(row: RowMapping) -> None:
    if not isinstance(row["format"], int):
        raise Unreadable("its format is not a number")
    if row["format"] > FORMAT:
        raise LeftAlone(f"written by a newer release (format {row['format']})")


class DeploymentRows:
    """Deployments as rows. What was asked never changes, so it is parsed once and remembered."""

    _REMEMBERED = 512

    def __init__(self) -> None:
        self._asked: OrderedDict[tuple[str, str], Deployment] = OrderedDict()

    def columns(self, deployment: Deployment) -> dict[str, Any]:
        """Return the columns that change."""
        return {
            "state": deployment.state.value,
            "phase": deployment.phase.value,
            "verified": deployment.verified,
            "owner": deployment.owner,
            "epoch": deployment.epoch,
            "attempt": deployment.attempt,
            "fence": deployment.fence,
            "due_at": moment(deployment.due_at),
            "started_at": deployment.started_at and moment(deployment.started_at),
            "ended_at": deployment.ended_at and moment(deployment.ended_at),
            "changing": dump({name: to_plain(getattr(deployment, name)) for name in _CHANGING}),
        }

    def new_row(self, deployment: Deployment, request: str) -> dict[str, Any]:
        """Return a whole new row."""
        left_out = {*_CHANGING, *_COLUMNS} - {"due_at"}
        asked = {
            field.name: to_plain(getattr(deployment, field.name))
            for field in fields(Deployment)
            if field.name not in left_out
        }
        return {
            "number": deployment.number,
            "id": deployment.id,
            "request": request,
            "application": deployment.application,
            "environment": deployment.environment,
            "format": FORMAT,
            "asked": dump(asked),
            "wish": wish_column(deployment.wish),
            **self.columns(deployment),
        }

    def read(self, row: RowMapping) -> Deployment:
        """Return the deployment of a row, or raise Unreadable."""
        _check_format(row)
        asked = self._read_asked(row["id"], row["asked"])
        changing = load(row["changing"])
        if not isinstance(changing, dict):
            raise Unreadable("`changing` is no object")
        reason = changing.get("because")
        try:
            return replace(
                asked,
                state=State(row["state"]),
                phase=Phase(row["phase"]),
                verified=bool(row["verified"]),
                owner=row["owner"],
                epoch=int(row["epoch"]),
                attempt=int(row["attempt"]),
                fence=int(row["fence"]),
                due_at=parse_moment(row["due_at"]),
                started_at=None if row["started_at"] is None else parse_moment(row["started_at"]),
                ended_at=None if row["ended_at"] is None else parse_moment(row["ended_at"]),
                because=None if reason is None else from_plain(Because, reason),
                confirmed_live=changing.get("confirmed_live"),
                wish=None if row["wish"] is None else from_plain(Wish, load(row["wish"])),
            )
        except (TypeError, ValueError) as error:
            raise Unreadable(str(error)) from error

    def _read_asked(self, id: str, raw: str) -> Deployment:
        remembered = self._asked.get((id, raw))
        if remembered is None:
            remembered = from_plain(Deployment, load(raw))
            if len(self._asked) >= self._REMEMBERED:
                self._asked.popitem(last=False)
            self._asked[(id, raw)] = remembered
        return remembered


def wish_column(wish: Wish | None) -> str | None:
    """Return a wish as its column."""
    return None if wish is None else dump(to_plain(wish))


def read_entry(row: RowMapping) -> Entry:
    """Return the few columns that decide who moves next, or raise Unreadable."""
    _check_format(row)
    try:
        return Entry(
            id=row["id"],
            number=row["number"],
            application=row["application"],
            environment=row["environment"],
            state=State(row["state"]),
            phase=Phase(row["phase"]),
            owner=row["owner"],
            due_at=parse_moment(row["due_at"]),
            is_wished_away=row["wish"] is not None,
        )
    except ValueError as error:
        raise Unreadable(str(error)) from error


def berth_row(berth: Berth) -> dict[str, Any]:
    """Return an environment's row."""
    return {
        "application": berth.application,
        "environment": berth.environment,
        "turn": berth.turn,
        "fence": berth.fence,
        "closed": berth.doubt is not None,
        "format": FORMAT,
        "document": dump(to_plain(berth)),
    }


def read_berth(row: RowMapping) -> Berth:
    """Return the environment of a row, or raise Unreadable."""
    _check_format(row)
    return from_plain(Berth, load(row["document"]))


def event_row(event: Event) -> dict[str, Any]:
    """Return an event's row."""
    return {
        "at": moment(event.at),
        "application": event.application,
        "environment": event.environment,
        "deployment": event.deployment,
        "number": event.number,
        "by": event.by,
        "format": FORMAT,
        "happening": dump(to_plain(event.happening, tagged=True)),
    }


def read_event(row: RowMapping) -> Event:
    """Return the event of a row, or raise Unreadable."""
    _check_format(row)
    return Event(
        sequence=row["sequence"],
        at=parse_moment(row["at"]),
        by=row["by"],
        application=row["application"],
        environment=row["environment"],
        deployment=row["deployment"],
        number=row["number"],
        happening=from_tagged(HAPPENINGS, load(row["happening"])),
    )


def read_ending(row: RowMapping) -> Ending:
    """Return the fact of a row, or raise Unreadable."""
    return from_plain(Ending, load(row["document"]))


def obligation_row(obligation: Obligation) -> dict[str, Any]:
    """Return an obligation's row."""
    return {
        "id": obligation.id,
        "deployment": obligation.deployment,
        "kind": obligation.kind,
        "data": dump(dict(obligation.data)),
        "since": moment(obligation.since),
        "problem": obligation.problem,
    }


def read_obligation(row: RowMapping) -> Obligation:
    """Return the obligation of a row, or raise Unreadable."""
    data = load(row["data"])
    if not isinstance(data, dict):
        raise Unreadable("`data` is no object")
    return Obligation(
        id=row["id"],
        deployment=row["deployment"],
        kind=row["kind"],
        data=data,
        since=parse_moment(row["since"]),
        problem=row["problem"],
    )


def process_row(process: Process) -> dict[str, Any]:
    """Return a process's row."""
    return {
        "id": process.id,
        "role": process.role,
        "host": process.host,
        "pid": process.pid,
        "boot": process.boot,
        "birth": process.birth,
        "counter": process.counter,
        "started_at": moment(process.started_at),
        "seen_at": moment(process.seen_at),
    }


def read_process(row: RowMapping) -> Process:
    """Return the process of a row, or raise Unreadable."""
    return Process(
        id=row["id"],
        role=row["role"],
        host=row["host"],
        pid=row["pid"],
        boot=row["boot"],
        birth=row["birth"],
        counter=row["counter"],
        started_at=parse_moment(row["started_at"]),
        seen_at=parse_moment(row["seen_at"]),
    )
