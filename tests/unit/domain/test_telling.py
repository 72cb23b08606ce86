from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.domain.telling import Manner, Preference, Quiet, Telling, read_clock, read_quiet

TOKYO, BERLIN = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Berlin")
NIGHT = Quiet(begins=time(22), ends=time(7))


def at(text: str, zone: ZoneInfo = TOKYO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("happened", "told"),
    [
        ("2026-11-21T12:00", "2026-11-21T12:00"),
        ("2026-11-21T22:00", "2026-11-22T07:00"),
        ("2026-11-22T03:00", "2026-11-22T07:00"),
        ("2026-11-22T07:00", "2026-11-22T07:00"),
        ("2026-11-21T21:59", "2026-11-21T21:59"),
    ],
)
def test_what_falls_into_quiet_hours_is_told_when_they_end(happened, told):
    assert Manner(quiet=NIGHT).due(at(happened), TOKYO) == at(told)


def test_quiet_hours_within_a_day_end_on_the_same_day():
    lunch = Quiet(begins=time(12), ends=time(13))
    assert Manner(quiet=lunch).due(at("2026-11-21T12:30"), TOKYO) == at("2026-11-21T13:00")


def test_somebody_elsewhere_has_other_nights():
    noon_in_tokyo = at("2026-11-21T12:00")
    assert Manner(quiet=NIGHT).due(noon_in_tokyo, BERLIN) == at("2026-11-21T07:00", BERLIN)


def test_a_digest_comes_once_a_day_and_never_in_quiet_hours():
    daily = Manner(telling=Telling.DIGEST, digest_at=time(9))
    assert daily.due(at("2026-11-21T08:59"), TOKYO) == at("2026-11-21T09:00")
    assert daily.due(at("2026-11-21T09:00"), TOKYO) == at("2026-11-22T09:00")
    late = Manner(telling=Telling.DIGEST, digest_at=time(6), quiet=NIGHT)
    assert late.due(at("2026-11-21T12:00"), TOKYO) == at("2026-11-22T07:00")


def test_clocks_that_are_put_forward_skip_no_telling():
    # In this night there is no half past two.
    odd = Manner(telling=Telling.DIGEST, digest_at=time(2, 30))
    due = odd.due(datetime(2026, 3, 28, 12, tzinfo=UTC), BERLIN)
    assert timedelta(0) < due - datetime(2026, 3, 28, 12, tzinfo=UTC) < timedelta(days=1)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001 -- made aware below
    st.sampled_from(["Asia/Tokyo", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "UTC"]),
    st.sampled_from(list(Telling)),
    st.times(),
    st.tuples(st.times(), st.times()).filter(lambda both: both[0] != both[1]),
)
def test_nobody_is_told_before_it_happened_nor_more_than_two_days_later(naive, name, telling, daily, hours):
    zone, happened = ZoneInfo(name), naive.replace(tzinfo=UTC)
    quiet = Quiet(begins=hours[0], ends=hours[1])
    due = Manner(telling=telling, quiet=quiet, digest_at=daily).due(happened, zone)
    assert timedelta(0) <= due - happened <= timedelta(days=2, hours=2)


def test_a_preference_stands_over_the_teams_manner_only_where_it_says_something():
    team = Manner(telling=Telling.DIRECT, quiet=NIGHT)
    assert Preference(person="ada").over(team) == team
    assert Preference(person="ada", telling=Telling.NEVER).over(team).telling is Telling.NEVER
    assert Preference(person="ada", quiet="").over(team).quiet is None
    assert Preference(person="ada", quiet="20:00-08:00").over(team).quiet == Quiet(
        begins=time(20), ends=time(8)
    )


@pytest.mark.parametrize("text", ["", "24:00", "9:00", "09:60", "09:00 ", "noon", "٠٩:٠٠"])
def test_what_is_no_time_of_a_day_is_none(text):
    assert read_clock(text) is None
    assert read_quiet(f"{text}-07:00") is None


def test_hours_read_what_they_say():
    assert str(read_quiet("22:00-07:00")) == "22:00-07:00"
    assert read_quiet("22:00-22:00") is None
