"""Every process dies at every point that a deployment passes, and nobody outside can tell."""

import os
from collections.abc import Iterator

import pytest

from tests.conftest import LONG
from tests.crash.matrix import EFFECTS, ELSEWHERE, FULL_DISKS, POINTS, Matrix
from tests.crash.scenarios import SCENARIOS, Scenario

WRITE = os.environ.get("FUNADE_WRITE_MATRIX") == "1"

pytestmark = [pytest.mark.slow, pytest.mark.needs("git"), pytest.mark.timeout(7200 if LONG else 900)]


@pytest.fixture(scope="session")
def matrix(request: pytest.FixtureRequest) -> Iterator[Matrix]:
    wanted = [fault for item in request.session.items if (fault := _fault_of(item))]
    sailing = Matrix(wanted, everything=LONG)
    yield sailing
    if WRITE:
        sailing.write()
    sailing.close()


def _fault_of(item: pytest.Item) -> str | None:
    fault: str | None = getattr(getattr(item, "callspec", None), "params", {}).get("fault")
    return fault


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_without_deaths_the_story_ends_well(matrix: Matrix, scenario: Scenario):
    sailed = matrix.recorded[scenario]
    assert not sailed.findings, sailed.report()


@pytest.mark.parametrize("fault", POINTS)
def test_a_death_at_any_point_loses_nothing_and_starts_nothing_twice(matrix: Matrix, fault: str):
    check(matrix, fault)


@pytest.mark.parametrize("fault", FULL_DISKS)
def test_a_full_disk_at_any_point_loses_nothing_and_starts_nothing_twice(matrix: Matrix, fault: str):
    check(matrix, fault)


def check(matrix: Matrix, fault: str) -> None:
    results = matrix.results(fault)
    assert results, f"no story passes {fault}: add one to scenarios.py, or say in matrix.py who does it there"
    wrong = [one.report() for one in results if one.findings]
    assert not wrong, "\n\n".join(wrong)
    missed = [one.case.again for one in results if not one.died]
    assert not missed or LONG, f"nobody came to it in any story that did before: {missed}"


def test_what_no_story_passes_is_said_of_nothing_else(matrix: Matrix):
    passed = {point for one in matrix.recorded.values() for _, point in one.passed}
    effects = {point.partition(":")[0] for point in passed}
    assert not [one for one in ELSEWHERE if one in passed | effects]
    assert not [one for one in ELSEWHERE if one not in EFFECTS], "there is no such effect any more"
