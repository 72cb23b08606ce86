"""Rows to nouns and back; a row that has not the shape it should have raises Unreadable, and only that row."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from funade.domain.answers import Quarantined
from funade.domain.approval import Approval, Override
from funade.domain.deployment import Deployment, Phase, State, Wish
from funade.domain.environment import Berth
from funade.domain.events import Event, Happening
from funade.domain.lock import Pause
from funade.domain.orders import Ending
from funade.domain.reason import Because
from funade.domain.revision import Revision
from funade.domain.wire import Unreadable, from_plain, from_tagged, to_plain
from funade.store import values
from funade.usecases.ledger_ports import Entry, Obligation, Process

#: The newest shape that this release reads. A row of a higher one is left alone: a newer release wrote it.
FORMAT = 1
#: What every release reads. A newer shape is written only once every registered process reads it, and what it has
#: beyond this one must be such that the rest makes sense without it.
FIRST_FORMAT = 1
#: How many documents stay parsed; most looks are at the same few.
_REMEMBERED = 512

_HAPPENINGS: tuple[type, ...] = Happening.__args__
#: Fields that have columns of their own and change; `due_at`, which must not be missing, is in both places.
_COLUMNS = frozenset(
    {
        "state",
        "phase",
        "verified",
        "owner",
        "epoch",
        "attempt",
        "fence",
        "started_at",
        "ended_at",
        "wish",
        "machine",
    }
)
_CHANGING = frozenset({"because", "confirmed_live", "approvals", "overrides"})
_ASKED = tuple(one.name for one in fields(Deployment) if one.name not in _COLUMNS | _CHANGING)


class LeftAlone(Unreadable):
    """A newer release wrote this row."""


def check_format(row: values.Row) -> None:
    """Raise LeftAlone for a row that a newer release wrote."""
    if values.number(row, "format") > FORMAT:
        problem = f"written by a newer release (format {row['format']})"
        raise LeftAlone(problem)


def _check_same(row: values.Row, document: Any, *names: str) -> None:
    """Raise Unreadable when a row and the document in it are not about the same thing."""
    for name in names:
        if row[name] != getattr(document, name):
            values.refuse(f"`{name}` is another than in the document")


# Deployments


def new_deployment_row(deployment: Deployment, request: str) -> dict[str, Any]:
    """Return a whole new row."""
    return {
        "number": deployment.number,
        "id": deployment.id,
        "request": values.clean(request),
        "application": deployment.application,
        "environment": deployment.environment,
        "format": FORMAT,
        "asked": values.dump({name: to_plain(getattr(deployment, name)) for name in _ASKED}),
        "wish": wish_column(deployment.wish),
        **deployment_columns(deployment),
    }


def deployment_columns(deployment: Deployment) -> dict[str, Any]:
    """Return the columns that change, but for the wish."""
    return {
        "state": deployment.state.value,
        "phase": deployment.phase.value,
        "verified": deployment.verified,
        "owner": deployment.owner,
        "epoch": deployment.epoch,
        "attempt": deployment.attempt,
        "fence": deployment.fence,
        "due_at": values.moment(deployment.due_at),
        "started_at": deployment.started_at and values.moment(deployment.started_at),
        "ended_at": deployment.ended_at and values.moment(deployment.ended_at),
        "machine": deployment.machine,
        "changing": values.dump({name: to_plain(getattr(deployment, name)) for name in _CHANGING}),
    }


def wish_column(wish: Wish | None) -> str | None:
    """Return a wish as its column."""
    return None if wish is None else values.dump(to_plain(wish))


@lru_cache(_REMEMBERED)
def _read_asked(raw: str) -> Deployment:
    return from_plain(Deployment, values.load(raw))


def read_deployment(row: values.Row) -> Deployment:
    """Return the deployment of a row, or raise Unreadable."""
    check_format(row)
    asked = _read_asked(values.text(row, "asked"))
    _check_same(row, asked, "id", "number", "application", "environment")
    changing = values.load(row["changing"])
    if not isinstance(changing, dict):
        values.refuse("`changing` is no object")
    reason, live = changing.get("because"), changing.get("confirmed_live")
    return replace(
        asked,
        state=values.state_of(row, "state", State),
        phase=values.state_of(row, "phase", Phase),
        verified=bool(row["verified"]),
        owner=values.text_or_none(row, "owner"),
        epoch=values.number(row, "epoch"),
        machine=values.text_or_none(row, "machine"),
        attempt=values.number(row, "attempt"),
        fence=values.number(row, "fence"),
        due_at=values.read_moment(row, "due_at"),
        started_at=values.moment_or_none(row, "started_at"),
        ended_at=values.moment_or_none(row, "ended_at"),
        because=None if reason is None else from_plain(Because, reason),
        confirmed_live=None if live is None else Revision(values.as_text(live, "confirmed_live")),
        wish=None if row["wish"] is None else from_plain(Wish, values.load(row["wish"])),
        approvals=tuple(from_plain(Approval, one) for one in _read_list(changing, "approvals")),
        overrides=tuple(from_plain(Override, one) for one in _read_list(changing, "overrides")),
    )


def _read_list(changing: dict[str, Any], name: str) -> list[Any]:
    plain = changing.get(name)
    if not isinstance(plain, list | None):
        values.refuse(f"`{name}` is no list")
    return plain or []


def read_entry(row: values.Row) -> Entry:
    """Return the few columns that decide who moves next, or raise Unreadable."""
    check_format(row)
    return Entry(
        id=values.text(row, "id"),
        number=values.number(row, "number"),
        application=values.text(row, "application"),
        environment=values.text(row, "environment"),
        state=values.state_of(row, "state", State),
        phase=values.state_of(row, "phase", Phase),
        owner=values.text_or_none(row, "owner"),
        due_at=values.read_moment(row, "due_at"),
        is_wished_away=row["wish"] is not None,
        machine=values.text_or_none(row, "machine"),
    )


# Everything


def read_pause(raw: Any) -> Pause | None:
    """Return the pause of everything. One that cannot be read is a pause all the same: unknown means no."""
    if raw is None:
        return None
    try:
        return from_plain(Pause, values.load(raw))
    except Unreadable as error:
        return Pause(
            by="?", since=datetime.fromtimestamp(0, UTC), reason=f"its record cannot be read: {error}"
        )


def pause_column(pause: Pause | None) -> str | None:
    """Return a pause as its column."""
    return None if pause is None else values.dump(to_plain(pause))


# Environments


def berth_row(berth: Berth) -> dict[str, Any]:
    """Return an environment's row."""
    return {
        "application": berth.application,
        "environment": berth.environment,
        "fence": berth.fence,
        "format": FORMAT,
        "document": values.dump(to_plain(berth)),
    }


@lru_cache(_REMEMBERED)
def _read_berth(raw: str) -> Berth:
    return from_plain(Berth, values.load(raw))


def read_berth(row: values.Row) -> Berth:
    """Return the environment of a row, or raise Unreadable."""
    check_format(row)
    berth = _read_berth(values.text(row, "document"))
    _check_same(row, berth, "application", "environment", "fence")
    return berth


# Events


def event_row(event: Event) -> dict[str, Any]:
    """Return an event's row; who asked for what may be anything that can be typed."""
    return {
        "at": values.moment(event.at),
        "application": values.clean(event.application),
        "environment": values.clean(event.environment),
        "deployment": event.deployment,
        "number": event.number,
        "by": values.clean(event.by),
        "format": FORMAT,
        "happening": values.dump(to_plain(event.happening, tagged=True)),
    }


def read_event(row: values.Row) -> Event:
    """Return the event of a row, or raise Unreadable."""
    check_format(row)
    return Event(
        sequence=values.number(row, "sequence"),
        at=values.read_moment(row, "at"),
        by=values.text(row, "by"),
        application=values.text(row, "application"),
        environment=values.text(row, "environment"),
        deployment=values.text_or_none(row, "deployment"),
        number=None if row["number"] is None else values.number(row, "number"),
        happening=from_tagged(_HAPPENINGS, values.load(row["happening"])),
    )


# Facts, obligations, processes


def ending_row(deployment: str, attempt: int, ending: Ending) -> dict[str, Any]:
    """Return the row of how an attempt ended."""
    document = values.dump(to_plain(ending))
    return {"deployment": deployment, "attempt": attempt, "format": FORMAT, "document": document}


def read_ending(row: values.Row) -> Ending:
    """Return the fact of a row, or raise Unreadable."""
    check_format(row)
    return from_plain(Ending, values.load(row["document"]))


def obligation_row(obligation: Obligation) -> dict[str, Any]:
    """Return an obligation's row."""
    return {
        "id": obligation.id,
        "deployment": obligation.deployment,
        "kind": obligation.kind,
        "format": FORMAT,
        "data": values.dump(dict(obligation.data)),
        "since": values.moment(obligation.since),
        "problem": obligation.problem and values.clean(obligation.problem),
    }


def read_obligation(row: values.Row) -> Obligation:
    """Return the obligation of a row, or raise Unreadable."""
    check_format(row)
    data = values.load(row["data"])
    if not isinstance(data, dict):
        values.refuse("`data` is no object")
    return Obligation(
        id=values.text(row, "id"),
        deployment=values.text(row, "deployment"),
        kind=values.text(row, "kind"),
        data={name: values.as_text(one, f"data.{name}") for name, one in data.items()},
        since=values.read_moment(row, "since"),
        problem=values.text_or_none(row, "problem"),
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
        "started_at": values.moment(process.started_at),
        "seen_at": values.moment(process.seen_at),
        "machine": process.machine,
        "reads": FORMAT,
    }


def read_process(row: values.Row) -> Process:
    """Return the process of a row, or raise Unreadable."""
    return Process(
        id=values.text(row, "id"),
        role=values.text(row, "role"),
        host=values.text(row, "host"),
        pid=values.number(row, "pid"),
        boot=values.text(row, "boot"),
        birth=values.text(row, "birth"),
        counter=values.number(row, "counter"),
        started_at=values.read_moment(row, "started_at"),
        seen_at=values.read_moment(row, "seen_at"),
        machine=values.text_or_none(row, "machine") or "",
    )


def read_quarantined(row: values.Row) -> Quarantined:
    """Return what a row of the quarantine says, or raise Unreadable."""
    return Quarantined(
        table=values.text(row, "table"),
        key=values.text(row, "key"),
        problem=values.text(row, "problem"),
        at=values.read_moment(row, "at"),
    )
