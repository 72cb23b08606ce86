#!/usr/bin/env python3
"""Fetch ElasticMQ, an SQS that somebody else wrote in Scala, from Maven into a cache outside the tree.

`fetch.py` prints the folder of its jars and fetches them if they are not there. Needs Python >= 3.11 alone, and Maven.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

POM = Path(__file__).resolve().with_name("pom.xml")
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"

# Tests hide the person's home and variables from the code; Maven needs them, so they are kept as they were at import.
ENVIRONMENT = dict(os.environ)
CACHE = (
    Path(ENVIRONMENT.get("XDG_CACHE_HOME") or Path(ENVIRONMENT.get("HOME", "~")).expanduser() / ".cache")
    / "funade-tests"
    / "elasticmq"
)


def main() -> int:
    """Print where the jars lie, fetching them if need be."""
    if find() is None:
        done = fetch()
        if done.returncode:
            print(f"ElasticMQ could not be fetched:\n{done.stdout[-2000:].rstrip()}", file=sys.stderr)
            return 1
    print(find())
    return 0


def find() -> Path | None:
    """Return the folder of exactly this version's jars, if it is there."""
    folder = CACHE / hashlib.sha256(POM.read_bytes()).hexdigest()[:20]
    return folder if folder.exists() else None


def fetch() -> subprocess.CompletedProcess[str]:
    """Fetch the jars; somebody else who does the same is waited for."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        half = CACHE / "half"
        shutil.rmtree(half, ignore_errors=True)
        done = subprocess.run(
            ["mvn", "--quiet", "--batch-mode", "--file", POM, COPY, f"-DoutputDirectory={half}"],
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode == 0 and find() is None:
            # Whoever sees the folder sees all of it.
            half.rename(CACHE / hashlib.sha256(POM.read_bytes()).hexdigest()[:20])
    return done


if __name__ == "__main__":
    sys.exit(main())
