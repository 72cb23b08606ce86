"""A queue in a cluster whose server knows no past: it is asked at leisure."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, cast

import pytest

from funade.clients.kubernetes import Change, Cluster, Gone
from funade.clients.kubernetes.listing import Listing
from funade.domain.near_queues import ClusterAddress
from funade.queue.in_cluster import AFTER_GONE_SECONDS, ClusterQueue
from funade.testing.time import CountedIds, FakeClock

pytestmark = pytest.mark.asyncio


class Forgetful:
    """Lists nothing, and watches from no version."""

    lists = 0

    async def list(self, *_: Any, **__: Any) -> Listing:
        self.lists += 1
        return Listing(objects=[], version="1")

    async def watch(self, *_: Any, **__: Any) -> AsyncIterator[Change]:
        if self.lists:
            raise Gone(410, "Expired", "too old")
        yield Change("BOOKMARK", {})


async def test_a_server_that_knows_no_past_is_asked_at_leisure():
    cluster, clock, wait = Forgetful(), FakeClock(), timedelta(seconds=20)
    queue = ClusterQueue(cast("Cluster", cluster), ClusterAddress("deploy", "shop"), clock, CountedIds())
    assert await queue.receive(10, wait, timedelta(seconds=60)) == []
    assert cluster.lists == wait.total_seconds() / AFTER_GONE_SECONDS + 1
