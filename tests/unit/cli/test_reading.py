import json
import subprocess
import sys

import pytest

from funade.cli.exit_codes import Exit
from funade.domain.commands import PlanDeployment, ShowHistory, ShowStatus, Why
from funade.domain.deployment import State
from funade.domain.reason import Reason


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["status"], ShowStatus()),
        (["status", "shop", "staging"], ShowStatus(application="shop", environment="staging")),
        (["history", "shop", "-n", "5", "--before", "9"], ShowHistory(application="shop", limit=5, before=9)),
        (
            ["plan", "shop", "staging", "v1"],
            PlanDeployment(application="shop", environment="staging", ref="v1"),
        ),
        (["why", "4"], Why(number=4)),
        (["why", "#4"], Why(number=4)),
        (["why", "shop", "staging"], Why(application="shop", environment="staging")),
        (["why"], Why()),
    ],
)
def test_every_reading_verb_asks_the_desk_and_prints_its_answer(desk, funade, arguments, command):
    ran = funade(*arguments, "--json")
    assert desk.asked[0][0] == command
    assert json.loads(ran.out)["kind"] in ("status_shown", "history_shown", "planned", "refused")


def test_looking_at_a_failed_deployment_is_a_success(desk, funade):
    desk.when_accepted = lambda desk, deployment: desk.end(1, State.FAILED, Reason.PROGRAM_FAILED)
    funade("deploy", "shop", "staging", "--yes", "--json", "--no-wait")
    assert funade("show", "1", "--json").code == Exit.SUCCEEDED


def test_looking_at_what_is_not_there_is_refused(funade):
    assert funade("show", "99", "--json").code == Exit.REFUSED


@pytest.fixture
def logged(desk, funade):
    """A deployment that has written every byte there is."""
    desk.when_accepted = lambda desk, deployment: desk.start(deployment.number)
    funade("deploy", "shop", "staging", "--yes", "--json", "--no-wait")
    desk.write(1, bytes(range(256)) * 40_000)
    return desk.logs[1]


def logs(socket, *arguments: str) -> bytes:
    command = [sys.executable, "-m", "funade", "--socket", str(socket), "logs", *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout


def test_logs_are_complete_to_the_byte(logged, socket):
    assert logs(socket, "1") == logged


def test_logs_can_be_resumed_at_any_byte(logged, socket):
    assert logs(socket, "--from", "10000001") == logged[10_000_001:]


def test_followed_logs_end_with_the_deployment(desk, logged, socket):
    command = [sys.executable, "-m", "funade", "--socket", str(socket), "logs", "1", "-f"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.read(len(logged)) == logged
        desk.write(1, b"the end")
        desk.end(1, State.SUCCEEDED, Reason.COMPLETED)
        assert child.stdout.read() == b"the end"
    assert child.returncode == 0


def test_whoever_stops_reading_gets_no_traceback(logged, socket):
    command = f"{sys.executable} -m funade --socket {socket} logs 1 | head -c 10 >/dev/null; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("141\n", "")
