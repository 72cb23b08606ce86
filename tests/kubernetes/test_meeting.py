"""A server and a controller that meet without any service: in one store, or in nothing but the cluster.

Both are processes of their own, with the rights that are shipped; the API server is real, its node a stand-in.
"""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from funade.clients.kubernetes import JOBS, PODS, Cluster
from funade.controller.names import DEPLOY_QUEUES
from funade.queue.in_cluster import DEPLOY_MESSAGES
from tests.architecture.source import ROOT
from tests.integration.queued_shop import CONFIGURATION, FUNADE, make_repository
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.shipped import SPEC, install
from tests.kubernetes.standin import standin

T = TypeVar("T")

pytestmark = [
    pytest.mark.needs("kubernetes"),
    pytest.mark.slow,
    pytest.mark.asyncio,
    pytest.mark.timeout(300),
]

WITHIN_SECONDS = 120


@dataclass(frozen=True)
class Both:
    """The folder of a server, and the namespace of a controller."""

    folder: Path
    cluster: Cluster
    namespace: str
    controller_config: Path
    queue: str

    async def funade(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command to its end; return its exit code and what it said."""
        running = await self.start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        async with asyncio.timeout(WITHIN_SECONDS):
            said, complained = await running.communicate()
        return running.returncode or 0, said.decode(), complained.decode()

    async def start(self, *arguments: str, **streams: Any) -> asyncio.subprocess.Process:
        variables = {"FUNADE_LEASE_SECONDS": "1", "LANG": "C.UTF-8", "HOME": str(self.folder)}
        return await asyncio.create_subprocess_exec(
            *(*FUNADE, *arguments),
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), **variables},
            **streams,
        )

    @asynccontextmanager
    async def process(self, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run a process; at the end of the block it is asked to end, and does."""
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            running = await self.start(*arguments, stdout=log, stderr=log)
        try:
            yield running
            running.send_signal(signal.SIGTERM)
            async with asyncio.timeout(WITHIN_SECONDS):
                assert await running.wait() == 0, self.words()
        finally:
            if running.returncode is None:
                running.kill()
            await running.wait()

    def controller(self) -> tuple[str, ...]:
        kubeconfig = str(self.controller_config)
        return ("controller", "--alone", "--namespace", self.namespace, "--kubeconfig", kubeconfig)

    async def shown(self) -> dict[str, Any]:
        said = (await self.funade("show", "1", "--json"))[1]
        return dict(json.loads(said).get("deployment") or {}) if said else {}

    async def until(self, what: str, look: Callable[[], Awaitable[T]]) -> T:
        deadline = asyncio.get_running_loop().time() + WITHIN_SECONDS
        while True:
            found = await look()
            if found:
                return found
            assert asyncio.get_running_loop().time() < deadline, f"not in time: {what}\n{self.words()}"
            await asyncio.sleep(0.1)

    def words(self) -> str:
        return "\n".join(f"{one.name}\n{one.read_text()[-3000:]}" for one in self.folder.glob("*.log"))


@pytest.fixture(params=["store", "cluster"])
def both(
    request: pytest.FixtureRequest, plane: ControlPlane, cluster: Cluster, namespace: str, tmp_path: Path
) -> Both:
    plane.start_controllers()
    install(plane, namespace)
    target = {"kind": "kubernetes-job", "queue": "store:shop"}
    if request.param == "cluster":
        rights = (ROOT / "deploy/kubernetes/server/rights.yaml").read_text()
        plane.kubectl("apply", "--namespace", namespace, "-f", "-", given=rights)
        server = plane.write_kubeconfig("server", plane.new_token(namespace, "funade-server"))
        target |= {"queue": f"cluster:{namespace}/shop", "kubeconfig": str(server)}
    (tmp_path / "funade.yaml").write_text(CONFIGURATION.format(target=json.dumps(target)))
    make_repository(tmp_path / "shop")
    controller = plane.write_kubeconfig("controller", plane.new_token(namespace, "funade-controller"))
    return Both(tmp_path, cluster, namespace, controller, target["queue"])


async def test_a_deploy_needs_no_service_between_server_and_cluster(both: Both, plane: ControlPlane):
    code, said, complained = await both.funade("check")
    assert code == 0, said + complained
    metadata = {"name": "shop", "namespace": both.namespace}
    spec = {**SPEC, "queue": both.queue, "factsQueue": f"{both.queue}-facts"}
    await both.cluster.create(DEPLOY_QUEUES, {"metadata": metadata, "spec": spec}, manager="ada")

    async def deployed() -> bool:
        return (await both.funade("deploy", "shop", "--yes", "--no-wait"))[0] == 0

    async def running_pod() -> str:
        found = (await both.cluster.list(PODS, both.namespace)).objects
        return found[0]["metadata"]["name"] if found and found[0]["status"].get("phase") == "Running" else ""

    async def succeeded() -> bool:
        return (await both.shown()).get("state") == "succeeded"

    async with standin(plane) as node, both.process("serve"), both.process(*both.controller()):
        await both.until("a server that accepts", deployed)
        name = await both.until("a running Pod", running_pod)
        await node.write(both.namespace, name, "one\ntwo\n")
        await node.finish(both.namespace, name, 0)
        await both.until("a seen end", succeeded)
        code, output, _ = await both.funade("logs", "1")
        assert (code, "one\ntwo" in output) == (0, True), output
        assert len((await both.cluster.list(JOBS, both.namespace)).objects) == 1
    left = [] if both.queue.startswith("store:") else (await both.cluster.list(DEPLOY_MESSAGES)).objects
    assert [one for one in left if one["metadata"]["namespace"] == both.namespace] == []
