"""The README's first command, as somebody with a browser goes through it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import node

pytestmark = [pytest.mark.needs("git", "node", "npm", "chromium"), pytest.mark.timeout(600), pytest.mark.slow]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCREENSHOTS = ROOT / ".cache" / "screenshots" / "demo"  #: kept, to be looked at
PATIENCE_SECONDS = 120


@contextmanager
def the_demo(folder: Path) -> Iterator[str]:
    """Give the address of the demo's workspace."""
    said = folder / "said"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FUNADE_")}
    with said.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, ROOT / "bin" / "demo", "--no-open", "--folder", folder / "demo"],
            stdout=file,
            stderr=file,
            env=environment,
        )
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while (found := re.search(r"(http://\S+)/#", said.read_text())) is None:
            assert process.poll() is None, said.read_text()
            assert time.monotonic() < until, said.read_text()
            time.sleep(0.1)
        yield found[1]
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) == 0


def test_a_person_with_a_browser_goes_through_the_demo(tmp_path):
    packages = node.installed(HERE / "node")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with the_demo(tmp_path) as address:
        done = subprocess.run(
            ["node", "voyage.mjs"],
            cwd=packages,
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
            env={
                **node.environment(),
                "ADDRESS": address,
                "SCREENSHOTS": str(SCREENSHOTS),
                "CHROMIUM": shutil.which("chromium") or "",
            },
        )
    assert done.stdout == "done\n", done.stdout + done.stderr
