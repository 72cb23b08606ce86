"""The queues that need no service of their own, for the contract of `Queue`: in stores, and in a real API server."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from funade.clients.kubernetes import connect
from funade.domain.near_queues import ClusterAddress, StoreAddress
from funade.queue.in_cluster import ClusterQueue
from funade.queue.stored import DELIVERIES_AT_MOST, StoredQueues
from funade.runner.machine import RandomIds, SystemClock
from tests.contracts.ledgers import OPENERS
from tests.contracts.queues import Made, Pair

if TYPE_CHECKING:
    from tests.kubernetes.control_plane import ControlPlane

ROOT = Path(__file__).parents[2]


def stored(kind: str, folder: Path) -> Callable[[int | None], Made]:
    """Return what makes queues in a store of that kind; all of a test share one store."""

    @asynccontextmanager
    async def make(deliveries_at_most: int | None) -> AsyncIterator[Pair]:
        with OPENERS[kind](folder) as store:
            queues = StoredQueues(store.ledger, SystemClock(), RandomIds())
            home = StoreAddress(f"q{uuid4().hex}")
            assert home.dead is not None
            most = deliveries_at_most or DELIVERIES_AT_MOST
            yield Pair(queues.queue(home, most), queues.queue(home.dead))

    return make


def in_cluster() -> Callable[[int | None], Made]:
    """Return what makes queues in the test process's own control plane."""
    # Whoever asks for other queues must not load it.
    from tests.kubernetes import control_plane  # noqa: PLC0415

    plane = control_plane.shared()
    define(plane)

    @asynccontextmanager
    async def make(deliveries_at_most: int | None) -> AsyncIterator[Pair]:
        home = ClusterAddress(plane.new_namespace(), "shop")
        assert home.dead is not None
        clock, ids = SystemClock(), RandomIds()
        async with connect(plane.kubeconfig) as cluster:
            most = deliveries_at_most or DELIVERIES_AT_MOST
            yield Pair(
                ClusterQueue(cluster, home, clock, ids, most), ClusterQueue(cluster, home.dead, clock, ids)
            )

    return make


def define(plane: "ControlPlane") -> None:
    """Let the cluster know what a DeployMessage is."""
    definition = ROOT / "deploy/kubernetes/controller/deploymessages.yaml"
    plane.kubectl("apply", "--server-side", "-f", str(definition))
    plane.kubectl("wait", "--for=condition=Established", "crd/deploymessages.funade.dev", "--timeout=60s")
