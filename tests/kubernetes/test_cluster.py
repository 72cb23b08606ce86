"""The client against a real API server: reading and writing."""

import pytest

from funade.clients.kubernetes import CONFIG_MAPS, Cluster, NotFound

pytestmark = [pytest.mark.needs("kubernetes"), pytest.mark.asyncio]


async def test_what_was_created_is_found(cluster: Cluster, namespace: str):
    made = await cluster.create(
        CONFIG_MAPS, {"metadata": {"name": "a", "namespace": namespace}, "data": {"k": "v"}}, manager="ada"
    )
    assert made["metadata"]["managedFields"][0]["manager"] == "ada"
    assert await cluster.get(CONFIG_MAPS, "a", namespace) == made
    with pytest.raises(NotFound, match="`b`"):
        await cluster.get(CONFIG_MAPS, "b", namespace)
