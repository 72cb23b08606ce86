"""A whole Funade to tell stories with: people say things, programs end, time passes."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from funade.domain.answers import Accepted, Answer, DeploymentShown, HistoryShown, Refused
from funade.domain.commands import Command, ShowDeployment, ShowHistory
from funade.domain.deployment import Deployment
from funade.domain.environment import Berth
from funade.domain.orders import Execution
from funade.domain.reason import Reason
from funade.domain.wire import Plain, kind_of
from tests.scenarios.agreement import assert_agreement
from tests.scenarios.process import Process
from tests.scenarios.world import World

T = TypeVar("T", bound=Answer)
#: More looks than any one step needs to come to rest.
LOOKS = 4


class Funade:
    """One process in one world, `shop` with `production`, `staging`, and `preview`, which nobody can look at."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        self.process = Process(self.world)
        self._requests = 0

    # What people do

    def says(self, who: str, command: Command, *, request: str | None = None) -> Answer:
        """Return the answer; what follows from it happens at once."""
        answer = self.hears(who, command, request=request)
        self.goes_on()
        return answer

    def hears(self, who: str, command: Command, *, request: str | None = None) -> Answer:
        """Return the answer, before anything follows from it."""
        self._requests += 1
        return self.world.loop.answer(self.process.ask(who, command, request or f"request-{self._requests}"))

    def accepts(self, who: str, command: Command) -> int:
        """Return the number of what was accepted."""
        answer = self.says(who, command)
        assert isinstance(answer, Accepted), answer
        return answer.deployment.number

    def refuses(self, who: str, command: Command) -> tuple[Reason, Mapping[str, Plain]]:
        """Return why it was refused."""
        answer = self.says(who, command)
        assert isinstance(answer, Refused), answer
        return answer.because.code, answer.because.detail

    # What happens

    def goes_on(self) -> None:
        """Let everything happen that can happen now."""
        for _ in range(LOOKS):
            self.process.look()
            self.process.say()
            self.world.loop.goes_on()
            self.world.assert_sound()

    def lets_pass(self, **span: float) -> None:
        """Let time pass, and what follows from it."""
        self.world.clock.advance(**span)
        self.goes_on()

    def program_ends(self, number: int, *, exit_code: int = 0, live: bool = True) -> None:
        """Let the program of #number end by itself; `live` says whether it brought its release up."""
        row = self.shown(number)
        self.world.program_ends(self.execution(number), row.release, exit_code=exit_code, live=live)
        self.goes_on()

    def sweeps(self) -> None:
        """Sweep, and let follow what may."""
        self.process.clean()
        self.goes_on()

    def dies_and_comes_back(self) -> None:
        """Kill the process; another one finds what it left."""
        self.comes_back()
        self.goes_on()

    def comes_back(self) -> None:
        """Let another process follow the dead one; it has looked at nothing yet."""
        self.process.die()
        self.world.machine.gone.add(self.process.heart.process)
        self.process = Process(self.world)

    def deploys(self, command: Command, *, who: str = "ada") -> int:
        """Return the number of a deployment that was asked for and has succeeded."""
        number = self.accepts(who, command)
        self.program_ends(number)
        assert self.ended(number)[0] == "succeeded"
        return number

    # What is seen

    def shown(self, number: int) -> Deployment:
        """Return #number as it is now."""
        return self._show(number).deployment

    def state(self, number: int) -> str:
        """Return its state."""
        return self.shown(number).state.value

    def ended(self, number: int) -> tuple[str, str, str]:
        """Return how it ended: state, reason, verified or not."""
        row = self.shown(number)
        assert row.because is not None
        assert row.has_ended, row
        return row.state.value, row.because.code.value, "verified" if row.verified else "unverified"

    def why(self, number: int) -> list[str]:
        """Return the reasons for which it waits."""
        return [one.because.code.value for one in self._show(number).waiting]

    def story(self, number: int) -> list[str]:
        """Return what happened to it, in order."""
        return [kind_of(type(one.happening)) for one in self._show(number).events]

    def history(self) -> list[str]:
        """Return everything that happened, oldest first."""
        answer = self.hears("ada", ShowHistory(limit=1000))
        assert isinstance(answer, HistoryShown), answer
        return [kind_of(type(one.happening)) for one in reversed(answer.events)]

    def berth(self, environment: str) -> Berth:
        """Return the environment's row."""
        return self.world.loop.answer(self.world.ledger.read(lambda look: look.berth("shop", environment)))

    def execution(self, number: int) -> Execution:
        """Return what runs of it."""
        (found,) = [one for one in self.world.place.running() if one.number == number]
        return found

    def begun(self) -> list[int]:
        """Return the numbers of what began at the place, in order."""
        return [one.execution.number for one in self.world.place.started]

    def agrees(self) -> None:
        """Sweep, and check that everything that can be asked tells the same story."""
        self.sweeps()
        assert_agreement(self.world)

    def _show(self, number: int) -> DeploymentShown:
        answer = self.hears("ada", ShowDeployment(number=number))
        assert isinstance(answer, DeploymentShown), answer
        return answer
