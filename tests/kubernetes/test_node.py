"""The node itself: whatever becomes of the tests that use it, nothing of it stays on the machine."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.architecture.source import ROOT
from tests.kubernetes import keeper
from tests.kubernetes.assets import build

pytestmark = [
    pytest.mark.needs("kubernetes", "kubelet", "pods", "buildah", "busybox"),
    pytest.mark.slow,
    pytest.mark.timeout(400),
]

WITHIN_SECONDS = 120
BEGIN = """
import time
from tests.kubernetes import images
from tests.kubernetes.node import Node
node = Node().start()
node.kubectl("run", "shop", f"--image={images.SMALL}")
node.kubectl("wait", "--for=condition=Ready", "pod/shop", "--timeout=120s")
print(node.number, node.folder, flush=True)
time.sleep(1000)
"""


def test_nothing_of_a_node_outlives_tests_that_were_killed():
    command = [sys.executable, "-c", BEGIN]
    # What was built lies in the home of whoever runs the tests.
    tests = subprocess.Popen(command, cwd=ROOT, env=build.ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    try:
        assert tests.stdout is not None
        with tests.stdout:
            number, folder = tests.stdout.readline().split()
        assert running_with(folder)
        assert left_of(int(number), Path(folder))
    finally:
        tests.kill()
        tests.wait()
    until_not(lambda: left_of(int(number), Path(folder)))
    until_not(lambda: running_with(folder))


def running_with(folder: str) -> list[str]:
    """Return what runs with the node's folder in its command line."""
    found = []
    for one in psutil.process_iter(["cmdline"]):
        words = " ".join(one.info["cmdline"] or ())
        if folder in words:
            found.append(words)
    return found


def left_of(number: int, folder: Path) -> list[str]:
    """Return what is there of a node on this machine."""
    cgroups = [one / keeper.cgroup_of(number) for one in keeper.hierarchies()]
    links = Path("/sys/class/net") / keeper.link_of(number)
    mounts = [line for line in Path("/proc/mounts").read_text().splitlines() if str(folder) in line]
    return [*(str(path) for path in (*cgroups, links, folder) if path.exists()), *mounts]


def until_not(look: Callable[[], list[str]]) -> None:
    until = time.monotonic() + WITHIN_SECONDS
    while left := look():
        assert time.monotonic() < until, left
        time.sleep(0.1)
