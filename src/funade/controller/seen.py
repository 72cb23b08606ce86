"""Jobs and Pods as the API server shows them, read into what a decision needs; reading never raises."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from funade.controller import logs
from funade.controller.guard import Attempt
from funade.controller.job import AT_ONCE_SECONDS
from funade.controller.names import ATTEMPT, CONTAINER, DEPLOYMENT, DIGEST, FINALIZER, LOG, RECORD, RESUMED
from funade.domain.orders import Observed
from funade.domain.revision import parse_revision
from funade.domain.wire import Unreadable, from_plain

#: Waiting for these does not help: somebody must change something.
HOPELESS = frozenset(
    {"InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError", "CreateContainerError"}
)
#: These may go away: a registry that is busy, a Secret that is refreshed.
DOUBTFUL = frozenset({"ImagePullBackOff", "ErrImagePull", "RegistryUnavailable", "RunContainerError"})
HOPELESS_FOR = timedelta(seconds=30)
DOUBTFUL_FOR = timedelta(minutes=2)
_LONGEST_WORDS = 300
#: With these reasons the message beside is the container's own, or the end of its log.
ITS_OWN_WORDS = frozenset({"Completed", "Error", "OOMKilled"})


class Outcome(StrEnum):
    """What Kubernetes says of a Job that is over; nothing of it runs any more."""

    COMPLETE = "complete"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a Pod does not begin, in words, and since when; `patience` None: as long as any start may take."""

    problem: str
    since: datetime | None
    patience: timedelta | None = None
    has_reason: bool = True  #: whether Kubernetes says why


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPod:
    """One Pod of a Job."""

    name: str
    uid: str
    node: str
    is_alive: bool
    is_leaving: bool
    has_begun: bool
    exit: int | None = None
    observed: Observed | None = None  #: what its container says that it saw
    problem: str = ""
    trouble: Trouble | None = None
    created: datetime | None = None
    started: datetime | None = None  #: when its container began to run


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenJob:
    """One Job of ours; `output` is how long that was, once it was told; `raw` is to be given back changed."""

    name: str
    uid: str
    deployment: str
    attempt: int
    digest: str
    container: str
    is_suspended: bool
    resumed: datetime | None
    is_leaving: bool
    is_held: bool
    is_cut_short: bool
    outcome: Outcome | None
    reason: str
    message: str
    output: int | None
    pods: tuple[SeenPod, ...] = ()
    record: Attempt | None = None
    raw: Mapping[str, Any] = field(repr=False, hash=False)

    @property
    def never_ran(self) -> bool:
        """Tell whether nothing of it ever ran: what lets it run leaves a mark in the same write."""
        return self.is_suspended and self.resumed is None

    @property
    def log_is_told(self) -> bool:
        return self.output is not None

    @property
    def has_living_pods(self) -> bool:
        return any(one.is_alive for one in self.pods)


def read_job(raw: Mapping[str, Any], pods: Sequence[Mapping[str, Any]]) -> SeenJob:
    """Return a Job of ours with those of the Pods that are its own."""
    metadata, spec = raw["metadata"], raw.get("spec") or {}
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    outcome, reason, message = _outcome(raw.get("status") or {})
    deadline = spec.get("activeDeadlineSeconds")
    uid, container = str(metadata.get("uid", "")), str(annotations.get(CONTAINER, ""))
    return SeenJob(
        name=str(metadata["name"]),
        uid=uid,
        deployment=str(labels.get(DEPLOYMENT, "")),
        attempt=_number(labels.get(ATTEMPT)),
        digest=str(annotations.get(DIGEST, "")),
        container=container,
        is_suspended=spec.get("suspend") is True,
        resumed=moment(annotations.get(RESUMED)),
        is_leaving=bool(metadata.get("deletionTimestamp")),
        is_held=FINALIZER in (metadata.get("finalizers") or []),
        is_cut_short=isinstance(deadline, int) and deadline <= AT_ONCE_SECONDS,
        outcome=outcome,
        reason=reason,
        message=message,
        output=_output(annotations.get(LOG)),
        pods=tuple(read_pod(one, container) for one in pods if _is_of(one, uid)),
        record=_record(annotations.get(RECORD)),
        raw=raw,
    )


def read_pod(raw: Mapping[str, Any], container: str) -> SeenPod:
    """Return a Pod; with `container` empty the first one is looked at."""
    metadata, spec, status = raw["metadata"], raw.get("spec") or {}, raw.get("status") or {}
    statuses = [one for one in status.get("containerStatuses") or [] if isinstance(one, dict)]
    ours = next((one for one in statuses if container in ("", one.get("name"))), {})
    state = ours.get("state") or {}
    terminated = state.get("terminated") or {}
    # Of a container that never ran Kubernetes says that it was terminated, with a code of its own making.
    is_made_up = terminated.get("reason") == "ContainerStatusUnknown"
    code = None if is_made_up else terminated.get("exitCode")
    phase = status.get("phase")
    return SeenPod(
        name=str(metadata["name"]),
        uid=str(metadata.get("uid", "")),
        node=str(spec.get("nodeName", "")),
        is_alive=phase not in ("Succeeded", "Failed"),
        is_leaving=bool(metadata.get("deletionTimestamp")),
        has_begun=bool(state.get("running")) or bool(terminated and not is_made_up),
        exit=code if isinstance(code, int) else None,
        observed=_report(terminated.get("message")) if code == 0 else None,
        problem=_end_of(terminated) or _words(status.get("reason"), status.get("message")),
        trouble=_trouble(metadata, spec, status),
        created=moment(metadata.get("creationTimestamp")),
        started=moment((state.get("running") or terminated).get("startedAt")),
    )


def moment(text: object) -> datetime | None:
    """Return a moment as Kubernetes writes it; None for anything else."""
    try:
        parsed = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return parsed if parsed is not None and parsed.tzinfo is not None else None


def _end_of(terminated: Mapping[str, Any]) -> str:
    """Return why a container ended, in Kubernetes's words alone: a program's last words may hold a secret."""
    reason = terminated.get("reason")
    return _words(reason, "" if reason in ITS_OWN_WORDS else terminated.get("message"))


def _report(message: object) -> Observed | None:
    """Return what a container wrote as its termination message, if it is a report; see docs/how-to/kubernetes.md."""
    try:
        told = json.loads(message) if isinstance(message, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    revision, shown, differing = (told.get(name) for name in ("revision", "shown", "differing"))
    if not (isinstance(revision, str) or isinstance(differing, str)):
        return None
    try:
        return Observed(
            matches=False if isinstance(differing, str) and differing else None,
            revision=parse_revision(revision) if isinstance(revision, str) else None,
            shown=_words(None, shown),
            differing=_words(None, differing),
        )
    except ValueError:
        return None


def _outcome(status: Mapping[str, Any]) -> tuple[Outcome | None, str, str]:
    # `FailureTarget` and `SuccessCriteriaMet` come before: then Pods may still run.
    for one in status.get("conditions") or []:
        if one.get("status") == "True" and one.get("type") in ("Complete", "Failed"):
            outcome = Outcome.COMPLETE if one["type"] == "Complete" else Outcome.FAILED
            return outcome, str(one.get("reason", "")), str(one.get("message", ""))
    return None, "", ""


def _trouble(
    metadata: Mapping[str, Any], spec: Mapping[str, Any], status: Mapping[str, Any]
) -> Trouble | None:
    if status.get("phase") not in (None, "Pending"):
        return None
    created = moment(metadata.get("creationTimestamp"))
    for one in status.get("conditions") or []:
        if one.get("type") == "PodScheduled" and one.get("status") == "False":
            since = moment(one.get("lastTransitionTime")) or created
            problem = f"no node takes its Pod: {_words(one.get('reason'), one.get('message'))}"
            return Trouble(problem=problem, since=since)
    for one in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        waiting = (one.get("state") or {}).get("waiting") or {}
        reason = str(waiting.get("reason", ""))
        if reason in HOPELESS or reason in DOUBTFUL:
            problem = (
                f"the container `{one.get('name')}` cannot start: {_words(reason, waiting.get('message'))}"
            )
            patience = HOPELESS_FOR if reason in HOPELESS else DOUBTFUL_FOR
            return Trouble(problem=problem, since=_scheduled(status) or created, patience=patience)
    return Trouble(problem=_not_begun(spec, status), since=created, has_reason=False)


def _not_begun(spec: Mapping[str, Any], status: Mapping[str, Any]) -> str:
    """Return why a Pod that nothing is wrong with has not begun."""
    if not spec.get("nodeName"):
        return "its Pod has not begun"
    waiting = [(one.get("state") or {}).get("waiting") or {} for one in status.get("containerStatuses") or []]
    if any(one.get("reason") == "PodInitializing" for one in waiting):
        return f"its Pod runs its init containers first, on the node `{spec['nodeName']}`"
    return f"the node `{spec['nodeName']}` makes its Pod ready: pulls the image, mounts the volumes"


def _scheduled(status: Mapping[str, Any]) -> datetime | None:
    for one in status.get("conditions") or []:
        if one.get("type") == "PodScheduled" and one.get("status") == "True":
            return moment(one.get("lastTransitionTime"))
    return None


def _words(reason: object, message: object) -> str:
    said = " ".join(str(message or "").split())
    words = ": ".join(one for one in (str(reason or ""), said) if one)
    if len(words) <= _LONGEST_WORDS:
        return words
    # A node begins with what it wanted, and ends with what came in its way.
    return f"{words[: _LONGEST_WORDS // 3]} … {words[-_LONGEST_WORDS * 2 // 3 + 3 :]}"


def _is_of(pod: Mapping[str, Any], uid: str) -> bool:
    return any(one.get("uid") == uid for one in pod["metadata"].get("ownerReferences") or [])


def _number(text: object) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() else 0


def _record(text: object) -> Attempt | None:
    try:
        return from_plain(Attempt, json.loads(text)) if isinstance(text, str) else None
    except (Unreadable, ValueError, RecursionError):
        return None


def _output(text: object) -> int | None:
    """Return how long its output is, if all of it was told."""
    cursor = logs.read(text if isinstance(text, str) else None)
    return cursor.offset if cursor.done else None
