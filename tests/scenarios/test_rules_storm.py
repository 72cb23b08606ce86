"""People lock, steal, approve, override, pause and leave while processes die: nothing starts against the rules."""

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from funade.domain.commands import (
    Cancel,
    Command,
    PauseAll,
    Reject,
    Reopen,
    ResumeAll,
    Retry,
    Unlock,
)
from funade.domain.deployment import Deployment, State
from funade.domain.freeze import Freeze
from funade.domain.people import Right
from tests.scenarios.conftest import in_memory
from tests.scenarios.fleet import Fleet
from tests.scenarios.office import (
    ADA_AT_SLACK,
    BOB_AT_SLACK,
    HERE,
    IDS,
    approve,
    back,
    deploy,
    lock,
    move_in,
    override,
    set_group,
)
from tests.scenarios.witness import Book, Witness

WHO = st.sampled_from(["ada", "bob", "cy", "dee", ADA_AT_SLACK, BOB_AT_SLACK])
CHIEF = st.sampled_from(["bob", "cy", BOB_AT_SLACK])
REFS = ["first", "second", "third"]
NUMBERS = range(1, 9)
ASK: list[Command] = [
    *(deploy(ref) for ref in REFS * 4),
    *(deploy(ref, force=True, reason="now") for ref in REFS),
    back(),
    back(),
    back(force=True, reason="now"),
    *(Retry(number=number) for number in NUMBERS),
]
STOP: list[Command] = [command(number=number) for number in NUMBERS for command in (Cancel, Reject)]
CLOSE: list[Command] = [
    *(lock(lasts=timedelta(seconds=seconds)) for seconds in (5, 20, 60)),
    *(lock(lasts=timedelta(seconds=seconds), steal=True) for seconds in (5, 20)),
    lock(),
    PauseAll(),
]
OPEN: list[Command] = [Unlock(**HERE), Unlock(**HERE, force=True, reason="now"), ResumeAll()]
SRE = st.sampled_from([("bob", "cy"), ("bob", "cy"), ("bob",), ("cy",), ("cy", "dee")])
DEPLOYERS = st.sampled_from([("ada", "dee"), ("ada", "dee"), ("ada",), ("dee",), ()])
BEFORE_THE_START = [
    "sources.check_out:before",
    "place.look:after",
    "ledger.read:after",
    "ledger.change:before",
]
GATES = st.integers(1, 12)
WAITS_AT_MOST_MINUTES = 3
SALE = Freeze(cron="sale", lasts=timedelta(seconds=12), reason="sale")


class RulesStorm(RuleBasedStateMachine):
    """Two processes, one environment, and people who change their minds."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(dir=in_memory())
        self.fleet = Fleet(Path(self._folder.name), waits_at_most_minutes=WAITS_AT_MOST_MINUTES)
        self.world = world = self.fleet.world
        move_in(world)
        world.change_environment("production", freezes=(SALE,))
        self.book = Book(who_is={id: name for name, ids in IDS.items() for id in ids})
        self.witness = Witness(self.book, world.clock.now)
        world.ledger.change = self.witness.watch(world.ledger.change)  # type: ignore[method-assign]  # it stands before it
        self._ended: dict[int, Deployment] = {}
        self._sre: tuple[str, ...] = ("bob", "cy")
        self._deployers: tuple[str, ...] = ("ada", "dee")
        self._write_down()

    def _write_down(self) -> None:
        """Keep the witness's book; nothing of it is read from the configuration."""
        chiefs = set(self._sre)
        self.book.deploy = chiefs | set(self._deployers)
        self.book.rollback = chiefs | {"ada"}
        self.book.approve = self.book.override = chiefs

    @initialize(count=st.integers(0, 2))
    def everybody_watches(self, count: int) -> None:
        self.the_configuration_changes(self._sre, self._deployers, count)
        self.fleet.round()

    # People. Few rules with much in each, and the way of things again and again, so that every run goes far.

    @rule(who=WHO, command=st.sampled_from(ASK), others=st.integers(0, 2))
    def somebody_asks(self, who: str, command: Command, others: int) -> None:
        """Often others ask too before anything follows."""
        self._say(command, who)
        for name, ref in [("ada", "second"), ("dee", "third")][:others]:
            self._say(deploy(ref), name)
        self.fleet.look()

    @rule(who=WHO, command=st.sampled_from(ASK), first=CHIEF, second=CHIEF)
    def somebody_asks_and_others_agree(self, who: str, command: Command, first: str, second: str) -> None:
        self._say(command, who)
        self.others_agree(first, second)

    @rule(first=CHIEF, second=CHIEF)
    def others_agree(self, first: str, second: str) -> None:
        for one in self._waiting():
            self._say(approve(one.number, revision=one.revision), first)
            self._say(approve(one.number), second)
        self.fleet.look()

    @rule(who=CHIEF, which=st.integers(0, 1))
    def somebody_overrides(self, who: str, which: int) -> None:
        for one in self._waiting()[which : which + 1]:
            self._say(override(one.number), who)
        self.fleet.look()

    @rule(who=WHO, command=st.sampled_from([*STOP, *CLOSE, *CLOSE, *CLOSE]))
    def somebody_stops_or_closes(self, who: str, command: Command) -> None:
        self._say(command, who)

    @rule(who=CHIEF)
    def somebody_opens_everything(self, who: str) -> None:
        for command in OPEN:
            self._say(command, who)
        if self.fleet.berth("production").doubt is not None:
            # Whatever lives there is the guard's to end from now on.
            self.world.place.forgiven.add(("shop", "production"))
            self._say(Reopen(**HERE), who)
        self.fleet.look()

    def _waiting(self) -> list[Deployment]:
        return [one for one in self.fleet.unended() if one.state is not State.RUNNING]

    # The world changes under them

    @rule(data=st.data())
    def people_come_and_leave(self, data: st.DataObject) -> None:
        self.the_configuration_changes(data.draw(SRE), data.draw(DEPLOYERS), data.draw(st.integers(0, 2)))

    def the_configuration_changes(
        self, members: tuple[str, ...], deployers: tuple[str, ...], count: int
    ) -> None:
        self._sre, self._deployers = members, deployers
        set_group(self.world, members)
        shop = self.world.configurations.configuration.applications["shop"]
        rights = {**shop.environments["production"].rights, Right.DEPLOY: (*deployers, "sre")}
        self.world.change_environment("production", rights=rights, approvals=count)
        self.book.approvals = count
        self._write_down()

    @rule(name=st.sampled_from(REFS), to=st.sampled_from(REFS), is_sale=st.booleans())
    def a_branch_moves_or_a_sale_begins(self, name: str, to: str, is_sale: bool) -> None:
        self.world.sources.point(f"refs/heads/{name}", self.world.revisions[to])
        if is_sale:
            now = self.world.clock.now()
            self.world.calendar.openings = {"sale": [now]}
            self.book.frozen = (now, now + SALE.lasts)

    def _say(self, command: Command, who: str) -> None:
        if not self.fleet.able:
            self.somebody_comes()
        self.fleet.says(command, who)

    # Processes and time

    @rule(programs_end=st.sampled_from([True, True, False]), sweeps=st.booleans())
    def things_go_on(self, programs_end: bool, sweeps: bool) -> None:
        self.fleet.look()
        self.fleet.time_passes()
        if programs_end:
            self.fleet.programs_end()
        if sweeps:
            self.fleet.sweep()
        self.fleet.look()

    @rule(which=st.integers(0, 1), gate=GATES, freezes=st.booleans())
    def trouble_comes(self, which: int, gate: int, freezes: bool) -> None:
        """One dies or stands still at one of its next steps."""
        gates = self.fleet.processes[which].gates
        (gates.freeze if freezes else gates.kill)(gate)
        self.fleet.look()

    @rule(
        gate=st.sampled_from(BEFORE_THE_START),
        who=CHIEF,
        command=st.sampled_from([*CLOSE, *STOP]),
        data=st.data(),
    )
    def one_is_slow_and_people_are_not(
        self, gate: str, who: str, command: Command, data: st.DataObject
    ) -> None:
        """Much can happen between a turn and its start."""
        self.somebody_comes()
        slow = self.fleet.processes[0]
        slow.gates.freeze(gate)
        self.fleet.look()
        self._say(command, who)
        if data.draw(st.booleans()):
            self.people_come_and_leave(data)
        slow.gates.thaw()
        self.world.loop.goes_on()

    @rule()
    def somebody_comes(self) -> None:
        """Whoever stood still goes on with what it was doing; somebody new comes for the dead."""
        for process in self.fleet.processes:
            process.gates.thaw()
        self.world.loop.goes_on()
        self.fleet.replace_dead()

    @rule(rounds=st.sampled_from([5, 5, 5, WAITS_AT_MOST_MINUTES * 12 + 1]))
    def leases_or_all_that_waits_run_out(self, rounds: int) -> None:
        for _ in range(rounds):
            self.fleet.time_passes()
        self.fleet.look()

    @precondition(lambda self: self.fleet.world.place.running())
    @rule(exit_code=st.sampled_from([0, 0, 1]), live=st.booleans())
    def a_program_ends(self, exit_code: int, live: bool) -> None:
        self.fleet.program_ends(self.world.place.running()[0], exit_code=exit_code, live=live)

    # What holds

    @invariant()
    def nothing_is_doubled(self) -> None:
        self.world.assert_sound()
        assert not self.world.mistakes, self.world.mistakes

    @invariant()
    def nothing_runs_that_nobody_saw_start(self) -> None:
        begun = {(one.execution.deployment, one.execution.attempt) for one in self.world.place.started}
        assert begun <= set(self.witness.started)

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
        """Whatever is locked, frozen, paused or unapproved now stays so, and everything ends all the same."""
        self.somebody_comes()
        for process in self.fleet.processes:
            process.gates.kill()
        self.somebody_comes()
        self.fleet.comes_to_rest()
        self.an_end_is_for_good()


class TestRulesStorm(RulesStorm.TestCase):  # type: ignore[misc,valid-type]  # made by hypothesis
    settings = settings(
        stateful_step_count=30, max_examples=15, suppress_health_check=list(HealthCheck), deadline=None
    )


@pytest.mark.slow
@pytest.mark.timeout(3600)
class TestLongRulesStorm(RulesStorm.TestCase):  # type: ignore[misc,valid-type]  # as above
    settings = settings(stateful_step_count=50, suppress_health_check=list(HealthCheck), deadline=None)
