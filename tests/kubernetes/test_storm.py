"""Controllers die, stand still and are restarted while orders come often and in any order: nothing is lost or doubled.

What ran is asked of the API server. `FUNADE_SEED=7 bin/test long -- tests/kubernetes/test_storm.py` has that weather
again.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from funade.clients.kubernetes import Cluster
from tests.conftest import LONG
from tests.crash.matrix import EFFECTS
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.harbour import Harbour, harbour, queues
from tests.kubernetes.replicas import Weather
from tests.kubernetes.standin import standin

pytestmark = [
    pytest.mark.needs("kubernetes"),
    pytest.mark.slow,
    pytest.mark.asyncio,
    pytest.mark.timeout(3600 if LONG else 300),
]

SEED = int(os.environ.get("FUNADE_SEED") or (random.SystemRandom().randrange(10**6) if LONG else 1))
POINTS = [
    f"{name}:{moment}"
    for name in EFFECTS
    if name.startswith(("controller.", "queue.")) and "lead" not in name and "lease" not in name
    for moment in ("before", "after")
]
#: The same places again and again, as it is.
PLACES, WHOLE_PLACES = 16, 100


@asynccontextmanager
async def here(plane: ControlPlane, cluster: Cluster, folder: Path, *, leads: bool) -> AsyncIterator[Harbour]:
    with queues(folder) as endpoint:
        async with standin(plane), harbour(plane, cluster, folder, endpoint, SEED, leads=leads) as place:
            yield place


async def amid(weather: Callable[[], object], work: object) -> None:
    """Do the work while that weather rages."""
    raging = asyncio.ensure_future(weather())  # type: ignore[call-overload]
    working = asyncio.ensure_future(work)  # type: ignore[call-overload]
    try:
        await asyncio.wait({raging, working}, return_when=asyncio.FIRST_COMPLETED)
        if raging.done():
            raging.result()
        await working
    finally:
        for one in (raging, working):
            one.cancel()
        await asyncio.gather(raging, working, return_exceptions=True)


async def storm(plane: ControlPlane, cluster: Cluster, folder: Path, deployments: int, places: int) -> None:
    async with here(plane, cluster, folder, leads=False) as place:
        choice = random.Random(f"{SEED}/weather")
        weather = Weather(place.replicas, choice, POINTS)
        await amid(weather.rage, place.carry_out(deployments, places))
        place.replicas.bury()
        place.replicas.kill()
        await place.settle()
        place.judge(SEED, f"{place.replicas.deaths} deaths, {weather.freezes} freezes")
        assert place.replicas.deaths, "the weather was too good"


async def roll(
    plane: ControlPlane,
    cluster: Cluster,
    folder: Path,
    deployments: int,
    places: int,
    *,
    every: float,
    pause: float,
) -> None:
    async with here(plane, cluster, folder, leads=True) as place:
        weather = Weather(place.replicas, random.Random(SEED), [])
        await amid(lambda: weather.roll(every), place.carry_out(deployments, places, pause))
        await place.settle()
        place.judge(SEED, f"{place.replicas.deaths} restarts")
        assert place.replicas.deaths, "nobody was restarted"


async def test_in_a_short_storm_nothing_is_lost_or_doubled(plane, cluster, tmp_path):
    await storm(plane, cluster, tmp_path, 32, PLACES)


@pytest.mark.storm
async def test_in_a_storm_of_a_thousand_deployments_nothing_is_lost_or_doubled(plane, cluster, tmp_path):
    await storm(plane, cluster, tmp_path, 1000, WHOLE_PLACES)


async def test_a_rolling_restart_loses_and_doubles_nothing(plane, cluster, tmp_path):
    await roll(plane, cluster, tmp_path, 30, PLACES, every=3, pause=1)


@pytest.mark.storm
async def test_rolling_restarts_for_three_hundred_deployments_lose_and_double_nothing(
    plane, cluster, tmp_path
):
    await roll(plane, cluster, tmp_path, 300, 30, every=10, pause=5)
