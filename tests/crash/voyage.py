"""One voyage: a real server that dies at a named point and is started again, and a client that gives nothing up."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from funade.cli.local_connection import LocalConnection
from funade.cli.socket_connection import ServerUnreachable, SocketConnection
from funade.domain.answers import Accepted, Answer, DeploymentShown, HistoryShown, Refused, StatusShown
from funade.domain.commands import Command, Deploy, ShowDeployment, ShowHistory, ShowStatus
from funade.domain.deployment import Deployment
from funade.domain.errors import FunadeError
from funade.domain.events import Event
from funade.domain.reason import Reason
from funade.web import address
from tests.conftest import LONG
from tests.crash.nursery import Child, nursery
from tests.crash.workspace import Workspace
from tests.crash.world import Line, World

T = TypeVar("T")

#: A machine with far more to do than it can, a lease of a second, up to three deaths: nothing honest takes longer.
PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 0.03


class Stuck(AssertionError):
    """Something that must come did not come in time."""


def until(what: str, look: Callable[[], T | None], seconds: float = PATIENCE_SECONDS) -> T:
    """Return the first answer of `look` that is more than nothing, or raise Stuck."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            message = f"{what}: not within {seconds:g} s"
            raise Stuck(message)
        time.sleep(PAUSE_SECONDS)


def exec_funade(
    arguments: list[str], environment: dict[str, str], folder: Path, log: Path
) -> subprocess.Popen[bytes]:
    """Start a Funade process as people do."""
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "funade", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=folder,
            env=environment,
        )


class Servers:
    """One server after another on a world's data folder: whoever is killed is followed by the next.

    Beside it live `runners`, whom nobody follows: they have the same traps as the first server.
    """

    def __init__(self, world: World, runners: int = 0) -> None:
        self._world, self._runners = world, runners
        self._beside: list[Child | subprocess.Popen[bytes]] = []
        self._bear = exec_funade if LONG else nursery().bear
        self._next: list[str] = []
        self._process: Child | subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None
        self._closing = False
        self._again = True
        self.deaths = 0
        self.pids: list[int] = []
        self.log = world.folder / "server.log"
        self.problems: list[str] = []

    def start(self, *traps: str, again: bool = True, alone: bool = False) -> None:
        """Start one; whenever it is killed, and `again`, start the next with the next of `traps`, then with none.

        `alone` is without runners beside it: what it dies of is then the last that happened.
        """
        self._next, self._closing, self._again = list(traps), False, again
        for _ in range(0 if alone else self._runners):
            self.add_runner(traps[0] if traps else "")
        self._spawn()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    @property
    def pid(self) -> int:
        """Return the number of the one that lives."""
        assert self._process is not None, "none was started"
        return self._process.pid

    def add_runner(self, traps: str = "", world: World | None = None) -> "Child | subprocess.Popen[bytes]":
        """Start a runner beside the server."""
        world = world or self._world
        born = self._bear(
            ["-c", str(world.configuration), "runner"], world.environment(traps), world.folder, self.log
        )
        self._beside.append(born)
        self.pids.append(born.pid)
        return born

    def drain(self) -> float:
        """Send SIGTERM and return how long it took to leave; a trap on its way out counts as leaving."""
        self._closing = True
        began = time.monotonic()
        if self._process is not None:
            # It listens for signals once it says where it is.
            self._signal_when_ready(signal.SIGTERM)
            try:
                code = self._process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                self.problems.append("SIGTERM did not end the server")
                self.kill()
                code = 0
            if code not in (0, -signal.SIGKILL):
                self.problems.append(f"the server ended with {code} after SIGTERM")
        self._join()
        took = time.monotonic() - began
        self._end_runners(signal.SIGTERM)
        return took

    def kill(self) -> None:
        """End it at once and start none again."""
        self._closing = True
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._join()
        self._end_runners(signal.SIGKILL)

    def _end_runners(self, number: signal.Signals) -> None:
        beside, self._beside = self._beside, []
        for one in beside:
            one.send_signal(number)
        for one in beside:
            try:
                code = one.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                one.kill()
                self.problems.append(f"{number.name} did not end a runner")
            else:
                # One that had not begun to listen for signals dies of it.
                if code not in (0, -signal.SIGKILL, -signal.SIGTERM):
                    self.problems.append(f"a runner ended with {code}")

    def send(self, number: signal.Signals) -> None:
        """Send the living one a signal."""
        if self._process is not None:
            self._process.send_signal(number)

    def _signal_when_ready(self, number: signal.Signals) -> None:
        assert self._process is not None, "the caller has looked"
        with suppress(Stuck):
            until("a server", lambda: self._is_ready() or self._process.poll() is not None)  # type: ignore[union-attr]
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def _is_ready(self) -> bool:
        record = address.read_record(self._world.data)
        return record is not None and self._process is not None and record.pid == self._process.pid

    def _join(self) -> None:
        if self._keeper is not None:
            self._keeper.join()
        self._keeper = self._process = None

    def _spawn(self) -> None:
        traps = self._next.pop(0) if self._next else ""
        with self.log.open("ab") as log:
            log.write(f"--- server, traps: {traps or 'none'}\n".encode())
        arguments = ["-c", str(self._world.configuration), "serve"]
        environment = self._world.environment(traps)
        self._process = self._bear(arguments, environment, self._world.folder, self.log)
        self.pids.append(self._process.pid)

    def _keep(self) -> None:
        while self._process is not None:
            code = self._process.wait()
            if code == -signal.SIGKILL:
                self.deaths += 1
            if self._closing or not self._again:
                return
            if code != -signal.SIGKILL:
                self.problems.append(f"the server ended by itself with {code}")
                if len(self.problems) > 3:
                    return
            self._spawn()


@dataclass
class Voyage:
    """What people ask in one world, and all that they were told."""

    world: World
    runners: int = 0
    workspace: Workspace | None = None
    servers: Servers = field(init=False)
    accepted: dict[str, str] = field(default_factory=dict)  #: request → id of its deployment
    wanted: dict[str, str] = field(default_factory=dict)  #: id → the revision that was asked for
    told: list[str] = field(default_factory=list)  #: everything that came back, as it was shown
    _at_the_store: LocalConnection | None = None

    def __post_init__(self) -> None:
        self.servers = Servers(self.world, self.runners)

    def ask(self, command: Command, request: str | None = None) -> Answer:
        """Return the answer, asking again with the same request id while servers come and go."""
        request = request or str(uuid4())
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = self.ask_once(command, request)
            except (ServerUnreachable, OSError) as error:
                problem: object = error
            else:
                if not (isinstance(answer, Refused) and answer.because.code is Reason.STORE_UNAVAILABLE):
                    self.told.append(repr(answer))
                    return answer
                problem = answer
            if time.monotonic() > deadline or len(self.servers.problems) > 3:
                message = f"nobody answers {command}: {problem}"
                raise Stuck(message)
            time.sleep(PAUSE_SECONDS)

    def want(self, command: Command, tag: str | None = None) -> Deployment:
        """Return the deployment that was accepted; `tag` says which revision must come of it."""
        return until(f"{command} accepted", lambda: self.want_if_allowed(command, tag))

    def want_if_allowed(self, command: Command, tag: str | None = None) -> Deployment | None:
        """Return the deployment that was accepted, None when it was refused."""
        request = str(uuid4())
        answer = self.ask(command, request)
        if not isinstance(answer, Accepted):
            return None
        self.accepted[request] = answer.deployment.id
        if tag is not None:
            self.wanted[answer.deployment.id] = self.world.repository.revisions[tag]
        return answer.deployment

    def adopt(self, deployment: Deployment, tag: str) -> Deployment:
        """Return one that was asked for at another door; `tag` says which revision must come of it."""
        self.accepted[f"elsewhere {deployment.id}"] = deployment.id
        self.wanted[deployment.id] = self.world.repository.revisions[tag]
        return deployment

    def deploy(self, tag: str, environment: str = "staging") -> Deployment:
        """Return the accepted deployment of that revision."""
        return self.want(Deploy(application="shop", environment=environment, ref=tag), tag)

    def row(self, deployment: Deployment) -> Deployment:
        """Return it as it is now."""
        shown = self.ask(ShowDeployment(number=deployment.number))
        assert isinstance(shown, DeploymentShown), shown
        return shown.deployment

    def end_of(self, *deployments: Deployment) -> list[Deployment]:
        """Return them once they have ended."""
        return [
            until(f"the end of #{one.number}", lambda one=one: self._if_ended(one))  # type: ignore[misc]
            for one in deployments
        ]

    def begun(self, deployment: Deployment) -> Line | None:
        """Return the first line of its program once there is one; None when it ended without."""

        def look() -> list[Line] | None:
            lines = [one for one in self.world.lines() if one.deployment == deployment.id]
            ended = not lines and self.row(deployment).has_ended
            return [] if ended else lines or None

        deadline = time.monotonic() + PATIENCE_SECONDS
        while (lines := look()) is None:
            if time.monotonic() > deadline:
                message = f"#{deployment.number} neither began nor ended"
                raise Stuck(message)
            time.sleep(PAUSE_SECONDS)
        return lines[0] if lines else None

    def starts(self, deployment: Deployment) -> int:
        """Return how often its program began; an attempt that was written and never ordered is none of them."""
        return sum((one.deployment, one.word) == (deployment.id, "start") for one in self.world.lines())

    def history(self) -> HistoryShown:
        """Return all that happened, page by page."""
        events: list[Event] = []
        deployments: dict[str, Deployment] = {}
        before = None
        while True:
            shown = self.ask(ShowHistory(limit=500, before=before))
            assert isinstance(shown, HistoryShown), shown
            events += shown.events
            deployments = {one.id: one for one in shown.deployments} | deployments
            before = shown.before
            if before is None:
                return HistoryShown(events=tuple(events), deployments=tuple(deployments.values()))

    def status(self) -> StatusShown:
        """Return how everything is."""
        shown = self.ask(ShowStatus())
        assert isinstance(shown, StatusShown), shown
        return shown

    def log_text(self) -> str:
        """Return what the servers wrote."""
        return self.servers.log.read_text(errors="replace") if self.servers.log.exists() else ""

    def passed(self) -> list[tuple[int, str]]:
        """Return every point that a process passed, with the process's number."""
        try:
            lines = self.world.points.read_text().splitlines()
        except FileNotFoundError:
            return []
        return [(int(pid), point) for pid, _, point in (line.partition(" ") for line in lines)]

    def _if_ended(self, deployment: Deployment) -> Deployment | None:
        row = self.row(deployment)
        return row if row.has_ended else None

    @contextmanager
    def at_the_store(self) -> Iterator[None]:
        """Ask the store itself meanwhile: no server need answer."""
        from funade.wiring import open_local  # noqa: PLC0415 -- takes a second, and few need it

        opened = open_local(self.world.configuration, carries=False)
        self._at_the_store = LocalConnection(opened, self.world.data)
        try:
            yield
        finally:
            self._at_the_store.close()
            self._at_the_store = None

    def ask_once(self, command: Command, request: str | None = None) -> Answer:
        """Return the answer of whoever is there, or raise what keeps it from coming."""
        request = request or str(uuid4())
        if self._at_the_store is not None:
            return self._at_the_store.ask(command, request)
        record = address.read_record(self.world.data)
        if record is None:
            message = "no server says where it listens"
            raise ServerUnreachable(message)
        connection = SocketConnection(Path(record.socket), data=self.world.data)
        try:
            return connection.ask(command, request)
        finally:
            connection.close()


def lives(pid: int) -> bool:
    """Tell whether a process of that number runs."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def kill(pid: int) -> None:
    """End a process, if it is still there."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


__all__ = ["FunadeError", "Servers", "Stuck", "Voyage", "kill", "lives", "until"]
