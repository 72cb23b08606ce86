"""What a cluster does with Jobs: makes their Pods, runs these as a test says, ends them in time; step by step."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from funade.clients.kubernetes.kinds import JOBS, PODS
from funade.testing.cluster import FakeCluster

Object = dict[str, Any]
TRACKING = "batch.kubernetes.io/job-tracking"


@dataclass
class Workload:
    """The controller of Jobs and the kubelet of a FakeCluster; each Pod runs for `lasts` steps, then exits."""

    cluster: FakeCluster
    lasts: int = 1
    exit_of: Callable[[Object], int] = lambda _pod: 0
    #: the reason for which a Pod cannot start, and a message
    hinders: Callable[[Object], tuple[str, str] | None] = lambda _pod: None
    output: Callable[[Object, int], str] = lambda _pod, _step: ""
    ran: list[str] = field(
        default_factory=list
    )  #: Jobs whose container was begun, by name, as often as it was
    together: int = 0  #: the most containers of one environment that ran at once
    _steps: dict[str, int] = field(default_factory=dict)

    def step(self) -> None:
        """Bring every Job and every Pod one step further."""
        for job in self.cluster.all(JOBS):
            self._step_job(job)
        for pod in self.cluster.all(PODS):
            self._step_pod(pod)
        alive: dict[str, int] = {}
        for pod in self.cluster.all(PODS):
            if pod.get("status", {}).get("phase") == "Running":
                label = pod["metadata"]["labels"]["funade.dev/guard"]
                alive[label] = alive.get(label, 0) + 1
        self.together = max([self.together, *alive.values()])

    def _step_job(self, job: Object) -> None:
        status = job.setdefault("status", {})
        if any(one["type"] in ("Complete", "Failed") for one in status.get("conditions", [])):
            return
        pods = [one for one in self.cluster.all(PODS) if _owner(one) == job["metadata"]["uid"]]
        phases = [one.get("status", {}).get("phase") for one in pods]
        if "Succeeded" in phases:
            self._end(job, "Complete", "CompletionsReached")
        elif "Failed" in phases and not status.get("late"):
            self._end(job, "Failed", "BackoffLimitExceeded")
        elif job["spec"].get("suspend"):
            for pod in pods:
                self.cluster.remove(PODS, pod["metadata"]["name"], pod["metadata"]["namespace"])
        elif self._is_late(job):
            for pod in pods:
                if pod["metadata"].get("deletionTimestamp") is None and phases:
                    self.cluster.remove(PODS, pod["metadata"]["name"], pod["metadata"]["namespace"])
            if not any(one in (None, "Pending", "Running") for one in phases):
                self._end(job, "Failed", "DeadlineExceeded")
            else:
                status["late"] = True
                self.cluster.put(JOBS, job)
        elif not pods and not job["metadata"].get("deletionTimestamp") and not status.get("made"):
            status["startTime"] = self._now()
            status["made"] = True
            self.cluster.put(JOBS, job)
            self._make_pod(job)

    def _make_pod(self, job: Object) -> None:
        metadata = job["metadata"]
        template = job["spec"]["template"]
        self.cluster.put(
            PODS,
            {
                "metadata": {
                    "name": f"{metadata['name']}-x",
                    "namespace": metadata["namespace"],
                    "labels": dict(template["metadata"]["labels"]),
                    "ownerReferences": [{"kind": "Job", "name": metadata["name"], "uid": metadata["uid"]}],
                    "finalizers": [TRACKING],
                },
                "spec": {**template["spec"], "nodeName": "node-1"},
                "status": {"phase": "Pending"},
            },
        )

    def _step_pod(self, pod: Object) -> None:
        metadata, status = pod["metadata"], pod.setdefault("status", {})
        if status.get("phase") in ("Succeeded", "Failed"):
            if TRACKING in metadata.get("finalizers", []):
                metadata["finalizers"] = [one for one in metadata["finalizers"] if one != TRACKING]
                self.cluster.put(PODS, pod)
            return
        steps = self._steps[metadata["uid"]] = self._steps.get(metadata["uid"], -1) + 1
        container = pod["spec"]["containers"][0]["name"]
        if metadata.get("deletionTimestamp"):
            self._exit(pod, container, 143)
            return
        hindrance = self.hinders(pod)
        if hindrance is not None:
            waiting = {"reason": hindrance[0], "message": hindrance[1]}
            status["containerStatuses"] = [{"name": container, "state": {"waiting": waiting}}]
            self.cluster.put(PODS, pod)
            return
        if steps > 0 and status.get("phase") == "Running" and steps > self.lasts:
            self._write(pod, steps)
            self._exit(pod, container, self.exit_of(pod))
        elif status.get("phase") == "Pending":
            self.ran.append(metadata["ownerReferences"][0]["name"])
            status["phase"] = "Running"
            status["containerStatuses"] = [
                {"name": container, "state": {"running": {"startedAt": self._now()}}}
            ]
            self.cluster.put(PODS, pod)
            self._write(pod, steps)
        else:
            self._write(pod, steps)

    def _write(self, pod: Object, step: int) -> None:
        at = self.cluster.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        for line in self.output(pod, step).splitlines(keepends=True):
            kept = self.cluster.outputs.setdefault(pod["metadata"]["uid"], bytearray())
            kept += f"{at} {line}".encode()

    def _exit(self, pod: Object, container: str, code: int) -> None:
        reason = "Completed" if code == 0 else "Error"
        if pod["status"]["phase"] == "Pending":
            code, reason = 137, "ContainerStatusUnknown"
        terminated = {"exitCode": code, "reason": reason}
        pod["status"]["phase"] = "Succeeded" if code == 0 else "Failed"
        pod["status"]["containerStatuses"] = [{"name": container, "state": {"terminated": terminated}}]
        self.cluster.put(PODS, pod)

    def _is_late(self, job: Object) -> bool:
        deadline, began = job["spec"].get("activeDeadlineSeconds"), job["status"].get("startTime")
        if deadline is None or began is None:
            return False
        age = self.cluster.clock.now() - datetime.fromisoformat(began)
        return bool(age.total_seconds() >= deadline)

    def _end(self, job: Object, kind: str, reason: str) -> None:
        condition = {"type": kind, "status": "True", "reason": reason, "lastTransitionTime": self._now()}
        job["status"].setdefault("conditions", []).append(condition)
        self.cluster.put(JOBS, job)

    def _now(self) -> str:
        return self.cluster.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _owner(pod: Object) -> str:
    return str(pod["metadata"]["ownerReferences"][0]["uid"])
