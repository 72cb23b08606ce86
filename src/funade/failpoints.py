"""Points at which a test can kill, freeze or break this process; in production they do nothing.

Every outside effect stands in `with effect("store.accept"):`, which passes `store.accept:before` and, unless
the effect raised, `store.accept:after`. What happens there is read once, at start, from `FUNADE_FAILPOINTS`.
Imports almost nothing: the supervisor, a process of a few megabytes, stands on this too.
"""

import os
from itertools import count

ARMED_BY = "FUNADE_FAILPOINTS"  #: `name=kill`, `name=kill@2`, `name=error`, `name=pause:/path`, by `,` or `;`
LOGGED_TO = "FUNADE_FAILPOINTS_LOG"  #: a file that gets the line `pid name` for every point passed

PAUSE_BETWEEN_LOOKS_SECONDS = 0.01


class Trap:
    """What happens at one point, and at which of its hits: the `at`th, or each when `at` is None."""

    __slots__ = ("action", "at", "hits", "path")

    def __init__(self, action: str, path: str, at: int | None) -> None:
        self.action = action
        self.path = path
        self.at = at
        self.hits = count(1)

    def spring(self, name: str) -> None:
        """Kill, break or freeze this process if it is this hit's turn."""
        hit = next(self.hits)
        if self.at is not None and self.at != hit:
            return
        match self.action:
            case "kill":
                _die()
            case "error":
                import errno  # noqa: PLC0415 -- production never needs it

                raise OSError(errno.ENOSPC, f"failpoint {name}")
            case _:
                _wait_for(self.path)


class Traps:
    """All that an armed process was told to do at its points."""

    def __init__(self, orders: str, log: str | None = None) -> None:
        self._traps = read(orders)
        self._log = log

    def passed(self, name: str) -> None:
        """Write the point down, then spring its trap."""
        if self._log is not None:
            _append(self._log, f"{os.getpid()} {name}\n")
        trap = self._traps.get(name)
        if trap is not None:
            trap.spring(name)


class Effect:
    """The span of one outside effect, between its two points; also around awaits."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        if self.name:
            failpoint(self.name + ":before")

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if self.name and kind is None:
            failpoint(self.name + ":after")


def failpoint(name: str) -> None:
    """Pass the point `name`; `name` is a literal, dotted and lower case."""
    if _traps is not None:
        _traps.passed(name)


def effect(name: str) -> Effect:
    """Span one outside effect; `name` is a literal, dotted and lower case, and used in one place only."""
    return _UNARMED if _traps is None else Effect(name)


def read(orders: str) -> dict[str, Trap]:
    """Read the text of `FUNADE_FAILPOINTS`, or raise ValueError."""
    traps = {}
    for order in orders.replace(";", ",").split(","):
        if not order.strip():
            continue
        name, _, wish = order.strip().partition("=")
        wish, at = _split_hit(wish)
        action, _, path = wish.partition(":")
        if action not in ("kill", "error", "pause") or (action == "pause") != bool(path):
            expected = "`name=kill`, `name=error` or `name=pause:/path`"
            message = f"`{ARMED_BY}` cannot be read at `{order.strip()}`: expected {expected}"
            raise ValueError(message)
        traps[name] = Trap(action, path, at)
    return traps


def _split_hit(wish: str) -> tuple[str, int | None]:
    head, sign, tail = wish.rpartition("@")
    return (head, int(tail)) if sign and tail.isdigit() else (wish, None)


def _die() -> None:
    import signal  # noqa: PLC0415 -- production never needs it

    os.kill(os.getpid(), signal.SIGKILL)


def _wait_for(path: str) -> None:
    import time  # noqa: PLC0415 -- production never needs it

    _append(path + ".hit", "")
    while not os.path.exists(path):  # noqa: PTH110 -- pathlib costs the supervisor 3 MB
        time.sleep(PAUSE_BETWEEN_LOOKS_SECONDS)


def _append(path: str, line: str) -> None:
    # One write to a file opened for appending is never mixed with another process's line.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


_UNARMED = Effect("")
_traps = (
    Traps(os.environ.get(ARMED_BY, ""), os.environ.get(LOGGED_TO) or None)
    if os.environ.get(ARMED_BY) or os.environ.get(LOGGED_TO)
    else None
)
