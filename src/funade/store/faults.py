"""What SQLite and the system complain of, as errors that say what is wrong and what to do."""

import errno
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import exc

from funade.domain.errors import StoreError

_FULL = ("the disk is full", "free some space; nothing was changed")
_READONLY = ("the store cannot be written", "check the owner and mode of its folder and of the files in it")
_CANNOT_OPEN = ("the store cannot be opened", "check that its folder exists and is yours")
_BROKEN_DISK = ("the disk does not answer as it should", "look at the machine's disks and its system log")

_BY_SQLITE: Mapping[str, tuple[str, str]] = {
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _READONLY,
    "SQLITE_PERM": _READONLY,
    "SQLITE_CANTOPEN": _CANNOT_OPEN,
    "SQLITE_BUSY": ("another process keeps the store busy", "look for one that hangs, then try again"),
    "SQLITE_CORRUPT": ("the store's file is damaged", "stop Funade and put back a backup"),
    "SQLITE_NOTADB": ("the file is no store", "check that `data` is the right folder"),
    "SQLITE_IOERR": _BROKEN_DISK,
    "SQLITE_CONSTRAINT": ("the store refused a change that breaks its rules", "nothing was changed"),
}
_BY_SYSTEM: Mapping[int, tuple[str, str]] = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _READONLY,
    errno.EACCES: _CANNOT_OPEN,
    errno.EPERM: _CANNOT_OPEN,
    errno.EIO: _BROKEN_DISK,
    errno.ENOENT: ("the store's file is gone", "put it back, or stop Funade and start it for a new store"),
    errno.ENOTDIR: ("the store's folder is no folder", "check `data`"),
    errno.EEXIST: ("the store's folder is no folder", "check `data`"),
}

#: What the store's calls may raise when the world is wrong.
FAULTS = (exc.DBAPIError, sqlite3.Error, OSError)


def store_error(fault: Exception, path: Path) -> StoreError:
    """Return the error to raise from `fault`."""
    return complaint(path, *_explain(fault))


def complaint(place: Path | str, problem: str, remedy: str) -> StoreError:
    """Return the error that says what is wrong with the store at `place`, and what to do."""
    return StoreError(f"{place}: {problem}" + (f" — {remedy}" if remedy else ""))


def _explain(fault: Exception) -> tuple[str, str]:
    if isinstance(fault, OSError):
        return _BY_SYSTEM.get(fault.errno or 0, (str(fault), ""))
    origin = fault.orig if isinstance(fault, exc.DBAPIError) else fault
    name = str(getattr(origin, "sqlite_errorname", ""))
    for known, (problem, remedy) in _BY_SQLITE.items():
        if name.startswith(known):
            return (f"{problem} ({origin})" if known == "SQLITE_CONSTRAINT" else problem), remedy
    return str(origin), ""
