from datetime import timedelta

import pytest

from funade.domain.lock import Lock
from tests.unit.domain.examples import NOON

ADA = frozenset({"local:1000", "slack:ADA"})
BOB = frozenset({"local:1001"})
MOMENT = timedelta(microseconds=1)


def lock(until=None, by_id="slack:ADA"):
    return Lock(by="ada", by_id=by_id, reason="migrating", since=NOON, until=until)


@pytest.mark.parametrize(
    ("until", "now", "holds"),
    [
        (None, NOON + timedelta(days=1000), True),
        (NOON + timedelta(hours=1), NOON, True),
        (NOON + timedelta(hours=1), NOON + timedelta(hours=1) - MOMENT, True),
        (NOON + timedelta(hours=1), NOON + timedelta(hours=1), False),
        (NOON, NOON, False),
    ],
)
def test_a_lock_holds_until_its_end(until, now, holds):
    assert lock(until).holds(now) is holds
    assert lock(until).keeps_out(BOB, now) is holds


def test_nobody_is_kept_out_by_their_own_lock_whatever_door_they_took_it_at():
    assert not lock().keeps_out(ADA, NOON)
    assert not lock(by_id="local:1000").keeps_out(ADA, NOON)


def test_whoever_is_unknown_is_kept_out():
    assert lock().keeps_out(frozenset({"local:9999"}), NOON)
    assert lock().keeps_out(frozenset(), NOON)
