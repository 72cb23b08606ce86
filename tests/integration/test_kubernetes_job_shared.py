"""The same way with several processes on one database: any of them hears what the others asked for, and may die."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from funade.domain.deployment import Deployment, Phase, State
from funade.domain.events import DeploymentFinished, DeploymentTakenOver
from tests import postgres
from tests.contracts.ledgers import open_address, run
from tests.contracts.queues import client, server
from tests.crash.world import DATABASE_SECRET
from tests.integration.queued_shop import (
    FUNADE,
    ask,
    controlling,
    environment,
    make_queues,
    make_repository,
    target,
)
from tests.integration.stand_in import OUTPUT

if TYPE_CHECKING:
    from funade.store.postgres.ledger import PostgresLedger

pytestmark = [pytest.mark.slow, pytest.mark.needs("git", "postgres"), pytest.mark.timeout(300)]

WITHIN_SECONDS = 180
WHOLE = b"".join(OUTPUT)
ENVIRONMENTS = ("staging", "production", "preview")
CONFIGURATION = """
database: {{url: '{database}', password: env:SHOP_DATABASE}}
applications:
  shop:
    repository: {repository}
    environments:
"""


@dataclass
class Crew:
    """One store, and processes around it that share nothing else."""

    folder: Path
    ledger: "PostgresLedger"
    endpoint: str
    dead: str
    processes: dict[int, "subprocess.Popen[bytes]"]

    def starts(self, place: str, verb: str) -> None:
        """Start a process that has a data folder of its own."""
        with (self.folder / f"{place}.log").open("ab") as log:
            child = subprocess.Popen(
                [*FUNADE, verb], cwd=self.folder / place, env=variables(), stdout=log, stderr=log
            )
        self.processes[child.pid] = child

    def funade(self, *words: str) -> str:
        """Return what a command says."""
        return ask(self.folder / "a", variables(), *words).stdout

    def row(self, number: int) -> Deployment | None:
        return run(self.ledger.read(lambda look: look.deployment(number)))

    def known(self) -> dict[str, int]:
        """Return the processes that the store knows: the number of each by its id."""
        return {one.id: one.pid for one in run(self.ledger.read(lambda look: look.processes()))}

    def began(self) -> list[tuple[str, int]]:
        path = self.folder / "began"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(one["deployment"], one["attempt"]) for one in map(json.loads, lines)]

    def until(self, what: str, happens: Callable[[], Any]) -> Any:
        end = time.monotonic() + WITHIN_SECONDS
        while not (found := happens()):
            logs = [path.read_text(errors="replace")[-1500:] for path in self.folder.glob("*.log")]
            assert time.monotonic() < end, f"not in time: {what}\n" + "\n".join(logs)
            time.sleep(0.2)
        return found


def variables() -> dict[str, str]:
    # Long enough for a machine that does much else: nobody is to be taken for dead who is only slow.
    return environment(SHOP_DATABASE=DATABASE_SECRET, FUNADE_LEASE_SECONDS="6")


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    (tmp_path / "moto").mkdir()
    with ExitStack() as stack:
        endpoint = stack.enter_context(server("moto", tmp_path / "moto"))
        orders, facts, dead = make_queues(endpoint, deliveries=20)
        database = postgres.shared().new_database()
        make_repository(tmp_path / "shop")
        text = CONFIGURATION.format(database=postgres.shared().url(database), repository=tmp_path / "shop")
        for name in ENVIRONMENTS:
            text += f"      {name}:\n        target: {target(orders, facts)}\n"
        for place in "abc":
            (tmp_path / place).mkdir()
            (tmp_path / place / "funade.yaml").write_text(text)
        (tmp_path / "muddle").touch()
        stack.enter_context(controlling("stand_in", orders, facts, tmp_path))
        ledger = stack.enter_context(closing(open_address(postgres.shared().local_url(database))))
        made = Crew(tmp_path, ledger, endpoint, dead, {})
        try:
            yield made
        finally:
            for child in made.processes.values():
                child.kill()
                child.wait()


def test_whoever_dies_every_deployment_ends_once_with_all_of_its_output(crew):
    crew.starts("a", "serve")
    socket = crew.folder / "a" / ".funade" / "run" / "funade.sock"
    crew.until("the server answers", lambda: socket.exists() and crew.known())
    crew.starts("b", "runner")
    crew.starts("c", "runner")
    crew.until("three processes", lambda: len(crew.known()) == 3)
    for name in ENVIRONMENTS:
        crew.funade("deploy", "shop", name, "--yes", "--no-wait")
    crew.until("all run", lambda: len(crew.began()) == len(ENVIRONMENTS))
    first = crew.until("the first is known to run", lambda: running(crew, 1))
    dies = crew.known()[first.owner]
    crew.processes[dies].send_signal(signal.SIGKILL)
    (crew.folder / "go").touch()
    numbers = range(1, len(ENVIRONMENTS) + 1)
    ended = [crew.until(f"#{number} ended", lambda number=number: end_of(crew, number)) for number in numbers]
    assert [one.state for one in ended] == [State.SUCCEEDED] * len(ENVIRONMENTS)
    assert sorted(crew.began()) == sorted((one.id, 1) for one in ended)
    logs = crew.ledger.logs
    for one in ended:
        crew.until("the whole log", lambda id=one.id: logs.length(id, 1) >= len(WHOLE))
        assert logs.read(one.id, 1, 0, 2 * len(WHOLE)) == WHOLE
    events = run(crew.ledger.read(lambda look: look.events(limit=1000)))
    finished = [one.number or 0 for one in events if isinstance(one.happening, DeploymentFinished)]
    assert sorted(finished) == list(numbers)
    taken = [one.number for one in events if isinstance(one.happening, DeploymentTakenOver)]
    assert 1 in taken
    found = client(crew.endpoint).receive_message(QueueUrl=crew.dead, MaxNumberOfMessages=10)
    assert not found.get("Messages"), "what comes late or twice is no trouble"


def running(crew: Crew, number: int) -> Deployment | None:
    """Return the row of a deployment whose program is known to run, once a process of ours looks after it."""
    row = crew.row(number)
    is_there = row is not None and row.phase is Phase.EXECUTING and row.owner in crew.known()
    return row if is_there else None


def end_of(crew: Crew, number: int) -> Deployment | None:
    row = crew.row(number)
    return row if row is not None and row.has_ended else None
