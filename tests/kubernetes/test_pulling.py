"""`funade ecr-login` as the CronJob that we ship, from our own image, and a node that pulls with what it wrote."""

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from funade.domain.orders import EndedBy
from tests.contracts import queues
from tests.kubernetes import images, pods
from tests.kubernetes.orders import Orders
from tests.kubernetes.pods import ECR, NAMESPACE, World

pytestmark = [pods.NEEDS, pods.TIMEOUT, pytest.mark.slow]

HERE = ("--namespace", NAMESPACE)
#: when Kubernetes' controller of CronJobs meant a Job to begin; only that one writes it
SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
CRON = f"system:serviceaccount:{NAMESPACE}:ecr-login"


@pytest.fixture(scope="module")
def world() -> World:
    return pods.shared()


@pytest.fixture
def rotated(world: World, tmp_path: Path) -> Iterator[str]:
    """Give an AWS that hands out another password."""
    (tmp_path / "ministack").mkdir()
    with queues.server("ministack", tmp_path / "ministack", world.node.host) as endpoint:
        yield endpoint
    world.give_keys()


def password_of(world: World, endpoint: str) -> str:
    """Ask AWS as its own client does."""
    ecr = boto3.client(
        "ecr",
        region_name=queues.REGION,
        endpoint_url=endpoint,
        verify=str(world.authority),
        aws_access_key_id=queues.KEYS.access_key,
        aws_secret_access_key=queues.KEYS.secret_key,
    )
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    return b64decode(token).decode().partition(":")[2]


def refresh(world: World, name: str) -> None:
    """Let the CronJob run now."""
    world.node.kubectl("delete", "job", name, *HERE, "--ignore-not-found")
    world.node.kubectl("create", "job", name, "--from=cronjob/ecr-login", *HERE)
    await_its_end(world, name)


def refresh_by_schedule(world: World) -> None:
    """Let the CronJob run when its time has come; nobody else makes that Job."""
    cron = json.loads(world.node.kubectl("get", "cronjob", "ecr-login", *HERE, "--output=json"))
    name, before = "", {one["metadata"]["name"] for one in jobs_of(world, cron)}
    # What was suspended over a moment of its schedule runs at once when it goes on; else within a minute.
    change(world, {"schedule": "* * * * *", "suspend": True})
    try:
        change(world, {"suspend": False})

        def made() -> str:
            return next((one["metadata"]["name"] for one in jobs_of(world, cron) if is_new(one, before)), "")

        name = world.until("the Job that the schedule makes", made)
    finally:
        change(world, {"schedule": cron["spec"]["schedule"]})
    await_its_end(world, name)


def is_new(job: dict[str, Any], before: set[str]) -> bool:
    metadata = job["metadata"]
    return metadata["name"] not in before and SCHEDULED in metadata.get("annotations", {})


def jobs_of(world: World, cron: dict[str, Any]) -> list[dict[str, Any]]:
    every = json.loads(world.node.kubectl("get", "jobs", *HERE, "--output=json"))["items"]
    uid = cron["metadata"]["uid"]
    return [
        one for one in every if uid in {owner["uid"] for owner in one["metadata"].get("ownerReferences", ())}
    ]


def change(world: World, spec: dict[str, object]) -> None:
    patch = ("--type=merge", "--patch", json.dumps({"spec": spec}))
    world.node.kubectl("patch", "cronjob", "ecr-login", *HERE, *patch)


def await_its_end(world: World, name: str) -> None:
    def ended() -> str:
        said = json.loads(world.node.kubectl("get", "job", name, *HERE, "--output=json"))
        return "".join(
            one["type"]
            for one in said["status"].get("conditions", ())
            if one["type"] in ("Complete", "Failed")
        )

    end = world.until("the CronJob's Job", ended)
    assert end == "Complete", world.node.kubectl("logs", f"job/{name}", *HERE)


def test_a_node_pulls_with_the_password_that_was_refreshed_and_a_deployment_says_when_it_was_not(
    world: World, rotated: str
):
    world.registry.let_in(password_of(world, world.endpoint))
    refresh_by_schedule(world)
    container = {
        "image": f"{ECR}/{images.small_in_registry()}",
        "imagePullPolicy": "Always",
        "command": ["echo", "pulled"],
    }
    queue = Orders(world, container, pod={"imagePullSecrets": [{"name": "ecr"}]}, startWithin="10s")
    order = queue.order()
    assert queue.end(order).ending.exit_code == 0
    assert queue.output(order) == b"pulled\n"

    world.registry.let_in(password_of(world, rotated))
    late = queue.end(queue.order()).ending
    assert (late.by, late.exit_code) == (EndedBy.NEVER_STARTED, None)
    assert late.problem is not None
    assert "ImagePull" in late.problem
    assert "401 Unauthorized" in late.problem

    world.give_keys(ecr=rotated)
    refresh(world, "again")
    assert queue.end(queue.order()).ending.exit_code == 0
    assert world.denied(CRON) == []
    queue.remove()
