"""Which Jobs of other programs' messages are not over, as far as was heard: these leave room for no others."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from funade.controller.names import FOREIGN, QUEUE
from funade.controller.seen import read_job


@dataclass(slots=True)
class ForeignJobs:
    """What was heard of them; `keep` and `hear` get what a watch says."""

    _living: dict[str, str] = field(default_factory=dict)

    def keep(self, names: Set[str]) -> None:
        """Hear which Jobs there are."""
        self._living = {name: queue for name, queue in self._living.items() if name in names}

    def hear(self, raw: Mapping[str, Any], *, is_there: bool) -> None:
        """Hear of a Job of ours."""
        labels, name = raw["metadata"].get("labels") or {}, str(raw["metadata"]["name"])
        if is_there and FOREIGN in labels and read_job(raw, ()).outcome is None:
            self._living[name] = str(labels.get(QUEUE, ""))
        else:
            self._living.pop(name, None)

    def living(self, queue: str) -> set[str]:
        """Return the names of those of one DeployQueue."""
        return {name for name, one in self._living.items() if one == queue}
