"""Where the server of a data folder listens, and whether one is there; light, because every command asks it.

`<data>/server.lock` is held by the server for its whole life, and the kernel lets go of it however the server
ends: that, not the record beside it, is the proof. `<data>/server.json` names the process and its socket.
"""

import fcntl
import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from funade.clients import births
from funade.domain.wire import Unreadable, from_plain

LOCK = "server.lock"
RECORD = "server.json"
#: The shortest limit in use, macOS's, without the suffix of a socket that is being made.
LONGEST_PATH = 103 - len(".new")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a server says of itself; `boot` and `birth` tell it from a later process of the same number."""

    pid: int
    boot: str
    birth: str
    version: str
    socket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Whether a server of this data folder lives; `record` is None while it starts or stops."""

    alive: bool
    record: Record | None = None


def look(data: Path) -> Presence:
    """Return whether a server lives, by its lock; raises OSError where the data folder may not be read."""
    try:
        descriptor = os.open(data / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return Presence(alive=False)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return Presence(alive=True, record=read_record(data))
    finally:
        os.close(descriptor)
    return Presence(alive=False)


def read_record(data: Path) -> Record | None:
    """Return what the server of this folder wrote about itself, None when there is nothing readable."""
    with suppress(OSError, ValueError, Unreadable):
        return from_plain(Record, json.loads((data / RECORD).read_bytes()))
    return None


def socket_path(data: Path) -> Path:
    """Return where the socket belongs: in the data folder, or somewhere short when that path is too long."""
    inside = data / "run" / "funade.sock"
    if fits(inside):
        return inside
    # The whole path stands in the name, so that two data folders never meet.
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16] + ".sock"
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and fits(Path(runtime) / "funade" / name):
        return Path(runtime) / "funade" / name
    return Path(f"/tmp/funade-{os.getuid()}") / name  # noqa: S108 - private_folder refuses it unless it is ours alone


def fits(path: Path) -> bool:
    """Tell whether the kernel takes this path as a socket's address."""
    return len(os.fsencode(path)) <= LONGEST_PATH


def this_process(version: str, socket: Path) -> Record:
    """Return what the server says of itself."""
    boot, birth = births.boot_id(), births.birth(os.getpid()) or ""
    return Record(pid=os.getpid(), boot=boot, birth=birth, version=version, socket=str(socket))
