from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funade.domain.durations import LONGEST, parse_duration


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("45", timedelta(seconds=45)),
        ("90s", timedelta(seconds=90)),
        ("0.5", timedelta(milliseconds=500)),
        ("1.5h", timedelta(minutes=90)),
        ("10m", timedelta(minutes=10)),
        ("24h", timedelta(days=1)),
        ("7d", timedelta(days=7)),
        ("366d", LONGEST),
    ],
)
def test_a_span_is_read_as_people_write_it(text, span):
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text", ["", "0", "0s", "-1", "1w", "1h30m", "ten", "1e3", "inf", "nan", "367d", "999999999999d", "１"]
)
def test_what_is_no_useful_span_is_refused(text):
    with pytest.raises(ValueError, match=r"span of time|more than nothing"):
        parse_duration(text)


@given(st.text(max_size=20))
def test_any_text_is_a_span_or_a_value_error(text):
    with suppress(ValueError):
        assert timedelta(0) < parse_duration(text) <= LONGEST
