"""Where the controller finds the queues that DeployQueues name, and what it says where it does not."""

from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from funade.clients.kubernetes import Cluster
from funade.domain.errors import PermanentQueueError, TemporaryQueueError
from funade.queue.in_cluster import ClusterQueue
from funade.queue.sqs import Sqs, SqsQueue
from funade.queue.stored import StoredQueue
from funade.runner.machine import RandomIds, SystemClock
from funade.settings import find
from funade.testing.cluster import FakeCluster
from funade.usecases.queue_ports import Message
from funade.wiring.controller_queues import ControllerQueues

pytestmark = pytest.mark.asyncio

CONFIGURATION = """
applications:
  shop: {repository: ./shop, environments: {staging: {target: {kind: command, run: [deploy]}}}}
"""


def queues(folder: Path) -> ControllerQueues:
    """Return the queues of a controller that is started in that folder; no cluster is asked for anything."""
    clock = SystemClock()
    return ControllerQueues(
        cluster=cast("Cluster", FakeCluster(clock)),
        namespace="deploy",
        sqs=Sqs(),
        clock=clock,
        ids=RandomIds(),
        find_config=lambda: find(folder),
    )


async def test_an_address_says_what_carries_the_queue(tmp_path):
    (tmp_path / "funade.yaml").write_text(CONFIGURATION)
    with closing(queues(tmp_path)) as ours:
        in_store = await ours.open("store:shop", "")
        assert isinstance(in_store, StoredQueue)
        assert await in_store.send([Message(body="a", key="a", group="a")]) == []
        assert isinstance(await ours.open("cluster:deploy/shop", ""), ClusterQueue)
        assert isinstance(await ours.open("https://sqs.eu-central-1.amazonaws.com/1/shop", ""), SqsQueue)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("store:shop", "nothing says where that is — give the controller the configuration"),
        ("store:Shop", "is no address of a queue — write `store:shop`"),
        ("cluster:other/shop", "another namespace .* write `cluster:deploy/shop`"),
        ("cluster:shop", "write `cluster:deploy/shop`, the namespace and the name"),
        ("shop", "is no address of a queue"),
    ],
)
async def test_an_address_that_leads_nowhere_says_what_to_do(tmp_path, url, says):
    with closing(queues(tmp_path)) as ours, pytest.raises(PermanentQueueError, match=says):
        await ours.open(url, "")


async def test_a_store_that_is_away_is_tried_again(tmp_path):
    address = "postgresql://ada@127.0.0.1:1/shop"
    (tmp_path / "funade.yaml").write_text(f"{CONFIGURATION}database: {{url: '{address}'}}\n")
    says = "the store of `store:shop` cannot be opened"
    with closing(queues(tmp_path)) as ours, pytest.raises(TemporaryQueueError, match=says):
        await ours.open("store:shop", "")
