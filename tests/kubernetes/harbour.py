"""A namespace with DeployQueues, their queues on a server, and replicas of the controller; watched from outside."""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from aiobotocore.session import get_session

from funade.clients.kubernetes import Cluster
from funade.controller.names import DEPLOY_QUEUES
from tests.conftest import lacks
from tests.contracts.queues import KEYS, REGION, server
from tests.kubernetes.audit import Audit, auditing
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.office import EXIT, LINES, Kind, Office
from tests.kubernetes.replicas import Replicas
from tests.kubernetes.shipped import SPEC, install
from tests.kubernetes.standin import ENDS_WITH, WRITES

QUEUES = "moto" if lacks("elasticmq") or lacks("java") else "elasticmq"
SETTLES_WITHIN_SECONDS = 180


@dataclass
class Harbour:
    """One namespace with its queues, watched from outside."""

    office: Office
    audit: Audit
    replicas: Replicas
    cluster: Cluster
    carried_out_in: float = 0.0
    settled_in: float = 0.0

    async def carry_out(self, deployments: int, places: int, pause: float = 0.0) -> None:
        """Return once all of them have ended, and their logs are told."""
        began = time.monotonic()
        turns = [deployments // places + (number < deployments % places) for number in range(places)]
        async with asyncio.TaskGroup() as group:
            for number, count in enumerate(turns):
                name = f"shop{number // 2}", ("staging", "production")[number % 2]
                group.create_task(self.office.deploy(*name, count, pause))
        await self.office.settle()
        self.carried_out_in = time.monotonic() - began

    async def settle(self) -> None:
        """Let a sound controller bring everything to its end."""
        while not self.replicas.living:
            self.replicas.bear()
        began = time.monotonic()
        while self.office.unfinished(self.audit) or self.audit.held:
            self.settled_in = time.monotonic() - began
            if self.settled_in > SETTLES_WITHIN_SECONDS:
                break
            await asyncio.sleep(0.2)

    def judge(self, seed: int, summary: str) -> None:
        """Write down how it was; fail if anything was lost, doubled or told wrong."""
        wrong = self.office.findings(self.audit)
        if self.audit.held:
            wrong.append(f"{self.audit.held} Jobs are still held")
        said = (
            f"seed {seed}: {len(self.office.voyages)} deployments, {self.office.sent} messages, "
            f"{self.office.heard} facts, {len(self.audit.jobs)} Jobs, {summary}, "
            f"{self.carried_out_in:.0f} + {self.settled_in:.0f} s"
        )
        sys.stdout.write(said + "\n")
        (self.replicas.folder / "summary").write_text(said)
        assert not wrong, "\n".join([*wrong[:30], f"again: FUNADE_SEED={seed}", said, self.replicas.words()])


@contextmanager
def queues(folder: Path) -> Iterator[str]:
    """Give the address of a server of queues."""
    own = folder / "queues"
    own.mkdir()
    with server(QUEUES, own) as endpoint:
        yield endpoint


@asynccontextmanager
async def harbour(
    plane: ControlPlane, cluster: Cluster, folder: Path, endpoint: str, seed: int, *, leads: bool
) -> AsyncIterator[Harbour]:
    """Give a new namespace with a DeployQueue of each kind; somebody else plays the node."""
    plane.start_controllers()
    namespace = plane.new_namespace()
    install(plane, namespace)
    kubeconfig = plane.write_kubeconfig("controller", plane.new_token(namespace, "funade-controller", 7200))
    async with (
        get_session().create_client(
            "sqs",
            region_name=REGION,
            endpoint_url=endpoint,
            aws_access_key_id=KEYS.access_key,
            aws_secret_access_key=KEYS.secret_key,
        ) as sqs,
        auditing(cluster, namespace) as audit,
    ):
        urls = {
            name: str((await sqs.create_queue(QueueName=f"{name}-{uuid4().hex[:8]}"))["QueueUrl"])
            for name in (*Kind, "facts")
        }
        facts = urls.pop("facts")
        for kind in Kind:
            await cluster.create(DEPLOY_QUEUES, queue_of(kind, namespace, urls[kind], facts), manager="ada")
        office = Office(sqs, {kind: urls[kind] for kind in Kind}, facts, random.Random(f"{seed}/orders"))
        replicas = Replicas(kubeconfig, namespace, folder, leads)
        listening = asyncio.create_task(office.listen())
        try:
            yield Harbour(office, audit, replicas, cluster)
            assert not listening.done(), listening
        finally:
            listening.cancel()
            replicas.kill()
            await office.close()
            await asyncio.gather(listening, return_exceptions=True)


def queue_of(kind: Kind, namespace: str, url: str, facts: str) -> dict[str, object]:
    notes = {WRITES: str(LINES)}
    if kind in EXIT:
        notes[ENDS_WITH] = str(EXIT[kind])
    template = {"metadata": {"annotations": notes}, **SPEC["template"]}
    spec = {**SPEC, "queue": url, "factsQueue": facts, "region": REGION, "template": template}
    return {"metadata": {"name": str(kind), "namespace": namespace}, "spec": spec}
