"""A stand-in for a node: no container runs, but pods are bound, and their status is written as a kubelet would.

Annotations of a pod (in a Job: of its template) say what becomes of it; see the constants. It refuses what it cannot
play: init containers, and pods that are to be restarted. It covers no images, volumes, Secrets, probes, limits or
evictions, no time at all between its steps, and no output but what a test says with `write`. Like a kubelet it ends the
containers of a pod that is deleted, and lets the pod go afterwards.
"""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from aiohttp import web

from funade.clients.kubernetes import (
    NODES,
    PODS,
    Cluster,
    Conflict,
    Gone,
    Kind,
    NotFound,
    Unreachable,
    connect,
)
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.mischief import end

PREFIX = "stand-in.funade.test/"
#: the exit code with which each container ends, at once; without it the pod runs until `finish`
ENDS_WITH = PREFIX + "ends-with"
#: how many lines each container writes when it begins
WRITES = PREFIX + "writes"
#: `ImagePullBackOff` or another reason for which no container ever starts
WAITS_FOR = PREFIX + "waits-for"
#: the scheduler's words for not finding a node
FITS_NOWHERE = PREFIX + "fits-nowhere"

KILLED = 137
OVER = ("Succeeded", "Failed")
MANAGER = "stand-in"
NOW = timedelta(0)

Object = dict[str, Any]


@dataclass
class Output:
    """What one container has written so far, and whether more may come."""

    lines: list[tuple[str, bytes]] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    over: bool = False


class Standin:
    """One node of the cluster; also tells what its containers wrote, where the API server asks a kubelet."""

    def __init__(self, cluster: Cluster) -> None:
        self.name = f"stand-in-{uuid4().hex[:8]}"
        self._cluster = cluster
        self._ends: dict[str, int] = {}
        self._outputs: defaultdict[tuple[str, str], Output] = defaultdict(Output)

    async def finish(self, namespace: str, pod: str, exit_code: int) -> None:
        """End the pod's containers with that code."""
        seen = await self._cluster.get(PODS, pod, namespace)
        self._ends[seen["metadata"]["uid"]] = exit_code
        await self._step(seen)

    async def write(self, namespace: str, pod: str, text: str) -> None:
        """Let the pod's containers write these lines now."""
        output = self._outputs[namespace, pod]
        async with output.changed:
            for line in text.encode().splitlines(keepends=True):
                output.lines.append((datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z"), line))
            output.changed.notify_all()

    async def run(self) -> None:
        """Play the kubelet until cancelled, across restarts of the API server."""
        while True:
            try:
                listing = await self._cluster.list(PODS)
                for pod in listing.objects:
                    await self._step(pod)
                async with aclosing(self._cluster.watch(PODS, since=listing.version)) as changes:
                    async for change in changes:
                        if change.type in ("ADDED", "MODIFIED"):
                            await self._step(change.object)
            except (Gone, Unreachable):
                await asyncio.sleep(0.2)

    async def _step(self, pod: Object) -> None:
        """Do the next thing that a scheduler or kubelet would do with the pod, if any."""
        if pod["spec"].get("nodeName", self.name) != self.name:
            return
        try:
            if "deletionTimestamp" in pod["metadata"]:
                await self._let_go(pod)
            elif "nodeName" not in pod["spec"]:
                await self._schedule(pod)
            elif (status := self._next_status(pod)) is not None:
                await self._write_status(pod, status)
        except (Conflict, NotFound):
            # It was changed meanwhile: that is another event.
            pass

    async def _let_go(self, pod: Object) -> None:
        metadata = pod["metadata"]
        if "nodeName" in pod["spec"] and pod.get("status", {}).get("phase") not in OVER:
            await self._write_status(pod, ended(pod, KILLED))
        await self._cluster.delete(
            PODS, metadata["name"], metadata["namespace"], uid=metadata["uid"], grace=NOW
        )

    async def _schedule(self, pod: Object) -> None:
        refuse_unplayable(pod)
        metadata = pod["metadata"]
        nowhere = note(pod, FITS_NOWHERE)
        if nowhere is None:
            # A subresource that only a scheduler writes.
            part = Kind("", "v1", f"pods/{metadata['name']}/binding", "Binding")
            target = {"apiVersion": "v1", "kind": "Node", "name": self.name}
            names = {"name": metadata["name"], "namespace": metadata["namespace"]}
            await self._cluster.create(part, {"metadata": names, "target": target}, manager=MANAGER)
        elif not any(one["reason"] == "Unschedulable" for one in pod["status"].get("conditions", ())):
            condition = {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": nowhere,
            }
            await self._write_status(pod, {"conditions": [{**condition, "lastTransitionTime": now()}]})

    def _next_status(self, pod: Object) -> Object | None:
        phase = pod["status"].get("phase", "Pending")
        waits_for, ends_with = note(pod, WAITS_FOR), note(pod, ENDS_WITH)
        code = self._ends.get(pod["metadata"]["uid"], None if ends_with is None else int(ends_with))
        if phase == "Pending" and waits_for is not None:
            return waiting(pod, waits_for) if "containerStatuses" not in pod["status"] else None
        if phase == "Pending":
            return running(pod)
        if phase == "Running" and code is not None:
            return ended(pod, code)
        return None

    async def _write_status(self, pod: Object, status: Object) -> None:
        await self._cluster.replace_status(
            PODS, {**pod, "status": {**pod["status"], **status}}, manager=MANAGER
        )
        if status.get("phase") == "Running" and (lines := note(pod, WRITES)) is not None:
            metadata = pod["metadata"]
            await self.write(metadata["namespace"], metadata["name"], words(metadata["name"], int(lines)))
        if status.get("phase") in OVER:
            output = self._outputs[pod["metadata"]["namespace"], pod["metadata"]["name"]]
            async with output.changed:
                output.over = True
                output.changed.notify_all()

    async def tell_log(self, request: web.Request) -> web.StreamResponse:
        """Answer as a kubelet does when the API server asks for a container's output."""
        output = self._outputs[request.match_info["namespace"], request.match_info["pod"]]
        since = request.query.get("sinceTime", "")
        stream = web.StreamResponse()
        await stream.prepare(request)
        at = 0
        while True:
            new, at = output.lines[at:], len(output.lines)
            for when, line in new:
                # The API server hands whole seconds on.
                if when[:19] >= since[:19]:
                    stamp = f"{when} ".encode() if request.query.get("timestamps") == "true" else b""
                    await stream.write(stamp + line)
            if output.over or request.query.get("follow") != "true":
                return stream
            async with output.changed:
                if at == len(output.lines) and not output.over:
                    await output.changed.wait()


@asynccontextmanager
async def standin(plane: ControlPlane) -> AsyncIterator[Standin]:
    """Give a node that plays until the end of the block."""
    async with connect(plane.kubeconfig) as cluster:
        node = Standin(cluster)
        application = web.Application()
        application.router.add_get("/containerLogs/{namespace}/{pod}/{container}", node.tell_log)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        try:
            # A kubelet's certificate is nobody's but its own; the server's serves as well.
            secret = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            secret.load_cert_chain(plane.authority, plane.authority.with_suffix(".key"))
            await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=secret).start()
            await _register(cluster, node.name, runner.addresses[0][1])
            playing = asyncio.create_task(node.run())
            try:
                yield node
                if playing.done():
                    playing.result()
            finally:
                playing.cancel()
                await asyncio.gather(playing, return_exceptions=True)
                await cluster.delete(NODES, node.name)
        finally:
            # The API server keeps its connections.
            await end(runner)


async def _register(cluster: Cluster, name: str, port: int) -> None:
    made = await cluster.create(NODES, {"metadata": {"name": name}}, manager=MANAGER)
    made["status"] = {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        "conditions": [
            {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now()}
        ],
        "capacity": {"pods": "1000", "cpu": "100", "memory": "100Gi"},
        "allocatable": {"pods": "1000", "cpu": "100", "memory": "100Gi"},
    }
    await cluster.replace_status(NODES, made, manager=MANAGER)


def refuse_unplayable(pod: Object) -> None:
    """Raise what a test must hear that expects more than this plays."""
    spec = pod["spec"]
    if spec.get("initContainers") or spec.get("restartPolicy") != "Never":
        message = f"pod {pod['metadata']['name']}: the stand-in plays no init containers and no restarts"
        raise NotImplementedError(message)


def words(pod: str, lines: int) -> str:
    """Return what a pod writes that was told to write so many lines."""
    return "".join(f"line {number} of {pod}\n" for number in range(lines))


def note(pod: Object, name: str) -> str | None:
    notes: dict[str, str] = pod["metadata"].get("annotations", {})
    return notes.get(name)


def waiting(pod: Object, reason: str) -> Object:
    state = {"waiting": {"reason": reason, "message": f"the stand-in waits for {reason}"}}
    return {
        "phase": "Pending",
        "containerStatuses": containers(pod, state, ready=False),
        "conditions": ready(pod, "False"),
    }


def running(pod: Object) -> Object:
    state = {"running": {"startedAt": now()}}
    return {
        "phase": "Running",
        "startTime": now(),
        "containerStatuses": containers(pod, state, ready=True),
        "conditions": ready(pod, "True"),
    }


def ended(pod: Object, exit_code: int) -> Object:
    reason = "Completed" if exit_code == 0 else "Error"
    times = {"startedAt": now(), "finishedAt": now()}
    if pod["status"].get("phase", "Pending") == "Pending":
        # What a kubelet says of a container that never was.
        reason, times = "ContainerStatusUnknown", {}
    state = {"terminated": {"exitCode": exit_code, "reason": reason, **times}}
    return {
        "phase": "Failed" if exit_code else "Succeeded",
        "containerStatuses": containers(pod, state, ready=False),
        "conditions": ready(pod, "False"),
    }


def containers(pod: Object, state: Object, *, ready: bool) -> list[Object]:
    return [
        {
            "name": one["name"],
            "image": one["image"],
            "imageID": "",
            "restartCount": 0,
            "ready": ready,
            "started": ready,
            "state": state,
        }
        for one in pod["spec"]["containers"]
    ]


def ready(pod: Object, status: str) -> list[Object]:
    kept = [
        one for one in pod["status"].get("conditions", ()) if one["type"] not in ("Ready", "ContainersReady")
    ]
    new = [
        {"type": name, "status": status, "lastTransitionTime": now()} for name in ("Ready", "ContainersReady")
    ]
    return [*kept, *new]


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
