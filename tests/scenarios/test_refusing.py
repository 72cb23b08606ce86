from dataclasses import replace
from typing import Any

import pytest

from funade.domain.answers import Refused
from funade.domain.commands import (
    Approve,
    Cancel,
    Deploy,
    PlanDeployment,
    ReadLog,
    Reopen,
    Resume,
    Retry,
    Rollback,
    ShowDeployment,
    ShowHistory,
    ShowStatus,
    Why,
)
from funade.domain.errors import StoreError
from funade.domain.people import Right
from funade.domain.reason import Reason

HERE: dict[str, Any] = {"application": "shop", "environment": "production"}
PRODUCTION = Deploy(**HERE, ref="first")
COMMANDS = [
    PlanDeployment(**HERE),
    PRODUCTION,
    Retry(number=1),
    Rollback(**HERE),
    Approve(number=1),
    Cancel(number=1),
    Reopen(**HERE),
    Resume(**HERE),
    ShowStatus(),
    ShowHistory(),
    Why(number=1),
    ShowDeployment(number=1),
    ReadLog(number=1),
    Deploy(application="shop", environment="nowhere"),
    Cancel(number=99),
]


@pytest.mark.parametrize(
    ("command", "reason", "near"),
    [
        (Deploy(application="shp", environment="production"), Reason.UNKNOWN_APPLICATION, "shop"),
        (Deploy(application="shop", environment="produktion"), Reason.UNKNOWN_ENVIRONMENT, "production"),
        (Deploy(**HERE, ref="frist"), Reason.UNKNOWN_REF, "first"),
        (Deploy(**HERE, ref="--upload-pack=x"), Reason.UNKNOWN_REF, None),
    ],
)
def test_what_is_unknown_is_refused_with_what_is_near(funade, command, reason, near):
    code, detail = funade.refuses("ada", command)
    assert code is reason
    assert near is None or near in detail["near"]
    assert funade.history() == ["request_refused"]


def test_who_has_no_right_is_refused_and_history_tells(funade):
    assert funade.refuses("cy", PRODUCTION) == ("not_permitted", {"right": "deploy", **HERE})
    assert funade.history() == ["request_refused"]
    assert funade.begun() == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_a_stranger_learns_nothing(funade, command):
    funade.deploys(PRODUCTION)
    answer = funade.hears("local:9999", command)
    assert isinstance(answer, Refused)
    assert answer.because.code is Reason.UNKNOWN_PERSON
    assert answer.because.detail == {"actor": "local:9999"}


@pytest.mark.parametrize("command", [Cancel(number=1), Retry(number=1), Approve(number=1)])
def test_a_refusal_about_a_deployment_is_part_of_its_environments_history(funade, command):
    funade.accepts("ada", PRODUCTION)
    funade.program_ends(1, exit_code=1)
    funade.refuses("cy", command)
    here = funade.says("ada", ShowHistory(**HERE))
    assert here.events[0].happening.because.code is Reason.NOT_PERMITTED
    assert (here.events[0].by, here.events[0].number) == ("cy", 1)


def test_a_right_that_was_taken_away_is_gone_at_once(funade):
    funade.accepts("ada", PRODUCTION)
    funade.world.change_environment("production", rights={Right.DEPLOY: ("bob",)})
    assert funade.refuses("ada", Cancel(number=1))[0] == "not_permitted"
    funade.program_ends(1)


def test_what_runs_goes_on_when_its_environment_leaves_the_configuration_and_what_waits_does_not(funade):
    funade.accepts("ada", PRODUCTION)
    funade.accepts("ada", Deploy(**HERE, ref="second"))
    funade.world.remove_environment("production")
    funade.program_ends(1)
    assert funade.ended(1) == ("succeeded", "completed", "verified")
    assert funade.why(2) == ["asker_lost_right"]
    assert funade.refuses("ada", Deploy(**HERE))[0] == "unknown_environment"
    assert funade.refuses("ada", Retry(number=1))[0] == "unknown_environment"
    funade.lets_pass(hours=24)
    assert funade.ended(2) == ("failed", "expired", "unverified")
    assert funade.begun() == [1]


def test_where_the_store_cannot_be_used_everything_is_refused_with_the_reason(funade):
    async def fail(_work):
        message = "store.sqlite: the disk is full — free some space; nothing was changed"
        raise StoreError(message)

    ledger = funade.world.ledger
    good = ledger.change
    ledger.change = fail
    answer = funade.hears("ada", PRODUCTION)
    ledger.change = good
    assert answer.because.code is Reason.STORE_UNAVAILABLE
    assert "the disk is full" in str(answer.because.detail["problem"])
    assert funade.history() == []


def test_a_broken_configuration_is_shown_and_the_old_one_goes_on(funade):
    before = funade.world.configurations.configuration
    funade.world.configurations.configuration = replace(before, problem="funade.yaml:3: `targt` is unknown")
    funade.deploys(PRODUCTION)
    assert funade.hears("ada", ShowStatus()).configuration_problem == "funade.yaml:3: `targt` is unknown"


def test_history_tells_everything(funade):
    funade.deploys(PRODUCTION)
    funade.refuses("cy", PRODUCTION)
    funade.refuses("ada", Deploy(application="shop", environment="production", ref="nothing"))
    funade.accepts("ada", Rollback(**HERE, to=1))
    funade.program_ends(2)
    assert funade.history() == [
        "deployment_requested",
        "deployment_started",
        "execution_ended",
        "deployment_finished",
        "request_refused",
        "request_refused",
        "deployment_requested",
        "automation_held",
        "deployment_started",
        "execution_ended",
        "deployment_finished",
    ]
