"""What was heard of Jobs, Pods and guards: which changes are worth a look (not our own, and none that could change what
is decided), and which environments are new.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from funade.clients.kubernetes.kinds import JOBS
from funade.controller.guard import Phase, Told
from funade.controller.names import DEPLOY_GUARDS, GUARD
from funade.controller.seen import read_job, read_pod

#: Of so many of our own writes we know that they were ours.
MOST_OWN = 5000


@dataclass(slots=True)
class News:
    """What was heard of the objects of each environment since it was last looked at."""

    _own: dict[str, None] = field(default_factory=dict)
    _looks: dict[str, int] = field(default_factory=dict)
    _heard: dict[str, set[str]] = field(default_factory=dict)
    _guards: set[str] | None = None  #: the names of those that are there; None as long as nobody has told
    #: the uids of each environment's Jobs that have not come to rest
    _jobs: dict[str, set[str]] = field(default_factory=dict)
    _jobs_are_told: bool = False

    def keep_guards(self, there: Set[str]) -> None:
        """Hear which guards there are, and that there are no others."""
        self._guards = set(there)

    def keep_jobs(self) -> None:
        """Hear that there are no other Jobs than those that were heard of."""
        self._jobs_are_told = True

    def is_new(self, name: str) -> bool:
        """Tell whether the environment `name` has no guard and no Job that matters, as far as was heard."""
        if self._guards is None or not self._jobs_are_told:
            return False
        return name not in self._guards and name not in self._jobs

    def wrote(self, raw: Mapping[str, Any]) -> None:
        """Hear what we wrote, and looked at already."""
        self._count(raw, _look_of(raw), is_there=True)
        self._own[_version(raw)] = None
        while len(self._own) > MOST_OWN:
            del self._own[next(iter(self._own))]

    def is_news(self, name: str, raw: Mapping[str, Any], *, is_there: bool) -> bool:
        """Tell whether the environment `name` must be looked at for what has become of an object."""
        uid, version = str(raw["metadata"].get("uid", "")), _version(raw)
        look = _look_of(raw) if is_there else 0
        self._count(raw, look, is_there=is_there)
        known = self._looks.get(uid, 0)
        if look:
            self._looks[uid] = look
        else:
            self._looks.pop(uid, None)
        if look == known or version in self._own:
            return False
        # It may be our own, of which the answer is still on its way.
        self._heard.setdefault(name, set()).add(version)
        return True

    def begin(self, name: str) -> None:
        """Hear that the environment is looked at from now on."""
        self._heard.pop(name, None)

    def only_our_own(self, name: str) -> bool:
        """Tell whether nothing was heard since then but what we wrote ourselves."""
        return all(one in self._own for one in self._heard.pop(name, ()))

    def _count(self, raw: Mapping[str, Any], look: int, *, is_there: bool) -> None:
        name = (raw["metadata"].get("labels") or {}).get(GUARD)
        # The guards of other programs' messages have no such label, and nobody is told of them.
        if not name:
            return
        if raw.get("kind") == DEPLOY_GUARDS.kind and self._guards is not None:
            change = self._guards.add if is_there else self._guards.discard
            change(name)
        elif raw.get("kind") == JOBS.kind:
            uid = str(raw["metadata"].get("uid", ""))
            if look:
                self._jobs.setdefault(name, set()).add(uid)
            elif name in self._jobs:
                self._jobs[name].discard(uid)
                if not self._jobs[name]:
                    del self._jobs[name]


def _look_of(raw: Mapping[str, Any]) -> int:
    """Return a number that changes with what a decision could depend on; 0 for what nobody need see."""
    match raw.get("kind"):
        case "Job":
            job = read_job(raw, ())
            rests = job.outcome is not None and not job.is_held and not job.is_leaving
            # Its raw form does not count: how many Pods are active or ready changes nothing.
            return 0 if rests else hash(job) or 1
        case "Pod":
            pod = read_pod(raw, "")
            trouble = pod.trouble.problem if pod.trouble is not None and pod.trouble.has_reason else ""
            if pod.is_alive and not pod.is_leaving and pod.exit is None and not trouble:
                # It begins, or runs: that is no more than its Job promised.
                return 0
            return hash((pod.is_alive, pod.is_leaving, pod.exit, trouble)) or 1
        case _:
            return 0 if _rests(raw.get("spec")) else hash(_version(raw)) or 1


def _rests(spec: object) -> bool:
    """Tell whether all attempts of a guard are over and told; such a one need not be read to be left alone."""
    attempts = spec.get("attempts") if isinstance(spec, dict) else None
    if not isinstance(attempts, list) or not all(isinstance(one, dict) for one in attempts):
        return False
    return all(
        one.get("phase") in (Phase.ENDED, Phase.SEALED)
        and (one.get("began") is None or Told.STARTED in (one.get("told") or ()))
        and (one.get("ending") is None or Told.ENDED in (one.get("told") or ()))
        for one in attempts
    )


def _version(raw: Mapping[str, Any]) -> str:
    return str(raw["metadata"].get("resourceVersion", ""))
