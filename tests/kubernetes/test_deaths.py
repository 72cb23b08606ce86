"""A controller dies before and after each of its effects, one replica or two, and nobody outside can tell."""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import LONG
from tests.crash.matrix import EFFECTS
from tests.kubernetes.deaths import ELSEWHERE, STORIES, Death, Sailed, deaths_of, ours, sail, write
from tests.kubernetes.harbour import queues
from tests.kubernetes.standin import standin

pytestmark = [
    pytest.mark.needs("kubernetes"),
    pytest.mark.slow,
    pytest.mark.asyncio,
    pytest.mark.timeout(1800 if LONG else 400),
]

WRITE = os.environ.get("FUNADE_WRITE_MATRIX") == "1"
#: Most of their time they wait for messages that were in a dead hand.
SIDE_BY_SIDE, AT_ONCE = 4, 8


def groups() -> Iterator[Any]:
    """Yield all deaths, some of one story at a time."""
    for replicas in (1, 2):
        for story in STORIES:
            deaths = deaths_of(story, replicas, everything=LONG)
            for start in range(0, len(deaths), AT_ONCE):
                name = f"{story.name}-{start // AT_ONCE + 1}-replicas-{replicas}"
                yield pytest.param(deaths[start : start + AT_ONCE], id=name)


async def test_every_effect_of_a_controller_has_its_story():
    assert {effect for story in STORIES for effect in story.effects} == ours()
    assert set(ELSEWHERE) <= set(EFFECTS), "there is no such effect any more"


@pytest.mark.parametrize("deaths", list(groups()))
async def test_a_death_at_any_effect_loses_nothing_and_starts_nothing_twice(
    plane, cluster, tmp_path, deaths: list[Death]
):
    room = asyncio.Semaphore(SIDE_BY_SIDE)
    with queues(tmp_path) as endpoint:
        async with standin(plane):

            async def one(number: int) -> Sailed:
                async with room:
                    return await sail(deaths[number], plane, cluster, tmp_path, endpoint)

            sailed = await asyncio.gather(*(one(number) for number in range(len(deaths))))
    if WRITE:
        write(sailed)
    wrong = [problem for one in sailed for problem in one.findings]
    assert not wrong, "\n".join(wrong)
    assert [one.death.point for one in sailed if not one.died] == []
