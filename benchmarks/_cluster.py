"""What measurements of the controller stand on: bare calls to an API server and an SQS, beside which it is put."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from aiobotocore.session import get_session

from funade.controller.names import DEPLOYMENT
from tests.conftest import lacks
from tests.contracts.queues import KEYS, REGION, server
from tests.kubernetes.control_plane import ADMIN, ControlPlane, running
from tests.kubernetes.shipped import SPEC, install

GUARDS = "/apis/funade.dev/v1/namespaces/{}/deployguards"
QUEUES = "/apis/funade.dev/v1/namespaces/{}/deployqueues"
JOBS = "/apis/batch/v1/namespaces/{}/jobs"
PATIENCE_SECONDS = 300


@asynccontextmanager
async def bare_cluster(plane: ControlPlane) -> AsyncIterator["BareCluster"]:
    """Give the API server as aiohttp alone reaches it."""
    trusted = ssl.create_default_context(cafile=plane.authority)
    async with aiohttp.ClientSession(
        base_url=plane.url,
        connector=aiohttp.TCPConnector(ssl=trusted, limit=50),
        headers={"Authorization": f"Bearer {ADMIN}"},
        timeout=aiohttp.ClientTimeout(total=None),
        read_bufsize=2**22,
    ) as session:
        yield BareCluster(session)


class BareCluster:
    """Calls and nothing else."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def send(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer, which must be a yes."""
        async with self._session.request(method, path, json=body) as answer:
            said = await answer.json()
            if answer.status >= 300:
                message = f"{method} {path}: {answer.status} {said}"
                raise RuntimeError(message)
            return said

    async def list(self, path: str) -> Any:
        return (await self.send("GET", path))["items"]

    async def finish(self, path: str, job: Any) -> None:
        """Say of a Job that it is complete, as Kubernetes' own controller of Jobs would."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        said = {
            "status": "True",
            "lastProbeTime": now,
            "lastTransitionTime": now,
            "reason": "CompletionsReached",
        }
        job["status"] = {
            "startTime": now,
            "completionTime": now,
            "succeeded": 1,
            "ready": 0,
            "terminating": 0,
            "uncountedTerminatedPods": {},
            "conditions": [{"type": kind, **said} for kind in ("SuccessCriteriaMet", "Complete")],
        }
        await self.send("PUT", f"{path}/{job['metadata']['name']}/status", job)

    async def watch(self, path: str, heard: "Heard") -> None:
        """Tell when each deployment's Job was there, until cancelled."""
        async with self._session.get(f"{path}?watch=true") as answer:
            heard.listens.set()
            async for line in answer.content:
                at = time.perf_counter()
                heard.hear(json.loads(line), at)


class Heard:
    """When Jobs came, and what they are now, by deployment."""

    def __init__(self) -> None:
        self.created: dict[str, float] = {}
        self.now: dict[str, Any] = {}
        self.listens = asyncio.Event()
        self._changed = asyncio.Event()

    def hear(self, change: Any, at: float) -> None:
        deployment = change["object"]["metadata"]["labels"][DEPLOYMENT]
        self.created.setdefault(deployment, at)
        self.now[deployment] = change["object"]
        self._changed.set()

    async def until(self, happened: Any) -> None:
        """Return once `happened` is true, looked at after each change."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not happened():
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def bare_queues(endpoint: str) -> AsyncIterator[Any]:
    """Give aiobotocore's own client."""
    async with get_session().create_client(
        "sqs",
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=KEYS.access_key,
        aws_secret_access_key=KEYS.secret_key,
    ) as client:
        yield client


def fresh(objects: Sequence[Any], namespace: str) -> list[Any]:
    """Return the same objects as somebody makes them who makes them anew, in that namespace."""
    made = []
    for one in objects:
        copied = deepcopy(one)
        metadata = copied["metadata"]
        copied["metadata"] = {
            key: metadata[key] for key in ("name", "labels", "annotations", "finalizers") if key in metadata
        } | {"namespace": namespace}
        copied.pop("status", None)
        if "template" in copied["spec"]:
            copied["spec"].pop("selector", None)
            labels = copied["spec"]["template"]["metadata"]["labels"]
            for name in [one for one in labels if "job-name" in one or "controller-uid" in one]:
                del labels[name]
            for name in [
                one for one in copied["metadata"]["labels"] if "job-name" in one or "controller-uid" in one
            ]:
                del copied["metadata"]["labels"][name]
            copied["spec"]["suspend"] = True
        made.append(copied)
    return made


def on_stage(measure: Callable[["Stage"], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """Return what was measured, and on whose queues; or why it was left out."""
    if problem := lacks("kubernetes"):
        return {"left_out": problem}
    queues = "ministack" if lacks("elasticmq") or lacks("java") else "elasticmq"

    async def on(plane: ControlPlane, endpoint: str, folder: Path) -> dict[str, Any]:
        async with bare_cluster(plane) as cluster, bare_queues(endpoint) as sqs:
            return await measure(Stage(plane, cluster, sqs, endpoint, folder))

    with TemporaryDirectory(prefix="funade-bench-") as temporary, running() as plane:
        folder = Path(temporary)
        (folder / "queues").mkdir()
        with server(queues, folder / "queues") as endpoint:
            return {"queues": queues, **asyncio.run(on(plane, endpoint, folder))}


class Stage:
    """One cluster and one SQS."""

    def __init__(
        self, plane: ControlPlane, cluster: BareCluster, sqs: Any, endpoint: str, folder: Path
    ) -> None:
        self.plane, self.cluster, self.sqs = plane, cluster, sqs
        self.endpoint, self.folder = endpoint, folder

    async def queue(self, name: str) -> str:
        return str((await self.sqs.create_queue(QueueName=name))["QueueUrl"])

    async def place(self, *names: str) -> tuple[str, Path, list[str]]:
        """Return a new namespace with these DeployQueues, a kubeconfig for its controller, and the queues."""
        namespace = self.plane.new_namespace()
        install(self.plane, namespace)
        facts = await self.queue(f"{namespace}-facts")
        urls = []
        for name in names:
            urls.append(await self.queue(f"{namespace}-{name}"))
            spec = {**SPEC, "queue": urls[-1], "factsQueue": facts, "region": REGION}
            spec["history"] = {"succeeded": 50}
            body = {
                "apiVersion": "funade.dev/v1",
                "kind": "DeployQueue",
                "metadata": {"name": name},
                "spec": spec,
            }
            await self.cluster.send("POST", QUEUES.format(namespace), body)
        token = self.plane.new_token(namespace, "funade-controller", 7200)
        return namespace, self.plane.write_kubeconfig("controller", token), urls

    async def until_ready(self, namespace: str) -> None:
        """Return once every DeployQueue says that it is."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            queues = await self.cluster.list(QUEUES.format(namespace))
            states = [
                one["status"] for each in queues for one in each.get("status", {}).get("conditions", [])
            ]
            if states.count("True") == len(queues):
                return
            if time.monotonic() > until:
                raise RuntimeError((self.folder / "controller.log").read_text()[-3000:])
            await asyncio.sleep(0.5)


@asynccontextmanager
async def listening(stage: Stage, namespace: str) -> AsyncIterator[Heard]:
    heard = Heard()
    watching = asyncio.create_task(stage.cluster.watch(JOBS.format(namespace), heard))
    await heard.listens.wait()
    try:
        yield heard
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
