import json
from datetime import timedelta

import pytest

from funade.cli.exit_codes import Exit
from funade.domain.commands import (
    Approve,
    Hold,
    Lock,
    Override,
    PauseAll,
    Reject,
    Reopen,
    Resume,
    ResumeAll,
    ShowRights,
    Unlock,
)
from funade.domain.deployment import State
from funade.domain.reason import Reason

STAGING = ("shop", "staging")


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (
            ("lock", *STAGING, "--reason", "migrating"),
            Lock(application="shop", environment="staging", reason="migrating"),
        ),
        (
            ("lock", *STAGING, "--for", "2h", "--steal", "--reason", "migrating"),
            Lock(
                application="shop",
                environment="staging",
                reason="migrating",
                lasts=timedelta(hours=2),
                steal=True,
            ),
        ),
        (("unlock", *STAGING), Unlock(application="shop", environment="staging")),
        (
            ("unlock", *STAGING, "--force", "--reason", "it burns"),
            Unlock(application="shop", environment="staging", force=True, reason="it burns"),
        ),
        (
            ("hold", *STAGING, "--reason", "sale"),
            Hold(application="shop", environment="staging", reason="sale"),
        ),
        (("resume", *STAGING), Resume(application="shop", environment="staging")),
        (
            ("reopen", *STAGING, "--reason", "looked"),
            Reopen(application="shop", environment="staging", reason="looked"),
        ),
        (("resume", "all", "staging"), Resume(application="all", environment="staging")),
        (("pause", "all", "--reason", "it burns"), PauseAll(reason="it burns")),
        (("resume", "all"), ResumeAll()),
    ],
)
def test_what_keeps_deploys_out_is_changed_at_once(desk, funade, arguments, command):
    ran = funade(*arguments, "--json")
    assert ran.code == Exit.SUCCEEDED
    assert [asked for asked, _, _ in desk.asked] == [command]
    assert json.loads(ran.out)["kind"] in ("changed", "pause_changed")


def test_the_one_environment_need_not_be_named(desk, funade):
    assert funade("lock", "blog", "--reason", "migrating").code == Exit.SUCCEEDED
    assert desk.asked[-1][0] == Lock(application="blog", environment="production", reason="migrating")


@pytest.mark.parametrize(
    "arguments", [("lock", *STAGING), ("override", "1"), ("unlock", *STAGING, "--force")]
)
def test_whoever_stands_in_the_way_or_breaks_a_rule_says_why(desk, funade, arguments):
    ran = funade(*arguments)
    assert (ran.code, desk.asked) == (Exit.USAGE, [])
    assert "--reason" in ran.err


def test_a_pause_is_of_everything(funade):
    assert funade("pause", "shop").code == Exit.USAGE


def waits(desk, deployment):
    desk.wait_for(deployment.number, Reason.AWAITING_APPROVAL)


def test_an_approval_names_the_commit_it_means(desk, funade):
    desk.when_accepted = waits
    funade("deploy", *STAGING, "--yes", "--no-wait")
    assert funade("approve", "1", "f5c0df1", "--reason", "looks good").code == Exit.SUCCEEDED
    assert desk.asked[-1][0] == Approve(number=1, revision="f5c0df1", reason="looks good")


def test_somebody_who_says_no_has_done_what_they_wanted(desk, funade):
    desk.when_accepted = lambda desk, deployment: desk.end(1, State.CANCELLED, Reason.REJECTED)
    funade("deploy", *STAGING, "--yes", "--no-wait")
    assert funade("reject", "1", "--reason", "not on a Friday").code == Exit.SUCCEEDED
    assert desk.asked[-1][0] == Reject(number=1, reason="not on a Friday")


def test_an_override_may_be_followed(desk, funade):
    desk.when_accepted = waits
    funade("deploy", *STAGING, "--yes", "--no-wait")
    assert funade("override", "1", "--reason", "it burns", "--wait").code == Exit.WAITING
    assert Override(number=1, reason="it burns") in [command for command, _, _ in desk.asked]


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ((), ShowRights()),
        (("shop",), ShowRights(application="shop")),
        (("of", "ada"), ShowRights(person="ada")),
        (
            ("ada", "shop", "production"),
            ShowRights(person="ada", application="shop", environment="production"),
        ),
        (
            ("ada", "shop", "production", "deploy"),
            ShowRights(person="ada", application="shop", environment="production", right="deploy"),
        ),
        (
            ("--why", "ada", "shop", "production", "lock"),
            ShowRights(person="ada", application="shop", environment="production", right="lock"),
        ),
    ],
)
def test_rights_are_asked_for_as_in_chat(desk, funade, words, command):
    ran = funade("rights", *words)
    assert ran.code == Exit.SUCCEEDED
    assert desk.asked[-1][0] == command


def test_the_rule_that_decides_is_told(funade):
    ran = funade("rights", "--why", "ada", "shop", "production", "deploy", "--language", "en")
    assert ran.out == "ada has the right `deploy` in `production` of `shop`, by name\n"
    ran = funade("rights", "--why", "bob", "shop", "production", "deploy", "--language", "en")
    assert ran.out == "bob does not have the right `deploy` in `production` of `shop`; it is given to ada\n"


@pytest.mark.parametrize(
    "words", [("of", "shp"), ("--why", "ada", "shop", "production", "fly"), ("x", "--why", *"abcd")]
)
def test_what_is_no_question_about_rights_is_not_asked(desk, funade, words):
    assert funade("rights", *words).code == Exit.USAGE
    assert ShowRights not in {type(command) for command, _, _ in desk.asked}
