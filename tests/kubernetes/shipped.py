"""What `deploy/kubernetes` ships, put into a cluster; controllers as processes of their own; orders to give them."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from funade.domain.messages import OrderedStart
from funade.domain.orders import Execution
from funade.domain.revision import Revision
from tests.architecture.source import ROOT
from tests.kubernetes.control_plane import ControlPlane

DEPLOY = ROOT / "deploy/kubernetes/controller"
CUSTOM = ("deployqueues", "deployguards", "deploymessages")
SPEC: dict[str, Any] = {
    "queue": "https://sqs.eu-west-1.amazonaws.com/1/orders",
    "factsQueue": "https://sqs.eu-west-1.amazonaws.com/1/facts",
    "revisionVariable": "REVISION",
    "arguments": ["deploy", "{environment}"],
    "template": {"spec": {"containers": [{"name": "deploy", "image": "shop-deploy"}]}},
}
#: What SQS is asked with; no server in the tests looks at them.
VARIABLES = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hunter2-hunter2-hunter2"}


@cache
def definitions() -> str:
    return "---\n".join((DEPLOY / f"{name}.yaml").read_text() for name in CUSTOM)


def install(plane: ControlPlane, namespace: str) -> None:
    """Make the definitions and the rights as they are shipped."""
    plane.kubectl("apply", "--server-side", "-f", "-", given=definitions())
    for name in CUSTOM:
        plane.kubectl("wait", "--for=condition=Established", f"crd/{name}.funade.dev", "--timeout=60s")
    rights = (DEPLOY / "rights.yaml").read_text()
    plane.kubectl("apply", "--namespace", namespace, "-f", "-", given=rights)


@asynccontextmanager
async def process(
    kubeconfig: Path, namespace: str, folder: Path, *words: str, **variables: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a controller; it is gone at the end of the block."""
    command = ["controller", *words, "--namespace", namespace, "--kubeconfig", str(kubeconfig)]
    environment = {"PATH": os.defpath, "HOME": str(folder), **VARIABLES, **variables}
    with (folder / "controller.log").open("ab") as log:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "funade", *command, cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        try:
            yield running
        finally:
            if running.returncode is None:
                running.kill()
            await running.wait()


def order(application: str = "shop", environment: str = "production", *, fence: int = 7) -> OrderedStart:
    """Return an order that no other one equals."""
    return OrderedStart(
        execution=Execution(
            deployment=str(uuid4()),
            number=12,
            attempt=1,
            fence=fence,
            application=application,
            environment=environment,
        ),
        repository="acme/shop",
        ref="v1.2.0",
        revision=Revision("f5c0df1a9d0e4b7c8f6a5d4c3b2a190807060504"),
        digest="sha256:1",
        not_after=datetime.now(UTC) + timedelta(minutes=30),
        store="store-1",
    )
