"""What every implementation of the Calendar port promises."""

import subprocess
import sys
import zoneinfo
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import cronsim
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.calendar import CronCalendar
from funade.calendar.cron_calendar import MOST_JOINED
from funade.domain.freeze import Freeze, Frozen
from funade.testing.calendar import FakeCalendar
from funade.usecases.ports import Calendar
from tests.contracts.wall_clock import MINUTE, Field, Window, frozen_minutes

#: a calendar that knows when these expressions open windows
Told = Callable[[Mapping[str, Sequence[str]]], Calendar]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def freeze(cron: str, lasts: str, zone: str = "UTC", reason: str = "") -> Freeze:
    amount, unit = int(lasts[:-1]), {"m": "minutes", "h": "hours", "d": "days"}[lasts[-1]]
    return Freeze(cron=cron, lasts=timedelta(**{unit: amount}), time_zone=zone, reason=reason)


@pytest.fixture(params=["cron", "fake"])
def told(request: pytest.FixtureRequest) -> Told:
    if request.param == "cron":
        return lambda _: CronCalendar()
    return lambda openings: FakeCalendar({cron: [*map(utc, moments)] for cron, moments in openings.items()})


class Case(NamedTuple):
    """One freeze, when it opens (UTC, those around the questions), and the moments that are outside."""

    title: str
    freeze: Freeze
    openings: Sequence[str]
    thawed: Sequence[str]


BERLIN, NEW_YORK, TOKYO, LORD_HOWE = "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe"

CASES = [
    Case(
        "a weekend in Tokyo",
        freeze("0 18 * * 5", "62h", TOKYO),
        ["2026-11-13 09:00", "2026-11-20 09:00", "2026-11-27 09:00"],
        ["2026-11-20 08:59:59.999999", "2026-11-22 23:00"],
    ),
    Case(
        "a weekend in which the clocks of Berlin go forward ends an hour later by them",
        freeze("0 18 * * 5", "62h", BERLIN),
        ["2026-03-20 17:00", "2026-03-27 17:00", "2026-04-03 16:00"],
        ["2026-03-30 07:00", "2026-04-03 15:59"],
    ),
    Case(
        "a weekend in which the clocks of Berlin go back ends an hour earlier by them",
        freeze("0 18 * * 5", "62h", BERLIN),
        ["2026-10-16 16:00", "2026-10-23 16:00", "2026-10-30 17:00"],
        ["2026-10-23 15:59", "2026-10-26 06:00", "2026-10-30 16:59"],
    ),
    Case(
        "a time that Berlin skips opens when time goes on",
        freeze("30 2 * * *", "1h", BERLIN),
        ["2026-03-28 01:30", "2026-03-29 01:00", "2026-03-30 00:30"],
        ["2026-03-29 00:59", "2026-03-29 02:00", "2026-03-30 00:29"],
    ),
    Case(
        "a time that comes twice in Berlin opens the first time",
        freeze("30 2 * * *", "30m", BERLIN),
        ["2026-10-24 00:30", "2026-10-25 00:30", "2026-10-26 01:30"],
        ["2026-10-25 00:29", "2026-10-25 01:15", "2026-10-25 01:30", "2026-10-26 00:30"],
    ),
    Case(
        "a window lasts while a time comes twice",
        freeze("30 2 * * *", "2h", BERLIN),
        ["2026-10-24 00:30", "2026-10-25 00:30", "2026-10-26 01:30"],
        ["2026-10-25 00:29", "2026-10-25 02:30"],
    ),
    Case(
        "what follows the clock opens twice in an hour that comes twice",
        freeze("30 * * * *", "10m", BERLIN),
        ["2026-10-24 23:30", "2026-10-25 00:30", "2026-10-25 01:30", "2026-10-25 02:30"],
        ["2026-10-25 00:40", "2026-10-25 01:29", "2026-10-25 01:40"],
    ),
    Case(
        "what follows the clock does not open at a skipped time",
        freeze("30 */2 * * *", "10m", BERLIN),
        ["2026-03-28 23:30", "2026-03-29 02:30", "2026-03-29 04:30"],
        ["2026-03-29 00:30", "2026-03-29 01:00", "2026-03-29 01:30"],
    ),
    Case(
        "a time that New York skips",
        freeze("30 2 * * *", "30m", NEW_YORK),
        ["2026-03-07 07:30", "2026-03-08 07:00", "2026-03-09 06:30"],
        ["2026-03-08 06:59", "2026-03-08 07:30"],
    ),
    Case(
        "a time that comes twice in New York",
        freeze("15,45 1 * * *", "5m", NEW_YORK),
        ["2026-10-31 05:45", "2026-11-01 05:15", "2026-11-01 05:45", "2026-11-02 06:15", "2026-11-02 06:45"],
        ["2026-11-01 05:20", "2026-11-01 06:15", "2026-11-01 06:45"],
    ),
    Case(
        "the turn of the year in New York",
        freeze("0 0 24 12 *", "10d", NEW_YORK),
        ["2025-12-24 05:00", "2026-12-24 05:00", "2027-12-24 05:00"],
        ["2026-12-24 04:59", "2027-01-03 05:00"],
    ),
    Case(
        "half an hour that Lord Howe skips",
        freeze("15 2 * * *", "30m", LORD_HOWE),
        ["2026-10-02 15:45", "2026-10-03 15:30", "2026-10-04 15:15"],
        ["2026-10-03 15:29", "2026-10-03 16:00"],
    ),
    Case(
        "half an hour that comes twice on Lord Howe",
        freeze("45 1 * * *", "20m", LORD_HOWE),
        ["2026-04-03 14:45", "2026-04-04 14:45", "2026-04-05 15:15"],
        ["2026-04-04 15:05", "2026-04-04 15:15"],
    ),
    Case(
        "every third hour on the day that Lord Howe is half an hour short",
        freeze("0 */3 * * *", "10m", LORD_HOWE),
        ["2026-10-03 13:30", "2026-10-03 16:00", "2026-10-03 19:00"],
        ["2026-10-03 13:40", "2026-10-03 15:59", "2026-10-03 16:10"],
    ),
    Case(
        "every third hour on the day that Lord Howe is half an hour longer",
        freeze("45 */3 * * *", "10m", LORD_HOWE),
        ["2026-04-04 13:45", "2026-04-04 17:15", "2026-04-04 20:15"],
        ["2026-04-04 13:55", "2026-04-04 17:14"],
    ),
    Case(
        "the day that Samoa left out",
        freeze("0 18 * * 5", "3h", "Pacific/Apia"),
        ["2011-12-24 04:00", "2011-12-30 10:00", "2012-01-06 04:00"],
        ["2011-12-30 09:59", "2011-12-30 13:00"],
    ),
    Case(
        "a leap day",
        freeze("0 0 29 2 *", "1d"),
        ["2024-02-29 00:00", "2028-02-29 00:00"],
        ["2026-02-28 12:00", "2027-03-01 00:00", "2028-02-28 23:59", "2028-03-01 00:00"],
    ),
    Case(
        "the last day of each month",
        freeze("0 0 L * *", "1d"),
        ["2027-01-31 00:00", "2027-02-28 00:00", "2027-03-31 00:00"],
        ["2027-02-27 23:59", "2027-03-01 00:00"],
    ),
    Case(
        "one night after another",
        freeze("0 18 * * *", "14h"),
        ["2026-12-30 18:00", "2026-12-31 18:00", "2027-01-01 18:00"],
        ["2026-12-31 08:00", "2026-12-31 17:59", "2027-01-01 08:00"],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_a_window_is_open_from_its_opening_for_as_long_as_it_lasts(told: Told, case: Case):
    calendar = told({case.freeze.cron: case.openings})
    for moment in map(utc, case.thawed):
        assert calendar.frozen([case.freeze], moment) is None, moment
    for opening in map(utc, case.openings[1:-1]):
        closing = opening + case.freeze.lasts
        for moment in (opening, opening + case.freeze.lasts / 2, closing - timedelta(microseconds=1)):
            found = calendar.frozen([case.freeze], moment)
            assert found == Frozen(reason="", since=opening, until=closing), moment


def test_windows_that_overlap_are_one(told):
    first, second = freeze("0 18 * * 5", "62h", reason="weekend"), freeze("0 6 * * 1", "12h", reason="sale")
    calendar = told({first.cron: ["2026-11-20 18:00"], second.cron: ["2026-11-23 06:00"]})
    for moment in ("2026-11-20 18:00", "2026-11-23 07:00", "2026-11-23 17:59"):
        found = calendar.frozen([first, second], utc(moment))
        assert found is not None
        assert (found.since, found.until) == (utc("2026-11-20 18:00"), utc("2026-11-23 18:00"))


@pytest.mark.parametrize("order", [1, -1])
def test_windows_that_meet_are_one(told, order):
    freezes = [freeze("0 0 1 12 *", "1d"), freeze("0 0 2 12 *", "1d"), freeze("0 0 3 12 *", "1d")]
    calendar = told({f"0 0 {day} 12 *": [f"2026-12-0{day} 00:00"] for day in (1, 2, 3)})
    for moment in ("2026-12-01 00:00", "2026-12-02 00:00", "2026-12-03 23:59"):
        found = calendar.frozen(freezes[::order], utc(moment))
        assert found == Frozen(reason="", since=utc("2026-12-01 00:00"), until=utc("2026-12-04 00:00"))
    assert calendar.frozen(freezes, utc("2026-11-30 23:59")) is None
    assert calendar.frozen(freezes, utc("2026-12-04 00:00")) is None


def test_hours_that_meet_each_other_are_one_window(told):
    hours = freeze("0 9-16 1 12 *", "1h")
    calendar = told({hours.cron: [f"2026-12-01 {hour:02}:00" for hour in range(9, 17)]})
    for moment in ("2026-12-01 09:00", "2026-12-01 12:30", "2026-12-01 16:59"):
        found = calendar.frozen([hours], utc(moment))
        assert found == Frozen(reason="", since=utc("2026-12-01 09:00"), until=utc("2026-12-01 17:00"))


def test_the_longest_window_is_found_at_its_end(told):
    # Day or weekday, as in cron: Wednesday the first, and each Tuesday.
    july = freeze("0 0 1 7 2", "366d", reason="moving")
    calendar = told({july.cron: [f"2026-07-{day:02} 00:00" for day in (1, 7, 14, 21, 28)]})
    found = calendar.frozen([july], utc("2027-06-30 00:00"))
    assert found is not None
    assert found.reason == "moving"
    assert found.until >= utc("2027-07-29 00:00")


def test_the_reasons_are_of_what_is_open_now(told: Told):
    sale = freeze("0 0 1 12 *", "3d", reason="sale")
    inventory = freeze("0 0 2 12 *", "1d", reason="inventory")
    second_sale = freeze("0 12 2 12 *", "1h", reason="sale")
    without = freeze("0 13 2 12 *", "1h")
    calendar = told(
        {
            sale.cron: ["2026-12-01 00:00"],
            inventory.cron: ["2026-12-02 00:00"],
            second_sale.cron: ["2026-12-02 12:00"],
            without.cron: ["2026-12-02 13:00"],
        }
    )

    def reason(moment: str) -> str | None:
        found = calendar.frozen([sale, inventory, second_sale, without], utc(moment))
        return found.reason if found else None

    assert reason("2026-12-01 12:00") == "sale"
    assert reason("2026-12-02 12:30") == "sale, inventory"
    assert reason("2026-12-02 13:30") == "sale, inventory"
    assert reason("2026-12-03 12:00") == "sale"
    assert reason("2026-12-04 00:00") is None


def test_nothing_is_frozen_without_freezes(told):
    assert told({}).frozen([], utc("2026-11-21 12:00")) is None


def test_an_expression_that_never_comes_freezes_nothing(told):
    # The last Monday of the month, and the 1st or the 21st at once.
    assert told({}).frozen([freeze("* * */20 * 1L", "366d")], utc("2026-11-21 12:00")) is None


def test_the_next_window_is_told_while_none_is_open_and_while_one_is(told: Told):
    weekend = freeze("0 18 * * 5", "62h", TOKYO, reason="weekend")
    calendar = told({weekend.cron: ["2026-11-13 09:00", "2026-11-20 09:00", "2026-11-27 09:00"]})

    def following(moment: str) -> Frozen | None:
        return calendar.next_freeze([weekend], utc(moment))

    first = Frozen(reason="weekend", since=utc("2026-11-20 09:00"), until=utc("2026-11-22 23:00"))
    assert following("2026-11-19 12:00") == first
    assert following("2026-11-15 22:59") == first
    second = Frozen(reason="weekend", since=utc("2026-11-27 09:00"), until=utc("2026-11-29 23:00"))
    assert following("2026-11-20 09:00") == second


def test_the_next_window_is_the_whole_of_what_meets(told):
    first, second = freeze("0 18 * * 5", "62h", reason="weekend"), freeze("0 6 * * 1", "12h", reason="sale")
    calendar = told({first.cron: ["2026-11-20 18:00"], second.cron: ["2026-11-23 06:00"]})
    found = calendar.next_freeze([first, second], utc("2026-11-20 12:00"))
    assert found == Frozen(reason="weekend", since=utc("2026-11-20 18:00"), until=utc("2026-11-23 18:00"))


def test_there_is_no_next_window_where_none_ever_comes(told):
    assert told({}).next_freeze([], utc("2026-11-21 12:00")) is None
    assert told({}).next_freeze([freeze("* * */20 * 1L", "366d")], utc("2026-11-21 12:00")) is None


def test_the_moment_may_come_in_any_time_zone(told):
    weekend = freeze("0 18 * * 5", "62h", TOKYO)
    calendar = told({weekend.cron: ["2026-11-20 09:00"]})
    assert calendar.frozen([weekend], datetime.fromisoformat("2026-11-20T10:30:00+01:00"))
    assert not calendar.frozen([weekend], datetime.fromisoformat("2026-11-20T09:30:00+01:00"))


# Only where expressions are read


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    taken: list[datetime] = []

    class Counted(cronsim.CronSim):
        def __next__(self) -> datetime:
            taken.append(super().__next__())
            return taken[-1]

    monkeypatch.setattr(cronsim, "CronSim", Counted)
    return taken


@pytest.fixture
def without_zone_files() -> Iterator[None]:
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


@pytest.mark.usefixtures("without_zone_files")
def test_zones_are_known_on_a_machine_without_their_files():
    weekend = freeze("0 18 * * 5", "62h", BERLIN)
    found = CronCalendar().frozen([weekend], utc("2026-10-25 12:00"))
    assert found == Frozen(reason="", since=utc("2026-10-23 16:00"), until=utc("2026-10-26 06:00"))


def test_whoever_has_no_freezes_does_not_pay_for_them():
    look = "import sys, funade.calendar, funade.settings; sys.exit('cronsim' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0


@pytest.mark.parametrize(
    "one",
    [
        freeze("0 18 * * 5", "62h", TOKYO),
        freeze("* * 20 11 *", "2d", TOKYO),
        freeze("*/5 * * 11 *", "30d", NEW_YORK),
        freeze("0 0 29 2 *", "366d"),
    ],
)
def test_finding_a_window_takes_few_steps(steps, one):
    CronCalendar().frozen([one], utc("2026-11-21 12:00"))
    assert 1 <= len(steps) <= 20


def test_a_window_of_very_many_parts_ends_later_than_now_and_not_after_its_end(steps):
    december = freeze("* * * 12 *", "1m")
    now = utc("2026-12-15 12:00")
    found = CronCalendar().frozen([december], now)
    assert found is not None
    assert utc("2026-12-01 00:00") <= found.since <= now < found.until <= utc("2027-01-01 00:00")
    assert found.until - now == MOST_JOINED * MINUTE
    assert len(steps) <= 3 * MOST_JOINED


#: of each field of an expression: the first and last number, and the last that a test is mostly about
NUMBERS = {
    "minute": (0, 59, 59),
    "hour": (0, 23, 4),
    "day": (1, 31, 31),
    "month": (1, 12, 12),
    "weekday": (0, 7, 7),
}
#: days around which the clocks of one of these zones are put forward or back
CHANGES = {
    BERLIN: ["2026-03-29", "2026-10-25"],
    NEW_YORK: ["2026-03-08", "2026-11-01"],
    LORD_HOWE: ["2026-04-04", "2026-10-03"],
    TOKYO: ["2026-12-31", "2028-02-29"],
}
DAYS, LEAD = 5, 36 * 60
LONGEST = LEAD - 1


@st.composite
def fields(draw: st.DrawFn, name: str) -> Field:
    low, high, usual = NUMBERS[name]
    last = draw(st.sampled_from([usual, usual, high]))
    one = draw(st.integers(low, last - 1))
    other = draw(st.integers(one + 1, last))
    step = draw(st.integers(1, last))
    choices = [
        Field("*", frozenset(range(low, high + 1))),
        Field(f"*/{step}", frozenset(range(low, high + 1, step))),
        Field(f"{one},{other}", frozenset({one, other})),
        Field(f"{one}-{other}", frozenset(range(one, other + 1))),
        Field(f"{one}-{other}/{step}", frozenset(range(one, other + 1, step))),
        Field(f"{one}", frozenset({one})),
    ]
    often = choices[-1:] if name in ("minute", "hour") else choices[:1]
    return draw(st.sampled_from(choices + often * 6))


def windows(zone: str) -> st.SearchStrategy[Window]:
    lengths = st.one_of(st.integers(1, 90), st.integers(45, LONGEST))
    zones = st.sampled_from([zone, zone, "UTC"])
    found = st.builds(Window, fields=st.tuples(*map(fields, NUMBERS)), zone=zones, minutes=lengths)
    return found.filter(lambda one: min(one.fields[2].numbers) <= 28)  # each month has it


@given(st.data())
def test_it_says_what_a_look_at_the_clock_in_every_minute_says(data):
    zone = data.draw(st.sampled_from(list(CHANGES)))
    start = utc(data.draw(st.sampled_from(CHANGES[zone]))) - timedelta(days=3)
    frozen = data.draw(st.lists(windows(zone), min_size=1, max_size=2))
    by_minutes = frozen_minutes(frozen, start, DAYS)
    edges = [
        minute for minute in range(LEAD, len(by_minutes)) if by_minutes[minute] != by_minutes[minute - 1]
    ]
    edges += [LEAD, data.draw(st.integers(LEAD, len(by_minutes) - 1))]
    freezes = [
        Freeze(cron=one.cron, lasts=MINUTE * one.minutes, time_zone=one.zone, reason="") for one in frozen
    ]
    for minute in {*edges[::-3][:15], *(edge - 1 for edge in edges[:15])}:
        found = CronCalendar().frozen(freezes, start + MINUTE * minute + timedelta(seconds=minute % 60))
        assert (found is not None) == by_minutes[minute]
        if found is None or found.until - found.since > MOST_JOINED * min(one.lasts for one in freezes) / 4:
            continue
        since, until = (found.since - start) // MINUTE, (found.until - start) // MINUTE
        if since > LEAD and until < len(by_minutes):
            assert all(by_minutes[since:until])
            assert not by_minutes[since - 1]
            assert not by_minutes[until]
