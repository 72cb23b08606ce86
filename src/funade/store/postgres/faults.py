"""What PostgreSQL and the way to it complain of, as errors that say what is wrong and what to do."""

from collections.abc import Mapping

import psycopg
from psycopg import errors
from sqlalchemy import exc

from funade.domain.errors import StoreError, StoreUnreachable

#: What the store's calls may raise when the world is wrong.
FAULTS = (exc.DBAPIError, psycopg.Error, OSError)

#: Nothing of the transaction was kept, and the same again may go well.
CONFLICTS = (errors.SerializationFailure, errors.DeadlockDetected)

_WAITS = "deployments wait until it does"
#: By the beginning of the code that PostgreSQL gives; the longest that fits counts.
_UNREACHABLE: Mapping[str, tuple[str, str]] = {
    "": ("the database does not answer, or does not let us in", _WAITS),
    "08": ("the connection to the database was lost", _WAITS),
    "53300": ("the database has no connection left for us", "raise its `max_connections`, or close others"),
    "57P": ("the database is being stopped or started", _WAITS),
    "25006": ("the database only lets us read: it is a standby", "name the primary too; " + _WAITS),
    "25P03": ("this process stood still in the middle of a change", "nothing was changed"),
}
_BY_CODE: Mapping[str, tuple[str, str]] = {
    "22": ("the database refused a value", "nothing was changed"),
    "23": ("the store refused a change that breaks its rules", "nothing was changed"),
    "28": ("the database does not let us in", "check the user, the password and `pg_hba.conf`"),
    "3D": ("there is no such database", "make it first: `createdb`"),
    "3F": ("there is no such schema", "make it first: `CREATE SCHEMA`"),
    "40": ("other changes were faster, again and again", "nothing was changed; try again"),
    "42501": ("the database's user may not do this", "let it own the database, or give it the rights"),
    "42P": ("the store's tables are not as they should be", "put back a backup, or start the right release"),
    "53100": ("the disk of the database is full", "free some space; nothing was changed"),
    "55P03": ("another process keeps the store busy", "look for one that hangs, then try again"),
    "57014": ("the database took too long", "look at what else it does"),
    "XX": ("the database is damaged", "look at its log, and put back a backup"),
}


def store_error(fault: Exception, place: str) -> StoreError:
    """Return the error to raise from `fault`."""
    origin = origin_of(fault)
    code = getattr(origin, "sqlstate", None) or ""
    is_lost = isinstance(fault, exc.DBAPIError) and fault.connection_invalidated
    for table, kind in ((_BY_CODE, StoreError), (_UNREACHABLE, StoreUnreachable)):
        fits = [known for known in table if code.startswith(known)]
        if fits and not (kind is StoreError and is_lost):
            best = max(fits, key=len)
            if kind is StoreUnreachable and not best and not _is_about_the_way(origin):
                break
            problem, remedy = table[best]
            said = _said(origin)
            shown = f"{problem} ({said})" if said else problem
            return kind(f"{place}: {shown}" + (f" — {remedy}" if remedy else ""))
    return StoreError(f"{place}: {_said(origin)}")


def origin_of(fault: BaseException) -> BaseException:
    """Return what the driver or the system raised."""
    return fault.orig if isinstance(fault, exc.DBAPIError) and fault.orig is not None else fault


def is_conflict(fault: BaseException | None) -> bool:
    """Tell whether the same transaction may go well when it is done again."""
    return fault is not None and isinstance(origin_of(fault), CONFLICTS)


def is_busy(fault: Exception) -> bool:
    """Tell whether a lock did not come in time."""
    return isinstance(origin_of(fault), errors.LockNotAvailable)


def _is_about_the_way(origin: BaseException) -> bool:
    return isinstance(origin, psycopg.OperationalError | psycopg.InterfaceError | OSError)


def _said(origin: BaseException) -> str:
    """Return the first line of what was said; the rest may hold what people typed."""
    primary = origin.diag.message_primary if isinstance(origin, psycopg.Error) else None
    lines = (primary or str(origin)).strip().splitlines()
    return lines[0].strip() if lines else type(origin).__name__
