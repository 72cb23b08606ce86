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
REFS = st.sampled_from(["first", "second", "third"])
WHICH = st.integers(1, 8)
GATES = st.integers(0, 12)
WAITS_AT_MOST_MINUTES = 3
SALE = Freeze(cron="sale", lasts=timedelta(seconds=40), reason="sale")


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

    @initialize()
    def everybody_watches(self) -> None:
        self.fleet.round()

    # People ask

    @rule(who=WHO, ref=REFS)
    def deploy(self, who: str, ref: str) -> None:
        self._say(deploy(ref), who)

    @rule(who=CHIEF, ref=REFS)
    def deploy_by_force(self, who: str, ref: str) -> None:
        self._say(deploy(ref, force=True, reason="now"), who)

    @rule(who=WHO)
    def roll_back(self, who: str) -> None:
        self._say(back(), who)

    @rule(who=WHO, which=WHICH)
    def retry(self, who: str, which: int) -> None:
        self._say(Retry(number=which), who)

    @rule(who=WHO, which=WHICH)
    def cancel(self, who: str, which: int) -> None:
        self._say(Cancel(number=which), who)

    # People decide

    @rule(who=CHIEF, which=WHICH)
    def approve(self, who: str, which: int) -> None:
        self._say(approve(which), who)

    @rule(who=CHIEF)
    def approve_what_asks(self, who: str) -> None:
        for one in self.fleet.unended():
            if one.state is State.AWAITING_APPROVAL:
                self._say(approve(one.number, revision=one.revision), who)

    @rule(who=CHIEF, which=WHICH)
    def reject(self, who: str, which: int) -> None:
        self._say(Reject(number=which), who)

    @rule(who=CHIEF)
    def override_what_waits(self, who: str) -> None:
        for one in self.fleet.unended()[:1]:
            self._say(override(one.number), who)

    # People close and open

    @rule(who=WHO, seconds=st.sampled_from([None, 5, 30]), steal=st.booleans())
    def lock(self, who: str, seconds: int | None, steal: bool) -> None:
        lasts = None if seconds is None else timedelta(seconds=seconds)
        self._say(lock(lasts=lasts, steal=steal), who)

    @rule(who=WHO, force=st.booleans())
    def unlock(self, who: str, force: bool) -> None:
        self._say(Unlock(**HERE, force=force, reason="now"), who)

    @rule(who=WHO)
    def pause(self, who: str) -> None:
        self._say(PauseAll(), who)

    @rule(who=CHIEF)
    def resume(self, who: str) -> None:
        self._say(ResumeAll(), who)

    @rule(who=CHIEF)
    def reopen(self, who: str) -> None:
        if self.fleet.berth("production").doubt is not None:
            self.world.place.forgiven.add(("shop", "production"))
            self._say(Reopen(**HERE), who)

    # The configuration changes under them

    @rule(members=st.sampled_from([("bob", "cy"), ("bob", "cy"), ("bob",), ("cy",), ("cy", "dee"), ()]))
    def people_come_and_leave(self, members: tuple[str, ...]) -> None:
        self._sre = members
        set_group(self.world, members)
        self._write_down()

    @rule(members=st.sampled_from([("ada", "dee"), ("ada",), ("dee",), ()]))
    def deployers_come_and_leave(self, members: tuple[str, ...]) -> None:
        self._deployers = members
        shop = self.world.configurations.configuration.applications["shop"]
        rights = {**shop.environments["production"].rights, Right.DEPLOY: (*members, "sre")}
        self.world.change_environment("production", rights=rights)
        self._write_down()

    @rule(count=st.integers(0, 2))
    def approvals_are_wanted(self, count: int) -> None:
        self.book.approvals = count
        self.world.change_environment("production", approvals=count)

    @rule()
    def a_sale_begins(self) -> None:
        now = self.world.clock.now()
        self.world.calendar.openings = {"sale": [now]}
        self.book.freezes += 1
        self.book.frozen_until = now + SALE.lasts

    @rule(name=REFS, to=REFS)
    def a_branch_moves(self, name: str, to: str) -> None:
        self.world.sources.point(f"refs/heads/{name}", self.world.revisions[to])

    def _say(self, command: Command, who: str) -> None:
        if self.fleet.able:
            self.fleet.says(command, who)

    # Processes and time

    @rule()
    def look(self) -> None:
        self.fleet.look()

    @rule()
    def sweep(self) -> None:
        self.fleet.sweep()

    @rule(which=st.integers(0, 1), gate=GATES)
    def die(self, which: int, gate: int) -> None:
        self.fleet.processes[which].gates.kill(gate or None)
        self.world.loop.goes_on()

    @rule(which=st.integers(0, 1), gate=GATES)
    def freeze(self, which: int, gate: int) -> None:
        self.fleet.processes[which].gates.freeze(gate or None)

    @rule(which=st.integers(0, 1))
    def thaw(self, which: int) -> None:
        self.fleet.processes[which].gates.thaw()
        self.world.loop.goes_on()

    @rule()
    def somebody_new_comes(self) -> None:
        self.fleet.replace_dead()

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
        for process in self.fleet.processes:
            process.gates.thaw()
        self.world.loop.goes_on()
        self.fleet.replace_dead()
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
