import json
import os
import signal
import threading

import pytest

from funade.cli.exit_codes import Exit
from funade.domain.commands import Cancel, Deploy, Retry, Rollback
from funade.domain.deployment import State
from funade.domain.errors import StoreError
from funade.domain.reason import Reason

REQUEST = "7d9c2f3e-1a2b-4c3d-8e4f-5a6b7c8d9e0f"


def ends(state: State, reason: Reason):
    return lambda desk, deployment: desk.end(deployment.number, state, reason)


def waits(reason: Reason):
    return lambda desk, deployment: desk.wait_for(deployment.number, reason)


@pytest.mark.parametrize(
    ("becomes", "code"),
    [
        (ends(State.SUCCEEDED, Reason.COMPLETED), Exit.SUCCEEDED),
        (ends(State.FAILED, Reason.PROGRAM_FAILED), Exit.FAILED),
        (ends(State.CANCELLED, Reason.CANCELLED), Exit.CANCELLED),
        (waits(Reason.AWAITING_APPROVAL), Exit.WAITING),
        (waits(Reason.ENVIRONMENT_IN_DOUBT), Exit.WAITING),
        (waits(Reason.NEWER_WENT_LIVE), Exit.WAITING),
    ],
)
def test_the_exit_code_says_what_became_of_the_deployment(desk, funade, becomes, code):
    desk.when_accepted = becomes
    ran = funade("deploy", "shop", "staging", "--yes", "--json")
    assert ran.code == code
    shown = json.loads(ran.out)
    assert shown["kind"] == "deployment_shown"
    assert shown["deployment"]["number"] == 1


def test_a_refusal_has_its_own_code_and_shape(funade):
    ran = funade("deploy", "ship", "staging", "--yes", "--json")
    assert ran.code == Exit.REFUSED
    assert json.loads(ran.out)["because"]["code"] == "unknown_application"


def test_trouble_is_no_refusal(desk, funade):
    desk.breaks_with = StoreError("the disk is full — make room")
    ran = funade("deploy", "shop", "staging", "--yes")
    assert (ran.code, ran.out) == (Exit.TROUBLE, "")
    assert ran.err == "funade: the disk is full — make room\n"


def test_not_waiting_ends_with_the_acceptance(desk, funade):
    ran = funade("deploy", "shop", "staging", "--yes", "--json", "--no-wait")
    assert ran.code == Exit.SUCCEEDED
    assert json.loads(ran.out)["kind"] == "accepted"


@pytest.mark.parametrize(
    "arguments",
    [
        ("shop", "production", "v1.2.0"),
        ("-r", "shop", "-e", "production", "-h", "v1.2.0"),
        ("shop", "-e", "production", "-h", "v1.2.0"),
        ("shop", "production", "v1.2.0", "-h", "v1.2.0"),
    ],
)
def test_a_deploy_can_be_spelled_in_two_ways(desk, funade, arguments):
    desk.when_accepted = ends(State.SUCCEEDED, Reason.COMPLETED)
    assert funade("deploy", *arguments, "--reason", "hotfix", "--yes", "--json").code == 0
    assert desk.asked[0][0] == Deploy(
        application="shop", environment="production", ref="v1.2.0", reason="hotfix"
    )


def test_two_spellings_that_disagree_are_no_command(desk, funade):
    ran = funade("deploy", "shop", "production", "v1", "-h", "v2", "--yes")
    assert ran.code == Exit.USAGE
    assert "REF is given twice: `v1` and `v2`" in ran.err
    assert desk.asked == []


def test_the_one_environment_need_not_be_named(desk, funade):
    desk.when_accepted = ends(State.SUCCEEDED, Reason.COMPLETED)
    assert funade("deploy", "blog", "--yes", "--json").code == 0
    assert desk.asked[1][0] == Deploy(application="blog", environment="production")


def test_of_several_environments_one_must_be_named(funade):
    ran = funade("deploy", "shop", "--yes")
    assert ran.code == Exit.USAGE
    assert "which environment of `shop`? It has `staging`, `production`" in ran.err


def test_without_a_terminal_nobody_is_asked(desk, funade):
    ran = funade("deploy", "shop", "staging")
    assert ran.code == Exit.USAGE
    assert "`--yes` goes ahead without asking" in ran.err
    assert desk.asked == []


def test_the_same_request_twice_is_one_deployment(desk, funade):
    desk.when_accepted = ends(State.SUCCEEDED, Reason.COMPLETED)
    for _ in range(2):
        assert funade("deploy", "shop", "staging", "--yes", "--json", "--request", REQUEST).code == 0
    assert list(desk.deployments) == [1]


def test_a_timeout_ends_the_following_not_the_deployment(desk, funade):
    desk.when_accepted = lambda desk, deployment: desk.start(deployment.number)
    ran = funade("deploy", "shop", "staging", "--yes", "--json", "--timeout", "0.3s")
    assert ran.code == Exit.WAITING
    assert json.loads(ran.out)["deployment"]["state"] == "running"
    assert "goes on" in ran.err


def test_with_a_timeout_one_waits_for_people_too(desk, funade):
    desk.when_accepted = waits(Reason.AWAITING_APPROVAL)
    approval = threading.Timer(0.5, lambda: desk.end(1, State.SUCCEEDED, Reason.COMPLETED))
    approval.start()
    assert funade("deploy", "shop", "staging", "--yes", "--json", "--timeout", "20s").code == 0
    approval.join()


def test_a_wrong_timeout_is_a_usage_error(funade):
    assert funade("wait", "1", "--timeout", "soon").code == Exit.USAGE


def test_ctrl_c_leaves_the_deployment_alone_and_says_so(desk, funade):
    desk.when_accepted = lambda desk, deployment: desk.start(deployment.number)
    interrupt = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()
    ran = funade("deploy", "shop", "staging", "--yes", "--json")
    interrupt.join()
    assert ran.code == Exit.INTERRUPTED
    assert "`funade cancel 1`" in ran.err
    assert not any(isinstance(command, Cancel) for command, _, _ in desk.asked)
    assert desk.deployments[1].state is State.RUNNING


def test_a_cancel_that_came_in_time_is_a_success(desk, funade):
    desk.when_accepted = ends(State.CANCELLED, Reason.CANCELLED)
    funade("deploy", "shop", "staging", "--yes", "--no-wait", "--json")
    assert funade("cancel", "1", "--json").code == Exit.SUCCEEDED


def test_a_cancel_that_came_too_late_is_none(desk, funade):
    desk.when_accepted = ends(State.SUCCEEDED, Reason.COMPLETED)
    funade("deploy", "shop", "staging", "--yes", "--no-wait", "--json")
    assert funade("cancel", "1", "--json").code == Exit.FAILED


def test_retry_and_rollback_say_which(desk, funade):
    desk.when_accepted = ends(State.SUCCEEDED, Reason.COMPLETED)
    funade("deploy", "shop", "staging", "--yes", "--json")
    assert funade("retry", "1", "--reason", "flaky", "--json").code == 0
    assert funade("rollback", "shop", "staging", "--to", "1", "--json").code == 0
    sent = [command for command, _, _ in desk.asked]
    assert Retry(number=1, reason="flaky") in sent
    assert Rollback(application="shop", environment="staging", to=1) in sent


def test_output_comes_below_where_the_deployment_stands_and_above_its_end(desk, funade):
    def runs(desk, deployment):
        desk.start(deployment.number)
        desk.write(deployment.number, b"building\nno line end")
        end = threading.Timer(0.5, desk.end, (deployment.number, State.FAILED, Reason.PROGRAM_FAILED))
        end.start()

    desk.when_accepted = runs
    ran = funade("deploy", "shop", "staging", "--yes")
    lines = ran.out.splitlines()
    assert ran.code == Exit.FAILED
    standing, output = lines.index("#1 running"), lines.index("building")
    end = next(number for number, line in enumerate(lines) if line.startswith("#1 failed"))
    assert standing < output < lines.index("no line end") < end


def test_a_rule_is_broken_with_a_reason_or_not_at_all(desk, funade):
    desk.when_accepted = ends(State.SUCCEEDED, Reason.COMPLETED)
    for arguments in (
        ("deploy", "shop", "production", "--yes"),
        ("retry", "1"),
        ("rollback", "shop", "production"),
    ):
        ran = funade(*arguments, "--force", "--json")
        assert (ran.code, desk.asked) == (Exit.USAGE, [])
        assert "`--force` needs `--reason`" in ran.err
    assert funade("deploy", "shop", "production", "--yes", "--force", "--reason", "it burns").code == 0
    assert desk.asked[0][0] == Deploy(
        application="shop", environment="production", force=True, reason="it burns"
    )
