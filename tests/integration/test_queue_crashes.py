"""A process dies before and after each effect on a queue; the next one finishes, and nothing is lost or done twice."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from funade.clients.kubernetes import connect
from funade.domain.near_queues import StoreAddress
from funade.queue.in_cluster import DEPLOY_MESSAGES
from funade.queue.stored import StoredQueues
from funade.runner.machine import RandomIds, SystemClock
from funade.store.sqlite import SqliteLedger
from tests.architecture.source import ROOT
from tests.contracts.near_queues import define
from tests.contracts.queues import client, create, server
from tests.crash.matrix import EFFECTS
from tests.integration.queue_worker import BODIES, BROKEN

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

DEAD_IN_STORE = StoreAddress("shop-dead")
MOMENTS = ("before", "after")
#: what one message in a cluster goes through; the others are SQS's
IN_CLUSTER = ("queue.create_message", "queue.hold_message", "queue.remove_message")
IN_STORE = "queue.change_stored"
AT_SQS = [name for name in EFFECTS if name.startswith("queue.") and name not in (*IN_CLUSTER, IN_STORE)]
#: a send's second hit is the message that was set aside
DEATHS = [f"{name}:{moment}=kill@1" for name in AT_SQS for moment in MOMENTS] + [
    f"queue.send:{moment}=kill@3" for moment in MOMENTS
]
#: the first messages, one in between, and that which is set aside
DEATHS_IN_CLUSTER = [
    f"{name}:{moment}=kill@{hit}"
    for name, hits in zip(IN_CLUSTER, ((1, 8), (1, 9), (1, 9)), strict=True)
    for moment in MOMENTS
    for hit in hits
]
#: two sends, then takes, what is set aside, keeps and removes
DEATHS_IN_STORE = [f"{IN_STORE}:{moment}=kill@{hit}" for moment in MOMENTS for hit in (1, 3, 4, 5, 7)]


def die_at_each(deaths: Sequence[str], sail: Callable[[str], str | None]) -> list[str]:
    """Return what was wrong after each death, if anything was."""
    # Most of their time they wait for messages that were in a dead hand.
    with ThreadPoolExecutor(4) as pool:
        return [wrong for wrong in pool.map(sail, deaths) if wrong]


def work(home: str, dead: str, file: Path, death: str = "", kubeconfig: str = "") -> int:
    return subprocess.run(
        [sys.executable, "-m", "tests.integration.queue_worker", home, dead, str(file)],
        cwd=ROOT,
        env={
            "PATH": os.defpath,
            "HOME": str(file.parent),
            "FUNADE_FAILPOINTS": death,
            "KUBECONFIG": kubeconfig,
        },
        check=False,
        timeout=160,
    ).returncode


def judged(death: str, ends: list[int], file: Path, letters: list[str]) -> str | None:
    written = sorted(file.read_text().split(), key=int)
    right = ([-signal.SIGKILL, 0], [str(number) for number in range(len(BODIES))], [BROKEN])
    return None if (ends, written, letters) == right else f"{death}: {ends} {written} {letters}"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server("ministack", tmp_path_factory.mktemp("ministack")) as running:
        yield running


def test_a_death_at_any_point_loses_no_message_and_the_unreadable_one_is_set_aside(endpoint, tmp_path):
    def sail(death: str) -> str | None:
        home, dead = (create(endpoint, f"{name}{uuid4().hex}.fifo") for name in ("", "dead-"))
        file = tmp_path / death
        ends = [work(home, dead, file, death), work(home, dead, file)]
        received = client(endpoint).receive_message(QueueUrl=dead, MaxNumberOfMessages=10)
        letters = [letter["Body"] for letter in received.get("Messages", [])]
        return judged(death, ends, file, letters)

    assert die_at_each(DEATHS, sail) == []


def test_a_death_at_any_point_loses_no_message_of_a_queue_in_the_store(tmp_path):
    async def letters_in(file: Path) -> list[str]:
        with closing(SqliteLedger(file.with_suffix(".sqlite"))) as ledger:
            queues = StoredQueues(ledger, SystemClock(), RandomIds())
            found = await queues.queue(DEAD_IN_STORE).receive(10, timedelta(0), timedelta(0))
            # What is sent again after a death is another message here.
            return sorted({one.body for one in found})

    def sail(death: str) -> str | None:
        file = tmp_path / death.replace(".", "-")
        ends = [
            work("store:shop", DEAD_IN_STORE.url, file, death),
            work("store:shop", DEAD_IN_STORE.url, file),
        ]
        return judged(death, ends, file, asyncio.run(letters_in(file)))

    assert die_at_each(DEATHS_IN_STORE, sail) == []


@pytest.mark.needs("kubernetes")
def test_a_death_at_any_point_loses_no_message_of_a_queue_in_a_cluster(tmp_path):
    from tests.kubernetes import control_plane  # noqa: PLC0415 -- the others go without

    plane = control_plane.shared()
    define(plane)

    async def letters_in(namespace: str) -> list[str]:
        async with connect(plane.kubeconfig) as cluster:
            found = await cluster.list(DEPLOY_MESSAGES, namespace, labels="funade.dev/queue=shop-dead")
            return sorted({str(one["spec"]["body"]) for one in found.objects})

    def sail(death: str) -> str | None:
        namespace, file = plane.new_namespace(), tmp_path / death
        home, dead = f"cluster:{namespace}/shop", f"cluster:{namespace}/shop-dead"
        ends = [work(home, dead, file, one, kubeconfig=str(plane.kubeconfig)) for one in (death, "")]
        return judged(death, ends, file, asyncio.run(letters_in(namespace)))

    assert die_at_each(DEATHS_IN_CLUSTER, sail) == []
