"""Every order comes one to five times and in any order, runners die and stand still: nothing starts twice, all end."""

import os
import random
from pathlib import Path

import pytest

from tests import postgres
from tests.conftest import LONG
from tests.crash.flood import Flood

#: `FUNADE_SEED=7 bin/test -- tests/crash/test_flood.py` decides the same again.
SEED = os.environ.get("FUNADE_SEED")
FEW, MANY = 250, 10_000
STORES = ["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("store", STORES)
def test_orders_that_come_again_and_again_start_nothing_twice(tmp_path: Path, store: str):
    rage(tmp_path, store, int(SEED or 5), FEW)


@pytest.mark.storm
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("store", STORES)
def test_ten_thousand_deployments_come_to_an_end_each_started_at_most_once(tmp_path: Path, store: str):
    rage(tmp_path, store, int(SEED or random.SystemRandom().randrange(10**6)), MANY)


def rage(folder: Path, store: str, seed: int, wanted: int) -> None:
    server = postgres.shared() if store == "postgres" else None
    url = server.local_url(server.new_database()) if server else ""
    flood = Flood(folder / "flood", url, seed, wanted)
    again = f"FUNADE_SEED={seed} bin/test {'long ' if LONG else ''}-- tests/crash/test_flood.py -k {store}"
    log = folder / "flood" / "log"
    wrong = flood.rage()
    (folder / "summary").write_text(f"{store}, {wanted} deployments, again: {again}\n{flood.summary()}\n")
    assert not wrong, "\n".join(
        [*wrong[:50], f"--- again: {again}", flood.summary(), log.read_text(errors="replace")[-20_000:]]
    )
    assert flood.kills
    assert flood.reasons["succeeded (completed)"] > wanted / 2, flood.summary()
