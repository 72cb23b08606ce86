"""The tutorial and the demo do what they say, run as a person would run them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCKS = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)

pytestmark = [pytest.mark.slow, pytest.mark.needs("git"), pytest.mark.timeout(180)]


def test_the_tutorial_ends_with_a_rollback_that_was_seen(tmp_path):
    commands = "\n".join(BLOCKS.findall((ROOT / "docs" / "tutorial.md").read_text()))
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
    }

    done = subprocess.run(
        ["sh", "-eu", "-c", commands],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "exit status 1" in done.stdout
    assert (tmp_path / "voyage" / "place" / "shop.txt").read_text() == "open on weekdays\n"


def test_the_demo_loses_nothing_when_its_server_is_killed():
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FUNADE_")}

    done = subprocess.run(
        [sys.executable, ROOT / "bin" / "demo", "--script"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "SIGKILL" in done.stdout
    assert done.stdout.rstrip().endswith("everything on the record.")
