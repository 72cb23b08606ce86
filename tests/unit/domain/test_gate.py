"""Everything that can stand in the way of a request: each alone, all at once, and what an override covers."""

from dataclasses import replace
from datetime import timedelta
from itertools import chain, combinations

import pytest

from funade.domain.approval import Approval
from funade.domain.deployment import Purpose
from funade.domain.freeze import Frozen
from funade.domain.gate import (
    Request,
    Rules,
    lacks_approval,
    name_of,
    obstacles,
    overridable,
    request_of,
    right_of,
)
from funade.domain.lock import Lock, Pause
from funade.domain.people import Right
from tests.unit.domain.examples import NOON, deployment

HOUR = timedelta(hours=1)
DUE = NOON + timedelta(hours=24)
ASKED = Request(
    application="shop",
    environment="production",
    purpose=Purpose.DEPLOY,
    asked_by="ada",
    asked_by_id="local:1000",
    asked_at=NOON,
    due_at=DUE,
    number=4,
)
FREE = Rules(now=NOON, asker_ids=frozenset({"local:1000"}))
LOCK = Lock(by="bob", by_id="local:1001", reason="migrating", since=NOON - HOUR)
IN_THE_WAY: dict[str, dict[str, object]] = {
    "paused": {"pause": Pause(by="cy", since=NOON - HOUR, reason="fire")},
    "locked": {"lock": LOCK},
    "asker_lost_right": {"asker_may": False},
    "frozen": {"frozen": Frozen(reason="weekend", since=NOON - HOUR, until=NOON + HOUR)},
    "awaiting_approval": {
        "needed": 2,
        "given": (Approval(by="bob", by_id="local:1001", at=NOON, digest="d"),),
        "approvers": ("sre",),
    },
}
NEVER_OVERRIDDEN = {"paused", "asker_lost_right"}
NOT_FOR_ROLLBACKS = {"frozen", "awaiting_approval"}
EVERY_MIXTURE = [
    *chain.from_iterable(combinations(IN_THE_WAY, count) for count in range(len(IN_THE_WAY) + 1))
]


def around(*names: str, **more: object) -> Rules:
    changes: dict[str, object] = {}
    for name in names:
        changes |= IN_THE_WAY[name]
    return replace(FREE, **{**changes, **more})  # type: ignore[arg-type]  # the table knows the fields


def codes(request: Request, rules: Rules) -> list[str]:
    return [one.because.code.value for one in obstacles(request, rules)]


@pytest.mark.parametrize("names", EVERY_MIXTURE, ids=", ".join)
@pytest.mark.parametrize("purpose", Purpose)
def test_all_that_stands_in_the_way_is_named_the_gravest_first(names, purpose):
    left = [one for one in names if purpose is not Purpose.ROLLBACK or one not in NOT_FOR_ROLLBACKS]
    assert codes(replace(ASKED, purpose=purpose), around(*names)) == left


@pytest.mark.parametrize("names", EVERY_MIXTURE, ids=", ".join)
@pytest.mark.parametrize("purpose", Purpose)
def test_an_override_covers_what_stood_there_but_no_pause_and_no_lost_right(names, purpose):
    request = replace(ASKED, purpose=purpose)
    covered = frozenset(name_of(one) for one in obstacles(request, around(*names)))
    left = codes(request, around(*names, overridden=covered))
    assert left == [one for one in names if one in NEVER_OVERRIDDEN]
    reached = overridable(obstacles(request, around(*names)))
    assert [one.because.code.value for one in reached] == [
        one for one in codes(request, around(*names)) if one not in NEVER_OVERRIDDEN
    ]


def covered_by(rules: Rules) -> frozenset[str]:
    return frozenset(name_of(one) for one in obstacles(ASKED, rules))


def test_an_override_does_not_cover_a_later_lock():
    covered = covered_by(around("locked"))
    later = replace(LOCK, since=NOON, by="cy", by_id="local:1002")
    assert codes(ASKED, around(lock=later, overridden=covered)) == ["locked"]
    prolonged = replace(LOCK, since=NOON)
    assert codes(ASKED, around(lock=prolonged, overridden=covered)) == ["locked"]


def test_an_override_does_not_cover_another_freeze_or_a_longer_one():
    covered = covered_by(around("frozen"))
    next_week = Frozen(reason="weekend", since=NOON + HOUR, until=NOON + 2 * HOUR)
    longer = Frozen(reason="weekend", since=NOON - HOUR, until=NOON + 2 * HOUR)
    assert codes(ASKED, around(frozen=next_week, overridden=covered)) == ["frozen"]
    assert codes(ASKED, around(frozen=longer, overridden=covered)) == ["frozen"]


def test_an_override_covers_as_many_approvals_as_were_wanted_and_not_one_more():
    covered = covered_by(around("awaiting_approval"))
    assert codes(ASKED, around("awaiting_approval", given=(), overridden=covered)) == []
    assert codes(ASKED, around(needed=3, overridden=covered)) == ["awaiting_approval"]


def test_nobody_is_kept_out_by_their_own_lock():
    assert codes(ASKED, around("locked", asker_ids=frozenset({"local:1000", "local:1001"}))) == []


def test_an_expired_lock_keeps_nobody_out():
    expired = replace(LOCK, until=NOON)
    assert codes(ASKED, around(lock=expired)) == []
    assert codes(ASKED, around(lock=replace(LOCK, until=NOON + timedelta(microseconds=1)))) == ["locked"]


@pytest.mark.parametrize(
    ("needed", "given", "lacks"), [(0, 0, False), (1, 0, True), (1, 1, False), (2, 1, True), (1, 2, False)]
)
def test_as_many_approvals_as_are_needed_are_enough(needed, given, lacks):
    approvals = tuple(Approval(by=str(one), by_id=str(one), at=NOON, digest="d") for one in range(given))
    assert lacks_approval(obstacles(ASKED, around(needed=needed, given=approvals))) is lacks


def test_everything_says_who_why_since_when_and_until_when():
    found = {one.because.code.value: one for one in obstacles(ASKED, around(*IN_THE_WAY))}
    place = {"application": "shop", "environment": "production"}
    assert found["paused"].because.detail == {"by": "cy", "reason": "fire"}
    assert found["locked"].because.detail == {**place, "by": "bob", "reason": "migrating", "until": None}
    assert found["frozen"].because.detail == {
        **place,
        "reason": "weekend",
        "until": (NOON + HOUR).isoformat(),
    }
    assert found["awaiting_approval"].because.detail == {
        "number": 4,
        "needed": 2,
        "given": ["bob"],
        "approvers": ["sre"],
    }
    assert found["asker_lost_right"].because.detail == {**place, "person": "ada", "right": "deploy"}
    since = {code: one.since for code, one in found.items()}
    assert since == {
        "paused": NOON - HOUR,
        "locked": NOON - HOUR,
        "asker_lost_right": NOON,
        "frozen": NOON - HOUR,
        "awaiting_approval": NOON,
    }


def test_waiting_ends_with_what_keeps_it_or_when_it_is_due():
    for until, ends in [(None, DUE), (NOON + HOUR, NOON + HOUR), (DUE + HOUR, DUE)]:
        (locked,) = obstacles(ASKED, around(lock=replace(LOCK, until=until)))
        assert locked.until == ends
        assert locked.because.detail["until"] == (until and until.isoformat())
    (frozen,) = obstacles(ASKED, around(frozen=Frozen(reason="", since=NOON, until=DUE + HOUR)))
    assert frozen.until == DUE


@pytest.mark.parametrize(
    ("purpose", "right"),
    [(Purpose.DEPLOY, Right.DEPLOY), (Purpose.RETRY, Right.DEPLOY), (Purpose.ROLLBACK, Right.ROLLBACK)],
)
def test_each_purpose_needs_its_right(purpose, right):
    assert right_of(purpose) is right
    (lost,) = obstacles(replace(ASKED, purpose=purpose), around(asker_may=False))
    assert lost.because.detail["right"] == right.value


def test_a_request_wants_what_its_deployment_wants():
    assert request_of(deployment(number=4)) == ASKED
