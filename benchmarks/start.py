"""From an accepted command to the first instruction of its program, on a running server.

The program is `date +%s%N`: its output is the moment of (nearly) its first instruction. Accepted is the moment in the
stored request. 30 deployments, one after another, of a repository with one file and of one with 200; what the
checkout and the program's own start take is measured in the same run and subtracted where it says `beyond`.
The alternative that a user would pick: `git clone` of the same revision and the program, by a shell script.
"""

import asyncio
import json
import subprocess
import time
from datetime import datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks._ground import CLEAN, Ground, ground, percentile
from funade.domain.application import Repository
from funade.secrets import OpenSecrets
from funade.sources import GitSources

DEPLOYMENTS = 30
PROGRAM = ["date", "+%s%N"]


def run() -> dict[str, dict[str, float]]:
    """Return milliseconds for each repository."""
    return {f"repository_of_{files}_files": _measure(files) for files in (1, 200)}


def _measure(files: int) -> dict[str, float]:
    with ground(files=files, run=PROGRAM) as place:
        start = median(_program_start() for _ in range(DEPLOYMENTS))
        checkout = asyncio.run(_checkout(place))
        script = median(_by_script(place) for _ in range(10))
        with place.server():
            taken = [_deploy(place) for _ in range(DEPLOYMENTS)]
    return {
        "accepted_to_first_instruction_p50_ms": median(taken),
        "accepted_to_first_instruction_p99_ms": percentile(taken, 99),
        "checkout_p50_ms": checkout,
        "program_start_p50_ms": start,
        "beyond_checkout_and_start_p50_ms": median(taken) - checkout - start,
        "beyond_start_p50_ms": median(taken) - start,
        "clone_and_run_by_script_p50_ms": script,
        "ratio_to_script": median(taken) / script,
    }


def _deploy(place: Ground) -> float:
    place.funade("deploy", "shop", "place0", "--yes")
    shown = json.loads(place.funade("why", "--json"))
    accepted = datetime.fromisoformat(shown["deployment"]["asked_at"]).timestamp()
    began = int(place.funade("logs", str(shown["deployment"]["number"]))) / 1e9
    return (began - accepted) * 1000


def _program_start() -> float:
    before = time.time()
    said = subprocess.run(PROGRAM, stdout=subprocess.PIPE, check=True).stdout
    return (int(said) / 1e9 - before) * 1000


async def _checkout(place: Ground) -> float:
    with TemporaryDirectory() as folder:
        sources = GitSources(Path(folder) / "sources", OpenSecrets())
        repository = Repository(url=str(place.folder / "shop"))
        revision = await sources.resolve(repository, "main")
        taken = []
        for number in range(DEPLOYMENTS):
            before = time.perf_counter()
            await sources.check_out(repository, revision, Path(folder) / str(number))
            taken.append((time.perf_counter() - before) * 1000)
    return median(taken)


def _by_script(place: Ground) -> float:
    with TemporaryDirectory() as folder:
        script = f"git clone -q '{place.folder}/shop' '{folder}/it' && cd '{folder}/it' && date +%s%N"
        before = time.time()
        said = subprocess.run(["sh", "-c", script], env=CLEAN, stdout=subprocess.PIPE, check=True).stdout
        return (int(said) / 1e9 - before) * 1000
