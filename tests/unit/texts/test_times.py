from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from funade.texts.catalogue import Reader
from funade.texts.times import moment, span

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "zone", "shown"),
    [
        (datetime(2026, 11, 21, 16, 2, tzinfo=UTC), TOKYO, "01:02"),
        (datetime(2026, 11, 21, 14, 59, tzinfo=UTC), TOKYO, "2026-11-21 23:59"),
        (datetime(2026, 11, 21, 14, 59, tzinfo=UTC), UTC, "14:59"),
        (datetime(2026, 11, 21, 14, 59, tzinfo=UTC), None, "14:59 UTC"),
        (datetime(2025, 11, 21, 14, 59, tzinfo=UTC), UTC, "2025-11-21 14:59"),
    ],
)
def test_a_time_is_local_and_carries_its_date_unless_it_is_today(at, zone, shown):
    assert moment(at, Reader("en", NOW, zone)) == shown


def test_without_a_now_every_time_carries_its_date():
    assert moment(NOW, Reader("en")) == "2026-11-21 16:30 UTC"


@pytest.mark.parametrize(
    ("seconds", "english", "japanese"),
    [
        (0, "0 s", "0秒"),
        (0.4, "0 s", "0秒"),
        (45, "45 s", "45秒"),
        (60, "1 min", "1分"),
        (125, "2 min 5 s", "2分 5秒"),
        (3600, "1 h", "1時間"),
        (3605, "1 h", "1時間"),
        (5400, "1 h 30 min", "1時間 30分"),
        (86400, "1 d", "1日"),
        (90000, "1 d 1 h", "1日 1時間"),
        (-5, "0 s", "0秒"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(seconds, english, japanese):
    assert span(seconds, Reader("en")) == english
    assert span(timedelta(seconds=seconds), Reader("ja")) == japanese
