"""Anything in any order: people, crashes, frozen processes, lost leases, silent places; and what holds all the same."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from funade.domain.commands import Approve, Cancel, Command, Deploy, Reopen, Retry, Rollback
from funade.domain.deployment import Deployment, State
from funade.domain.orders import Execution
from tests.scenarios.conftest import in_memory
from tests.scenarios.fleet import Fleet
from tests.scenarios.process import Process

ENVIRONMENTS = st.sampled_from(["production", "production", "staging"])
REFS = st.sampled_from(["first", "second", "third", "aside"])
WHICH = st.integers(0, 9)
GATES = st.integers(0, 12)
WAITS_AT_MOST_MINUTES = 3


class Storm(RuleBasedStateMachine):
    """Two processes on one store, and a world that does not spare them."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(dir=in_memory())
        self.fleet = Fleet(Path(self._folder.name), waits_at_most_minutes=WAITS_AT_MOST_MINUTES)
        self._ended: dict[int, Deployment] = {}

    @initialize()
    def everybody_watches(self) -> None:
        self.fleet.round()

    # People

    @rule(environment=ENVIRONMENTS, ref=REFS)
    def deploy(self, environment: str, ref: str) -> None:
        self._say(Deploy(application="shop", environment=environment, ref=ref))

    @rule(environment=ENVIRONMENTS)
    def roll_back(self, environment: str) -> None:
        self._say(Rollback(application="shop", environment=environment))

    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        self._say(Cancel(number=which))

    @rule(which=WHICH)
    def retry(self, which: int) -> None:
        self._say(Retry(number=which))

    @rule(which=WHICH)
    def approve(self, which: int) -> None:
        self._say(Approve(number=which))

    @rule(environment=ENVIRONMENTS)
    def reopen(self, environment: str) -> None:
        berth = self.fleet.berth(environment)
        if berth.doubt is not None:
            # Whatever lives there is the guard's to end from now on.
            self.fleet.world.place.forgiven.add(("shop", environment))
            self._say(Reopen(application="shop", environment=environment))

    def _say(self, command: Command) -> None:
        if self.fleet.able:
            self.fleet.says(command)

    # Processes

    @rule()
    def look(self) -> None:
        self.fleet.look()

    @rule()
    def sweep(self) -> None:
        self.fleet.sweep()

    @rule(which=WHICH, gate=GATES)
    def die(self, which: int, gate: int) -> None:
        self._process(which).gates.kill(gate or None)
        self.fleet.world.loop.goes_on()

    @rule(which=WHICH, gate=GATES)
    def freeze(self, which: int, gate: int) -> None:
        self._process(which).gates.freeze(gate or None)

    @rule(which=WHICH, gate=GATES)
    def become_slow(self, which: int, gate: int) -> None:
        """Stand still in a call while the lease goes on being renewed."""
        process = self._process(which)
        process.beats_always = True
        process.gates.freeze(gate or None)

    @rule(which=WHICH)
    def thaw(self, which: int) -> None:
        process = self._process(which)
        process.beats_always = False
        process.gates.thaw()
        self.fleet.world.loop.goes_on()

    @rule(which=WHICH, gate=GATES, environment=ENVIRONMENTS, ref=REFS)
    def somebody_is_overtaken(self, which: int, gate: int, environment: str, ref: str) -> None:
        """Freeze a process where it is about to change something, past its lease, and let it come back."""
        self._say(Deploy(application="shop", environment=environment, ref=ref))
        process = self._process(which)
        process.beats_always = False
        process.gates.freeze(gate or None)
        self.a_lease_runs_out()
        process.gates.thaw()
        self.fleet.world.loop.goes_on()

    @rule()
    def somebody_new_comes(self) -> None:
        self.fleet.replace_dead()

    def _process(self, which: int) -> Process:
        return self.fleet.processes[which % 2]

    # Time and places

    @rule(seconds=st.sampled_from([1, 5, 14, 16]))
    def time_passes(self, seconds: int) -> None:
        self.fleet.time_passes(seconds)

    @rule()
    def a_lease_runs_out(self) -> None:
        for _ in range(5):
            self.fleet.time_passes()
            self.fleet.look()

    @rule()
    def much_time_passes(self) -> None:
        for _ in range(WAITS_AT_MOST_MINUTES * 60 // 10 + 1):
            self.fleet.time_passes(10)
        self.fleet.look()

    @rule()
    def the_place_falls_silent(self) -> None:
        self.fleet.world.place.unreachable()

    @rule()
    def the_place_answers_again(self) -> None:
        self.fleet.world.place.reachable()

    @precondition(lambda self: self.fleet.world.place.running())
    @rule(which=WHICH, exit_code=st.sampled_from([0, 0, 1]), live=st.booleans())
    def a_program_ends(self, which: int, exit_code: int, live: bool) -> None:
        execution = self._running(which)
        self.fleet.program_ends(execution, exit_code=exit_code, live=live)

    @precondition(lambda self: self.fleet.world.place.running())
    @rule(which=WHICH)
    def a_program_brings_it_up(self, which: int) -> None:
        execution = self._running(which)
        self.fleet.world.goes_live(execution.environment, self.fleet.release_of(execution).revision)

    @precondition(lambda self: self.fleet.world.place.running())
    @rule(which=WHICH)
    def a_program_vanishes(self, which: int) -> None:
        self.fleet.world.place.lose(self._running(which))
        self.fleet.world.loop.goes_on()

    def _running(self, which: int) -> Execution:
        running = self.fleet.world.place.running()
        return running[which % len(running)]

    # What holds

    @invariant()
    def nothing_is_doubled(self) -> None:
        self.fleet.world.assert_sound()
        assert not self.fleet.world.mistakes, self.fleet.world.mistakes

    @invariant()
    def an_end_is_for_good(self) -> None:
        for one in self.fleet.ended():
            assert self._ended.setdefault(one.number, one) == one

    def teardown(self) -> None:
        try:
            self._everything_ends()
        finally:
            self.fleet.close()
            self._folder.cleanup()

    def _everything_ends(self) -> None:
        self.fleet.world.place.reachable()
        for process in self.fleet.processes:
            process.beats_always = False
            process.gates.disarm()
        self.fleet.world.loop.goes_on()
        self.fleet.replace_dead()
        self.fleet.comes_to_rest()
        self.an_end_is_for_good()
        for one in self.fleet.ended():
            assert one.state is not State.SUCCEEDED or one.verified


@pytest.mark.slow
@pytest.mark.timeout(3600)
class TestStorm(Storm.TestCase):  # type: ignore[misc, valid-type]  # made by hypothesis
    settings = settings(stateful_step_count=40, suppress_health_check=list(HealthCheck), deadline=None)
