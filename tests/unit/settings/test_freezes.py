"""Freeze windows: what is read begins, ends, and is understood by the calendar."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade import settings
from funade.calendar import CronCalendar
from funade.domain.freeze import Freeze
from tests.unit.settings.kinds import KINDS


def read(**window: object) -> Freeze:
    """Return the window of a file without people."""
    production = {"target": {"kind": "command", "run": ["a"]}, "freezes": [window]}
    tree = {"applications": {"shop": {"repository": "a", "environments": {"production": production}}}}
    found = settings.read(json.dumps(tree).encode(), Path("/etc/funade/funade.yaml"), KINDS)
    [freeze] = found.applications["shop"].environments["production"].freezes
    return freeze


@pytest.mark.parametrize(
    ("cron", "lasts"),
    [
        ("0 18 * * 5", "62h"),
        ("0 18 * * FRI", "167h"),
        ("0 0 * * *", "23h"),
        ("* * * 12 *", "1m"),
        ("* 0-11,13-23 * * *", "1m"),
        ("* * 1-9,11-31 * *", "1m"),
        ("0 0 1 1 *", "365d"),
        ("0 0 29 2 *", "366d"),
        ("0 0 * 2 MON#5", "1d"),
        ("0 0 L * *", "1d"),
        ("0 0 LW * 5L", "1d"),
        ("30 8-17/3 1,15 */2 mon-fri", "2h"),
        ("0 18 * * 7", "1h"),
    ],
)
def test_windows_that_begin_and_end_are_read(cron, lasts):
    assert read(**{"cron": cron, "for": lasts}).cron == cron


def test_without_a_zone_the_clock_is_of_utc():
    assert read(cron="0 18 * * 5", **{"for": "62h"}) == Freeze(
        cron="0 18 * * 5", lasts=timedelta(hours=62), time_zone="UTC", reason=""
    )


@pytest.mark.parametrize(
    "zone", ["UTC", "Etc/GMT+9", "EST", "America/Argentina/Buenos_Aires", "Europe/Berlin"]
)
def test_zones_that_mean_the_same_everywhere_are_read(zone):
    assert read(cron="0 18 * * 5", time_zone=zone, **{"for": "62h"}).time_zone == zone


words = st.one_of(
    st.sampled_from(
        ["*", "*/2", "0", "5", "L", "LW", "5L", "MON#2", "1-5", "1,15", "JAN-MAR", "60", "5-1", "*/0"]
    ),
    st.text("0123456789*/,-#LWMON²", min_size=1, max_size=6),
)
expressions = st.one_of(
    st.lists(words, min_size=5, max_size=5).map(" ".join), st.lists(words, max_size=7).map(" ".join)
)


@given(
    cron=expressions,
    lasts=st.integers(0, 90_000_000).map(lambda seconds: f"{seconds}s"),
    zone=st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"})),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_the_calendar_understands_whatever_is_read(cron, lasts, zone, now):
    try:
        freeze = read(cron=cron, time_zone=zone, **{"for": lasts})
    except settings.ConfigErrors:
        return
    found = CronCalendar().frozen([freeze], now)
    if found is not None:
        assert found.since <= now < found.until
