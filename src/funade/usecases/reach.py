"""May this process take on what was started on another machine? Once it has stopped there, or nobody will ever tell."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from funade.domain.deployment import Deployment, Phase
from funade.domain.release import Release
from funade.usecases.ledger_ports import Process
from funade.usecases.living import Living
from funade.usecases.ports import Clock, Machine, Targets

#: An order that the place gets later than this was frozen on its way; it is refused.
START_WITHIN = timedelta(minutes=1)
#: The same where another machine may follow without a person, which has to wait for that moment.
START_SOON = timedelta(seconds=15)


@dataclass(slots=True, kw_only=True)
class Reach:
    """Watches for how long the machines of started deployments have had no living process, on our own clock."""

    clock: Clock
    machine: Machine
    living: Living
    targets: Targets
    #: A machine without a living process is waited for so long before what runs there counts as unknown.
    back_within: timedelta = timedelta(minutes=10)
    # By deployment: whoever claims it after us may keep its program alive, and its silence begins anew.
    _silent_since: dict[str, tuple[int, float]] = field(default_factory=dict)
    # The store asks from its own threads.
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def covers(self, deployment: Deployment, processes: Sequence[Process]) -> bool:
        """Tell whether this process may take it on, as far as its machine is concerned."""
        machine = deployment.machine
        if machine in (None, self.machine.name) or deployment.phase is not Phase.EXECUTING:
            return True
        alive = self.living.among(processes)
        if any(one.machine == machine for one in processes if one.id in alive):
            self.forget(deployment.id)
            return False
        steady = self.clock.steady()
        with self._lock:
            epoch, since = self._silent_since.get(deployment.id, (deployment.epoch, steady))
            if epoch != deployment.epoch:
                since = steady
            self._silent_since[deployment.id] = deployment.epoch, since
        return steady - since >= self._patience(deployment.release).total_seconds()

    def claimed(self, deployment: Deployment) -> None:
        """Remember that this process has claimed it: that ends no silence."""
        with self._lock:
            if deployment.id in self._silent_since:
                _, since = self._silent_since[deployment.id]
                self._silent_since[deployment.id] = deployment.epoch, since

    def forget(self, id: str) -> None:
        """Forget a silence that is over."""
        with self._lock:
            self._silent_since.pop(id, None)

    def stops_alone(self, release: Release) -> bool:
        """Tell whether what nobody looks after has stopped by the time that this process may take it on."""
        return self.targets.stops_after(release) is not None

    def start_within(self, release: Release) -> timedelta:
        """Return how late an order to start may come to its place."""
        return START_SOON if self.stops_alone(release) else START_WITHIN

    def _patience(self, release: Release) -> timedelta:
        """Return how long its machine must have been silent: an order on its way may still begin, then it stops."""
        stops_after = self.targets.stops_after(release)
        return self.back_within if stops_after is None else START_SOON + stops_after
