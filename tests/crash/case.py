"""One case of the matrix: a story, and the points at which servers or supervisors die in it.

`python -m tests.crash.case sqlite-1 'a rollback' store.take:after` sails it again and shows everything.
"""

import shlex
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from funade.domain.errors import FunadeError
from tests.crash import witness
from tests.crash.scenarios import SCENARIOS, Scenario
from tests.crash.voyage import Voyage
from tests.crash.workspace import Workspace
from tests.crash.world import World, repository

SERVER, SUPERVISOR = "server", "supervisor"


@dataclass(frozen=True, order=True)
class Fleet:
    """On which store, and with how many processes: one server, and runners beside it."""

    store: str = "sqlite"
    processes: int = 1

    def __str__(self) -> str:
        return f"{self.store}-{self.processes}"


def fleet_of(text: str) -> Fleet:
    """Return the fleet that `str` made a word of."""
    store, _, processes = text.partition("-")
    return Fleet(store, int(processes))


@dataclass(frozen=True)
class Case:
    """A story with deaths: the first server dies at the first of `deaths`, the next one at the next.

    `point` and `point@2` are deaths; `point=error` is a full disk there, in that server's whole life.
    """

    scenario: Scenario
    deaths: tuple[str, ...] = ()
    fleet: Fleet = Fleet()

    @property
    def again(self) -> str:
        """Return the command that sails it again."""
        words = ["python", "-m", "tests.crash.case", str(self.fleet), self.scenario.name, *self.deaths]
        return shlex.join(words)


@dataclass(frozen=True)
class Sailed:
    """What came of a case."""

    case: Case
    passed: tuple[tuple[str, str], ...]  #: who passed which point, in order: the processes of the story only
    ends: tuple[str, ...]  #: how each deployment ended, as shown to people
    findings: tuple[str, ...]
    log: str
    place: str
    seconds: float

    @property
    def died(self) -> bool:
        """Tell whether every death came about: a story does not pass quite the same points each time."""
        return {one.partition("@")[0].partition("=")[0] for one in self.case.deaths} <= {
            point for _, point in self.passed
        }

    def report(self) -> str:
        """Return everything about it, for a person who has to find out why."""
        return "\n".join(
            [
                *self.findings,
                f"ends: {', '.join(self.ends)}",
                f"--- again: {self.case.again}",
                "--- what the servers said",
                self.log,
                "--- what the deployed programs wrote",
                self.place,
            ]
        )


def sail(case: Case) -> Sailed:
    """Carry a case through and look at everything afterwards."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="funade-voyage-", ignore_cleanup_errors=True) as temporary:
        database = new_database() if case.fleet.store == "postgres" else None
        folder = Path(temporary)
        workspace = Workspace(folder / "workspace") if case.scenario.is_at_slack else None
        world = (
            World(folder / "world", repository(), database, workspace.rules, workspace.variables)
            if workspace is not None
            else World(folder / "world", repository(), database)
        )
        voyage = Voyage(world, case.fleet.processes - 1, workspace)
        found: list[str] = []
        passed: tuple[tuple[str, str], ...] = ()
        ends: tuple[str, ...] = ()
        try:
            passed = _act(case, voyage)
            ends = _ends(voyage)
            _goes_on_as_usual(voyage)
            found += witness.findings(voyage)
        except (AssertionError, FunadeError) as error:
            found.append(f"{type(error).__name__}: {error}")
        finally:
            voyage.world.let_go()
            voyage.servers.kill()
            if workspace is not None:
                workspace.close()
            if database is not None:
                drop(database)
        return Sailed(
            case=case,
            passed=passed,
            ends=ends,
            findings=tuple(found),
            log=voyage.log_text(),
            place="\n".join(map(str, voyage.world.lines())),
            seconds=time.monotonic() - began,
        )


def _act(case: Case, voyage: Voyage) -> tuple[tuple[str, str], ...]:
    """Play the story to its end with its deaths; return who passed what, and leave a sound server behind."""
    case.scenario.before(voyage)
    told, former = len(voyage.passed()), len(voyage.servers.pids)
    voyage.servers.start(*(_traps(case, one) for one in case.deaths or ("",)))
    case.scenario.act(voyage)
    took = voyage.servers.drain()
    assert took < witness.DRAINS_WITHIN_SECONDS, f"it took {took:.1f} s to leave"
    armed = voyage.servers.pids[former : former + case.fleet.processes - 1 + max(1, len(case.deaths))]
    others = set(voyage.servers.pids) - set(armed)
    passed = tuple(
        (SERVER if pid in armed else SUPERVISOR, point)
        for pid, point in voyage.passed()[told:]
        if pid not in others
    )
    voyage.servers.start()
    return passed


def new_database() -> str:
    """Return the address of an empty database; its server ends with this process."""
    from tests import postgres  # noqa: PLC0415 -- most voyages need none

    server = postgres.shared()
    return server.url(server.new_database())


def drop(database: str) -> None:
    from tests import postgres  # noqa: PLC0415 -- as above

    postgres.shared().drop_database(database.rpartition("/")[2])


def _traps(case: Case, death: str) -> str:
    return ",".join([*filter(None, [case.scenario.beside]), *([f"{_armed(death)}"] if death else [])])


def _armed(death: str) -> str:
    """Return `point@2` as it is told to a process: `point=kill@2`."""
    if "=" in death:
        return death
    point, at, hit = death.partition("@")
    return f"{point}=kill{at}{hit}"


def _goes_on_as_usual(voyage: Voyage) -> None:
    """Nothing keeps the next deployment out, unless the environment is closed."""
    closed = {one.berth.environment for one in voyage.status().environments if one.berth.doubt is not None}
    if "staging" not in closed:
        (last,) = voyage.end_of(voyage.deploy("second"))
        assert last.verified, f"the next deployment ended as {last.state}: {last.because}"


def _ends(voyage: Voyage) -> tuple[str, ...]:
    rows = sorted(voyage.history().deployments, key=lambda one: one.number)
    return tuple(f"{one.state} ({one.because.code if one.because else 'no reason'})" for one in rows)


if __name__ == "__main__":
    named = {one.name: one for one in SCENARIOS}
    fleet, name, *deaths = sys.argv[1:]
    try:
        print(sail(Case(named[name], tuple(deaths), fleet_of(fleet))).report())  # noqa: T201 -- for a person
    finally:
        if found := sys.modules.get("tests.postgres"):
            found.remove_shared()
