"""What the API server saw of Jobs and their Pods, by a watch of one's own: the controller's word is not asked."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from funade.clients.kubernetes import JOBS, PODS, Cluster, Kind, Unreachable
from funade.controller.names import DEPLOYMENT, GUARD

PAUSE_SECONDS = 0.2


@dataclass
class SeenOne:
    """One Job that there ever was."""

    deployment: str
    guard: str
    is_resumed: bool = False
    outcome: str = ""
    is_gone: bool = False
    is_held: bool = True

    @property
    def runs(self) -> bool:
        return self.is_resumed and not self.outcome and not self.is_gone


@dataclass
class Audit:
    """Everything since the beginning, without a gap: a watch that has missed something fails the test."""

    cluster: Cluster
    namespace: str
    jobs: dict[str, SeenOne] = field(default_factory=dict)
    #: the pods of each deployment that ever began
    pods: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    findings: list[str] = field(default_factory=list)

    def runs_of(self, deployment: str) -> list[SeenOne]:
        """Return the Jobs of a deployment that were let run."""
        return [one for one in self.jobs.values() if one.deployment == deployment and one.is_resumed]

    @property
    def held(self) -> int:
        """Return how many Jobs nobody has let go yet."""
        return sum(one.is_held and not one.is_gone for one in self.jobs.values())

    def doubled(self) -> list[str]:
        """Return what ran twice, or beside another one."""
        runs: defaultdict[str, int] = defaultdict(int)
        for one in self.jobs.values():
            runs[one.deployment] += one.is_resumed
        twice = [f"{name}: {count} Jobs of it were let run" for name, count in runs.items() if count > 1]
        twice += [
            f"{name}: {len(pods)} Pods of it began" for name, pods in self.pods.items() if len(pods) > 1
        ]
        return [*self.findings, *twice]

    def _hear_job(self, raw: dict[str, Any], is_there: bool) -> None:
        metadata = raw["metadata"]
        labels = metadata["labels"]
        one = self.jobs.setdefault(metadata["uid"], SeenOne(labels[DEPLOYMENT], labels[GUARD]))
        one.is_resumed = one.is_resumed or not raw["spec"].get("suspend")
        one.is_held = any("funade" in name for name in metadata.get("finalizers") or [])
        one.is_gone = not is_there
        for condition in (raw.get("status") or {}).get("conditions") or []:
            if condition["type"] in ("Complete", "Failed") and condition["status"] == "True":
                one.outcome = condition["type"]
        beside = [each.deployment for each in self.jobs.values() if each.guard == one.guard and each.runs]
        if len(beside) > 1:
            self.findings.append(f"{one.guard}: they run at the same time: {beside}")

    def _hear_pod(self, raw: dict[str, Any], _is_there: bool) -> None:
        metadata = raw["metadata"]
        has_begun = any(
            {"running", "terminated"} & set(one.get("state") or {})
            for one in (raw.get("status") or {}).get("containerStatuses") or []
        )
        if has_begun:
            self.pods[metadata["labels"][DEPLOYMENT]][metadata["uid"]] = metadata["name"]

    async def _listen(self, kind: Kind, since: str) -> None:
        hear = self._hear_job if kind is JOBS else self._hear_pod
        while True:
            try:
                changes = self.cluster.watch(kind, self.namespace, labels=GUARD, since=since)
                async with aclosing(changes):
                    async for change in changes:
                        since = change.object["metadata"]["resourceVersion"]
                        if change.type != "BOOKMARK":
                            hear(change.object, change.type != "DELETED")
            except Unreachable:
                await asyncio.sleep(PAUSE_SECONDS)


@asynccontextmanager
async def auditing(cluster: Cluster, namespace: str) -> AsyncIterator[Audit]:
    """Give an audit that listens until the end of the block; there must be no Jobs yet."""
    audit = Audit(cluster, namespace)
    since = {kind: (await cluster.list(kind, namespace)).version for kind in (JOBS, PODS)}
    listening = [asyncio.create_task(audit._listen(kind, version)) for kind, version in since.items()]
    try:
        yield audit
        for one in listening:
            if one.done():
                one.result()
    finally:
        for one in listening:
            one.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
