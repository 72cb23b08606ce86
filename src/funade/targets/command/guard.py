"""What this machine keeps for one application and environment, so that it can say no by itself.

`guard.json` holds whose environment this is, the highest fence seen and every attempt's phase; it changes under
`guard.lock` only. `execution.lock` is held by a supervisor for its program's whole life.
The supervisor stands on this module: nothing but a few light parts of the standard library.
"""

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator

from funade.failpoints import effect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = 1

INTENDED = "intended"
STARTED = "started"
ENDED = "ended"
SEALED = "sealed"

#: So many attempts below the highest fence are kept, for people and late questions. Forgetting one lets nothing
#: begin again: whatever is unknown must bring a fence above all that were seen.
REMEMBERED = 100
#: The guard is locked for moments; in seconds.
PATIENCE = 10.0

Entry = dict[str, "Any"]


class Refused(Exception):
    """The guard says no; the text says why and what to do."""


class Unreadable(Exception):
    """The guard's file cannot be trusted, so nothing may begin; the text says what to do."""


class State:
    """What a guard remembers."""

    def __init__(self, store: str | None, highest: int, attempts: dict[str, Entry]) -> None:
        self.store, self.highest, self.attempts = store, highest, attempts

    def check_store(self, store: str, folder: str) -> None:
        """Raise Refused when this environment belongs to another store."""
        if self.store not in (None, store):
            message = (
                f"this environment belongs to the store {self.store}, and this is {store}: deploy it from where"
                f" it was deployed before; if that store is gone for good, stop all Funade and remove `{folder}`"
            )
            raise Refused(message)

    def intend(self, store: str, key: str, fence: int, digest: str) -> None:
        """Raise the guard for an attempt that has not begun, or raise Refused."""
        entry = self.attempts.get(key)
        if entry is not None:
            if entry["phase"] == SEALED:
                raise Refused("this attempt was cancelled before it began")  # noqa: EM101 -- nothing to name
            if entry["phase"] != INTENDED:
                raise Refused("this attempt has begun before, and no attempt begins twice")  # noqa: EM101 -- as above
            if (entry["fence"], entry["digest"]) != (fence, digest):
                raise Refused("this attempt is known here with another fence or another plan")  # noqa: EM101 -- as above
        if fence < self.highest:
            message = f"fence {fence} is old: this environment has seen {self.highest}"
            raise Refused(message)
        if entry is None:
            deployment = key.rpartition("/")[0]
            for other, seen in self.attempts.items():
                if seen["fence"] == fence and other.rpartition("/")[0] != deployment:
                    message = f"fence {fence} was given to another deployment"
                    raise Refused(message)
        self.store, self.highest = store, fence
        self.attempts[key] = {"phase": INTENDED, "fence": fence, "digest": digest}
        self._forget()

    def begin(self, key: str, fence: int, process: Entry) -> None:
        """Note that the attempt's program begins now, or raise Refused."""
        entry = self.attempts.get(key)
        if entry is None or (entry["phase"], entry["fence"]) != (INTENDED, fence) or fence != self.highest:
            phase = "forgotten" if entry is None else entry["phase"]
            message = f"it may not begin any more: it is {phase}, and this environment has seen fence {self.highest}"
            raise Refused(message)
        entry.update(phase=STARTED, process=process)

    def seal(self, store: str, key: str, fence: int) -> None:
        """See to it that an attempt that has not begun never will."""
        entry = self.attempts.setdefault(key, {"phase": SEALED, "fence": fence, "digest": ""})
        if entry["phase"] == INTENDED:
            entry["phase"] = SEALED
        self.store, self.highest = self.store or store, max(self.highest, fence)

    def end(self, key: str) -> None:
        """Note that the attempt is over and its end written down."""
        if key in self.attempts:
            self.attempts[key]["phase"] = ENDED
            self.attempts[key].pop("process", None)

    def older_started(self, key: str) -> dict[str, Entry]:
        """Return the attempts other than `key` that began and of which no end was noted."""
        return {
            one: entry for one, entry in self.attempts.items() if one != key and entry["phase"] == STARTED
        }

    def _forget(self) -> None:
        over = [
            key
            for key, entry in self.attempts.items()
            if entry["fence"] < self.highest and entry["phase"] != STARTED
        ]
        over.sort(key=lambda key: int(self.attempts[key]["fence"]))
        for key in over[:-REMEMBERED]:
            del self.attempts[key]


class Guard:
    """One guard's folder."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.path = os.path.join(folder, "guard.json")  # noqa: PTH118 -- pathlib costs the supervisor 7 ms

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep everyone else from changing the guard; held for moments only."""
        with effect("command.lock_guard"):
            descriptor = os.open(self._in_folder("guard.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            until = time.monotonic() + PATIENCE
            while not _try_lock(descriptor):
                # Whoever keeps it that long is frozen.
                if time.monotonic() > until:
                    raise TimeoutError(errno.ETIMEDOUT, "another process keeps the guard locked", self.path)
                time.sleep(0.005)
            yield
        finally:
            os.close(descriptor)

    def hold_execution(self) -> int | None:
        """Return a descriptor that holds the environment until it is closed, or None while another holds it."""
        with effect("command.hold_execution"):
            descriptor = os.open(self._in_folder("execution.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        if _try_lock(descriptor):
            return descriptor
        os.close(descriptor)
        return None

    def read(self) -> State:
        """Return what the guard remembers, or raise Unreadable; a guard that was never raised remembers nothing."""
        try:
            with open(self.path, encoding="utf-8") as file:  # noqa: PTH123 -- as above
                plain = json.load(file)
            if plain["version"] > VERSION:
                message = f"`{self.path}` was written by a newer Funade: use that one for this environment"
                raise Unreadable(message)
            for entry in plain["attempts"].values():
                _check_shape(entry)
            return State(plain["store"], int(plain["highest"]), plain["attempts"])
        except FileNotFoundError:
            return State(None, 0, {})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = (
                f"the guard `{self.path}` cannot be read ({type(error).__name__}: {error}), so nothing may begin: make"
                " sure that no program of this environment runs, then put the file back from a backup or remove"
                f" `{self.folder}`"
            )
            raise Unreadable(message) from error

    def write(self, state: State) -> None:
        """Replace what the guard remembers, for good; only while it is locked."""
        plain = {
            "version": VERSION,
            "store": state.store,
            "highest": state.highest,
            "attempts": state.attempts,
        }
        with effect("command.write_guard"):
            write_durably(self.path, json.dumps(plain).encode())

    def _in_folder(self, name: str) -> str:
        return os.path.join(self.folder, name)  # noqa: PTH118 -- as above


def _check_shape(entry: Entry) -> None:
    known = entry["phase"] in (INTENDED, STARTED, ENDED, SEALED)
    if not known or not isinstance(entry["fence"], int) or not isinstance(entry["digest"], str):
        message = "an attempt is not what it should be"
        raise ValueError(message)
    if (
        entry["phase"] == STARTED
        and not {"folder", "grace", "program", "supervisor"} <= entry["process"].keys()
    ):
        message = "a program that began is not described"
        raise ValueError(message)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write_durably(path: str, content: bytes) -> None:
    """Put `content` at `path`, whole or not at all, so that it outlives a power loss."""
    fresh = path + ".new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(fresh, path)  # noqa: PTH105 -- as above
    folder = os.open(os.path.dirname(path), os.O_RDONLY)  # noqa: PTH120 -- as above
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
