from typing import Any

import pytest

from funade.domain.commands import Cancel, Deploy, Lock
from funade.domain.limits import LONGEST_TEXT, unkeepable
from funade.domain.reason import Reason, because

HERE: dict[str, Any] = {"application": "shop", "environment": "production"}


@pytest.mark.parametrize("sign", ["x", "理", "\U0001f6a2"])
def test_a_text_may_be_so_long_and_no_longer(sign):
    assert unkeepable(Deploy(**HERE, reason=sign * LONGEST_TEXT)) is None
    too_long = because(Reason.TEXT_TOO_LONG, field="reason", limit=LONGEST_TEXT)
    assert unkeepable(Deploy(**HERE, reason=sign * (LONGEST_TEXT + 1))) == too_long


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "caf\udce9"])
def test_what_is_no_text_is_named(text):
    assert unkeepable(Lock(**HERE, reason=text)) == because(Reason.TEXT_UNREADABLE, field="reason")
    assert unkeepable(Deploy(**{**HERE, "application": text})) == because(
        Reason.TEXT_UNREADABLE, field="application"
    )


def test_numbers_and_what_was_not_said_are_no_texts():
    assert unkeepable(Cancel(number=10**30)) is None
