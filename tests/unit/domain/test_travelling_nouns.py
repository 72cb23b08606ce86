"""The nouns of the heart travel whole; what else the wire reads and refuses is in its own tests."""

from dataclasses import replace

import pytest

from funade.domain.commands import COMMANDS, Deploy, Why
from funade.domain.deployment import Deployment, Phase, Preview, State, Wish
from funade.domain.environment import Berth, Doubt, Hold
from funade.domain.events import DeploymentFinished, Event, about, asked
from funade.domain.reason import Reason, because
from funade.domain.revision import Changes, Commit
from funade.domain.wire import from_plain, from_tagged, to_plain
from tests.unit.domain.examples import NEW, NOON, OLD, deployment

COMMIT = Commit(revision=NEW, subject="日本語", author="Ada", email="ada@acme.example", authored_at=NOON)
WHOLE = replace(
    deployment(),
    preview=Preview(live=OLD, live_number=3, changes=Changes(base=OLD, head=NEW, commits=(COMMIT,), total=1)),
    state=State.FAILED,
    phase=Phase.DONE,
    because=because(Reason.PROGRAM_FAILED, exit_code=3, signal=None),
    wish=Wish(by="bob", at=NOON),
    attempt=2,
    fence=1_790_000_000_000,
)
FINISHED = DeploymentFinished(state=State.FAILED, because=because(Reason.CANCELLED, by=None), verified=False)
NOUNS = [
    WHOLE,
    Berth(
        application="shop",
        environment="production",
        turn="id-1",
        doubt=Doubt(number=1, since=NOON, problem="silence"),
        hold=Hold(number=2, since=NOON, by="ada"),
        live=OLD,
    ),
    about(deployment(), FINISHED, "ada", NOON),
]


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: type(noun).__name__)
def test_a_noun_arrives_as_it_left(noun: Deployment | Berth | Event):
    assert from_plain(type(noun), to_plain(noun)) == noun


@pytest.mark.parametrize("command", [Deploy(application="shop", environment="production"), Why()])
def test_a_command_arrives_by_its_kind(command):
    assert from_tagged(COMMANDS, to_plain(command, tagged=True)) == command


def test_a_refused_request_is_named_in_one_line():
    plain = to_plain(Deploy(application="shop", environment="production", ref="main"), tagged=True)
    assert isinstance(plain, dict)
    assert asked(plain) == "deploy shop production main"
