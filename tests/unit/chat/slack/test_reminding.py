from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from funade.chat.slack.reminding import _about_lock, _overdue
from funade.domain.application import Application, Configuration, Environment, Repository
from funade.domain.approval import Approval
from funade.domain.deployment import State
from funade.domain.environment import Berth
from funade.domain.lock import Lock
from funade.domain.reminders import NEVER, Reminders
from tests.unit.domain.examples import NOON, RELEASE, deployment

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def configured(own=None, everywhere=None) -> Configuration:
    place = Environment(name="production", target=RELEASE.target, reminders=own or Reminders())
    shop = Application(
        name="shop", repository=Repository(url="/x"), environments={"production": place}, channel="#shop"
    )
    return Configuration(
        path="x", applications=MappingProxyType({"shop": shop}), reminders=everywhere or Reminders()
    )


def locked(until=None) -> Berth:
    lock = Lock(by="ada", by_id="slack:T/U0ADA", reason="migrating", since=NOON, until=until)
    return Berth(application="shop", environment="production", lock=lock)


@pytest.mark.parametrize(
    ("held", "step"), [(3.9, None), (4, 0), (7.9, 0), (8, 1), (15, 1), (16, 2), (24 * 30, 7)]
)
def test_a_lock_is_asked_about_when_it_is_old_and_then_ever_less_often(held, step):
    found = _about_lock(locked(), configured(), NOON + held * HOUR)
    assert (found is None) == (step is None)
    assert found is None or found.key.endswith(f":{step}")


def test_a_lock_that_ends_soon_is_not_asked_about_and_one_far_away_is():
    now = NOON + 5 * HOUR
    assert _about_lock(locked(now + 4 * HOUR), configured(), now) is None
    assert _about_lock(locked(now + 5 * HOUR), configured(), now) is not None
    assert _about_lock(locked(now), configured(), now) is None, "it has ended"


def test_whoever_has_just_said_until_when_is_asked_once_when_half_of_it_is_over():
    berth, asked = locked(NOON + 24 * HOUR), set()
    for held in range(25 * 4):
        found = _about_lock(berth, configured(), NOON + held / 4 * HOUR)
        if found is not None:
            asked.add(found.key)
            assert held / 4 >= 12
    assert len(asked) == 1
    kept_for_long = locked(NOON + 5 * HOUR)
    assert all(_about_lock(kept_for_long, configured(), NOON + held * HOUR) is None for held in range(6))


def test_an_environment_has_its_own_spans_and_never_is_never():
    now = NOON + 5 * HOUR
    assert _about_lock(locked(), configured(Reminders(locks_after=6 * HOUR)), now) is None
    assert _about_lock(locked(), configured(everywhere=Reminders(locks_after=NEVER)), now) is None
    found = _about_lock(locked(), configured(Reminders(locks_after=HOUR), Reminders(locks_after=NEVER)), now)
    assert found is not None


def test_a_lock_of_a_place_that_is_gone_is_nobodys_matter():
    assert _about_lock(replace(locked(), environment="gone"), configured(), NOON + 99 * HOUR) is None


@pytest.mark.parametrize(
    ("changes", "after", "kind"),
    [
        ({}, 14 * MINUTE, None),
        ({}, 15 * MINUTE, "start"),
        ({"due_at": NOON + 10 * MINUTE}, 5 * MINUTE, "start"),
        ({"state": State.AWAITING_APPROVAL}, 22.9 * HOUR, None),
        ({"state": State.AWAITING_APPROVAL}, 23 * HOUR, "approval"),
        ({"state": State.AWAITING_APPROVAL}, 24 * HOUR, None),
        ({"state": State.AWAITING_APPROVAL, "due_at": NOON + HOUR}, 30 * MINUTE, "approval"),
        ({"state": State.RUNNING, "started_at": NOON + HOUR}, 1.9 * HOUR, None),
        ({"state": State.RUNNING, "started_at": NOON + HOUR}, 2 * HOUR, "end"),
        ({"state": State.SUCCEEDED, "started_at": NOON}, 9 * HOUR, None),
    ],
)
def test_a_deployment_is_spoken_of_when_it_takes_too_long(changes, after, kind):
    assert _overdue(deployment(**changes), configured(), NOON + after) == kind


def test_never_is_never_also_where_everything_is_quick():
    never = Reminders(starts_within=NEVER, approvals_before=NEVER, ends_within=NEVER)
    for changes in ({}, {"state": State.AWAITING_APPROVAL}, {"state": State.RUNNING, "started_at": NOON}):
        one = deployment(due_at=NOON + HOUR, **changes)
        assert _overdue(one, configured(never), NOON + 59 * MINUTE) is None


def test_the_time_in_which_somebody_had_to_say_yes_is_not_counted():
    yes = Approval(by="cy", by_id="slack:T/U0CY", digest="d", at=NOON + HOUR)
    one = deployment(approvals=(yes,))
    assert _overdue(one, configured(), NOON + HOUR + 14 * MINUTE) is None
    assert _overdue(one, configured(), NOON + HOUR + 15 * MINUTE) == "start"
