"""A process dies before and after each effect on a queue; the next one finishes, and nothing is lost or done twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from tests.architecture.source import ROOT
from tests.contracts.queues import client, create, server
from tests.crash.matrix import EFFECTS
from tests.integration.queue_worker import BODIES, BROKEN

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

POINTS = [
    f"{name}:{moment}" for name in EFFECTS if name.startswith("queue.") for moment in ("before", "after")
]
#: a send's second hit is the message that was set aside
DEATHS = [f"{point}=kill@1" for point in POINTS] + [
    f"queue.send:{moment}=kill@3" for moment in ("before", "after")
]


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server("ministack", tmp_path_factory.mktemp("ministack")) as running:
        yield running


def work(home: str, dead: str, file: Path, death: str = "") -> int:
    return subprocess.run(
        [sys.executable, "-m", "tests.integration.queue_worker", home, dead, str(file)],
        cwd=ROOT,
        env={"PATH": os.defpath, "HOME": str(file.parent), "FUNADE_FAILPOINTS": death},
        check=False,
        timeout=100,
    ).returncode


def sail(endpoint: str, folder: Path, death: str) -> str | None:
    """Return what was wrong after that death, if anything was."""
    home, dead = (create(endpoint, f"{name}{uuid4().hex}.fifo") for name in ("", "dead-"))
    file = folder / death
    ends = [work(home, dead, file, death), work(home, dead, file)]
    written = sorted(file.read_text().split(), key=int)
    received = client(endpoint).receive_message(QueueUrl=dead, MaxNumberOfMessages=10)
    letters = [letter["Body"] for letter in received.get("Messages", [])]
    right = ([-signal.SIGKILL, 0], [str(number) for number in range(len(BODIES))], [BROKEN])
    return None if (ends, written, letters) == right else f"{death}: {ends} {written} {letters}"


def test_a_death_at_any_point_loses_no_message_and_the_unreadable_one_is_set_aside(endpoint, tmp_path):
    # Most of their time they wait for messages that were in a dead hand.
    with ThreadPoolExecutor(4) as pool:
        assert [
            wrong for wrong in pool.map(lambda death: sail(endpoint, tmp_path, death), DEATHS) if wrong
        ] == []
