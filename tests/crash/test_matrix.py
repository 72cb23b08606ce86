"""Every process dies at every point that a deployment passes, and nobody outside can tell."""

import os
from collections.abc import Iterator

import pytest

from tests.conftest import LONG
from tests.crash.matrix import EFFECTS, ELSEWHERE, POINTS, Matrix
from tests.crash.scenarios import SCENARIOS, Scenario

WRITE = os.environ.get("FUNADE_WRITE_MATRIX") == "1"

pytestmark = [pytest.mark.slow, pytest.mark.needs("git"), pytest.mark.timeout(7200 if LONG else 900)]


@pytest.fixture(scope="session")
def matrix(request: pytest.FixtureRequest) -> Iterator[Matrix]:
    wanted = [point for item in request.session.items if (point := _point_of(item))]
    sailing = Matrix(wanted, everything=LONG)
    yield sailing
    if WRITE:
        sailing.write()
    sailing.close()


def _point_of(item: pytest.Item) -> str | None:
    point: str | None = getattr(getattr(item, "callspec", None), "params", {}).get("point")
    return point


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_without_deaths_the_story_ends_well(matrix: Matrix, scenario: Scenario):
    sailed = matrix.recorded[scenario]
    assert not sailed.findings, sailed.report()


@pytest.mark.parametrize("point", POINTS)
def test_a_death_at_any_point_loses_nothing_and_starts_nothing_twice(matrix: Matrix, point: str):
    results = matrix.results(point)
    assert results, f"no story passes {point}: add one to scenarios.py, or say in matrix.py who kills there"
    wrong = [one.report() for one in results if one.findings]
    assert not wrong, "\n\n".join(wrong)
    missed = [one.case.again for one in results if not one.died]
    assert not missed or LONG, f"nobody died in any story that passed {point} before: {missed}"


def test_what_no_story_passes_is_said_of_nothing_else(matrix: Matrix):
    passed = {point for one in matrix.recorded.values() for _, point in one.passed}
    effects = {point.partition(":")[0] for point in passed}
    assert not [one for one in ELSEWHERE if one in passed | effects]
    assert not [one for one in ELSEWHERE if one not in EFFECTS], "there is no such effect any more"
