"""A plan: what will be done, as data, before it is done; one digest names it for good."""

import hashlib
import json
from dataclasses import dataclass, field

from funade.domain.release import Release
from funade.domain.wire import Plain, to_plain

#: Part of every digest: a planner that plans otherwise is another planner.
PLANNER_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One visible action: its name (`checkout`, `run`, `verify` …; worded by `texts`) and its data.

    `repeatable` means that doing it twice does no harm; only such a step is ever begun a second time.
    """

    name: str
    data: dict[str, Plain] = field(default_factory=dict)
    repeatable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All steps that lead to the wanted release, those that may turn out to be done already included."""

    steps: tuple[Step, ...]
    planner_version: int = PLANNER_VERSION


def digest(release: Release, plan: Plan) -> str:
    """Return the SHA-256 (hex) of everything wanted; nothing that was seen (live state, times, fences) is in it."""
    wanted = {"release": to_plain(release), "plan": to_plain(plan)}
    canonical = json.dumps(wanted, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
