"""A storm: servers and neighbours die, stand still and come back at random while people go on asking."""

import os
import random
import signal
import threading
import time
from pathlib import Path

from funade.domain.commands import Approve, Cancel, Deploy, Retry, Rollback
from funade.domain.deployment import State
from funade.domain.errors import FunadeError
from tests.crash import witness
from tests.crash.nursery import Child, nursery
from tests.crash.voyage import Voyage, lives, until
from tests.crash.world import ENVIRONMENTS, World, repository

CLIENTS = 3
#: Longer than a lease, so that the other one takes over.
LONGEST_FREEZE_SECONDS = 2.5


class Storm:
    """Everything is decided by `seed`, but for what the machine's own timing decides."""

    def __init__(self, folder: Path, seed: int, seconds: float, database: str | None = None) -> None:
        self.voyage = Voyage(World(folder / "world", repository(), database))
        self._weather = random.Random(seed)
        self._clients = [random.Random(f"{seed}/{number}") for number in range(CLIENTS)]
        self._until = time.monotonic() + seconds
        self._problems: list[str] = []
        self._neighbour: Child | None = None
        self.deeds: list[str] = []

    def rage(self) -> list[str]:
        """Return what is wrong when it is over and everything had time to come to an end."""
        self.voyage.world.let_go()
        self.voyage.servers.start()
        threads = [threading.Thread(target=self._ask, args=(one,)) for one in self._clients]
        for one in threads:
            one.start()
        try:
            while time.monotonic() < self._until:
                self._blow()
            for one in threads:
                one.join()
            until("all ends", self._all_have_ended)
            # A new server sweeps at once what a frozen one left behind; a living one does every minute.
            self.voyage.servers.drain()
            self.voyage.servers.start()
            return self._problems + witness.findings(self.voyage)
        except (AssertionError, FunadeError) as error:
            return [*self._problems, f"{type(error).__name__}: {error}"]
        finally:
            self.voyage.servers.kill()
            if self._neighbour is not None:
                self._neighbour.kill()

    def _all_have_ended(self) -> bool:
        """Say yes to all that ask, and tell whether nothing is on its way any more."""
        unended = [one for one in self.voyage.history().deployments if not one.has_ended]
        for one in unended:
            if one.state is State.AWAITING_APPROVAL:
                self.voyage.ask(Approve(number=one.number))
        return not unended

    def _ask(self, choice: random.Random) -> None:
        """Do what an impatient person does, until it is over."""
        numbers: list[int] = []
        try:
            while time.monotonic() < self._until:
                self._ask_once(choice, numbers)
                self._pause(choice.uniform(0, 0.8))
        except (AssertionError, FunadeError) as error:
            self._problems.append(f"a person saw {type(error).__name__}: {error}")

    def _ask_once(self, choice: random.Random, numbers: list[int]) -> None:
        environment = choice.choice(ENVIRONMENTS)
        wish = choice.choice(["deploy", "deploy", "deploy", "cancel", "retry", "rollback"])
        number = choice.choice(numbers) if numbers else None
        accepted = None
        if wish == "deploy":
            tag = choice.choice(["first", "second", "third", "fail", "stubborn", "talk"])
            accepted = self.voyage.want(Deploy(application="shop", environment=environment, ref=tag), tag)
        elif wish == "cancel" and number is not None:
            self.voyage.ask(Cancel(number=number))
        elif wish == "retry" and number is not None:
            accepted = self.voyage.want_if_allowed(Retry(number=number))
        elif wish == "rollback":
            accepted = self.voyage.want_if_allowed(Rollback(application="shop", environment=environment))
        if accepted is not None:
            numbers.append(accepted.number)

    def _blow(self) -> None:
        """Do one thing to the processes."""
        deed = self._weather.choice(["kill", "freeze", "neighbour", "freeze neighbour", "kill supervisor"])
        seconds = self._weather.uniform(0.1, LONGEST_FREEZE_SECONDS)
        self.deeds.append(f"{deed} {seconds:.2f}")
        match deed:
            case "kill":
                self.voyage.servers.send(signal.SIGKILL)
            case "freeze":
                self.voyage.servers.send(signal.SIGSTOP)
                self._pause(seconds)
                self.voyage.servers.send(signal.SIGCONT)
            case "neighbour":
                self._change_neighbour()
            case "freeze neighbour" if self._neighbour is not None:
                self._neighbour.send_signal(signal.SIGSTOP)
                self._pause(seconds)
                self._neighbour.send_signal(signal.SIGCONT)
            case "kill supervisor":
                self._kill_a_supervisor()
            case _:
                pass
        self._pause(self._weather.uniform(0.1, 1.5))

    def _change_neighbour(self) -> None:
        if self._neighbour is not None and self._neighbour.poll() is None:
            self._neighbour.kill()
            return
        world = self.voyage.world
        log = self.voyage.servers.log
        self._neighbour = nursery().bear(
            [str(world.configuration)], world.environment(), world.folder, log, main="tests.crash.neighbour"
        )

    def _kill_a_supervisor(self) -> None:
        found = [pid for pid, point in self.voyage.passed() if point == "command.open_output:after"]
        for pid in [one for one in found if lives(one)][:1]:
            os.kill(pid, signal.SIGKILL)

    def _pause(self, seconds: float) -> None:
        over = min(time.monotonic() + seconds, self._until)
        until("a moment", lambda: time.monotonic() >= over)

    def summary(self) -> str:
        """Return what the storm was like."""
        rows = self.voyage.accepted
        return f"{len(rows)} deployments, {self.voyage.servers.deaths} deaths: {', '.join(self.deeds)}"
