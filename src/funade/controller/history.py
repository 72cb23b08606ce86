"""Which ended Jobs are kept to be looked at. What is still held, or runs, is never among those that go.

What is known of them comes from the watch, and is little: thousands of them may rest in a namespace.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from funade.controller.deploy_queue import DeployQueue, History
from funade.controller.names import QUEUE
from funade.controller.seen import Outcome, moment, read_job


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedJob:
    """One Job that is over and that nobody holds any more."""

    name: str
    uid: str
    queue: str
    outcome: Outcome
    at: datetime


@dataclass(slots=True)
class EndedJobs:
    """What was heard of them; `keep` and `hear` get what a watch says."""

    _jobs: dict[str, EndedJob] = field(default_factory=dict)

    def keep(self, names: Set[str]) -> None:
        """Hear which Jobs there are."""
        self._jobs = {name: one for name, one in self._jobs.items() if name in names}

    def hear(self, raw: Mapping[str, Any], *, is_there: bool) -> None:
        """Hear of a Job of ours."""
        ended = _ended(raw) if is_there else None
        if ended is None:
            self._jobs.pop(str(raw["metadata"]["name"]), None)
        else:
            self._jobs[ended.name] = ended

    def forget(self, job: EndedJob) -> None:
        """Hear that it is gone, before the watch tells."""
        if self._jobs.get(job.name) == job:
            del self._jobs[job.name]

    def outdated(self, queues: Mapping[str, DeployQueue], now: datetime) -> Sequence[EndedJob]:
        """Return the Jobs that go now, the oldest first.

        Those of a DeployQueue that is gone go with it by themselves. Who has not heard of all of them names too few.
        """
        ended: dict[tuple[str, Outcome], list[EndedJob]] = {}
        for job in self._jobs.values():
            if job.queue in queues:
                ended.setdefault((job.queue, job.outcome), []).append(job)
        going: list[EndedJob] = []
        for (queue, outcome), those in ended.items():
            those.sort(key=lambda one: one.at, reverse=True)
            going += _beyond(those, queues[queue].history, outcome, now)
        return sorted(going, key=lambda one: one.at)


def _beyond(
    those: Iterable[EndedJob], history: History, outcome: Outcome, now: datetime
) -> Iterable[EndedJob]:
    kept = history.succeeded if outcome is Outcome.COMPLETE else history.failed
    return [one for number, one in enumerate(those) if number >= kept or now - one.at > history.age]


def _ended(raw: Mapping[str, Any]) -> EndedJob | None:
    """Return a Job if it is over, and nobody holds it."""
    job, queue = read_job(raw, ()), (raw["metadata"].get("labels") or {}).get(QUEUE)
    if job.outcome is None or job.is_held or job.is_leaving or not queue:
        return None
    return EndedJob(name=job.name, uid=job.uid, queue=str(queue), outcome=job.outcome, at=_ended_at(raw))


def _ended_at(raw: Mapping[str, Any]) -> datetime:
    for one in (raw.get("status") or {}).get("conditions") or []:
        if one.get("type") in ("Complete", "Failed") and (at := moment(one.get("lastTransitionTime"))):
            return at
    return moment(raw["metadata"].get("creationTimestamp")) or datetime.fromtimestamp(0, UTC)
