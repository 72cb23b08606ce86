"""Every process dies at every point that a deployment passes, and nobody outside can tell."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import LONG
from tests.crash.case import Fleet
from tests.crash.matrix import EFFECTS, ELSEWHERE, FLEETS, FULL_DISKS, Matrix, deaths_of, write

FIRST = Fleet()
WRITE = os.environ.get("FUNADE_WRITE_MATRIX") == "1"

pytestmark = [pytest.mark.slow, pytest.mark.needs("git"), pytest.mark.timeout(7200 if LONG else 900)]


Matrices = Callable[[Fleet], Matrix]


@pytest.fixture(scope="session")
def matrices(request: pytest.FixtureRequest) -> Iterator[Matrices]:
    wanted: dict[Fleet, list[str]] = {}
    for item in request.session.items:
        given = getattr(getattr(item, "callspec", None), "params", {})
        if "fault" in given:
            wanted.setdefault(given["fleet"], []).append(given["fault"])
    opened: dict[Fleet, Matrix] = {}

    def open_matrix(fleet: Fleet) -> Matrix:
        if fleet not in opened:
            # Of several test processes each sails only what it is asked for.
            ahead = [] if "PYTEST_XDIST_WORKER" in os.environ else wanted.get(fleet, [])
            opened[fleet] = Matrix(fleet, ahead, everything=LONG)
        return opened[fleet]

    yield open_matrix
    if WRITE:
        write(opened.values())
    for one in opened.values():
        one.close()


def fleet_param(fleet: Fleet) -> Any:
    marks = [pytest.mark.needs("postgres")] if fleet.store == "postgres" else []
    return pytest.param(fleet, id=str(fleet), marks=marks)


def faults(fleet: Fleet) -> Iterator[Any]:
    """Yield every fault that a fleet sails with."""
    full_disks = FULL_DISKS if fleet == FIRST else []
    for fault in [*deaths_of(fleet, everything=LONG), *full_disks]:
        one = fleet_param(fleet)
        yield pytest.param(fleet, fault, id=f"{fleet}-{fault}", marks=one.marks)


@pytest.mark.parametrize("fleet", [fleet_param(one) for one in FLEETS])
def test_without_deaths_every_story_ends_well(matrices: Matrices, fleet: Fleet):
    wrong = [one.report() for one in matrices(fleet).recorded.values() if one.findings]
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize(("fleet", "fault"), [one for fleet in FLEETS for one in faults(fleet)])
def test_a_death_or_a_full_disk_at_any_point_loses_nothing_and_starts_nothing_twice(
    matrices: Matrices, fleet: Fleet, fault: str
):
    results = matrices(fleet).results(fault)
    assert results, f"no story passes {fault}: add one to scenarios.py, or say in matrix.py who does it there"
    wrong = [one.report() for one in results if one.findings]
    assert not wrong, "\n\n".join(wrong)
    missed = [one.case.again for one in results if not one.died]
    assert not missed or LONG, f"nobody came to it in any story that did before: {missed}"


def test_what_no_story_passes_is_said_of_nothing_else(matrices: Matrices):
    passed = {point for one in matrices(FIRST).recorded.values() for _, point in one.passed}
    effects = {point.partition(":")[0] for point in passed}
    assert not [one for one in ELSEWHERE if one in passed | effects]
    assert not [one for one in ELSEWHERE if one not in EFFECTS], "there is no such effect any more"
