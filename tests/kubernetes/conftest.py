"""A control plane for all tests of this folder, a namespace for each."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from funade.clients.kubernetes import Cluster, connect
from tests.kubernetes import control_plane
from tests.kubernetes.control_plane import ControlPlane


@pytest.fixture
def plane() -> ControlPlane:
    """Return the control plane that all tests of this process share: leave it as you found it."""
    return control_plane.shared()


@pytest.fixture
def namespace(plane: ControlPlane) -> str:
    """Return a namespace in which nothing is yet."""
    return plane.new_namespace()


@pytest_asyncio.fixture
async def cluster(plane: ControlPlane) -> AsyncIterator[Cluster]:
    """Give a client that may do everything."""
    async with connect(plane.kubeconfig) as one:
        yield one
