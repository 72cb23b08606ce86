import pytest

from funade.playground.errors import RateLimited
from funade.playground.limits import POSTING_BURST, Limits
from funade.playground.switches import Switches


class Now:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def refused(limits: Limits, method: str = "chat.update", tier: int = 3) -> int:
    with pytest.raises(RateLimited) as error:
        limits.call("A1", method, tier)
    return error.value.retry_after


def test_a_tier_is_so_many_calls_a_minute_for_each_method():
    now = Now()
    limits = Limits(now, Switches())
    for _ in range(50):
        limits.call("A1", "chat.update", 3)
    assert refused(limits) == 2
    limits.call("A1", "views.update", 4)
    limits.call("A2", "chat.update", 3)
    now.seconds += 2
    limits.call("A1", "chat.update", 3)


def test_who_waits_as_long_as_told_is_let_through():
    now = Now()
    limits = Limits(now, Switches())
    for _ in range(200):
        try:
            limits.call("A1", "chat.update", 3)
        except RateLimited as error:
            now.seconds += error.retry_after
            limits.call("A1", "chat.update", 3)


def test_a_channel_takes_about_a_post_a_second_with_bursts():
    now = Now()
    limits = Limits(now, Switches())
    assert all(limits.post("A1", "C1") for _ in range(POSTING_BURST))
    with pytest.raises(RateLimited):
        limits.post("A1", "C1")
    assert limits.post("A1", "C2")
    now.seconds += 1
    assert limits.post("A1", "C1")


def test_a_post_too_many_may_be_lost_in_silence_instead():
    limits = Limits(Now(), Switches(silent_bursts=True))
    assert [limits.post("A1", "C1") for _ in range(POSTING_BURST + 1)] == [True] * POSTING_BURST + [False]


def test_without_the_switch_nothing_is_limited_but_what_was_ordered():
    limits = Limits(Now(), Switches(rate_limits=False))
    for _ in range(500):
        limits.call("A1", "chat.update", 3)
    limits.overrides["chat.update"] = 1
    limits.call("A1", "chat.update", 3)
    assert refused(limits) == 60
    limits.refusals["auth.test"] = [7]
    assert refused(limits, "auth.test") == 7
    limits.call("A1", "auth.test", 3)
