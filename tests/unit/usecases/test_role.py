import asyncio
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from funade.domain.errors import FencedOut
from funade.store.sqlite import SqliteLedger
from funade.testing.processes import FakeMachine
from funade.testing.time import FakeClock
from funade.usecases.ledger_ports import Transaction
from funade.usecases.living import Living
from funade.usecases.role import Role

NAME = "crier"


@dataclass
class Held:
    """The `Lease` port; `error` is what it says when it was lost."""

    process: str = "p1"
    machine: str = "testhost"
    error: FencedOut | None = None

    def check(self) -> None:
        if self.error is not None:
            raise self.error


@dataclass
class Office:
    """Two processes of one machine, of which `p1` asks."""

    ledger: SqliteLedger
    lease: Held = field(default_factory=Held)
    machine: FakeMachine = field(default_factory=FakeMachine)
    taken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        clock = FakeClock()
        living = Living(clock=clock, machine=self.machine, lease=timedelta(seconds=15))
        self.role = Role(name=NAME, ledger=self.ledger, lease=self.lease, living=living)
        processes = [self.machine.describe("server", id, clock.now()) for id in ("p1", "p2")]

        def work(change: Transaction) -> None:
            for one in processes:
                change.register_process(one)

        asyncio.run(self.ledger.change(work))

    async def take(self, process: str, dead: frozenset[str]) -> bool:
        self.taken.append(process)
        return await self.ledger.change(lambda change: change.take_role(NAME, process, dead))

    def give(self, process: str) -> None:
        asyncio.run(
            self.ledger.change(lambda change: change.take_role(NAME, process, frozenset({"p1", "p2"})))
        )

    def holds(self) -> bool:
        return asyncio.run(self.role.hold(self.take))


@pytest.fixture
def office(tmp_path):
    with closing(SqliteLedger(tmp_path / "store.sqlite")) as ledger:
        yield Office(ledger)


def test_what_nobody_has_is_taken_once(office):
    assert office.holds()
    assert office.holds()
    assert office.taken == ["p1"]


def test_what_somebody_living_has_is_left_to_them(office):
    office.give("p2")
    assert not office.holds()
    assert not asyncio.run(office.role.take_anew(office.take))
    assert office.taken == []


def test_what_the_dead_had_is_taken_over(office):
    office.give("p2")
    office.machine.gone.add("p2")
    assert office.holds()
    assert office.taken == ["p1"]


def test_what_is_ours_is_taken_anew_by_whoever_asks_for_that(office):
    office.give("p1")
    assert asyncio.run(office.role.take_anew(office.take))
    assert office.taken == ["p1"]


def test_whoever_has_no_lease_has_no_role(office):
    office.lease.process = ""
    assert not office.holds()
    office.lease.process, office.lease.error = "p1", FencedOut("the lease is lost")
    with pytest.raises(FencedOut):
        office.holds()
