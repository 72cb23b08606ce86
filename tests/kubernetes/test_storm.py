"""Controllers die, stand still and are restarted while orders come often and in any order: nothing is lost or doubled.

What ran is asked of the API server. `FUNADE_SEED=7 bin/test long -- tests/kubernetes/test_storm.py` has that weather
again.
"""

import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from aiobotocore.session import get_session

from funade.clients.kubernetes import Cluster
from funade.controller.names import DEPLOY_QUEUES
from tests.conftest import LONG, lacks
from tests.contracts.queues import KEYS, REGION, server
from tests.crash.matrix import EFFECTS
from tests.kubernetes.audit import Audit, auditing
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.office import EXIT, LINES, Kind, Office
from tests.kubernetes.replicas import Replicas, Weather
from tests.kubernetes.shipped import SPEC, install
from tests.kubernetes.standin import ENDS_WITH, WRITES, standin

pytestmark = [
    pytest.mark.needs("kubernetes"),
    pytest.mark.slow,
    pytest.mark.asyncio,
    pytest.mark.timeout(3600 if LONG else 300),
]

SEED = int(os.environ.get("FUNADE_SEED") or (random.SystemRandom().randrange(10**6) if LONG else 1))
QUEUES = "moto" if lacks("elasticmq") or lacks("java") else "elasticmq"
POINTS = [
    f"{name}:{moment}"
    for name in EFFECTS
    if name.startswith(("controller.", "queue.")) and "lead" not in name and "lease" not in name
    for moment in ("before", "after")
]
SETTLES_WITHIN_SECONDS = 180
#: The same places again and again, as it is.
PLACES, WHOLE_PLACES = 16, 100


@dataclass
class Harbour:
    """One namespace with its queues, watched from outside."""

    office: Office
    audit: Audit
    replicas: Replicas
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


@asynccontextmanager
async def harbour(
    plane: ControlPlane, cluster: Cluster, folder: Path, seed: int, *, leads: bool
) -> AsyncIterator[Harbour]:
    plane.start_controllers()
    namespace = plane.new_namespace()
    install(plane, namespace)
    kubeconfig = plane.write_kubeconfig("controller", plane.new_token(namespace, "funade-controller", 7200))
    (folder / "queues").mkdir()
    with server(QUEUES, folder / "queues") as endpoint:
        async with (
            get_session().create_client(
                "sqs",
                region_name=REGION,
                endpoint_url=endpoint,
                aws_access_key_id=KEYS.access_key,
                aws_secret_access_key=KEYS.secret_key,
            ) as sqs,
            standin(plane),
            auditing(cluster, namespace) as audit,
        ):
            urls = {
                name: str((await sqs.create_queue(QueueName=f"{name}-{uuid4().hex[:8]}"))["QueueUrl"])
                for name in (*Kind, "facts")
            }
            facts = urls.pop("facts")
            for kind in Kind:
                await cluster.create(
                    DEPLOY_QUEUES, queue_of(kind, namespace, urls[kind], facts), manager="ada"
                )
            office = Office(sqs, {kind: urls[kind] for kind in Kind}, facts, random.Random(f"{seed}/orders"))
            replicas = Replicas(kubeconfig, namespace, folder, leads)
            listening = asyncio.create_task(office.listen())
            try:
                yield Harbour(office, audit, replicas)
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
    async with harbour(plane, cluster, folder, SEED, leads=False) as place:
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
    async with harbour(plane, cluster, folder, SEED, leads=True) as place:
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
