"""One voyage with a freeze: a server stands still past its lease, another takes over, and the first one wakes up."""

import signal
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from funade.domain.deployment import Deployment
from funade.domain.errors import FunadeError
from tests.crash import witness
from tests.crash.case import drop, new_database
from tests.crash.nursery import Child, nursery
from tests.crash.voyage import Voyage, until
from tests.crash.world import LEASE_SECONDS, World, repository

#: Frozen there, it keeps the guard locked: whoever takes over waits until it wakes up or dies.
HOLDS_THE_GUARD = ("command.intend:before", "command.intend:after")
#: What a frozen process would have to pass to change a row that is another's by then.
FENCED = ("store.start:after", "store.note:after", "store.ending:after", "store.finish:after")


class Freeze:
    """The two processes of one voyage."""

    def __init__(self, folder: Path, point: str, store: str) -> None:
        self._database = new_database() if store == "postgres" else None
        self.voyage = Voyage(World(folder / "world", repository(), self._database))
        self.point, _, hit = point.partition("@")
        self.gate = folder / "gate"
        self._trap = f"{self.point}=pause:{self.gate}{'@' + hit if hit else ''}"
        self._neighbour: Child | None = None

    def sail(self, *, late: bool) -> list[str]:
        """Freeze at the point, let the other take over, wake up in the middle of its work; return what is wrong."""
        voyage, world = self.voyage, self.voyage.world
        voyage.servers.start(self._trap, again=False)
        until("a server", (world.data / "server.json").exists)
        with voyage.at_the_store():
            deployment = voyage.deploy("wait")
            if late:
                world.let_go()
            until(f"a stop at {self.point}", self.gate.with_name("gate.hit").exists)
            frozen = voyage.servers.pid
            stopped_at = self._stop()
            epoch = voyage.row(deployment).epoch
            self._start_neighbour()
            until("a takeover", lambda: self._is_taken_over(deployment, epoch))
            if not late and self.point not in HOLDS_THE_GUARD:
                voyage.begun(deployment)
            until("the end of its lease", lambda: time.monotonic() > stopped_at + 2 * float(LEASE_SECONDS))
            asleep = len(voyage.passed())
            self.gate.touch()
            voyage.servers.send(signal.SIGCONT)
            until("a new name", lambda: (frozen, "store.register:after") in voyage.passed()[asleep:])
            world.let_go()
            voyage.end_of(deployment)
            awake = voyage.passed()[asleep:]
            renewed = awake.index((frozen, "store.register:after"))
            wrong = [point for pid, point in awake[:renewed] if pid == frozen and point in FENCED]
            found = [f"I5: the frozen process passed {point}" for point in wrong]
            return found + witness.findings(voyage)

    def close(self) -> None:
        """End whatever lives."""
        self.gate.touch()
        self.voyage.world.let_go()
        self.voyage.servers.kill()
        if self._neighbour is not None:
            self._neighbour.kill()

    def drop(self) -> None:
        """Leave no database behind."""
        if self._database is not None:
            drop(self._database)

    def _stop(self) -> float:
        """Stop the server, not in the middle of a transaction: it would keep everybody out of the store."""

        def stops() -> bool:
            self.voyage.servers.send(signal.SIGSTOP)
            if self._is_writable():
                return True
            self.voyage.servers.send(signal.SIGCONT)
            return False

        until("a stop outside of a transaction", stops)
        return time.monotonic()

    def _is_writable(self) -> bool:
        if self._database is None:
            return is_writable(self.voyage.world.data / "store.sqlite")
        return is_at_rest(self._database)

    def _start_neighbour(self) -> None:
        world = self.voyage.world
        self._neighbour = nursery().bear(
            [str(world.configuration)],
            world.environment(),
            world.folder,
            self.voyage.servers.log,
            main="tests.crash.neighbour",
        )

    def _is_taken_over(self, deployment: Deployment, epoch: int) -> bool:
        row = self.voyage.row(deployment)
        return row.epoch > epoch or row.has_ended


def is_writable(store: Path) -> bool:
    """Tell whether nobody is in the middle of a transaction."""
    with closing(sqlite3.connect(store, timeout=0.2, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
        return True


def is_at_rest(database: str) -> bool:
    """Tell whether nobody is in the middle of a transaction that has begun to write."""
    from tests import postgres  # noqa: PLC0415 -- most voyages need none

    name = database.rpartition("/")[2]
    asked = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND state LIKE 'idle in transaction%%'"
    return not postgres.shared().ask(asked, name)


def freeze(point: str, *, late: bool, store: str = "sqlite") -> str:
    """Return what is wrong after a freeze at `point`, with everything that helps to find out why; empty when fine."""
    with tempfile.TemporaryDirectory(prefix="funade-voyage-", ignore_cleanup_errors=True) as folder:
        frozen = Freeze(Path(folder), point, store)
        try:
            found = frozen.sail(late=late)
        except (AssertionError, FunadeError) as error:
            found = [f"{type(error).__name__}: {error}"]
        finally:
            frozen.close()
            frozen.drop()
        voyage = frozen.voyage
        return "\n".join([*found, voyage.log_text(), *map(str, voyage.world.lines())]) if found else ""
