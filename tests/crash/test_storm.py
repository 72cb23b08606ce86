"""Whatever happens to the processes, at whatever moment: nothing is lost, nothing starts twice."""

import os
import random
from pathlib import Path

import pytest

from tests.conftest import LONG
from tests.crash.case import drop, new_database
from tests.crash.storm import Storm

#: `FUNADE_SEED=7 bin/test long -- tests/crash/test_storm.py` has the weather of 7 again.
SEED = os.environ.get("FUNADE_SEED")
SHORT_SECONDS, LONG_SECONDS, STORMS = 20.0, 60.0, 8

STORES = pytest.mark.parametrize(
    "store", ["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))]
)

pytestmark = [pytest.mark.slow, pytest.mark.needs("git"), pytest.mark.timeout(600)]


@STORES
def test_a_short_storm(tmp_path: Path, store: str):
    rage(tmp_path, store, int(SEED or 1), SHORT_SECONDS)


@pytest.mark.storm
@STORES
@pytest.mark.parametrize("number", range(STORMS))
def test_a_storm(tmp_path: Path, store: str, number: int):
    rage(tmp_path, store, int(SEED or random.SystemRandom().randrange(10**6)) + number, LONG_SECONDS)


def rage(folder: Path, store: str, seed: int, seconds: float) -> None:
    database = new_database() if store == "postgres" else None
    storm = Storm(folder, seed, seconds, database)
    wrong = storm.rage()
    if database is not None and not wrong:
        drop(database)
    (folder / "summary").write_text(f"{store}, seed {seed}: {storm.summary()}\n")
    assert not wrong, "\n".join(
        [
            *wrong,
            f"--- again: FUNADE_SEED={seed} bin/test {'long ' if LONG else ''}-- tests/crash/test_storm.py -k {store}",
            storm.summary(),
            storm.voyage.log_text(),
            *map(str, storm.voyage.world.lines()),
        ]
    )
    assert storm.voyage.accepted, storm.summary()
