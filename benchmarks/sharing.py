"""Deployments a second on PostgreSQL, carried out by one process and by two that share the work.

Sources and places are in memory and do nothing; everything else is real, PostgreSQL waits for its disk. 440 deployments
over 20 environments wait when one runner begins, then two; the last 400 are counted, all ends written. `ratio` is what
the second one brings on this machine, whose cores they share with the database. What a deployment takes of a processor
depends less on what else the machine does: of all runners together, and of the database.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from benchmarks._sharing import ENVIRONMENTS, OWNER, world
from funade.domain.commands import Deploy
from funade.domain.deployment import Preview, State
from funade.domain.people import Actor, Door, Person
from funade.domain.plan import digest
from funade.domain.release import Release
from funade.usecases.accept_deployment import Asked
from funade.usecases.assemble_release import Assembled
from funade.wiring.parts import Parts
from tests import postgres

DEPLOYMENTS, WARM_UP = 400, 40
LOOK_SECONDS = 0.05


def run() -> dict[str, float]:
    """Return deployments a second, and milliseconds of a processor for each."""
    with postgres.running(*postgres.SAFE) as server:
        one, two = (_measure(server, runners) for runners in (1, 2))
    return {
        "one_process_per_second": one.per_second,
        "two_processes_per_second": two.per_second,
        "ratio": two.per_second / one.per_second,
        "one_process_processor_ms": one.processor_ms,
        "two_processes_processor_ms": two.processor_ms,
        "database_with_one_processor_ms": one.database_ms,
        "database_with_two_processor_ms": two.database_ms,
        "load_1_minute": os.getloadavg()[0],
    }


@dataclass(frozen=True)
class Figures:
    """What one run came to."""

    per_second: float
    processor_ms: float
    database_ms: float


def _measure(server: postgres.Server, count: int) -> Figures:
    url = server.local_url(server.new_database())
    with TemporaryDirectory(prefix="funade-bench-") as folder:
        parts, *_ = world(url, Path(folder) / "asker")
        with closing(parts.ledger), _runners(url, Path(folder), count) as runners:
            return asyncio.run(_carry_out_all(server, parts, runners))


@contextmanager
def _runners(url: str, folder: Path, count: int) -> Iterator[Sequence["subprocess.Popen[str]"]]:
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks._sharing", url, str(folder / f"runner{number}")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(count)
    ]
    try:
        for one in started:
            assert one.stdout is not None, "it was asked for"
            one.stdout.readline()
        yield started
    finally:
        for one in started:
            if one.stdin is not None:
                one.stdin.close()
        for one in started:
            one.wait(30)


async def _carry_out_all(
    server: postgres.Server, parts: Parts, runners: Sequence["subprocess.Popen[str]"]
) -> Figures:
    """Ask for all, let the runners begin, and return what those took that came after the first few."""
    for number in range(WARM_UP + DEPLOYMENTS):
        await _ask(parts, number)
    for one in runners:
        assert one.stdin is not None, "it was asked for"
        one.stdin.write("go\n")
        one.stdin.flush()
    left = await _left(parts, DEPLOYMENTS)
    start, before = time.perf_counter(), (_of_runners(runners), _of_database(server))
    await _left(parts, 0)
    took, after = time.perf_counter() - start, (_of_runners(runners), _of_database(server))
    ended = await parts.ledger.read(lambda look: look.ended(None, None, limit=WARM_UP + DEPLOYMENTS))
    if any(one.state is not State.SUCCEEDED for one in ended):
        message = "not all ended well"
        raise RuntimeError(message)
    return Figures(
        left / took, *((late - early) / left * 1000 for early, late in zip(before, after, strict=True))
    )


async def _left(parts: Parts, most: int) -> int:
    """Wait until at most so many are on their way, and return how many."""
    while (left := len(await parts.ledger.read(lambda look: look.unended_ids()))) > most:  # noqa: ASYNC110 -- as below
        # To look at each change would take the processor from those who are measured.
        await asyncio.sleep(LOOK_SECONDS)
    return left


def _of_runners(runners: Sequence["subprocess.Popen[str]"]) -> float:
    return sum(_processor_seconds(_stat(one.pid)[11:13]) for one in runners)


def _of_database(server: postgres.Server) -> float:
    """Return what the server took so far: those of its processes that live, and those that ended."""
    postmaster = int((server.data / "postmaster.pid").read_text().split()[0])
    own = _stat(postmaster)
    children = [
        stat
        for one in Path("/proc").glob("[0-9]*")
        if (stat := _stat_or_none(one)) and stat[1] == str(postmaster)
    ]
    return sum(_processor_seconds(one[11:13]) for one in [own, *children]) + _processor_seconds(own[13:15])


def _stat(pid: int) -> list[str]:
    """Return what the kernel says of a process, from its state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _stat_or_none(folder: Path) -> list[str] | None:
    try:
        return _stat(int(folder.name))
    except OSError:
        return None


def _processor_seconds(ticks: Sequence[str]) -> float:
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


async def _ask(parts: Parts, number: int) -> None:
    shop = parts.configurations.current().applications["shop"]
    environment = shop.environments[f"place{number % ENVIRONMENTS}"]
    revision = await parts.sources.resolve(shop.repository, "main")
    release = Release(
        application="shop",
        environment=environment.name,
        revision=revision,
        repository=shop.repository,
        target=environment.target,
    )
    plan = parts.targets.open(release).plan(release)
    assembled = Assembled(
        ref="main", release=release, plan=plan, digest=digest(release, plan), preview=Preview()
    )
    ada = Actor(door=Door.TERMINAL, id=OWNER, name="ada", owns_store=True)
    await parts.desk.verbs.deploy.accept(
        assembled,
        environment,
        Asked(
            actor=ada,
            person=Person(name="ada"),
            command=Deploy(application="shop", environment=environment.name, ref="main"),
            request=str(uuid4()),
        ),
    )
