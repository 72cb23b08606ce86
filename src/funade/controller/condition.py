"""What a DeployQueue says of itself in its status: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from funade.controller.deploy_queue import DeployQueue, Flawed

READY = "Ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How it goes with one DeployQueue: a problem in reaching its queues, and what runs."""

    problem: str | None = None
    facts_problem: str | None = None
    is_asked: bool = False  #: whether it was ever asked
    running: Sequence[str] = ()
    waiting: int = 0


def status_of(
    queue: DeployQueue | Flawed, standing: Standing, before: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """Return the status; the moment of a condition stays while it says the same."""
    generation = queue.generation
    is_ready, reason, message = _ready(queue, standing)
    conditions: list[dict[str, Any]] = before.get("conditions") or []
    old = next((one for one in conditions if one.get("type") == READY), {})
    stays = old.get("status") == is_ready and old.get("lastTransitionTime")
    condition = {
        "type": READY,
        "status": is_ready,
        "reason": reason,
        "message": message,
        "observedGeneration": generation,
        "lastTransitionTime": stays or now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return {
        "observedGeneration": generation,
        "running": list(standing.running),
        "waiting": standing.waiting,
        "conditions": [condition],
    }


def _ready(queue: DeployQueue | Flawed, standing: Standing) -> tuple[str, str, str]:
    if isinstance(queue, Flawed):
        return "False", "Invalid", "; ".join(queue.problems)[:1000]
    if queue.is_leaving:
        return "False", "Leaving", "it takes no more orders, and goes when its Jobs have ended"
    if standing.problem is not None:
        return "False", "QueueUnreachable", f"`spec.queue` cannot be used: {standing.problem}"[:1000]
    if standing.facts_problem is not None:
        problem = f"`spec.factsQueue` cannot be used, and nobody hears of what runs: {standing.facts_problem}"
        return "False", "FactsUnreachable", problem[:1000]
    if not standing.is_asked:
        return "Unknown", "Starting", "`spec.queue` has not answered yet"
    return "True", "Listening", "orders are taken from its queue"
