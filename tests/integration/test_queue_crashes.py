"""A process dies before and after each effect on a queue; the next one finishes, and nothing is lost or done twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
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


@pytest.mark.parametrize("death", DEATHS)
def test_a_death_at_any_point_loses_no_message_and_the_unreadable_one_is_set_aside(death, endpoint, tmp_path):
    home, dead = (create(endpoint, f"{name}{uuid4().hex}.fifo") for name in ("", "dead-"))
    file = tmp_path / "written"
    assert work(home, dead, file, death) == -signal.SIGKILL
    assert work(home, dead, file) == 0
    assert sorted(file.read_text().split(), key=int) == [str(number) for number in range(len(BODIES))]
    letters = client(endpoint).receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages", [])
    assert [letter["Body"] for letter in letters] == [BROKEN]
