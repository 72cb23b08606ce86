"""From `git clone` to the first deployment that somebody sees in a browser, doing exactly what the README says.

Clones this repository, runs the first command that README.md shows, lets it open the browser (a headless Chromium in a
display that is not there), says the sentence that README.md shows, and waits until the page shows it succeeded. Twice:
the first run may have to fetch packages, the second finds them in pip's cache, which is what the promise of 60 s is
about. Seconds of the processor are those of all processes together: on a machine with other work the clock says little.
"""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PATIENCE_SECONDS = 300


def run() -> dict[str, Any]:
    """Return seconds, or why it was left out."""
    missing = [one for one in ("git", "node", "npm", "chromium") if not shutil.which(one)]
    if missing:
        return {"left_out": f"these are not here: {', '.join(missing)}"}
    return {"first_run": _once(), "warm_package_cache": _once()}


def _once() -> dict[str, float]:
    from tests import node  # noqa: PLC0415 -- it is only there where tests are

    packages = node.installed(ROOT / "tests" / "e2e" / "node")
    command, sentence = _of_the_readme()
    with TemporaryDirectory(prefix="funade-bench-") as folder:
        opened = Path(folder) / "opened"
        browser = Path(folder) / "browser"
        browser.write_text(f'#!/bin/sh\necho "$1" > {opened}.new && mv {opened}.new {opened}\n')
        browser.chmod(0o755)
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("FUNADE_", "VIRTUAL_ENV"))
        }
        environment = {**kept, "BROWSER": f"{browser} %s", "DISPLAY": ":0"}
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run(["git", "clone", "-q", ROOT, "funade"], cwd=folder, env=kept, check=True)
        cloned = time.monotonic() - began
        # What this process writes on its standard output are the figures, and nothing else.
        demo = subprocess.Popen(
            [sys.executable, command], cwd=Path(folder) / "funade", env=environment, stdout=sys.stderr
        )
        try:
            while not opened.exists():
                if demo.poll() is not None or time.monotonic() > began + PATIENCE_SECONDS:
                    message = f"`{command}` opened no browser"
                    raise RuntimeError(message)
                time.sleep(0.05)
            open_after = time.monotonic() - began
            subprocess.run(
                ["node", "first.mjs"],
                cwd=packages,
                check=True,
                stdout=sys.stderr,
                timeout=PATIENCE_SECONDS,
                env={
                    **node.environment(),
                    "ADDRESS": opened.read_text().strip(),
                    "SENTENCE": sentence,
                    "CHROMIUM": shutil.which("chromium") or "",
                },
            )
            seen = time.monotonic() - began
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return {
        "clone_seconds": cloned,
        "browser_open_after_seconds": open_after,
        "deployment_seen_after_seconds": seen,
        "cpu_seconds": used,
    }


def _of_the_readme() -> tuple[str, str]:
    """Return the first command and the first sentence that the README tells people to try."""
    command = re.search(r"^```\w*\n(bin/\S+)\n```", README, re.MULTILINE)
    sentence = re.search(r"say `(@funade [^`]+)`", README)
    if command is None or sentence is None:
        message = "README.md says no command or no sentence to begin with"
        raise RuntimeError(message)
    return command[1], sentence[1]
