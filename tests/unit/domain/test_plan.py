from dataclasses import fields, replace
from datetime import timedelta

import pytest

from funade.domain.application import Repository, TargetConfiguration, Verification
from funade.domain.deployment import Deployment, Preview
from funade.domain.plan import Plan, Step, digest
from funade.domain.wire import Plain
from tests.unit.domain.examples import NEW, NOON, OLD, OTHER, PLAN, RELEASE, deployment

WANTED = {
    "another application": replace(RELEASE, application="blog"),
    "another environment": replace(RELEASE, environment="staging"),
    "another revision": replace(RELEASE, revision=OTHER),
    "another repository": replace(RELEASE, repository=Repository(url="/srv/git/other.git")),
    "another target": replace(RELEASE, target=TargetConfiguration(kind="ssh", settings={})),
    "another setting": replace(RELEASE, target=TargetConfiguration(kind="command", settings={"run": ["x"]})),
    "another look at what runs": replace(RELEASE, verify=Verification(url="https://shop.example/other")),
    "no look at what runs": replace(RELEASE, verify=None),
    "another image": replace(RELEASE, images={"web": "sha256:1"}),
}
PLANS = {
    "another step": Plan(steps=(*PLAN.steps, Step(name="verify"))),
    "fewer steps": Plan(steps=PLAN.steps[:1]),
    "other data": Plan(steps=(PLAN.steps[0], Step(name="run", data={"argv": ["cap", "-n"]}))),
    "another order": Plan(steps=PLAN.steps[::-1]),
    "another planner": replace(PLAN, planner_version=PLAN.planner_version + 1),
}


@pytest.mark.parametrize("release", [*WANTED.values()], ids=[*WANTED])
def test_whatever_is_wanted_is_in_the_digest(release):
    assert digest(release, PLAN) != digest(RELEASE, PLAN)


@pytest.mark.parametrize("plan", [*PLANS.values()], ids=[*PLANS])
def test_every_part_of_the_plan_is_in_the_digest(plan):
    assert digest(RELEASE, plan) != digest(RELEASE, PLAN)


def test_the_order_in_which_settings_were_read_changes_nothing():
    one: dict[str, Plain] = {"run": ["cap"], "environment": {"A": "1", "B": "2"}}
    other: dict[str, Plain] = {"environment": {"B": "2", "A": "1"}, "run": ["cap"]}
    releases = [
        replace(RELEASE, target=TargetConfiguration(kind="command", settings=it)) for it in (one, other)
    ]
    assert digest(releases[0], PLAN) == digest(releases[1], PLAN)
    images = [replace(RELEASE, images=it) for it in ({"a": "1", "b": "2"}, {"b": "2", "a": "1"})]
    assert digest(images[0], PLAN) == digest(images[1], PLAN)


def test_the_same_words_give_the_same_digest_for_good():
    assert digest(RELEASE, PLAN) == "da10527908a21cf9a5f5a0f8fbf4bfa2c91a0c0842ee3e3f999d3682f25a84a6"


def test_nothing_that_was_seen_is_in_the_digest():
    # The digest is made of the release and the plan alone; what was seen lies in other fields of a deployment.
    seen = {"preview", "confirmed_live", "state", "phase", "fence", "attempt", "owner", "epoch", "started_at"}
    assert seen < {field.name for field in fields(Deployment)}
    assert not seen & {field.name for field in (*fields(type(RELEASE)), *fields(Plan), *fields(Step))}
    later = deployment(
        preview=Preview(live=OLD, live_number=3),
        confirmed_live=NEW,
        asked_at=NOON + timedelta(days=1),
        fence=9,
    )
    assert digest(later.release, later.plan) == deployment().digest
