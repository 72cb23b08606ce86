"""Which ended Jobs are kept to be looked at: pure. What is still held, or runs, is never among those that go."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from funade.controller.deploy_queue import DeployQueue, History
from funade.controller.names import QUEUE
from funade.controller.seen import Outcome, SeenJob, moment, read_job


def outdated(
    jobs: Iterable[Mapping[str, Any]], queues: Mapping[str, DeployQueue], now: datetime
) -> Sequence[SeenJob]:
    """Return the Jobs that go now, the oldest first; those of a DeployQueue that is gone go with it by themselves."""
    ended: dict[tuple[str, Outcome], list[tuple[datetime, SeenJob]]] = {}
    for raw in jobs:
        job, queue = read_job(raw, ()), (raw["metadata"].get("labels") or {}).get(QUEUE, "")
        if job.outcome is None or job.is_held or job.is_leaving or queue not in queues:
            continue
        ended.setdefault((queue, job.outcome), []).append((_ended_at(raw), job))
    going = []
    for (queue, outcome), those in ended.items():
        those.sort(key=lambda one: one[0], reverse=True)
        going += _beyond(those, queues[queue].history, outcome, now)
    return [job for _, job in sorted(going, key=lambda one: one[0])]


def _beyond(
    those: Sequence[tuple[datetime, SeenJob]], history: History, outcome: Outcome, now: datetime
) -> list[tuple[datetime, SeenJob]]:
    kept = history.succeeded if outcome is Outcome.COMPLETE else history.failed
    return [one for number, one in enumerate(those) if number >= kept or now - one[0] > history.age]


def _ended_at(raw: Mapping[str, Any]) -> datetime:
    for one in (raw.get("status") or {}).get("conditions") or []:
        if one.get("type") in ("Complete", "Failed") and (at := moment(one.get("lastTransitionTime"))):
            return at
    return moment(raw["metadata"].get("creationTimestamp")) or datetime.fromtimestamp(0, UTC)
