"""Two processes on one store, in rounds: everybody able looks, programs end, time passes, leases run out."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from funade.domain.answers import Answer
from funade.domain.commands import Approve, Command
from funade.domain.deployment import Deployment, State
from funade.domain.environment import Berth
from funade.domain.orders import Execution
from funade.domain.release import Release
from funade.usecases.ledger_ports import Reading
from tests.scenarios.agreement import assert_agreement
from tests.scenarios.gates import Gates, before_a_change
from tests.scenarios.process import Process
from tests.scenarios.world import World

LEASE = timedelta(seconds=15)
ROUND_SECONDS = 5
#: Enough for the longest way: a lease that must be seen to stand still, two deployments, a silence, a sweep.
MOST_ROUNDS = 40


class Fleet:
    """A world with several processes, of which some die or freeze."""

    def __init__(
        self,
        folder: Path,
        *,
        waits_at_most_minutes: int = 24 * 60,
        counts: Callable[[str], bool] = before_a_change,
    ) -> None:
        self.world = World(folder, lease=LEASE, waits_at_most=timedelta(minutes=waits_at_most_minutes))
        self._counts = counts
        self.processes = [self._process(), self._process()]
        self._requests = 0

    def _process(self) -> Process:
        return Process(self.world, unknown_after=timedelta(minutes=1), gates=Gates(self._counts))

    @property
    def able(self) -> list[Process]:
        return [one for one in self.processes if one.is_able]

    def says(self, command: Command, who: str = "ada") -> Answer | None:
        """Bring a command to the first process that is able; None when it dies of it or stands still."""
        self._requests += 1
        process = self.able[0]
        request = f"request-{self._requests}"
        task = self.world.loop.create_task(process.survive(process.ask(who, command, request)))
        self.world.loop.goes_on()
        return task.result() if task.done() else None

    def replace_dead(self) -> None:
        """Start a new process for each dead one."""
        self.processes = [self._process() if one.gates.is_dead else one for one in self.processes]

    def look(self) -> None:
        """Let everybody able look, speak and go on with what they have in hand."""
        for process in self.able:
            process.look()
            process.say()
            self.world.loop.goes_on()
        self.world.assert_sound()

    def time_passes(self, seconds: float = ROUND_SECONDS) -> None:
        """Let time pass; whoever is able renews its lease."""
        self.world.clock.advance(seconds=seconds)
        for process in self.processes:
            if process.is_able or (process.beats_always and not process.gates.is_dead):
                process.beat()
        self.world.loop.goes_on()
        self.world.assert_sound()

    def release_of(self, execution: Execution) -> Release:
        """Return what that execution brings."""
        return next(one.release for one in self.world.place.started if one.execution == execution)

    def program_ends(self, execution: Execution, *, exit_code: int = 0, live: bool = True) -> None:
        """Let one program end by itself."""
        release = self.release_of(execution)
        self.world.program_ends(execution, release, exit_code=exit_code, live=live)
        self.world.loop.goes_on()

    def programs_end(self) -> None:
        """Let everything that runs end well."""
        for execution in self.world.place.running():
            self.program_ends(execution)

    def sweep(self) -> None:
        for process in self.able:
            process.clean()
            self.world.loop.goes_on()

    def agree(self) -> None:
        """Let a person say yes to whatever asks, once somebody can hear it."""
        for one in self.unended() if self.able else []:
            if one.state is State.AWAITING_APPROVAL:
                self.says(Approve(number=one.number), "bob")

    def round(self) -> None:
        self.agree()
        self.look()
        self.time_passes()
        self.programs_end()

    def rounds_until(self, is_so: Callable[[], bool]) -> None:
        """Go on until something is so."""
        for _ in range(MOST_ROUNDS):
            if is_so():
                return
            self.round()
        message = "it never came to that"
        raise AssertionError(message)

    def berth(self, environment: str) -> Berth:
        return self.world.loop.answer(self.world.ledger.read(lambda look: look.berth("shop", environment)))

    def unended(self) -> list[Deployment]:
        return list(self.world.loop.answer(self.world.ledger.read(lambda look: look.unended())))

    def ended(self) -> list[Deployment]:
        """Return what has ended, oldest first."""
        read = self.world.ledger.read(lambda look: look.ended(None, None, limit=1000))
        return list(reversed(self.world.loop.answer(read)))

    def has_no_more_to_do(self) -> bool:
        """Tell whether every deployment has ended."""
        return not self.unended()

    def is_at_rest(self) -> bool:
        """Tell whether everything has ended, been undone and been said, and every environment is open."""

        def look(ledger: Reading) -> bool:
            kept = any(one.turn or one.doubt for one in ledger.berths())
            return not (ledger.unended() or ledger.obligations() or ledger.announcements(1) or kept)

        world = self.world
        leftovers = world.loop.answer(world.workspaces.leftovers(frozenset()))
        return world.loop.answer(world.ledger.read(look)) and not world.place.running() and not leftovers

    def comes_to_rest(self) -> None:
        """Let everything end by itself; then all must agree."""
        for _ in range(MOST_ROUNDS):
            if self.is_at_rest():
                break
            self.round()
            self.sweep()
        assert self.is_at_rest(), "it never came to rest"
        assert_agreement(self.world)

    def close(self) -> None:
        self.world.close()
