import io

import pytest

from funade.cli.exit_codes import Exit
from funade.cli.local_connection import LocalConnection
from funade.domain.commands import Lock, ShowStatus
from funade.domain.errors import FunadeError


@pytest.fixture
def prompt(funade, monkeypatch):
    def run(*said):
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in said)))
        return funade("prompt", "--language", "en")

    return run


def test_what_is_said_is_done_and_answered(desk, prompt):
    ran = prompt("lock shop production because migrating", "unlock shp production")
    assert "`production` of `shop` is locked by" in ran.out
    assert "Try: `unlock shop production`" in ran.out
    assert ran.code == Exit.USAGE


def test_an_option_of_a_sentence_is_none_of_the_command_line(desk, funade):
    assert funade("say", "lock", "shop", "production", "--steal", "because", "it", "burns").code == 0
    assert desk.asked[-1][0] == Lock(
        application="shop", environment="production", steal=True, reason="it burns"
    )


@pytest.mark.parametrize("said", ["as ada: status", "As 花子 ： lock shop production because x"])
def test_nobody_speaks_for_others(desk, funade, said):
    ran = funade("say", said)
    assert (ran.code, ran.out, desk.asked) == (Exit.TROUBLE, "", [])
    assert "only the demo's server lets its owner do so" in ran.err


def test_without_a_server_nobody_speaks_for_others_either():
    connection = object.__new__(LocalConnection)
    with pytest.raises(FunadeError, match="only the demo's server"):
        connection.speaking_as("ada")


@pytest.mark.parametrize("is_demo", [True])
def test_in_a_demo_one_person_plays_everybody_for_one_sentence(desk, prompt):
    ran = prompt("as 花子: lock shop production because x", "status", "as eve: status")
    speakers = [(type(command), actor.id) for command, actor, _ in desk.asked]
    assert (Lock, "slack:T0/UHANA") in speakers
    assert speakers[-1][0] is ShowStatus
    assert speakers[-1][1].startswith("local:")
    assert "nobody called `eve` in this demo: there are `花子`" in ran.err
