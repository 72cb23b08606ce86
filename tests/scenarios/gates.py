"""Where a process can be stopped: before and after each call of a port."""

import asyncio
import inspect
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from funade.domain.application import TargetConfiguration
from funade.domain.release import Release
from funade.usecases.ports import Targets
from funade.usecases.queue_ports import QueuePlace


class Killed(BaseException):
    """The process is dead: no line of it runs any more, whatever would have caught an exception."""


#: Calls that change nothing. To stop before the next change is the same as to stop at one of these.
LOOKS = (
    *("ledger.read", "place.look", "place.wait", "target.observe", "verifier.look", "workspaces.leftovers"),
    *("sources.resolve", "sources.changes", "sources.contains", "clock.sleep"),
)


def before_a_change(point: str) -> bool:
    """Tell whether a process that stops at `point` has decided to change something and has not done it."""
    call, _, side = point.partition(":")
    return side == "before" and call not in LOOKS


class Gates:
    """Counts the calls of one process; kills or freezes it at one of them.

    A killed process never passes a gate again. A frozen one stands still at its next gates until it thaws; what it
    was doing goes on then, wherever the world has moved meanwhile. `counts` says at which points one may be counted
    on to stop.
    """

    def __init__(self, counts: Callable[[str], bool] = before_a_change) -> None:
        self.passed: list[str] = []
        self.is_dead = False
        self._counts = counts
        self._kill_at: int | str | None = None
        self._freeze_at: int | str | None = None
        self._alarm: tuple[int, Callable[[], None]] | None = None
        self._thawed = asyncio.Event()
        self._thawed.set()

    @property
    def is_frozen(self) -> bool:
        return not self._thawed.is_set()

    def kill(self, at: int | str | None = None) -> None:
        """Kill it now, or at a gate: so many counted gates from now, or the next of that name."""
        self._kill_at = self._counted(at)
        self.is_dead = at is None
        self._thawed.set()

    def freeze(self, at: int | str | None = None) -> None:
        """Freeze it now, or at a gate."""
        self._freeze_at = self._counted(at)
        if at is None:
            self._thawed.clear()

    def thaw(self) -> None:
        """Let it go on."""
        self._freeze_at = None
        self.go_on()

    def go_on(self) -> None:
        """Let it go on to where it was told to freeze next."""
        self._thawed.set()

    def disarm(self) -> None:
        """Let it live and go on, whatever was planned for it."""
        self._kill_at = None
        self.thaw()

    def call_at(self, gate: int, callback: Callable[[], None]) -> None:
        """Do something when so many counted gates more have been passed."""
        self._alarm = (len(self.passed) + gate, callback)

    async def pass_through(self, point: str) -> None:
        """Return when the process may go on here, or raise Killed."""
        if not self.is_dead:
            self._note(point)
        if not self.is_dead:
            await self._thawed.wait()
        if self.is_dead:
            raise Killed(point)

    def _note(self, point: str) -> None:
        here: set[int | str] = {point}
        if self._counts(point):
            self.passed.append(point)
            here.add(len(self.passed))
        if self._alarm is not None and self._alarm[0] in here:
            self._alarm[1]()
        if self._kill_at in here:
            self.is_dead = True
        elif self._freeze_at in here:
            self._freeze_at = None
            self._thawed.clear()

    def _counted(self, at: int | str | None) -> int | str | None:
        return len(self.passed) + at if isinstance(at, int) else at


class Gated:
    """A port whose every asynchronous call passes two gates."""

    def __init__(self, port: Any, gates: Gates, name: str) -> None:
        self._port, self._gates, self._name = port, gates, name

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._port, attribute)
        if not inspect.iscoroutinefunction(found):
            return found

        async def call(*args: Any, **named: Any) -> Any:
            point = f"{self._name}.{attribute}"
            await self._gates.pass_through(f"{point}:before")
            result = await found(*args, **named)
            await self._gates.pass_through(f"{point}:after")
            return result

        return call


class GatedTargets:
    """The Targets port, gated down to the place."""

    def __init__(self, targets: Targets, gates: Gates) -> None:
        self._targets, self._gates = targets, gates

    def open(self, release: Release) -> Any:
        return _GatedTarget(self._targets.open(release), self._gates, "target")

    def is_local(self, release: Release) -> bool:
        return self._targets.is_local(release)

    def stops_after(self, release: Release) -> timedelta | None:
        return self._targets.stops_after(release)

    def orders_to(self, target: TargetConfiguration) -> QueuePlace | None:
        return self._targets.orders_to(target)

    def facts_from(self, target: TargetConfiguration) -> QueuePlace | None:
        return self._targets.facts_from(target)

    def renew(self, release: Release, today: TargetConfiguration) -> TargetConfiguration:
        return self._targets.renew(release, today)


class _GatedTarget(Gated):
    @property
    def place(self) -> Gated:
        return Gated(self._port.place, self._gates, "place")
