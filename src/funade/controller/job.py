"""The Job of an attempt, as it is made: suspended, ours until its end is told, and at most one Pod once."""

import copy
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from funade.controller.deploy_queue import DeployQueue, rendered, values_for
from funade.controller.foreign import values_for_attempt
from funade.controller.guard import Attempt
from funade.controller.names import (
    ATTEMPT,
    CONTAINER,
    DEPLOY_QUEUES,
    DEPLOYMENT,
    DIGEST,
    FINALIZER,
    FOREIGN,
    GUARD,
    MESSAGE,
    OWNER,
    QUEUE,
    RECORD,
    RESUMED,
    job_name,
)
from funade.domain.wire import to_plain

#: `activeDeadlineSeconds` by which Kubernetes ends a Job now, each Pod with its own time for it
AT_ONCE_SECONDS = 1


def job_for(attempt: Attempt, queue: DeployQueue, guard: str, namespace: str) -> dict[str, Any]:
    """Return the suspended Job of an attempt, or raise ValueError about a placeholder that is wrong."""
    execution = attempt.execution
    labels = {
        GUARD: guard,
        DEPLOYMENT: execution.deployment,
        ATTEMPT: str(execution.attempt),
        QUEUE: queue.name,
    }
    annotations = {
        CONTAINER: queue.container,
        DIGEST: attempt.digest,
        # Deleted in the foreground, as Argo CD prunes, an owner takes along what runs: not before its end.
        OWNER: json.dumps(_owner(queue), sort_keys=True),
        RECORD: json.dumps(to_plain(_remembered(attempt)), sort_keys=True),
    }
    if attempt.message:
        labels[FOREIGN] = "true"
        annotations[MESSAGE] = attempt.message
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(execution.deployment, execution.attempt),
            "namespace": namespace,
            "labels": labels,
            "annotations": annotations,
            "finalizers": [FINALIZER],
        },
        "spec": {
            "suspend": True,
            "parallelism": 1,
            "completions": 1,
            "backoffLimit": 0,
            # A Pod that is still ending is not followed by another one.
            "podReplacementPolicy": "Failed",
            "activeDeadlineSeconds": max(AT_ONCE_SECONDS + 1, int(queue.time_limit.total_seconds())),
            "template": _template(attempt, queue, labels),
        },
    }


def resumed(job: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the Job as it may run; the moment stands on it, by which a Job that never ran is told apart."""
    changed = copy.deepcopy(dict(job))
    changed["spec"]["suspend"] = False
    annotations = changed["metadata"].setdefault("annotations", {})
    annotations[RESUMED] = now.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return changed


def stopped(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Job as Kubernetes ends it now."""
    changed = copy.deepcopy(dict(job))
    changed["spec"]["activeDeadlineSeconds"] = AT_ONCE_SECONDS
    return changed


def released(thing: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Job or a DeployQueue without our finalizer; a Job that has ended gets its owner, and goes with it."""
    changed = copy.deepcopy(dict(thing))
    metadata = changed["metadata"]
    metadata["finalizers"] = [one for one in metadata.get("finalizers") or [] if one != FINALIZER]
    owner = (metadata.get("annotations") or {}).get(OWNER)
    if owner and not metadata.get("ownerReferences"):
        with suppress(ValueError):
            metadata["ownerReferences"] = [json.loads(owner)]
    return changed


def _remembered(attempt: Attempt) -> Attempt:
    # What another program said stands in the Job already, and annotations have little room.
    return replace(attempt, wanted=None) if attempt.message else attempt


def _owner(queue: DeployQueue) -> dict[str, Any]:
    return {
        "apiVersion": DEPLOY_QUEUES.api_version,
        "kind": DEPLOY_QUEUES.kind,
        "name": queue.name,
        "uid": queue.uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }


def _template(attempt: Attempt, queue: DeployQueue, labels: Mapping[str, str]) -> dict[str, Any]:
    template = copy.deepcopy(dict(queue.template))
    metadata = template.setdefault("metadata", {})
    metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
    template["spec"]["restartPolicy"] = "Never"
    values = _values(attempt)
    for container in template["spec"]["containers"]:
        if container["name"] == queue.container:
            if queue.arguments is not None:
                container["args"] = [rendered(one, values) for one in queue.arguments]
            container["env"] = _variables(container.get("env") or [], attempt, queue, values)
    return template


def _variables(
    given: list[Any], attempt: Attempt, queue: DeployQueue, values: Mapping[str, str]
) -> list[Any]:
    execution = attempt.execution
    ours = {name: rendered(one, values) for name, one in queue.variables.items()}
    if attempt.message:
        ours["FUNADE_MESSAGE"] = attempt.message
    else:
        ours["FUNADE_DEPLOYMENT"] = execution.deployment
        ours["FUNADE_ATTEMPT"] = str(execution.attempt)
        ours["FUNADE_FENCE"] = str(execution.fence)
        ours["FUNADE_REVISION"] = values["revision"]
    if queue.revision_variable and "revision" in values:
        ours[queue.revision_variable] = rendered("{revision}", values)
    others = [one for one in given if one.get("name") not in ours]
    return [*others, *({"name": name, "value": value} for name, value in ours.items())]


def _values(attempt: Attempt) -> Mapping[str, str]:
    if attempt.message:
        return values_for_attempt(attempt)
    if attempt.wanted is None:
        message = f"nothing is known of what attempt {attempt.execution.attempt} wanted"
        raise ValueError(message)
    execution = attempt.execution
    return values_for(
        {
            "application": execution.application,
            "environment": execution.environment,
            "repository": attempt.wanted.repository,
            "ref": attempt.wanted.ref,
            "revision": attempt.wanted.revision,
            "deployment": execution.deployment,
            "attempt": str(execution.attempt),
            "number": str(execution.number),
        }
    )
