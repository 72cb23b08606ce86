"""One DeployQueue of a real cluster: orders are sent into its queue, and what becomes of them is heard."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

from funade.domain.messages import OrderedStart, ReportedEnd, ReportedLog
from funade.domain.orders import Execution
from funade.domain.queue_text import read_fact, to_text
from funade.domain.revision import Revision
from tests.contracts import queues
from tests.kubernetes.pods import NAMESPACE, WITHIN_SECONDS, World

Told = TypeVar("Told", ReportedEnd, ReportedLog)

REVISION = Revision("f5c0df1a9d0e4b7c8f6a5d4c3b2a190807060504")


class Orders:
    """One DeployQueue, its two queues, and what was told in one of them."""

    def __init__(self, world: World, container: dict[str, Any], **spec: Any) -> None:
        self.world = world
        self.name = f"shop-{uuid4().hex[:8]}"
        self.sqs = world.sqs
        self.orders, self.told = (
            self.sqs.create_queue(QueueName=f"{self.name}-{kind}")["QueueUrl"] for kind in ("orders", "facts")
        )
        pod = {"terminationGracePeriodSeconds": 1, **spec.pop("pod", {})}
        self.document = {
            "apiVersion": "funade.dev/v1",
            "kind": "DeployQueue",
            "metadata": {"name": self.name, "namespace": NAMESPACE},
            "spec": {
                "queue": self.orders,
                "factsQueue": self.told,
                "region": queues.REGION,
                "revisionVariable": "REVISION",
                "template": {"spec": {**pod, "containers": [{"name": "deploy", **container}]}},
                **spec,
            },
        }
        self.facts: list[object] = []
        world.node.kubectl("apply", "--server-side", "-f", "-", given=json.dumps(self.document))

    def order(self, *, times: int = 1) -> OrderedStart:
        """Send an order for an environment that was never deployed to, so many times."""
        execution = Execution(
            deployment=str(uuid4()),
            number=12,
            attempt=1,
            fence=7,
            application="shop",
            environment=f"e-{uuid4().hex[:8]}",
        )
        order = OrderedStart(
            execution=execution,
            repository="acme/shop",
            ref="v1.2.0",
            revision=REVISION,
            digest="sha256:1",
            not_after=datetime.now(UTC) + timedelta(minutes=30),
            store="store-1",
        )
        for _ in range(times):
            self.sqs.send_message(QueueUrl=self.orders, MessageBody=to_text(order))
        return order

    def hear(self, kind: type[Told], order: OrderedStart) -> list[Told]:
        """Return all facts of that kind that were told of it by now."""
        answer = self.sqs.receive_message(QueueUrl=self.told, MaxNumberOfMessages=10)
        for one in answer.get("Messages", []):
            self.facts.append(read_fact(one["Body"]))
            self.sqs.delete_message(QueueUrl=self.told, ReceiptHandle=one["ReceiptHandle"])
        return [one for one in self.facts if isinstance(one, kind) and one.execution == order.execution]

    def end(self, order: OrderedStart) -> ReportedEnd:
        """Return how it ended, once that and all output were told."""
        ends = self.world.until("the end", lambda: self.hear(ReportedEnd, order))
        assert len({one.ending for one in ends}) == 1, ends
        length = ends[0].output
        if length is not None:
            self.world.until("the output", lambda: len(self.output(order)) >= length)
        return ends[0]

    def output(self, order: OrderedStart) -> bytes:
        output = bytearray()
        for fact in sorted(self.hear(ReportedLog, order), key=lambda one: one.offset):
            assert fact.offset <= len(output)
            output[fact.offset : fact.offset + len(fact.content)] = fact.content
        return bytes(output)

    def pods(self) -> list[dict[str, Any]]:
        """Return the pods of its Jobs."""
        said = self.world.node.kubectl("get", "jobs,pods", "--namespace", NAMESPACE, "--output=json")
        found = json.loads(said)["items"]
        jobs = {
            one["metadata"]["uid"]
            for one in found
            if one["kind"] == "Job" and one["metadata"].get("labels", {}).get("funade.dev/queue") == self.name
        }
        return [
            one
            for one in found
            if one["kind"] == "Pod" and jobs & {o["uid"] for o in one["metadata"].get("ownerReferences", ())}
        ]

    def running_pod(self) -> str:
        """Return the name of the one pod that runs, once it does."""

        def look() -> str:
            names = [
                one["metadata"]["name"] for one in self.pods() if one["status"].get("phase") == "Running"
            ]
            return names[0] if names else ""

        return self.world.until("a pod runs", look)

    def run(self, script: str) -> None:
        """Let the pod that runs do something."""
        command = ("exec", self.running_pod(), "--namespace", NAMESPACE, "--", "sh", "-c", script)
        self.world.node.kubectl(*command)

    def remove(self) -> None:
        """Take it away as a person does, and see that it goes."""
        wait = f"--timeout={WITHIN_SECONDS}s"
        self.world.node.kubectl("delete", "deployqueue", self.name, "--namespace", NAMESPACE, wait)
